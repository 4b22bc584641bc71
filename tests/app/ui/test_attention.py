"""What was before the officer, in which look, how long: with his decision, or when he leaves the picture."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from app.customs.states import Action
from app.ui.attention import MOST_LOOKS, PASSING, Attention, describe
from app.ui.chooser import Choice
from app.ui.window import MainWindow
from imaging.look import LOOKS, STANDARD
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_times_are_added_up_by_look_and_what_is_passed_through_goes_together() -> None:
    clock = Clock()
    attention = Attention(clock)
    assert attention.begin(7, ["scan-1"], STANDARD) is None
    for at_s, look in ((2, LOOKS["grey"]), (2.1, LOOKS["inverse"]), (5, STANDARD)):
        clock.now_s = at_s
        attention.turn(look)
    clock.now_s = 6
    shown = attention.take()
    assert shown == {
        "scans": ["scan-1"],
        "ms": 6000,
        "looks": {"standard": 3000, describe(LOOKS["inverse"]): 2900, PASSING: 100},
    }
    assert attention.take() is None


def test_what_was_hidden_was_not_seen() -> None:
    clock = Clock()
    attention = Attention(clock)
    attention.begin(7, ["scan-1"], STANDARD)
    clock.now_s = 1
    attention.hide(True)
    clock.now_s = 600
    attention.turn(LOOKS["grey"])
    attention.hide(False)
    clock.now_s = 602
    left = attention.begin(8, ["scan-2"], STANDARD)
    assert left == (7, {"scans": ["scan-1"], "ms": 3000, "looks": {"standard": 1000, describe(LOOKS["grey"]): 2000}})


def test_a_picture_that_flew_by_was_not_looked_at() -> None:
    clock = Clock()
    attention = Attention(clock)
    attention.begin(7, ["scan-1"], STANDARD)
    clock.now_s = 0.2
    assert attention.begin(8, ["scan-2"], STANDARD) is None
    clock.now_s = 0.4
    assert attention.leave() is None
    assert attention.leave() is None


def test_the_same_picture_painted_again_is_one_look_at_it() -> None:
    clock = Clock()
    attention = Attention(clock)
    attention.begin(7, ["scan-1"], STANDARD)
    clock.now_s = 1
    assert attention.begin(7, ["scan-1"], STANDARD) is None
    clock.now_s = 2
    assert attention.begin(7, ["scan-1", "scan-2"], STANDARD) == (
        7,
        {"scans": ["scan-1"], "ms": 2000, "looks": {"standard": 2000}},
    )


def test_a_dial_that_is_turned_makes_no_endless_list() -> None:
    clock = Clock()
    attention = Attention(clock)
    attention.begin(7, ["scan-1"], STANDARD)
    for step in range(200):
        clock.now_s += 0.5
        attention.turn(replace(STANDARD, gamma=1 + step / 100))
    shown = attention.take()
    assert shown is not None
    looks = shown["looks"]
    assert isinstance(looks, dict)
    assert len(looks) == MOST_LOOKS + 1
    assert sum(looks.values()) == shown["ms"]


def test_a_look_is_described_by_what_differs_from_the_standard() -> None:
    assert describe(STANDARD) == "standard"
    assert describe(replace(STANDARD, gamma=1.234, inverse=True)) == "inverse=True,gamma=1.23"


def test_a_decision_takes_along_what_was_seen_and_leaving_logs_the_rest(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    first = window.desk.open_id
    assert first is not None
    qtbot.wait(400)
    window.set_look("grey")
    qtbot.wait(400)
    window.course.decide(Choice(Action.HOLD, "documents"))
    settle(qtbot, window)
    ((parcel_id, shown),) = station.shown
    assert parcel_id == first
    assert set(shown["looks"]) == {"standard", "mode=grey"}  # type: ignore[call-overload]
    second = window.desk.open_id
    assert second not in (None, first)
    qtbot.wait(400)
    window.open_parcel(first)
    settle(qtbot, window)
    qtbot.waitUntil(lambda: window.parts.stage.parcel_id == first)
    qtbot.wait(50)
    window.desk.flush_shown()
    settle(qtbot, window)
    left = station.shown[-1]
    assert left[0] == second
    assert left[1]["officer"] == "officer-1"


def test_a_refused_decision_loses_nothing_of_what_was_seen(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    opened = window.desk.open_id
    assert opened is not None
    qtbot.wait(400)
    station.parcels[opened] = replace(station.parcels[opened], version=station.parcels[opened].version + 5)
    window.course.decide(Choice(Action.HOLD, "documents"))
    settle(qtbot, window)
    assert not station.decisions
    window.desk.flush_shown()
    settle(qtbot, window)
    assert opened in [parcel_id for parcel_id, _ in station.shown]
