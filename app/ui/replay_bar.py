"""The trainer's bar over the image while captured scans are replayed: pause, step, seek, speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QPushButton, QSlider

from app.texts import text
from app.ui import build
from app.ui.background import Background

SPEEDS: tuple[float | Literal["max"], ...] = (0.5, 1.0, 2.0, 4.0, 16.0, "max")
LOOK_MS = 250


class Place(Protocol):
    """Scan number, from 0, of so many."""

    @property
    def scan(self) -> int: ...
    @property
    def scans(self) -> int: ...


class Player(Protocol):
    """What can be told to a replay; scanners.drivers.replay is one."""

    @property
    def position(self) -> Place: ...
    @property
    def is_paused(self) -> bool: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self) -> None: ...
    def seek(self, scan: int) -> None: ...
    def set_speed(self, speed: float | Literal["max"]) -> None: ...


class ReplayBar(QFrame):
    """Tells a player what to do, on a worker, and shows where it is."""

    def __init__(self, player: Player, speed: float | Literal["max"], worker: Background) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._player = player
        self._worker = worker
        self._is_paused = False
        self.pause, self.step = QPushButton(), QPushButton()
        self.place = QSlider(Qt.Orientation.Horizontal)
        self.speed = QComboBox()
        self._count = build.named(QLabel(), "soft")
        self._lay_out()
        self._connect(speed)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(lambda: self._ask(self._read, "place", self._show))
        self._look.start()
        self.retranslate()

    def retranslate(self) -> None:
        self.pause.setText(text("ui.replay.resume" if self._is_paused else "ui.replay.pause"))
        self.step.setText(text("ui.replay.step"))
        for index, speed in enumerate(SPEEDS):
            self.speed.setItemText(index, text("ui.replay.max") if speed == "max" else f"{speed:g} x")

    def _lay_out(self) -> None:
        row = build.row(self, gap=8, margins=(14, 6, 10, 6))
        for part in (self.pause, self.step):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(part)
        self.place.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.place, 1)
        row.addWidget(self._count)
        self.speed.addItems(["" for _ in SPEEDS])
        self.speed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.speed)

    def _connect(self, speed: float | Literal["max"]) -> None:
        self.speed.setCurrentIndex(SPEEDS.index(speed) if speed in SPEEDS else 1)
        self.speed.currentIndexChanged.connect(lambda index: self._tell(lambda: self._player.set_speed(SPEEDS[index])))
        self.pause.clicked.connect(self.toggle)
        self.step.clicked.connect(lambda: self._tell(self._player.step))
        self.place.sliderReleased.connect(self._seek)

    def toggle(self) -> None:
        """Pause, or go on."""
        self._tell(self._player.resume if self._is_paused else self._player.pause)

    def _seek(self) -> None:
        wanted = self.place.value()
        self._tell(lambda: self._player.seek(wanted))

    def _tell(self, order: Callable[[], None]) -> None:
        self._ask(order, "", lambda _: None)

    def _ask(self, question: Callable[[], object], slot: str, then: Callable[[object], None]) -> None:
        self._worker.submit(question, then, slot=slot)

    def _read(self) -> tuple[int, int, bool]:
        position = self._player.position
        return position.scan, position.scans, self._player.is_paused

    def _show(self, answer: object) -> None:
        assert isinstance(answer, tuple)
        scan, scans, is_paused = answer
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self.retranslate()
        if not self.place.isSliderDown():
            self.place.setMaximum(max(0, scans - 1))
            self.place.setValue(scan)
        self._count.setText(f"{min(scan + 1, scans)} / {scans}")
