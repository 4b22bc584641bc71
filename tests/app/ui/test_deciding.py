"""Deciding by keys: release and undo, reasons, the second officer, what is refused and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.states import Action, State
from app.ui import keys
from app.ui.window import MainWindow
from imaging.errors import FileAlteredError
from imaging.look import Mode
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press, shown_words
from tests.app.ui.samples import GREEN, RED, YELLOW, make_scan

OpenWindow = Callable[..., MainWindow]


def test_release_key_decides_and_next_item_comes(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    following = window.parts.queue.neighbour(GREEN, 1)
    with qtbot.waitSignal(window.course.switched) as switched:
        press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED
    assert window.desk.open_id == following
    assert 0 < switched.args[0] < 5000
    assert window.parts.queue.model.find(GREEN) is None


def test_release_shows_trace_code_label_and_undo(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    last = window.parts.last
    assert last.isVisible()
    assert station.parcels[GREEN].trace_code in shown_words(last)
    qtbot.waitUntil(lambda: any(not label.pixmap().isNull() for label in last.findChildren(QLabel)))
    assert "60 s left" in last._undo.text()


def test_undo_key_brings_the_parcel_back(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert station.parcels[GREEN].state == State.IMAGED
    assert station.decisions[0].undone_at is not None
    assert window.course.pace.decided == 0
    assert window.desk.open_id == GREEN
    assert not window.parts.last.isVisible()


def test_undo_after_its_time_is_refused_in_words(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    decided = window.parts.last.decided
    window.parts.last.decided = replace(decided, undo_until=decided.undo_until - timedelta(seconds=90))
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert station.parcels[GREEN].state == State.RELEASED
    assert window.parts.notice.words == texts.text("ui.notice.no_undo")


def test_reason_is_chosen_by_number_key(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, YELLOW)
    press(qtbot, window, Qt.Key.Key_H)
    assert window.parts.chooser.isVisible()
    assert station.parcels[YELLOW].state == State.IMAGED
    press(qtbot, window, Qt.Key.Key_3)
    assert not window.parts.chooser.isVisible()
    assert station.parcels[YELLOW].state == State.HELD
    assert station.decisions[0].reason == "image_unclear"


def test_escape_leaves_the_reasons_without_deciding(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_O)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.parts.chooser.isVisible()
    assert not station.decisions
    press(qtbot, window, Qt.Key.Key_B)
    assert window.parts.stage.look.mode == Mode.GREY


def test_a_marked_parcel_is_released_only_with_a_reviewed_reason(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    press(qtbot, window, Qt.Key.Key_R)
    assert window.parts.chooser.isVisible()
    press(qtbot, window, Qt.Key.Key_2)
    assert station.parcels[RED].state == State.RELEASED
    assert station.decisions[0].reason == "false_alarm"


def test_second_officer_and_document_are_asked_for(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(replace(station.parcels[RED], state=State.EXAM_ABNORMAL), make_scan())
    window = open_window(station)
    open_parcel(qtbot, window, RED)
    chooser = window.parts.chooser
    press(qtbot, window, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, window, Qt.Key.Key_1)
    assert chooser.isVisible()
    assert chooser.second.hasFocus()
    qtbot.keyClicks(chooser.second, "officer-2")
    press(qtbot, window, Qt.Key.Key_Return)
    assert chooser.note.hasFocus()
    qtbot.keyClicks(chooser.note, "KL-2026-1")
    press(qtbot, window, Qt.Key.Key_Return)
    assert station.parcels[RED].state == State.DETAINED
    assert station.second_officers[1] == "officer-2"
    assert station.decisions[0].note == "KL-2026-1"


def test_every_action_has_a_key_that_reaches_it(window: MainWindow, qtbot: QtBot) -> None:
    reached: list[Action] = []
    window.course.act = reached.append  # type: ignore[method-assign]
    for action in Action:
        key = keys.binding(str(action)).keys[0]
        modifiers = Qt.KeyboardModifier.ShiftModifier if key.startswith("Shift+") else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(window.parts.stage, Qt.Key(ord(key[-1])), modifiers)
    assert reached == list(Action)


def test_action_that_is_not_offered_says_why(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert not station.decisions
    assert window.parts.notice.isVisible()
    assert "Close" in window.parts.notice.words


def test_a_parcel_that_changed_meanwhile_is_not_decided(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    open_parcel(qtbot, window, GREEN)
    station.parcels[GREEN] = replace(station.parcels[GREEN], version=9)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.IMAGED
    assert window.desk.open_id == GREEN
    assert window.desk.opened is not None
    assert window.desk.opened.parcel.version == 9
    assert window.parts.notice.isVisible()
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED


def test_two_presses_make_one_decision(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_R)
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_R)
    settle(qtbot, window)
    assert len(station.decisions) == 1


def test_damaged_picture_is_said_and_the_parcel_can_be_decided(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], FileAlteredError("4.tif", "is not the picture that was kept"))
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    assert "4.tif" in shown_words(window.parts.side)
    assert window.parts.stage.panes[0].shown is None
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED
