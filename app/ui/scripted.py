"""The scripted officer at the window: looks at every picture that is shown and decides by the window's own course."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, QTimer

from app.auto import choose
from app.customs.states import WAITING
from app.ui.chooser import Choice
from app.ui.window import MainWindow

TICK_MS = 15
SECOND_OFFICER = "officer-2"


class ScriptedOfficer(QObject):
    """Decides what the window has open, `think_s` after its picture was painted.

    `is_over` says when nothing more comes.
    """

    def __init__(self, window: MainWindow, is_over: Callable[[], bool], think_s: float = 0.0) -> None:
        super().__init__(window)
        self._window = window
        self._is_over = is_over
        self._think_s = think_s
        self._decides_at_s = 0.0
        self._painted = -1
        self._passed_over: set[int] = set()
        window.course.picture_shown.connect(self._look)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _look(self, parcel_id: int) -> None:
        self._painted = parcel_id
        self._decides_at_s = monotonic() + self._think_s
        self._go_on()

    def _go_on(self) -> None:
        desk = self._window.desk
        opened = desk.opened
        if desk.is_deciding or monotonic() < self._decides_at_s:
            return
        if opened is None or desk.open_id is None:
            self._open_next()
            return
        parcel = opened.parcel
        if parcel.id != desk.open_id or (parcel.captures and self._painted != parcel.id and not opened.scan_error):
            return
        step = choose(parcel, opened.offers) if parcel.state in WAITING else None
        if step is None:
            self._passed_over.add(parcel.id)
            self._open_next()
            return
        second = SECOND_OFFICER if step.has_second_officer else ""
        self._window.course.decide(Choice(step.action, step.reason, step.note, second))

    def _open_next(self) -> None:
        rows = self._window.parts.queue.model.rows()
        following = next((row.id for row in rows if row.id not in self._passed_over), None)
        if following is not None:
            self._window.open_parcel(following)
        elif self._is_over():
            self._timer.stop()
            self._window.close()
