"""The queue: its search, filters and order, the way from parcel to parcel, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.bridge import Bridge
from app.ui.window import MainWindow
from imaging.look import Mode
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import press
from tests.app.ui.samples import GREEN, make_parcels, make_scan

OpenWindow = Callable[..., MainWindow]


def test_last_item_leaves_an_empty_window_and_a_new_one_opens(
    open_window: OpenWindow, station: MemoryStation, bridge: Bridge, qtbot: QtBot
) -> None:
    for parcel_id in list(station.parcels)[1:]:
        del station.parcels[parcel_id]
    window = open_window(station)
    press(qtbot, window, Qt.Key.Key_R)
    press(qtbot, window, Qt.Key.Key_1)
    assert window.desk.open_id is None
    assert window.parts.stage.panes[0].shown is None
    parcel = replace(make_parcels(9)[8], number="RR999999996CN")
    station.add(parcel, make_scan())
    bridge.queue_changed(station.row(parcel))
    qtbot.waitUntil(lambda: window.desk.open_id == parcel.id, timeout=3000)
    settle(qtbot, window)
    assert window.parts.stage.panes[0].shown is not None


def test_search_takes_letters_and_keys_work_again_after_it(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    number = station.parcels[GREEN].number
    press(qtbot, window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.parts.queue.search.hasFocus()
    qtbot.keyClicks(window.parts.queue.search, number)
    qtbot.waitUntil(lambda: window.parts.queue.model.rowCount() == 1, timeout=3000)
    assert not station.decisions
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.desk.open_id == GREEN
    press(qtbot, window, Qt.Key.Key_B)
    assert window.parts.stage.look.mode == Mode.GREY
    assert window.parts.queue.search.text() == number


def test_filters_by_lane_and_state_narrow_the_queue(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    panel = window.parts.queue
    panel.lanes.setFocus()
    qtbot.keyClick(panel.lanes, Qt.Key.Key_Down)
    settle(qtbot, window)
    assert {row.lane for row in panel.model.rows()} == {"red"}
    panel.lanes.activated.emit(1)
    assert window.parts.stage.hasFocus()
    panel.lanes.setCurrentIndex(0)
    panel.states.setCurrentIndex(panel.states.findData("released"))
    settle(qtbot, window)
    assert panel.model.rowCount() == 0
    assert panel._empty.isVisible()


def test_queue_sorts_by_its_header_and_turns_round(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.parts.queue
    panel.table.horizontalHeader().sectionClicked.emit(1)
    settle(qtbot, window)
    numbers = [row.number for row in panel.model.rows()]
    assert numbers == sorted(numbers)
    panel.table.horizontalHeader().sectionClicked.emit(1)
    settle(qtbot, window)
    assert [row.number for row in panel.model.rows()] == numbers[::-1]
    assert panel.orders.currentData() == "number"


def test_next_previous_back_and_forward(window: MainWindow, qtbot: QtBot) -> None:
    rows = [row.id for row in window.parts.queue.model.rows()]
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.desk.open_id == rows[1]
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.desk.open_id == rows[2]
    press(qtbot, window, Qt.Key.Key_PageUp)
    assert window.desk.open_id == rows[1]
    press(qtbot, window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.desk.open_id == rows[2]
    press(qtbot, window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert window.desk.open_id == rows[1]
