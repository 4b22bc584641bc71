"""The picture's place: looks by key, views side by side, boxes, what passes the beam meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app import texts
from app.ui.bridge import Bridge
from app.ui.window import MainWindow
from imaging.look import STANDARD, Penetration, Strip
from scanners.xray import Lines, ScanStarted
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press
from tests.app.ui.samples import GREEN, make_colour_scan, make_scan, make_view

OpenWindow = Callable[..., MainWindow]


def test_looks_by_key_combine_and_one_key_goes_back(window: MainWindow, qtbot: QtBot) -> None:
    stage = window.parts.stage
    press(qtbot, window, Qt.Key.Key_2)
    press(qtbot, window, Qt.Key.Key_5)
    assert stage.look.strip == Strip.ORGANIC_STRIP
    assert stage.look.penetration == Penetration.HIGH
    assert stage.bar._buttons["organic_strip"].isChecked()
    press(qtbot, window, Qt.Key.Key_S)
    assert stage.look == STANDARD
    assert all(pane.look == STANDARD for pane in stage.panes)


def test_next_parcel_always_comes_in_the_standard_image(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_I)
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.parts.stage.look == STANDARD


def test_legacy_colour_picture_greys_what_it_cannot_show(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], make_colour_scan())
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    button = window.parts.stage.bar._buttons["organic_only"]
    assert not button.isEnabled()
    assert texts.text("look.unavailable.palette_unknown") in button.toolTip()
    press(qtbot, window, Qt.Key.Key_1)
    assert window.parts.stage.look == STANDARD
    assert window.parts.notice.words == texts.text("look.unavailable.palette_unknown")
    assert window.parts.stage.bar._buttons["grey"].isEnabled()


def test_two_views_stand_side_by_side_and_zoom_together(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], make_scan(make_view(), make_view(160, 360, "side", 5)))
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    first, second = window.parts.stage.panes
    assert first.isVisible()
    assert second.isVisible()
    press(qtbot, window, Qt.Key.Key_Plus)
    press(qtbot, window, Qt.Key.Key_Right)
    assert second.camera.zoom == pytest.approx(first.camera.zoom)
    assert second.camera.x == pytest.approx(first.camera.x)
    press(qtbot, window, Qt.Key.Key_F)
    assert first.camera.is_fit
    assert second.camera.is_fit


def test_boxes_and_detections_by_key(window: MainWindow, qtbot: QtBot) -> None:
    pane = window.parts.stage.panes[0]
    assert len(pane.seen) == 2
    press(qtbot, window, Qt.Key.Key_J)
    assert pane.marked == 0
    with_boxes = pane.grab().toImage()
    press(qtbot, window, Qt.Key.Key_X)
    assert not pane.has_boxes
    assert pane.grab().toImage() != with_boxes


def test_what_passes_the_beam_fills_the_stage_only_while_nothing_is_open(
    open_window: OpenWindow, station: MemoryStation, bridge: Bridge, qtbot: QtBot
) -> None:
    parcels, scans = dict(station.parcels), dict(station.scans)
    station.parcels.clear()
    window = open_window(station)
    pane = window.parts.stage.panes[0]
    block = Lines("live", 0, 0, np.full((40, 64), 40_000, np.uint16), np.full((40, 64), 39_000, np.uint16))
    bridge.scan_started("belt-1", ScanStarted("live", datetime.now(UTC), (64,), 100))
    bridge.lines_arrived("belt-1", block)
    qtbot.waitUntil(lambda: pane.shown is not None and pane.shown.pyramid.shape == (64, 40), timeout=3000)
    assert pane.camera.image_w == 100
    station.parcels.update(parcels)
    station.scans.update(scans)
    open_parcel(qtbot, window, GREEN)
    own = pane.shown
    bridge.lines_arrived("belt-1", replace(block, first=40))
    bridge.deliver()
    settle(qtbot, window)
    assert pane.shown is own
