"""The binding to Qt keeps Python's reference counts: a version that does not ends the station after some minutes."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

ROUNDS = 300


class Overriding(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        pass

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        return False


def test_overridden_functions_keep_the_counts_of_what_they_return(qtbot: QtBot) -> None:
    widget, watcher = Overriding(), Overriding()
    qtbot.addWidget(widget)
    qtbot.addWidget(watcher)
    widget.resize(20, 20)
    widget.installEventFilter(watcher)
    widget.grab()
    before = sys.getrefcount(None), sys.getrefcount(False)
    for _ in range(ROUNDS):
        widget.grab()
    after = sys.getrefcount(None), sys.getrefcount(False)
    assert all(late > early - ROUNDS / 10 for early, late in zip(before, after, strict=True))
