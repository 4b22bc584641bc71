"""A barcode reader that types: tells its keystrokes from a person's, without knowing any toolkit.

The window gives every key to `feed` before the focused field sees it, and does what the answer says. A key may be
a reader's first, so it is withheld for a moment; `expire`, called when that moment is over, gives it back.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import Field

from scanners.barcode import BarcodeReader, Reading
from scanners.codetext import LONGEST_TEXT, parse_code
from scanners.device import (
    CodeRefusedError,
    DeviceLostError,
    DeviceSettings,
    DeviceState,
    DeviceStatus,
    Fault,
    FaultKind,
)

_ENDS = "\r\n\t"


class WedgeSettings(DeviceSettings):
    """With a prefix, what follows it is the reader's; without one, keys that come faster than a person types."""

    prefix: str = Field(default="", max_length=8)
    suffix: str = Field(default="", max_length=8)
    """What the reader types after the code, before Enter or Tab; it alone may end the code too."""
    gap_ms: float = Field(default=35.0, gt=0, le=200)
    """Longest time between two keys of a reader."""
    prefix_gap_ms: float = Field(default=200.0, gt=0, le=1000)
    """The same, for a reader with a prefix: it needs not be faster than a person."""
    shortest: int = Field(default=6, ge=2, le=64)
    """Fewer keys than this are a person's, however fast."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the window does with a key: hand `release` to the focused field first, then the key itself or not.

    `code` is the reading that this key completed.
    """

    is_withheld: bool
    release: str = ""
    code: Reading | None = None


class KeyboardWedge(BarcodeReader):
    """A reader that the system takes for a keyboard. `feed` and `expire` are called by one thread, the window's."""

    Settings = WedgeSettings

    def __init__(self, name: str, settings: WedgeSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._ready: queue.SimpleQueue[Reading | None] = queue.SimpleQueue()
        self._is_open = False
        self._held = ""
        self._last_s = float("-inf")
        self._refused: CodeRefusedError | None = None
        self._lock = threading.Lock()

    @property
    def hold_s(self) -> float:
        """How long after a withheld key the window calls `expire`."""
        settings = self.settings
        return (settings.prefix_gap_ms if settings.prefix else settings.gap_ms) / 1000

    def open(self) -> None:
        self._ready = queue.SimpleQueue()
        self._held = ""
        self._refused = None
        self._is_open = True

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._ready.put(None)

    def status(self) -> DeviceStatus:
        refused = self._refused
        faults = (Fault(FaultKind.CODE_REFUSED, str(refused)),) if refused else ()
        return DeviceStatus(DeviceState.READY if self._is_open else DeviceState.CLOSED, faults)

    def read(self, timeout_s: float) -> Reading | None:
        if not self._is_open:
            raise DeviceLostError(f"The reader {self.name} is not open. Open it first.", name=self.name)
        try:
            return self._ready.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return None

    def feed(self, text: str, at_s: float | None = None, *, is_repeat: bool = False) -> Keys:
        """Judge one key by its text ("" for Shift and the like) and its time in seconds of a steady clock.

        `is_repeat` marks a key that a person holds down.
        """
        at_s = time.monotonic() if at_s is None else at_s
        with self._lock:
            if not self._is_open or text == "":
                return Keys(is_withheld=False)
            late = self._expire(at_s)
            if is_repeat:
                return Keys(is_withheld=False, release=late + self._let_go())
            self._last_s = at_s
            if text in _ENDS:
                keys = self._end()
            elif self._is_suffix_complete(text):
                self._held += text
                keys = self._end()
            else:
                keys = self._hold(text)
            return Keys(keys.is_withheld, late + keys.release, keys.code)

    def expire(self, at_s: float | None = None) -> str:
        """What was withheld and turned out to be a person's typing; it goes to the focused field now."""
        with self._lock:
            return self._expire(time.monotonic() if at_s is None else at_s)

    def _expire(self, at_s: float) -> str:
        if self._held and at_s - self._last_s > self.hold_s:
            return self._let_go()
        return ""

    def _let_go(self) -> str:
        """Give back what is held: to the field, unless it is so long that only a reader can have typed it."""
        held, self._held = self._held, ""
        if len(held) > LONGEST_TEXT:
            self._refuse(held)
            return ""
        return held

    def _hold(self, text: str) -> Keys:
        prefix = self.settings.prefix
        if prefix and not (self._held + text).startswith(prefix) and not prefix.startswith(self._held + text):
            release = self._let_go()
            if not prefix.startswith(text):
                return Keys(is_withheld=False, release=release)
            self._held = text
            return Keys(is_withheld=True, release=release)
        # One key more than the longest text is enough to know that it is too long.
        if len(self._held) <= LONGEST_TEXT + len(prefix) + len(self.settings.suffix):
            self._held += text
        return Keys(is_withheld=True)

    def _end(self) -> Keys:
        """Enter, Tab or the suffix has come."""
        settings = self.settings
        held = self._held
        code = held.removeprefix(settings.prefix).removesuffix(settings.suffix)
        is_readers = self._has_prefix() if settings.prefix else len(code) >= settings.shortest
        if settings.suffix and not held.endswith(settings.suffix):
            is_readers = False
        if not is_readers or not code:
            return Keys(is_withheld=False, release=self._let_go())
        self._held = ""
        try:
            reading = Reading(parse_code(code), self.name, datetime.now(UTC))
        except CodeRefusedError as error:
            self._refused = error
            return Keys(is_withheld=True)
        self._refused = None
        self._ready.put(reading)
        return Keys(is_withheld=True, code=reading)

    def _refuse(self, text: str) -> None:
        try:
            parse_code(text)
        except CodeRefusedError as error:
            self._refused = error

    def _has_prefix(self) -> bool:
        return bool(self.settings.prefix) and self._held.startswith(self.settings.prefix)

    def _is_suffix_complete(self, text: str) -> bool:
        suffix = self.settings.suffix
        long_enough = len(self._held) + len(text) >= self.settings.shortest + len(suffix)
        return bool(suffix) and long_enough and (self._held + text).endswith(suffix)
