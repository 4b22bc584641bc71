"""Panning moves what is on the screen: afterwards it shows what a window painted afresh shows."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.customs.parcel import Seen
from app.ui.geometry import Camera
from app.ui.viewer import Shown, Viewer
from imaging.look import LOOKS
from imaging.pyramid import Pyramid
from imaging.scan import View
from tests.app.ui.samples import make_scan

PANS = ((7, 0), (0, 9), (-30, -4), (13, 21), (0.4, 0.3), (250, 3), (-900, 5), (2, -2))


@pytest.fixture
def viewer(qtbot: QtBot) -> Viewer:
    scan = make_scan()
    made = Viewer()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    qtbot.waitExposed(made)
    made.show_picture(Shown(Pyramid.of(scan.views[0], scan.generator), "top", 1.0, 1.0))
    paint()
    return made


def paint() -> None:
    for _ in range(3):
        QCoreApplication.processEvents()


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.asarray(image.constBits()).reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def on_screen(viewer: Viewer) -> np.ndarray:
    return pixels(viewer.screen().grabWindow(viewer.winId()).toImage())


def afresh(viewer: Viewer) -> np.ndarray:
    return pixels(viewer.grab().toImage())


@pytest.mark.parametrize("look", ["standard", "edge", "super"])
@pytest.mark.parametrize("zoom", [0.37, 1.0, 3.0, 8.0])
def test_after_pans_the_screen_shows_what_a_fresh_window_shows(viewer: Viewer, zoom: float, look: str) -> None:
    viewer.set_look(LOOKS[look])
    rows, cols = viewer.shown.pyramid.shape if viewer.shown else (1, 1)
    viewer.set_camera(Camera(cols, rows, 420, 300, zoom, cols / 2, rows / 2, is_fit=False))
    paint()
    viewer.update()
    paint()
    for dx, dy in PANS:
        viewer.move_to(viewer.camera.panned(dx, dy))
        paint()
        assert np.abs(on_screen(viewer) - afresh(viewer)).max() <= 1


def test_a_pan_paints_less_than_the_window(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, cols = viewer.shown.pyramid.shape if viewer.shown else (1, 1)
    viewer.set_camera(Camera(cols, rows, 420, 300, 8.0, cols / 2, rows / 2, is_fit=False))
    paint()
    painted: list[int] = []
    monkeypatch.setattr(
        viewer, "paintEvent", lambda event: painted.append(sum(r.width() * r.height() for r in event.region()))
    )
    viewer.move_to(viewer.camera.panned(5, 0))
    paint()
    assert 0 < sum(painted) < 420 * 300 / 2


def test_with_boxes_over_it_the_whole_window_is_painted(viewer: Viewer) -> None:
    rows, cols = viewer.shown.pyramid.shape if viewer.shown else (1, 1)
    viewer.set_seen([Seen("blade", 0.5, "likely", (5, 5, 60, 50))])
    viewer.set_camera(Camera(cols, rows, 420, 300, 3.0, cols / 2, rows / 2, is_fit=False))
    paint()
    for dx, dy in PANS[:4]:
        viewer.move_to(viewer.camera.panned(dx, dy))
        paint()
        assert np.abs(on_screen(viewer) - afresh(viewer)).max() <= 1


def test_a_picture_that_is_seen_whole_from_top_to_bottom_moves_alone(viewer: Viewer) -> None:
    rows, cols = viewer.shown.pyramid.shape if viewer.shown else (1, 1)
    viewer.resize(300, 500)
    viewer.set_camera(Camera(cols, rows, 300, 500, 500 / rows * 0.8, cols / 2, rows / 2, is_fit=False))
    paint()
    viewer.update()
    paint()
    for dx in (7, -19, 40, -3):
        viewer.move_to(viewer.camera.panned(dx, 6))
        paint()
        assert np.abs(on_screen(viewer) - afresh(viewer)).max() <= 1


def test_a_part_painted_anew_while_the_hand_zooms_leaves_nothing_rough(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.move_to(viewer.camera.at_zoom(1.37))
    paint()
    viewer.move_to(viewer.camera.at_zoom(2.74))
    paint()
    viewer.repaint(10, 10, 40, 40)
    paint()
    assert np.abs(on_screen(viewer) - afresh(viewer)).max() <= 1


def test_wires_of_one_px_stay_while_the_hand_zooms(qtbot: QtBot) -> None:
    counts = np.full((300, 1200), 50_000, np.uint16)
    wires = range(25, 1200, 50)
    counts[:, list(wires)] = 8_000
    view = View(high=counts, low=counts, air_high=50_000, air_low=50_000)
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(400, 120)
    viewer.show()
    qtbot.waitExposed(viewer)
    viewer.show_picture(Shown(Pyramid.of(view)))
    viewer.is_bare = True
    paint()
    fitted = viewer.camera
    for step in range(1, 14):
        viewer.move_to(fitted.at_zoom(fitted.zoom * 1.08**step))
        paint()
        row = on_screen(viewer)[60].min(axis=1)
        places = [viewer.camera.to_screen(wire + 0.5, 0)[0] for wire in wires]
        for x in (round(place) for place in places if 3 <= place < 396):
            assert row[x - 2 : x + 3].min() < 0.5 * row[x - 2 : x + 3].max()
