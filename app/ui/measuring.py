"""The measuring key: which tool is on, where its points are, and what it reads there."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QPainter

from app.texts import text
from app.ui import paint_tools, words
from app.ui.background import Background
from app.ui.geometry import Camera
from app.ui.reading import Reading, Tool, read
from app.ui.stage import Stage
from app.ui.viewer import Viewer
from imaging.errors import KnownError
from imaging.probe import Point

NEAR_PX = 8.0
"""Screen px from which a release counts as a drag, and within which a press closes an area."""


class Measuring(QObject):
    """A viewer's tool. Points are in px of the picture; the mouse sets them, or keys through `step` and `set_point`."""

    def __init__(self, stage: Stage, pixels: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._pixels = pixels
        self.tool: Tool | None = None
        self.points: list[Point] = []
        self.cursor: Point | None = None
        self.reading: Reading | None = None
        self._pane = stage.panes[0]
        self._is_closed = False
        self._problem = ""

    def cycle(self) -> None:
        """Off, probe, distance, area, profile, histogram and off again."""
        steps: list[Tool | None] = [None, *Tool]
        self.use(steps[(steps.index(self.tool) + 1) % len(steps)])

    def use(self, tool: Tool | None) -> None:
        self.tool = tool
        self.clear()
        if tool is not None:
            self._stage.use_tool(self)
        elif self._stage.tool is self:
            self._stage.use_tool(None)

    def clear(self) -> None:
        """Begin anew, as for another picture."""
        self.points, self.cursor, self.reading, self._is_closed, self._problem = [], None, None, False, ""
        self._stage.update_panes()

    def press(self, pane: Viewer, at: Point) -> None:
        if pane is not self._pane or self._is_whole:
            self.points, self._is_closed = [], False
        self._pane, self.cursor = pane, at
        if self.tool is Tool.AREA and len(self.points) > 2 and self._is_near(at, self.points[0]):
            self._is_closed = True
        elif self.tool is not Tool.PROBE:
            self.points.append(at)
        self._measure()

    def move(self, pane: Viewer, at: Point) -> None:
        if self._is_whole and self.tool is not Tool.PROBE:
            return
        if pane is self._pane or not self.points:
            self._pane, self.cursor = pane, at
            self._measure()

    def release(self, pane: Viewer, at: Point) -> None:
        """The end of a drag is the second point; without a drag the second press is."""
        is_line = self.tool in (Tool.DISTANCE, Tool.PROFILE, Tool.HISTOGRAM)
        if is_line and pane is self._pane and len(self.points) == 1 and not self._is_near(at, self.points[0]):
            self.points.append(at)
            self._measure()

    def step(self, direction: str) -> None:
        """Move the measuring point by keys."""
        self.move(self._pane, self._pane.camera.stepped(self.cursor, direction))

    def set_point(self) -> None:
        """The key does what a press at the measuring point would."""
        camera = self._pane.camera
        self.press(self._pane, self.cursor or (camera.x, camera.y))

    def paint(self, painter: QPainter, pane: Viewer, camera: Camera) -> None:
        if self.tool is None or pane is not self._pane:
            return
        points = self._points_with_cursor()
        paint_tools.paint_points(painter, camera, self.tool, points, self._is_closed or self._is_whole)
        lines = self.reading.lines if self.reading else ()
        if self._problem:
            lines = (self._problem,)
        title = text(f"ui.measure.{self.tool}")
        area = QRectF(0, 0, camera.pane_w, camera.pane_h)
        if self.reading is not None and self.reading.curves:
            paint_tools.paint_panel(painter, area, title, self.reading)
        elif lines and points:
            paint_tools.paint_plate(painter, area, camera.to_screen(*points[-1]), lines)
        else:
            paint_tools.paint_hint(painter, area, f"{title}: {text(f'ui.measure.hint_{self.tool}')}")

    @property
    def _is_whole(self) -> bool:
        if self.tool is Tool.AREA:
            return self._is_closed
        return len(self.points) > 1

    def _points_with_cursor(self) -> list[Point]:
        if self.cursor is None or self._is_whole:
            return list(self.points)
        return [*self.points, self.cursor]

    def _is_near(self, one: Point, other: Point) -> bool:
        zoom = self._pane.camera.zoom
        return math.hypot(one[0] - other[0], one[1] - other[1]) * zoom < NEAR_PX

    def _measure(self) -> None:
        """Read on the worker, so that neither a large region nor a large picture holds the window up."""
        shown, tool, points = self._pane.shown, self.tool, self._points_with_cursor()
        self._stage.update_panes()
        if shown is not None and tool is not None:
            self._pixels.submit(lambda: read(shown, tool, points), self._take, slot="measure", otherwise=self._fail)

    def _take(self, reading: Reading | None) -> None:
        self.reading, self._problem = reading, ""
        self._stage.update_panes()

    def _fail(self, error: KnownError) -> None:
        is_outside = error.key == "scan_invalid"
        self.reading, self._problem = None, text("ui.measure.outside") if is_outside else words.error_words(error)
        self._stage.update_panes()
