"""The trainer's bar tells the player what to do and shows where it is, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app import texts
from app.ui.background import Background
from app.ui.replay_bar import SPEEDS, ReplayBar


@dataclass(frozen=True)
class Place:
    scan: int
    scans: int


class Player:
    def __init__(self) -> None:
        self.told: list[object] = []
        self.position = Place(2, 9)
        self.is_paused = False

    def pause(self) -> None:
        self.told.append("pause")
        self.is_paused = True

    def resume(self) -> None:
        self.told.append("resume")
        self.is_paused = False

    def step(self) -> None:
        self.told.append("step")

    def seek(self, scan: int) -> None:
        self.told.append(("seek", scan))

    def set_speed(self, speed: object) -> None:
        self.told.append(("speed", speed))


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.fixture
def bar(qtbot: QtBot, player: Player) -> Iterator[ReplayBar]:
    worker = Background("replay")
    made = ReplayBar(player, 1.0, worker)
    qtbot.addWidget(made)
    made.show()
    yield made
    worker.close()


def test_it_shows_where_the_replay_is(qtbot: QtBot, bar: ReplayBar) -> None:
    qtbot.waitUntil(lambda: bar.place.value() == 2 and bar.place.maximum() == 8)


def test_pause_and_resume_take_turns(qtbot: QtBot, bar: ReplayBar, player: Player) -> None:
    before = bar.pause.text()
    qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.pause.text() != before)
    qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: player.told == ["pause", "resume"])


def test_step_seek_and_speed_reach_the_player(qtbot: QtBot, bar: ReplayBar, player: Player) -> None:
    qtbot.waitUntil(lambda: bar.place.maximum() == 8)
    qtbot.mouseClick(bar.step, Qt.MouseButton.LeftButton)
    bar.place.setSliderDown(True)
    bar.place.setValue(6)
    bar.place.setSliderDown(False)
    bar.speed.setCurrentIndex(len(SPEEDS) - 1)
    qtbot.waitUntil(lambda: player.told == ["step", ("seek", 6), ("speed", "max")])


def test_it_speaks_both_languages(bar: ReplayBar) -> None:
    before = texts.language()
    try:
        for language in texts.LANGUAGES:
            texts.set_language(language)
            bar.retranslate()
            assert bar.step.text() == texts.text("ui.replay.step", lang=language)
    finally:
        texts.set_language(before)
