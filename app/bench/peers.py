"""Other picture widgets on the same picture in the same run: the same place, the same steps, each painted at once."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.bench.frames import Act, show
from app.bench.rows import Row
from app.ui.gpu_pane import SCREENLESS
from imaging.scan import Colour, Counts, View

STEP_X, STEP_Y, ZOOM_STEP = 13, 5, 1.08
"""Screen px of a frame of panning, and how much larger each frame of zooming is."""
REACH = 20
"""Frames of panning one way, before it turns: so far the picture moves under the window at every zoom."""


class Pane(Protocol):
    """One way of showing the picture in a window of its own."""

    @property
    def widget(self) -> QWidget: ...
    def act(self, motion: str) -> Act: ...
    def close(self) -> None: ...


def missing_rows() -> list[Row]:
    """One row for each peer of which there is no figure, so that nobody takes silence for a result.

    vispy, and napari which draws with it, need OpenGL and so a display.
    """
    has_display = QGuiApplication.platformName() not in SCREENLESS
    absent = [name for name in ("pyqtgraph", "vispy", "napari") if not _can_run(name, has_display=has_display)]
    return [Row(f"viewer.peer.{name}.measured", 0, "figures") for name in absent]


def _can_run(name: str, *, has_display: bool) -> bool:
    return find_spec(name) is not None and (has_display or name == "pyqtgraph")


def swing(number: int, reach: int = REACH) -> int:
    """Where a hand is after some steps that goes to and fro: 0, 1 .. reach .. -reach .. 0."""
    return reach - abs((number + reach) % (4 * reach) - 2 * reach)


def zoom_after(first: float, number: int) -> float:
    """The zoom after some steps of a hand that turns the wheel in and out again: from the whole picture to about 5x."""
    return first * ZOOM_STEP ** (REACH + swing(number - REACH))


class _Moving:
    """A picture of (rows, cols) looked at through a window: what each motion does, the same for all widgets."""

    def __init__(self, shape: tuple[int, ...], size: tuple[int, int], zooms: dict[str, float]) -> None:
        self.rows, self.cols = shape[:2]
        self.size, self.zooms = size, zooms

    def act(self, motion: str) -> Act:
        if motion == "zoom":
            return lambda number: self.look_at(zoom_after(self.zooms["fit"], number), 0)
        if motion == "window":
            return self._drag_levels
        return lambda number: self.look_at(self.zooms[motion], swing(number))

    def look_at(self, zoom: float, moved: int) -> None:
        width, height = self.size
        across, down = width / zoom, height / zoom
        left, top = (self.cols - across) / 2 + STEP_X * moved / zoom, (self.rows - down) / 2
        if down < self.rows:
            top += STEP_Y * moved / zoom
        self.show_box(left, top, across, down)

    def _drag_levels(self, number: int) -> None:
        if number == 0:
            self.look_at(1.0, 0)
        self.set_levels(0.001 * number, 1 - 0.003 * number)

    def show_box(self, left: float, top: float, width: float, height: float) -> None:
        raise NotImplementedError

    def set_levels(self, least: float, most: float) -> None:
        raise NotImplementedError


class GraphPane(_Moving):
    """pyqtgraph's ImageItem."""

    def __init__(
        self, picture: Counts | Colour, size: tuple[int, int], zooms: dict[str, float], *, is_averaged: bool = False
    ) -> None:
        import pyqtgraph

        super().__init__(picture.shape, size, zooms)
        self.most = float(np.iinfo(picture.dtype).max)
        self.view: Any = pyqtgraph.GraphicsView()
        self.box: Any = pyqtgraph.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self.item: Any = pyqtgraph.ImageItem(
            picture, axisOrder="row-major", levels=(0, self.most), autoDownsample=is_averaged
        )
        self.view.setCentralItem(self.box)
        self.box.addItem(self.item)
        show(self.view, *size)

    @property
    def widget(self) -> QWidget:
        widget: QWidget = self.view.viewport()
        return widget

    def show_box(self, left: float, top: float, width: float, height: float) -> None:
        self.box.setRange(QRectF(left, top, width, height), padding=0)

    def set_levels(self, least: float, most: float) -> None:
        self.item.setLevels((self.most * least, self.most * most))

    def close(self) -> None:
        self.view.close()


