"""Waiting for something to change in a folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from pathlib import Path

import watchfiles

_STEP_S = 0.05


class FolderWake:
    """Waits on the system's notice of changes; where there is none (network shares), only on time."""

    def __init__(self, folder: Path, *, is_recursive: bool) -> None:
        self._folder = folder
        self._is_recursive = is_recursive
        self._stopping = threading.Event()
        self._changes: Generator[object, None, None] | None = None

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change, at most about `timeout_s`; True when there was one. Returns at once after `stop`."""
        deadline = time.monotonic() + timeout_s
        while not self._stopping.is_set() and (left_s := deadline - time.monotonic()) > 0:
            if left_s < _STEP_S:
                self._stopping.wait(left_s)
            elif self._next_change():
                return True
        return False

    @property
    def is_stopped(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """End every wait, now and later. May be called from any thread."""
        self._stopping.set()

    def close(self) -> None:
        """Let go of the system's notices; called by the thread that waits, or when none does."""
        changes, self._changes = self._changes, None
        if changes is not None:
            changes.close()

    def _next_change(self) -> bool:
        try:
            if self._changes is None:
                self._changes = watchfiles.watch(
                    self._folder,
                    watch_filter=None,
                    debounce=100,
                    step=int(_STEP_S * 1000),
                    stop_event=self._stopping,
                    rust_timeout=int(_STEP_S * 2000),
                    yield_on_timeout=True,
                    raise_interrupt=False,
                    recursive=self._is_recursive,
                )
            return bool(next(self._changes, None))
        except (OSError, RuntimeError):
            # The folder is gone, or the system gives no more notices: the caller looks for itself from time to time.
            self.close()
            self._stopping.wait(_STEP_S * 2)
            return False
