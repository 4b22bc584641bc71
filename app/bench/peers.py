"""Other picture widgets on the same picture in the same run."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF

from app.bench.frames import Spent, show, time_frames
from app.bench.rows import Row
from imaging.scan import Colour, Counts, View


def missing_rows() -> list[Row]:
    """One row for each peer of which there is no figure, so that nobody takes silence for a result.

    napari draws with vispy, which needs OpenGL: without a screen and a GPU it has nothing to draw on.
    """
    absent = () if find_spec("pyqtgraph") else ("pyqtgraph",)
    return [Row(f"viewer.peer.{name}.measured", 0, "figures") for name in (*absent, "napari", "vispy")]


def pyqtgraph_variants(view: View, colour: Colour) -> dict[str, tuple[Counts | Colour, dict[str, object]]]:
    """What pyqtgraph is given, and how: as it comes it samples the nearest pixel, so thin wires vanish and colours must
    be computed beforehand; with downsampling it averages, which is nearer to what our viewer shows."""
    assert view.high is not None
    return {
        "pyqtgraph grey": (view.high, {"levels": (0, 65535)}),
        "pyqtgraph colour": (colour, {"levels": (0, 255)}),
        "pyqtgraph colour averaged": (colour, {"levels": (0, 255), "autoDownsample": True}),
    }


def time_pyqtgraph(
    picture: Counts | Colour, options: dict[str, object], size: tuple[int, int], frames: int, zooms: dict[str, float]
) -> dict[str, Spent]:
    """Frames of an ImageItem: panned at each zoom, zoomed from all to 8x, and its levels dragged at 1:1."""
    import pyqtgraph

    width, height = size
    view: Any = pyqtgraph.GraphicsView()
    box: Any = pyqtgraph.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
    item: Any = pyqtgraph.ImageItem(picture, axisOrder="row-major", **options)
    view.setCentralItem(box)
    box.addItem(item)
    show(view, width, height)
    rows, cols = picture.shape[:2]
    most = float(np.iinfo(picture.dtype).max)

    def look_at(zoom: float, moved_px: float) -> None:
        across, down = width / zoom, height / zoom
        left, top = (cols - across) / 2 + 13 * moved_px / zoom, (rows - down) / 2 + 5 * moved_px / zoom
        box.setRange(QRectF(left, top, across, down), padding=0)

    def zoomed(number: int) -> None:
        look_at(zooms["fit"] * 1.08**number, 0)

    def levelled(number: int) -> None:
        item.setLevels((most * 0.001 * number, most * (1 - 0.003 * number)))

    spent = {name: time_frames(view.viewport(), partial(look_at, zoom), frames) for name, zoom in zooms.items()} | {
        "zoom": time_frames(view.viewport(), zoomed, frames)
    }
    look_at(1.0, 0)
    spent["window"] = time_frames(view.viewport(), levelled, frames)
    view.close()
    return spent
