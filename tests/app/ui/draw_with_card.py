"""Run by test_gpu under a display of its own: draws pictures with the graphics system and says how far off they are.

Prints one line of JSON; ends with 77 where there is no graphics system to draw with.
"""

from __future__ import annotations

import json
import sys
from itertools import product

import numpy as np
from PySide6.QtCore import QElapsedTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget

from app.ui.gpu_pane import GpuPane, find_renderer, wants_card
from app.ui.viewer import Shown, Viewer
from imaging.look import LOOKS, Look
from imaging.pyramid import Pyramid
from imaging.render import BACKGROUND, Viewport, render
from tests.imaging.inputs import bag_view, colour_view, single_view

SCALES = (0.37, 1.0, 2.3, 8.1)
LOOKS_TOO = {"dialled": Look(window_width=0.4, window_centre=0.6, gamma=1.7, absorption=0.3)}


def pixels_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows, cols = image.height(), image.width()
    return np.frombuffer(image.constBits(), np.uint8).reshape(rows, -1, 4)[:, :cols, :3].astype(int)


def wait(application: QApplication, ms: int) -> None:
    timer = QElapsedTimer()
    timer.start()
    while timer.elapsed() < ms:
        application.processEvents()


def show(widget: QWidget, application: QApplication) -> None:
    widget.setFixedSize(300, 220)
    widget.show()
    wait(application, 300)


def main() -> int:
    application = QApplication([])
    renderer = find_renderer()
    if renderer is None:
        return 77
    pane = GpuPane()
    show(pane, application)
    worst: dict[str, int] = {}
    pyramids = {
        name: Pyramid.of(view) for name, view in zip("dsc", (bag_view(), single_view(), colour_view()), strict=True)
    }
    for (name, pyramid), scale, (look_name, look) in product(pyramids.items(), SCALES, (LOOKS | LOOKS_TOO).items()):
        rows, cols = pyramid.shape
        viewport = Viewport(cols / 2 + 3.3, rows / 3, scale, 300, 220)
        pane.show_picture(pyramid, viewport, look, QColor.fromRgba(BACKGROUND))
        drawn = pixels_of(pane.grabFramebuffer())
        off = int(np.abs(drawn - render(pyramid, viewport, look)[:, :, :3]).max())
        worst[f"{name} {look_name} {scale}"] = off
    pane.close()
    viewers = [Viewer(), Viewer()]
    viewers[0].use_card()
    grabs = []
    for viewer in viewers:
        show(viewer, application)
        viewer.show_picture(Shown(pyramids["d"], "top", 1.0, 1.0))
        viewer.move_to(viewer.camera.at_zoom(2.7).panned(31, 17))
        wait(application, 400)
        grabs.append(pixels_of(viewer.grab().toImage()))
        viewer.close()
    is_card = wants_card("auto")
    off = int(np.abs(grabs[0] - grabs[1]).max())
    sys.stdout.write(json.dumps({"renderer": renderer, "worst": worst, "viewers": off, "is_card": is_card}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
