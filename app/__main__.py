"""Where Guanjian begins: small, so that Ctrl+C is heeded before everything else is loaded."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
"""The exit code of a program that Ctrl+C ended, as shells have it."""


def main() -> None:
    """Run the command line; Ctrl+C ends it without a traceback from the first moment on."""
    is_heeded = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # a shell lets its background jobs ignore it
    if is_heeded:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))  # nothing is open yet that had to be closed
    from app.cli import run_commands

    if is_heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run_commands()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
