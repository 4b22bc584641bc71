"""Drawing on the picture: by mouse and keys, with the decision, back again, in the record and the DICOS report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.customs.states import Action, State
from app.ui.chooser import Choice
from app.ui.opening import build_views, read_parcel
from app.ui.record import RecordError, write_pictures, write_record
from app.ui.viewer import Viewer
from app.ui.window import MainWindow
from imaging.annotations import Annotation, Category, Shape, read_json
from imaging.files import tdr
from imaging.look import LOOKS
from imaging.render import picture_of
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press
from tests.app.ui.samples import GREEN

CTRL = Qt.KeyboardModifier.ControlModifier
OpenWindow = Callable[..., MainWindow]


def screen(pane: Viewer, x: float, y: float) -> QPoint:
    at = pane.camera.to_screen(x, y)
    return QPoint(round(at[0]), round(at[1]))


def drag(qtbot: QtBot, pane: Viewer, *places: tuple[float, float]) -> None:
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=screen(pane, *places[0]))
    for place in places[1:]:
        qtbot.mouseMove(pane, screen(pane, *place))
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=screen(pane, *places[-1]))


def use(qtbot: QtBot, window: MainWindow, shape: Shape) -> Viewer:
    while window.course.tools.annotating.shape is not shape:
        press(qtbot, window, Qt.Key.Key_N)
    return window.parts.stage.panes[0]


def test_box_with_category_goes_with_the_decision_and_comes_back(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    open_parcel(qtbot, window, GREEN)
    pane = use(qtbot, window, Shape.BOX)
    press(qtbot, window, Qt.Key.Key_1)
    drag(qtbot, pane, (60, 60), (100, 90), (140, 110))
    (made,) = pane.annotations
    assert made.category is Category.CONTRABAND
    assert made.author == "officer-1"
    assert made.box == pytest.approx((60, 60, 140, 110), abs=2)
    press(qtbot, window, Qt.Key.Key_Escape)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED
    assert read_json(station.decisions[0].annotations) == (made,)
    assert window.desk.open_id != GREEN
    assert pane.annotations == ()
    open_parcel(qtbot, window, GREEN)
    assert pane.annotations == (made,)
    assert window.course.tools.annotating.drawn == ()


def test_numbers_choose_the_category_only_while_drawing(window: MainWindow, qtbot: QtBot) -> None:
    use(qtbot, window, Shape.ARROW)
    press(qtbot, window, Qt.Key.Key_3)
    assert window.course.tools.annotating.category is Category.EXPLOSIVE
    assert window.parts.stage.look == LOOKS["standard"]
    press(qtbot, window, Qt.Key.Key_Escape)
    press(qtbot, window, Qt.Key.Key_3)
    assert window.parts.stage.look == LOOKS["inorganic_only"]


def test_arrow_by_keys_alone_and_erased_again(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.ARROW)
    press(qtbot, window, Qt.Key.Key_Space)
    for _ in range(4):
        press(qtbot, window, Qt.Key.Key_Down, CTRL)
    press(qtbot, window, Qt.Key.Key_Space)
    (made,) = pane.annotations
    assert made.shape is Shape.ARROW
    assert made.points[1][1] > made.points[0][1]
    press(qtbot, window, Qt.Key.Key_Backspace)
    assert pane.annotations == ()


def test_freehand_is_drawn_and_ended_by_keys(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.FREEHAND)
    press(qtbot, window, Qt.Key.Key_Space)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        press(qtbot, window, key, CTRL)
    press(qtbot, window, Qt.Key.Key_Space)
    (made,) = pane.annotations
    assert made.shape is Shape.FREEHAND
    assert len(made.points) >= 4


def test_freehand_follows_the_mouse(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.FREEHAND)
    drag(qtbot, pane, *((60 + 12 * i, 80 + 20 * (i % 2)) for i in range(8)))
    (made,) = pane.annotations
    assert made.shape is Shape.FREEHAND
    assert 7 <= len(made.points) <= 9


def test_text_is_typed_at_its_place(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.TEXT)
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=screen(pane, 100, 100))
    field = window.course.tools.annotating.field
    assert field.hasFocus()
    qtbot.keyClicks(field, "R2 look here")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert [each.text for each in pane.annotations] == ["R2 look here"]
    assert not field.isVisible()
    assert window.parts.stage.hasFocus()


def test_escape_leaves_the_text_and_then_the_tool(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.TEXT)
    press(qtbot, window, Qt.Key.Key_Space)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.course.tools.annotating.field.isVisible()
    assert window.course.tools.annotating.shape is Shape.TEXT
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.course.tools.annotating.shape is None
    assert pane.annotations == ()


def test_drafts_stay_with_their_parcel(window: MainWindow, qtbot: QtBot) -> None:
    pane = use(qtbot, window, Shape.BOX)
    here = window.desk.open_id
    drag(qtbot, pane, (60, 60), (140, 110))
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert pane.annotations == ()
    open_parcel(qtbot, window, here)
    assert len(pane.annotations) == 1


def test_undone_decision_takes_its_drawing_away(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    drag(qtbot, use(qtbot, window, Shape.BOX), (60, 60), (140, 110))
    window.course.decide(Choice(Action.RELEASE))
    settle(qtbot, window)
    window.course.undo()
    settle(qtbot, window)
    assert window.desk.open_id == GREEN
    assert window.parts.stage.panes[0].annotations == ()


def test_record_is_one_page_with_a_report_beside_it(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(station, data=tmp_path / "data")
    open_parcel(qtbot, window, GREEN)
    drag(qtbot, use(qtbot, window, Shape.BOX), (60, 60), (140, 110))
    press(qtbot, window, Qt.Key.Key_R, CTRL)
    report_path, pdf = sorted((tmp_path / "data" / "records").iterdir())
    assert [(what, officer) for _, what, officer in station.exports] == [("record", "officer-1")]
    assert pdf.name in window.parts.notice.words
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") == 1
    report = tdr.read(report_path)
    assert report.decision is tdr.Decision.UNKNOWN
    assert [found.box for found in report.objects] == [window.course.tools.annotating.drawn[0].box]


def test_record_of_a_referred_parcel_reports_an_alarm(station: MemoryStation, tmp_path: Path) -> None:
    drawn = Annotation(Shape.BOX, ((1.0, 2.0), (30.0, 40.0)), Category.PROHIBITED)
    station.decide(1, Action.REFER, officer="officer-1", reason="image", annotations="")
    opened = read_parcel(station, 1, officer="officer-1")
    _, report = write_record(tmp_path, opened, (drawn,))
    assert tdr.read(report).decision is tdr.Decision.ALARM


def test_record_into_a_folder_that_is_a_file_is_refused(station: MemoryStation, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(RecordError):
        write_record(tmp_path / "x", read_parcel(station, 1, officer="officer-1"))


def test_picture_is_what_the_officer_sees(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(station, data=tmp_path)
    press(qtbot, window, Qt.Key.Key_I)
    press(qtbot, window, Qt.Key.Key_S, CTRL)
    (path,) = (tmp_path / "pictures").iterdir()
    expected = picture_of(window.parts.stage.pyramid, LOOKS["inverse"])
    assert np.array_equal(cv2.imread(str(path))[:, :, ::-1], expected)


def test_number_from_outside_never_leaves_the_folder(station: MemoryStation, tmp_path: Path) -> None:
    parcel = replace(station.parcels[1], number="../../etc/x\n")
    views = build_views(station.scans[1])
    (path,) = write_pictures(tmp_path, parcel, views, LOOKS["standard"])
    assert path.parent == tmp_path
    assert path.exists()
