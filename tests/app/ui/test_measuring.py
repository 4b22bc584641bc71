"""Probe and measures at the window: by mouse and by keys, what they say, calibrated or not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.ui.opening import build_views
from app.ui.reading import Tool, box_between, envelope, read
from app.ui.viewer import Shown, Viewer
from app.ui.window import MainWindow
from imaging.scan import Generator, Scan, View
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import press
from tests.app.ui.samples import make_colour_scan, make_parcels, make_scan, make_view

CTRL = Qt.KeyboardModifier.ControlModifier
OpenWindow = Callable[..., MainWindow]


def shown_of(view: View) -> Shown:
    return build_views(Scan((view,), generator=Generator(160.0)))[0]


def screen(pane: Viewer, x: float, y: float) -> QPoint:
    at = pane.camera.to_screen(x, y)
    return QPoint(round(at[0]), round(at[1]))


def use(qtbot: QtBot, window: MainWindow, tool: Tool) -> Viewer:
    while window.course.tools.measuring.tool is not tool:
        press(qtbot, window, Qt.Key.Key_M)
    return window.parts.stage.panes[0]


def test_key_cycles_through_all_tools_and_off(window: MainWindow, qtbot: QtBot) -> None:
    seen = []
    for _ in range(6):
        press(qtbot, window, Qt.Key.Key_M)
        seen.append(window.course.tools.measuring.tool)
    assert seen == [*Tool, None]
    assert window.parts.stage.panes[0].tool is None


def test_probe_under_the_mouse_says_the_counts_of_the_file(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    pane = use(qtbot, window, Tool.PROBE)
    qtbot.mouseMove(pane, screen(pane, 150, 100))
    settle(qtbot, window)
    x, y = (int(value) for value in window.course.tools.measuring.cursor)
    view = station.scans[1].views[0]
    lines = window.course.tools.measuring.reading.lines
    assert lines[0] == f"x {x}  y {y}"
    assert lines[1] == f"counts  high {view.high[y, x]}  low {view.low[y, x]}"
    assert "of steel" in lines[-1]


def test_distance_is_dragged_and_the_picture_stays(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Tool.DISTANCE)
    before = pane.camera
    start, end = screen(pane, 60, 60), screen(pane, 160, 60)
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(pane, end)
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)
    settle(qtbot, window)
    (first, last), measured = window.course.tools.measuring.points, window.course.tools.measuring.reading
    assert pane.camera == before
    length = np.hypot(last[0] - first[0], last[1] - first[1])
    assert length == pytest.approx(100, abs=2)
    assert measured.lines[0] == f"{length:,.1f} mm"
    qtbot.mousePress(pane, Qt.MouseButton.MiddleButton, pos=start)
    press(qtbot, window, Qt.Key.Key_Plus)
    assert pane.camera.zoom > before.zoom


def test_profile_by_keys_alone(window: MainWindow, qtbot: QtBot) -> None:
    use(qtbot, window, Tool.PROFILE)
    press(qtbot, window, Qt.Key.Key_Left, CTRL)
    press(qtbot, window, Qt.Key.Key_Space)
    for _ in range(5):
        press(qtbot, window, Qt.Key.Key_Right, CTRL)
    press(qtbot, window, Qt.Key.Key_Space)
    measuring = window.course.tools.measuring
    assert len(measuring.points) == 2
    assert measuring.points[1][0] > measuring.points[0][0]
    assert [curve.name for curve in measuring.reading.curves] == ["high", "low"]
    press(qtbot, window, Qt.Key.Key_Escape)
    assert measuring.tool is None
    assert measuring.points == []


def test_next_parcel_begins_the_measurement_anew(window: MainWindow, qtbot: QtBot) -> None:
    use(qtbot, window, Tool.DISTANCE)
    press(qtbot, window, Qt.Key.Key_Space)
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.course.tools.measuring.tool is Tool.DISTANCE
    assert window.course.tools.measuring.points == []


def test_area_closes_at_its_first_corner(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Tool.AREA)
    for corner in ((50, 50), (150, 50), (150, 100), (50, 100), (50, 50)):
        qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=screen(pane, *corner))
    settle(qtbot, window)
    measured = window.course.tools.measuring.reading
    assert len(window.course.tools.measuring.points) == 4
    assert float(measured.lines[0].split()[0]) == pytest.approx(50.0, rel=0.05)


def test_uncalibrated_picture_says_so(qtbot: QtBot) -> None:
    view = make_view()
    shown = shown_of(View("top", view.high, view.low, air_low=58000.0, air_high=58000.0))
    assert read(shown, Tool.DISTANCE, [(0, 0), (30, 40)]).lines == ("50.0 px", "not calibrated: no millimetres")
    assert read(shown, Tool.AREA, [(0, 0), (10, 0), (10, 10)]).lines[0] == "50 px²"


def test_histogram_counts_every_pixel_of_the_box() -> None:
    view = make_view()
    reading = read(shown_of(view), Tool.HISTOGRAM, [(10.5, 20.5), (40.2, 60.9)])
    part = view.high[20:61, 10:41]
    assert reading.lines[0] == f"{part.size:,} pixels"
    assert float(reading.lines[1].split()[1].replace(",", "")) == pytest.approx(part.mean(), abs=130)


@pytest.mark.parametrize("tool", [Tool.PROFILE, Tool.HISTOGRAM, Tool.PROBE])
def test_colour_picture_has_no_counts_and_says_so(tool: Tool) -> None:
    shown = build_views(make_colour_scan())[0]
    reading = read(shown, tool, [(3, 4), (30, 40)] if tool is not Tool.PROBE else [(3, 4)])
    assert reading.lines[-1] == "Colour picture: it holds no measured counts."


def test_histogram_outside_of_the_picture_is_refused_in_words(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Tool.HISTOGRAM)
    measuring = window.course.tools.measuring
    measuring.press(pane, (-500.0, -500.0))
    measuring.press(pane, (-400.0, -400.0))
    settle(qtbot, window)
    assert measuring.reading is None
    assert measuring._problem == "Outside the image."


def test_envelope_keeps_a_wire_of_one_sample() -> None:
    values = np.full(10_000, 50_000.0)
    values[7_777] = 3.0
    curve = envelope("high", values)
    assert len(curve.least) == 320
    assert curve.least.min() == 3.0
    assert curve.most.min() == 50_000.0


def test_box_between_corners_in_any_order() -> None:
    assert box_between((10.2, 5.9), (3.1, 2.0)) == (3, 2, 11, 6)
    assert box_between((4.0, 4.0), (4.0, 4.0)) == (4, 4, 5, 5)


def test_mouse_in_one_view_shows_the_place_of_the_belt_in_the_other(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.parcels.clear()
    station.add(make_parcels(1)[0], make_scan(make_view(), make_view(160, 720, "side", 5)))
    window = open_window(station)
    first, second = window.parts.stage.panes
    qtbot.mouseMove(first, screen(first, 90, 100))
    assert second.belt_x == pytest.approx(180, abs=4)
    assert first.belt_x is None
    first.pointed.emit(None)
    assert second.belt_x is None
