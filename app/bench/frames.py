"""How long a widget takes to show its next frame, and the picture that all widgets show."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget

from imaging.scan import Generator, Scan, View

Act = Callable[[int], None]
"""What is done before frame number n."""

AIR = 57500.0
SETTLE_MS = 80
REST_MS = 700
FRAMES_A_TURN, WARMING = 20, 2
"""Frames of one widget in a row, and how many before them are not counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Spent:
    """Milliseconds of each frame: on the clock, and of all cores of this process."""

    wall_ms: list[float]
    cpu_ms: list[float]

    @property
    def wall_p95(self) -> float:
        return float(np.percentile(self.wall_ms, 95))

    @property
    def cpu_p95(self) -> float:
        return float(np.percentile(self.cpu_ms, 95))


class _Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.count += event.type() == QEvent.Type.Paint
        return False


def time_frames(widget: QWidget, act: Act, frames: int) -> Spent:
    """Do something and let Qt paint what has changed, `frames` times; a few before that are not counted."""
    return time_side_by_side({"": (widget, act)}, frames)[""]


def time_side_by_side(contenders: dict[str, tuple[QWidget, Act]], frames: int) -> dict[str, Spent]:
    """The same for several widgets, some frames of each in turn, so that what else the machine does hits all alike.

    Some and not one: each has the processor's caches to itself, as it has where it is the only viewer of a machine.
    The first frames of a turn find them full of the others' pixels and are not counted. Timers do not fire within a
    frame: what a widget does when the hand rests is neither charged to it nor to the next one.
    """
    spent = {name: Spent([], []) for name in contenders}
    paints = {name: _Paints(widget) for name, (widget, _) in contenders.items()}
    for first in range(0, frames, FRAMES_A_TURN):
        for name, (widget, act) in contenders.items():
            for number in range(first, min(first + FRAMES_A_TURN, frames) + WARMING):
                before = paints[name].count
                wall, cpu = time.perf_counter(), time.process_time()
                act(number)
                QCoreApplication.sendPostedEvents()
                if paints[name].count == before:
                    widget.repaint()
                if number >= first + WARMING:
                    spent[name].wall_ms.append((time.perf_counter() - wall) * 1000)
                    spent[name].cpu_ms.append((time.process_time() - cpu) * 1000)
    for name, (widget, _) in contenders.items():
        widget.removeEventFilter(paints[name])
    return spent


def show(widget: QWidget, width: int, height: int) -> None:
    """Show a widget at a size and let it settle, so that later repaints really paint."""
    widget.resize(width, height)
    widget.show()
    settle()


def settle() -> None:
    _wait(SETTLE_MS)


def rest() -> None:
    """The hand rests between two motions, as a hand does: what is made ahead in idle time may be made."""
    _wait(REST_MS)


def _wait(ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def make_scan(rows: int, cols: int, seed: int = 1) -> Scan:
    """A dual-energy picture of any size with noise, soft loads and hard edges; made, not measured."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((max(rows // 40, 2), max(cols // 40, 2)), dtype=np.float32)
    load = np.asarray(cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_LINEAR), np.float32) * 2
    for _ in range(60):
        left, top = int(rng.integers(0, cols)), int(rng.integers(0, rows))
        load[top : top + rows // 12, left : left + cols // 30] += np.float32(rng.uniform(0.2, 2.5))
    load[:, : cols // 12] = 0
    ratio = cv2.resize(1.1 + 0.7 * coarse, (cols, rows), interpolation=cv2.INTER_NEAREST)
    noise = rng.standard_normal((rows, 1024), dtype=np.float32) * 120
    noise = np.tile(noise, (1, -(-cols // 1024)))[:, :cols]
    high, low = (
        np.clip(AIR * np.exp(-attenuation) + noise, 0, 65535).astype(np.uint16) for attenuation in (load, load * ratio)
    )
    view = View("top", high, low, None, 1.0, 1.0, AIR, AIR)
    return Scan((view,), device="bench", generator=Generator(160))
