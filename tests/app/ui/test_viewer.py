"""The viewer's mouse, what it paints over the picture, and the label on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
import qrcode
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.customs.parcel import Seen
from app.ui import overlays, plates
from app.ui.geometry import Camera
from app.ui.label import LabelUnreadableError, paint_label, read_label
from app.ui.opening import Kept, build_views
from app.ui.stage import Stage
from app.ui.viewer import Shown, Viewer
from imaging.look import STANDARD, Look
from tests.app.ui.samples import make_parcels, make_scan, make_view


@pytest.fixture
def shown() -> Shown:
    return build_views(make_scan(make_view(600, 900)))[0]


@pytest.fixture
def viewer(qtbot: QtBot, shown: Shown) -> Viewer:
    made = Viewer()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.show_picture(shown)
    return made


def turn_wheel(viewer: Viewer, at: QPoint, notches: int) -> None:
    no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    place = QPointF(viewer.mapToGlobal(at))
    delta = QPoint(0, 120 * notches)
    event = QWheelEvent(QPointF(at), place, QPoint(), delta, no_button, no_key, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(viewer, event)


def test_wheel_zooms_about_the_cursor(viewer: Viewer) -> None:
    at = QPoint(320, 180)
    turn_wheel(viewer, at, 4)
    before = viewer.camera.to_image(at.x(), at.y())
    turn_wheel(viewer, at, 3)
    assert viewer.camera.to_image(at.x(), at.y()) == pytest.approx(before)
    turn_wheel(viewer, at, 60)
    assert viewer.camera.zoom == 64


def test_left_drag_pans_and_right_drag_turns_window_and_level(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.move_to(viewer.camera.at_zoom(4.0))
    x, y = viewer.camera.x, viewer.camera.y
    qtbot.mousePress(viewer, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    qtbot.mouseMove(viewer, QPoint(240, 180))
    qtbot.mouseRelease(viewer, Qt.MouseButton.LeftButton, pos=QPoint(240, 180))
    assert (viewer.camera.x, viewer.camera.y) == pytest.approx((x - 10, y + 5))
    turned: list[tuple[str, float]] = []
    viewer.dialled.connect(lambda dial, steps: turned.append((dial, steps)))
    qtbot.mousePress(viewer, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    qtbot.mouseMove(viewer, QPoint(148, 76))
    qtbot.mouseRelease(viewer, Qt.MouseButton.RightButton, pos=QPoint(148, 76))
    assert turned == [("window", 2.0), ("level", 1.0)]


def test_click_on_the_overview_goes_there(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.move_to(viewer.camera.at_zoom(8.0))
    area = plates.overview_area(viewer.camera)
    qtbot.mouseClick(
        viewer, Qt.MouseButton.LeftButton, pos=QPoint(round(area.left() + area.width() / 4), round(area.center().y()))
    )
    assert viewer.camera.x == pytest.approx(900 / 4, abs=8)
    assert viewer.camera.zoom == 8.0


def test_double_click_goes_to_true_size_and_back(viewer: Viewer, qtbot: QtBot) -> None:
    assert viewer.camera.is_fit
    qtbot.mouseDClick(viewer, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert viewer.camera.zoom == 1.0
    qtbot.mouseDClick(viewer, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert viewer.camera.is_fit


def test_painted_picture_shows_air_bright_and_metal_dark(viewer: Viewer) -> None:
    viewer.is_bare = True
    picture = viewer.grab().toImage()
    air = QPointF(*viewer.camera.to_screen(20, 20)).toPoint()
    metal = QPointF(*viewer.camera.to_screen(360, 250)).toPoint()
    assert picture.pixelColor(air).lightness() > 230
    assert picture.pixelColor(metal).lightness() < 90
    viewer.set_look(Look(inverse=True))
    assert viewer.grab().toImage().pixelColor(air).lightness() < 40


def test_wire_of_one_pixel_is_seen_at_fit(viewer: Viewer) -> None:
    viewer.is_bare = True
    picture = viewer.grab().toImage()
    x, y = (round(place) for place in viewer.camera.to_screen(30, 400.5))
    darkest = min(picture.pixelColor(x, row).lightness() for row in range(y - 2, y + 3))
    assert darkest < picture.pixelColor(x, y - 8).lightness() - 40


def test_labels_of_boxes_stay_whole_in_the_pane_and_apart(viewer: Viewer) -> None:
    camera = viewer.camera
    taken: list[QRectF] = []
    for box in ((0, 0, 40, 30), (5, 2, 60, 40), (880, 580, 900, 600), (860, 570, 899, 599)):
        place = overlays._free_place(overlays.box_area(camera, box), 120, 22, camera, taken)
        assert QRectF(viewer.rect()).contains(place)
        assert not any(place.intersects(other) for other in taken)
        taken.append(place)


def test_boxes_are_painted_in_the_picture_s_own_pixels(viewer: Viewer) -> None:
    viewer.seen = (Seen("firearm", 0.9, "sure", (300, 200, 450, 300)),)
    picture = viewer.grab().toImage()
    left, middle = viewer.camera.to_screen(300, 250)
    columns = range(round(left) - 6, round(left) + 3)
    assert any(is_magenta(picture.pixelColor(x, round(middle))) for x in columns)


def is_magenta(colour: QColor) -> bool:
    return colour.red() > 150 and colour.green() < 90 and colour.blue() > 60


def test_marking_a_detection_brings_it_into_sight(viewer: Viewer) -> None:
    viewer.seen = (Seen("blade", 0.5, "hint", (10, 10, 30, 30)),)
    viewer.move_to(viewer.camera.at_zoom(16.0))
    viewer.mark(0)
    assert QRectF(viewer.rect()).contains(overlays.box_area(viewer.camera, (10, 10, 30, 30)))


def test_other_view_goes_along_in_its_own_proportions(qtbot: QtBot) -> None:
    stage = Stage()
    qtbot.addWidget(stage)
    stage.resize(900, 500)
    stage.show()
    stage.show_views(1, build_views(make_scan(make_view(300, 600), make_view(200, 1200, "side"))))
    first, second = stage.panes
    first.move_to(first.camera.at_zoom(4.0).centred(150, 100))
    assert second.camera.zoom == pytest.approx(2.0)
    assert second.camera.x == pytest.approx(300)
    assert stage.look == STANDARD


def test_kept_pictures_are_few_and_of_the_right_captures(shown: Shown) -> None:
    kept = Kept()
    parcels = make_parcels(12)
    for parcel in parcels:
        kept.put(parcel, (shown,))
    assert not kept.has(parcels[0].id)
    assert kept.get(parcels[-1]) == (shown,)
    assert kept.get(parcels[0]) is None


def test_camera_of_a_resized_pane_keeps_the_place() -> None:
    camera = Camera.fit(900, 600, 600, 400).at_zoom(8.0).centred(400, 300)
    smaller = camera.resized(300, 200)
    assert (smaller.x, smaller.y, smaller.zoom) == (400, 300, 8.0)


def test_label_is_printed_in_its_size(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "label.png"
    qrcode.make("T999920260000001").save(path)
    label = read_label(path)
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "label.pdf"))
    paint_label(label, printer)
    assert (tmp_path / "label.pdf").read_bytes().startswith(b"%PDF")


def test_label_that_is_no_picture_is_an_error_in_words(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "label.png"
    path.write_bytes(b"torn")
    with pytest.raises(LabelUnreadableError, match=r"label\.png"):
        read_label(path)
    assert QImage(str(path)).isNull()
