"""Writes that the store cannot take now and will take later: the belt stands meanwhile, and nothing is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from app.store.errors import PASSING
from imaging.errors import KnownError

RETRY_S = 5.0
T = TypeVar("T")


class Retrying:
    """Tries writes again until the station stops; for any number of threads."""

    def __init__(self, *, on_error: Callable[[KnownError], None]) -> None:
        self._on_error = on_error
        self._stopping = threading.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether nobody waits for room any more."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Try nothing a second time from now on."""
        self._stopping.set()

    def until_it_goes(self, write: Callable[[], T]) -> T | None:
        """Try a write again, telling each time, while the store cannot take it; None when the station stops."""
        while True:
            try:
                return write()
            except PASSING as error:
                self._on_error(error)
                if self._stopping.wait(RETRY_S):
                    return None
