"""Comparing: what with, side by side at one place, blinking, and the empty container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.parcel import Kind
from app.ui.geometry import Camera
from app.ui.opening import build_views
from app.ui.references import find_references, load_reference
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press
from tests.app.ui.samples import GREEN, YELLOW, make_parcels, make_scan, make_view

OpenWindow = Callable[..., MainWindow]


def test_earlier_of_number_sender_and_goods_in_this_order_each_once(station: MemoryStation) -> None:
    parcel = station.parcels[8]
    same = replace(station.parcels[YELLOW], number=parcel.number)
    station.parcels[YELLOW] = same
    found = find_references(station, parcel, "officer-1")
    assert [(each.why, each.parcel_id) for each in found[:2]] == [("number", YELLOW), ("sender", 7)]
    assert len({each.parcel_id for each in found}) == len(found)
    assert all(station.parcels[each.parcel_id].arrived_at < parcel.arrived_at for each in found)


def test_side_by_side_then_blink_then_off(window: MainWindow, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    first, second = window.parts.stage.panes
    own = first.shown
    press(qtbot, window, Qt.Key.Key_T)
    assert second.isVisible()
    assert second.shown is not own
    assert "sender" in second.shown.name
    press(qtbot, window, Qt.Key.Key_Plus)
    assert second.camera.zoom == pytest.approx(first.camera.zoom)
    assert second.camera.x == pytest.approx(first.camera.x)
    place = first.camera
    press(qtbot, window, Qt.Key.Key_T)
    assert not second.isVisible()
    other = window.parts.stage.reference
    qtbot.waitUntil(lambda: first.shown is other, timeout=3000)
    assert first.camera.zoom == pytest.approx(place.zoom)
    qtbot.waitUntil(lambda: first.shown is own, timeout=3000)
    press(qtbot, window, Qt.Key.Key_T)
    assert window.course.tools.comparing.mode == ""
    assert first.shown is own
    assert first._own is None


def test_next_reference_and_end_with_the_next_parcel(window: MainWindow, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    second = window.parts.stage.panes[1]
    press(qtbot, window, Qt.Key.Key_T)
    before = second.shown.name
    press(qtbot, window, Qt.Key.Key_Y)
    assert second.shown.name != before
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.course.tools.comparing.mode == ""
    assert not second.isVisible()


def test_second_view_comes_back_after_comparing(open_window: OpenWindow, station: MemoryStation, qtbot: QtBot) -> None:
    station.add(station.parcels[GREEN], make_scan(make_view(), make_view(160, 360, "side", 5)))
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    second = window.parts.stage.panes[1]
    press(qtbot, window, Qt.Key.Key_T)
    assert second.shown.name != "side"
    press(qtbot, window, Qt.Key.Key_Escape)
    assert second.shown.name == "side"
    assert second.isVisible()


def test_nothing_to_compare_with_is_said(open_window: OpenWindow, station: MemoryStation, qtbot: QtBot) -> None:
    station.parcels.clear()
    station.add(make_parcels(1)[0], make_scan())
    window = open_window(station)
    press(qtbot, window, Qt.Key.Key_T)
    assert window.parts.notice.words == texts.text("ui.compare.nothing")
    assert window.course.tools.comparing.mode == ""


@pytest.mark.parametrize(("cols", "expected"), [(1600, 1639), (1000, 1023)])
def test_container_is_compared_with_an_empty_one_of_its_length(
    station: MemoryStation, cols: int, expected: int
) -> None:
    parcel = replace(make_parcels(1)[0], kind=Kind.CONTAINER, number="", declaration=None)
    (empty,) = find_references(station, parcel, "officer-1")
    like = build_views(make_scan(make_view(434, cols)))[0]
    shown = load_reference(station, empty, like)
    assert shown.pyramid.shape[1] == pytest.approx(expected, abs=30)
    assert shown.name == "Empty container"


def test_camera_looks_at_the_same_part_of_another_picture() -> None:
    camera = Camera.fit(1000, 400, 500, 300).zoomed(4).panned(-60, 20)
    onto = camera.onto(2000, 800)
    assert onto.x / 2000 == pytest.approx(camera.x / 1000)
    assert onto.zoom * 2000 == pytest.approx(camera.zoom * 1000)
    assert Camera.fit(1000, 400, 500, 300).onto(300, 900) == Camera.fit(300, 900, 500, 300)


def test_decisions_wait_for_nothing_while_comparing(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_T)
    press(qtbot, window, Qt.Key.Key_R)
    settle(qtbot, window)
    assert station.decisions[0].parcel_id == GREEN
