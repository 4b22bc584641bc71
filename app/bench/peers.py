"""Other picture widgets on the same picture in the same run."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF

from app.bench.frames import Act, show
from app.bench.rows import Row
from imaging.scan import Colour, Counts, View


def missing_rows() -> list[Row]:
    """One row for each peer of which there is no figure, so that nobody takes silence for a result.

    napari draws with vispy, which needs OpenGL: without a screen and a GPU it has nothing to draw on.
    """
    absent = () if find_spec("pyqtgraph") else ("pyqtgraph",)
    return [Row(f"viewer.peer.{name}.measured", 0, "figures") for name in (*absent, "napari", "vispy")]


class GraphPane:
    """pyqtgraph's ImageItem in a window of its own: panned, zoomed, and its levels dragged at 1:1."""

    def __init__(
        self, picture: Counts | Colour, size: tuple[int, int], zooms: dict[str, float], *, is_averaged: bool = False
    ) -> None:
        import pyqtgraph

        self.size, self.zooms = size, zooms
        self.rows, self.cols = picture.shape[:2]
        self.most = float(np.iinfo(picture.dtype).max)
        self.view: Any = pyqtgraph.GraphicsView()
        self.box: Any = pyqtgraph.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self.item: Any = pyqtgraph.ImageItem(
            picture, axisOrder="row-major", levels=(0, self.most), autoDownsample=is_averaged
        )
        self.view.setCentralItem(self.box)
        self.box.addItem(self.item)
        show(self.view, *size)

    def act(self, motion: str) -> Act:
        if motion == "zoom":
            return lambda number: self.look_at(self.zooms["fit"] * 1.08**number, 0)
        if motion == "window":
            return self._drag_levels
        return lambda number: self.look_at(self.zooms[motion], number)

    def look_at(self, zoom: float, moved: int) -> None:
        width, height = self.size
        across, down = width / zoom, height / zoom
        left, top = (self.cols - across) / 2 + 13 * moved / zoom, (self.rows - down) / 2 + 5 * moved / zoom
        self.box.setRange(QRectF(left, top, across, down), padding=0)

    def _drag_levels(self, number: int) -> None:
        if number == 0:
            self.look_at(1.0, 0)
        self.item.setLevels((self.most * 0.001 * number, self.most * (1 - 0.003 * number)))


def open_panes(view: View, colour: Colour, size: tuple[int, int], zooms: dict[str, float]) -> dict[str, GraphPane]:
    """Every way to give pyqtgraph the picture; none where it is not installed.

    As it comes it samples the nearest pixel, so thin wires vanish, and colours must be computed beforehand; averaged,
    it shows about what our viewer does.
    """
    if find_spec("pyqtgraph") is None:
        return {}
    assert view.high is not None
    return {
        "pyqtgraph grey": GraphPane(view.high, size, zooms),
        "pyqtgraph colour": GraphPane(colour, size, zooms),
        "pyqtgraph colour averaged": GraphPane(colour, size, zooms, is_averaged=True),
    }
