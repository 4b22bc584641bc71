"""Where the program's own log goes: standard error, one JSON object a line, or coloured lines on a terminal."""

from __future__ import annotations

import logging
import os
import sys

import structlog

LEVEL = "GUANJIAN_LOG"
"""Environment variable: debug, info, warning (default), error."""


def configure_logs() -> None:
    """Set up structlog for the whole process; standard output stays free for what commands print."""
    level = logging.getLevelNamesMapping().get(os.environ.get(LEVEL, "").upper(), logging.WARNING)
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks
            if not sys.stderr.isatty()
            else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
