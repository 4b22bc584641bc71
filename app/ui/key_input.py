"""Every key of the window comes here first: a barcode reader that types, then the key table, then the field."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from shiboken6 import isValid

from app.ui import keys
from scanners.barcode import Reading

EXPIRE_LATE_MS = 5
READER_ENDS = ("\r", "\n", "\t")
READER_CONTROLS = (*READER_ENDS, "\x1d")
"""What a reader types besides signs: its end, and the group separator of GS1."""
TEXT_FIELDS = (QLineEdit, QPlainTextEdit)
_ACTIVE = (
    QEvent.Type.MouseMove,
    QEvent.Type.KeyPress,
    QEvent.Type.Wheel,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.TouchBegin,
)


class WedgeKeys(Protocol):
    """The answer to one key."""

    @property
    def is_withheld(self) -> bool: ...
    @property
    def release(self) -> str: ...
    @property
    def code(self) -> Reading | None: ...


class Wedge(Protocol):
    """A reader that types, judged key by key; scanners.drivers.keyboard_wedge is one."""

    @property
    def hold_s(self) -> float: ...
    def feed(self, text: str, at_s: float | None = None, *, is_repeat: bool = False) -> WedgeKeys: ...
    def expire(self, at_s: float | None = None) -> str: ...


class KeyInput(QObject):
    """An event filter of the application for the keys of one window.

    `pressed` and `released` are asked with a command and say whether they took it. Keys that a wedge withholds are
    handed on, in their order and to where they were typed, when they turn out to be a person's.
    """

    code_typed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        pressed: Callable[[str], bool],
        released: Callable[[str], bool],
        wedge: Wedge | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._pressed = pressed
        self._released = released
        self._wedge = wedge
        self.active_at_s = monotonic()
        """When the officer last used a key or the mouse."""
        self._withheld: list[tuple[QWidget, QKeyEvent]] = []
        self._is_replaying = False
        self._expiry = QTimer(self, singleShot=True)
        self._expiry.timeout.connect(self._expire)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() in _ACTIVE:
            self.active_at_s = monotonic()
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if not isinstance(watched, QWidget) or not self._is_first(watched):
            return False
        if self._wedge is not None and not self._is_replaying and self._withholds(watched, event):
            return True
        return self._handle(watched, event)

    def _is_first(self, watched: QWidget) -> bool:
        """Whether this is the first widget that the key comes to, and it is this window's."""
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        if watched.window() is not self._window:
            return False
        focus = self._window.focusWidget()
        return watched is focus or focus is None or self._is_replaying

    def _handle(self, watched: QWidget, event: QKeyEvent) -> bool:
        binding = keys.find(event)
        if binding is None or (isinstance(watched, TEXT_FIELDS) and not binding.in_text):
            return False
        if isinstance(watched, QComboBox) and not binding.in_text and not event.text().strip():
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return not event.isAutoRepeat() and self._released(binding.command)
        if event.isAutoRepeat() and not binding.repeats:
            return True
        return self._pressed(binding.command)

    def _withholds(self, watched: QWidget, event: QKeyEvent) -> bool:
        assert self._wedge is not None
        if event.type() == QEvent.Type.KeyRelease:
            is_pending = any(other.key() == event.key() for _, other in self._withheld)
            if is_pending:
                self._withheld.append((watched, event.clone()))
            return is_pending
        if not event.text().isprintable() and event.text() not in READER_CONTROLS:
            return False  # Esc, Backspace and the like: no reader types them
        answer = self._wedge.feed(event.text(), is_repeat=event.isAutoRepeat())
        if answer.release:
            self._replay()
        if not answer.is_withheld:
            return False
        if answer.code is not None:
            self._withheld.clear()
            self._expiry.stop()
            self.code_typed.emit(answer.code)
        elif event.text() in READER_ENDS:
            self._withheld.clear()
        else:
            self._withheld.append((watched, event.clone()))
            self._expiry.start(round(self._wedge.hold_s * 1000) + EXPIRE_LATE_MS)
        return True

    def _expire(self) -> None:
        assert self._wedge is not None
        if self._wedge.expire():
            self._replay()
        else:
            self._withheld.clear()

    def _replay(self) -> None:
        withheld, self._withheld = self._withheld, []
        self._is_replaying = True
        try:
            for widget, event in withheld:
                if isValid(widget):
                    QCoreApplication.sendEvent(widget, event)
        finally:
            self._is_replaying = False
