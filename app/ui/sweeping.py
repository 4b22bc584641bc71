"""Garbage is collected in the window's thread only: Python would do it in whichever thread allocates.

A widget, a timer or a tree of them that nothing but a cycle holds is destroyed where the collector runs. In a worker's
thread that ends the process: Qt's objects may only be destroyed in their own (Qt, "Threads and QObjects").
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

SWEEP_MS = 250


class Sweeper(QObject):
    """Turns the automatic collector off and collects from a timer of the thread that made it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=SWEEP_MS)
        self._timer.timeout.connect(collect_due)
        self._timer.start()


def keep_sweeping(application: QObject) -> None:
    """Let the application's thread collect from now on; once is enough."""
    if application.findChild(Sweeper) is None:
        Sweeper(application)


def collect_due() -> None:
    """Collect the oldest generation whose threshold is passed, as the automatic collector would."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if 0 < thresholds[generation] < counts[generation]:
            gc.collect(generation)
            return
