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
