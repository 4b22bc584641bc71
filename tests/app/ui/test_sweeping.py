"""Objects of Qt that only a cycle holds die in the window's thread, whichever thread makes the garbage."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui import sweeping


class Knot(QTimer):
    """A running timer that holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self
        self.start(10_000)


def litter() -> None:
    """Far more garbage than the automatic collector lets lie."""
    for _ in range(20_000):
        knot: list[object] = []
        knot.append(knot)


def test_a_workers_garbage_leaves_the_windows_timers_alone(qapp: QApplication, qtbot: QtBot) -> None:
    gc.collect()
    ends: list[bool] = []
    for _ in range(20):
        knot = Knot()
        knot.destroyed.connect(lambda: ends.append(QThread.currentThread() is qapp.thread()))
        del knot
    worker = threading.Thread(target=litter)
    worker.start()
    worker.join()
    assert not ends
    qtbot.waitUntil(lambda: len(ends) == 20, timeout=20 * sweeping.SWEEP_MS)
    assert all(ends)


def test_one_sweeper_is_enough(qapp: QApplication) -> None:
    sweeping.keep_sweeping(qapp)
    assert len(qapp.findChildren(sweeping.Sweeper)) == 1
    assert not gc.isenabled()