class VispyPane(_Moving):
    """vispy's image visual, which napari shows pictures with, on whatever OpenGL the display has."""

    def __init__(self, picture: Counts | Colour, size: tuple[int, int], zooms: dict[str, float]) -> None:
        from vispy import scene, use  # type: ignore[import-not-found]

        super().__init__(picture.shape, size, zooms)
        use("pyside6")
        self.canvas: Any = scene.SceneCanvas(size=size, show=True, vsync=False)
        view = self.canvas.central_widget.add_view()
        self.most = float(np.iinfo(picture.dtype).max)
        self.image: Any = scene.visuals.Image(
            picture, parent=view.scene, method="subdivide", cmap="grays", clim=(0, self.most), texture_format="auto"
        )
        self.camera: Any = scene.PanZoomCamera(aspect=1)
        self.camera.flip = (False, True, False)
        view.camera = self.camera
        show(self.canvas.native, *size)

    @property
    def widget(self) -> QWidget:
        widget: QWidget = self.canvas.native
        return widget

    def show_box(self, left: float, top: float, width: float, height: float) -> None:
        self.camera.rect = (left, top, width, height)

    def set_levels(self, least: float, most: float) -> None:
        self.image.clim = (self.most * least, self.most * most)

    def close(self) -> None:
        self.canvas.close()


class NapariPane(_Moving):
    """napari's canvas with one image layer; it is vispy's, with napari's layers and events around it."""

    def __init__(self, picture: Counts | Colour, size: tuple[int, int], zooms: dict[str, float]) -> None:
        from napari.components import ViewerModel  # type: ignore[import-not-found]
        from napari.qt import QtViewer  # type: ignore[import-not-found]

        super().__init__(picture.shape, size, zooms)
        self.most = float(np.iinfo(picture.dtype).max)
        self.model: Any = ViewerModel()
        self.layer: Any = self.model.add_image(picture, rgb=picture.ndim == 3)
        self.viewer: Any = QtViewer(self.model)
        show(self.viewer, *size)
        show(self.widget, *size)

    @property
    def widget(self) -> QWidget:
        widget: QWidget = self.viewer.canvas.native
        return widget

    def show_box(self, left: float, top: float, width: float, height: float) -> None:
        self.model.camera.zoom = self.size[0] / width
        self.model.camera.center = (0.0, top + height / 2, left + width / 2)

    def set_levels(self, least: float, most: float) -> None:
        if not self.layer.rgb:
            self.layer.contrast_limits = (self.most * least, self.most * most)

    def close(self) -> None:
        self.viewer.close()


def open_panes(view: View, colour: Colour, size: tuple[int, int], zooms: dict[str, float]) -> dict[str, Pane]:
    """Every way to give the peers the picture; none of those that cannot be run here.

    As they come they sample the nearest pixel, so thin wires vanish, and colours must be computed beforehand;
    pyqtgraph's averaged picture shows about what our viewer does.
    """
    assert view.high is not None
    has_display = QGuiApplication.platformName() not in SCREENLESS
    panes: dict[str, Pane] = {}
    if _can_run("pyqtgraph", has_display=has_display):
        panes["pyqtgraph grey"] = GraphPane(view.high, size, zooms)
        panes["pyqtgraph colour"] = GraphPane(colour, size, zooms)
        panes["pyqtgraph colour averaged"] = GraphPane(colour, size, zooms, is_averaged=True)
    if _can_run("vispy", has_display=has_display):
        panes["vispy grey"] = VispyPane(view.high, size, zooms)
        panes["vispy colour"] = VispyPane(colour, size, zooms)
    if _can_run("napari", has_display=has_display):
        panes["napari grey"] = NapariPane(view.high, size, zooms)
    return panes
