"""One picture, painted by table lookup of its visible part: pan, zoom, window and level by mouse, overlays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.customs.parcel import Seen
from app.ui import overlays, plates, theme
from app.ui.canvas import Canvas, stacked
from app.ui.geometry import Camera
from app.ui.gpu_pane import Glass, GpuPane
from app.ui.paint_annotations import paint_annotations
from app.ui.plates import Standing
from imaging.annotations import Annotation
from imaging.look import STANDARD, Look
from imaging.marks import Mark
from imaging.probe import Point
from imaging.pyramid import Pyramid
from imaging.render import Viewport, window_on
from imaging.scan import Generator, View

log = structlog.get_logger()

WHEEL_NOTCH = 120
ZOOM_PER_NOTCH = 1.25
REST_MS = 120
"""How long the hand must rest before idle time is used."""
DIAL_PX = 24
"""Mouse travel of one step of window or level."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A view ready to show: its sizes, its name and the size of a pixel where it is calibrated.

    `view` and `generator` are what was measured, for the probe; a picture that is still growing has none.
    """

    pyramid: Pyramid
    name: str = ""
    mm_per_row: float | None = None
    mm_per_col: float | None = None
    view: View | None = None
    generator: Generator | None = None


class PaneTool(Protocol):
    """What the left button does instead of panning, and what it paints; points are in px of the picture."""

    def press(self, pane: Viewer, at: Point) -> None: ...
    def move(self, pane: Viewer, at: Point) -> None: ...
    def release(self, pane: Viewer, at: Point) -> None: ...
    def paint(self, painter: QPainter, pane: Viewer, camera: Camera) -> None: ...


class Viewer(QWidget):
    """Shows one view through a camera. `moved` tells of every change of the camera that the officer made here.

    `pointed` tells the place of the picture under the mouse, None when it leaves. With a tool the left button is the
    tool's and the middle one pans.
    """

    moved = Signal(object)
    pointed = Signal(object)
    dialled = Signal(str, float)
    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(60, 40)
        self.setMouseTracking(True)
        self.camera = Camera.fit(1, 1, 1, 1)
        self.shown: Shown | None = None
        self.look: Look = STANDARD
        self.seen: tuple[Seen, ...] = ()
        self.marked: int | None = None
        self.marks: tuple[Mark, ...] = ()
        self.annotations: tuple[Annotation, ...] = ()
        self.has_boxes = True
        self.has_overview = True
        self.is_bare = False
        self.tool: PaneTool | None = None
        self.belt_x: float | None = None
        self.look_words = ""
        self._own: Shown | None = None
        self._note = ("", "")
        self._canvas = Canvas()
        self._standing = Standing()
        self._card: tuple[GpuPane, Glass] | None = None
        self._idle = QTimer(self, singleShot=True)
        self._idle.timeout.connect(self._use_idle_time)
        self._drag: QPointF | None = None
        self._drag_button = Qt.MouseButton.NoButton

    def show_picture(self, shown: Shown | None, seen: Sequence[Seen] = ()) -> None:
        """Show another picture, fitted; None empties the pane."""
        self.shown, self._own = shown, None
        self.seen = tuple(seen)
        self.marked = None
        self.marks = ()
        self.annotations = ()
        self._canvas = Canvas()
        if shown is not None:
            rows, cols = shown.pyramid.shape
            self.camera = Camera.fit(cols, rows, self.width(), self.height())
        self.update()

    def show_instead(self, shown: Shown) -> None:
        """Show another picture at the same place and zoom; what is marked on this one is hidden meanwhile."""
        if shown is self.shown:
            return
        rows, cols = shown.pyramid.shape
        self.camera = self.camera.onto(cols, rows)
        self._own = self.shown if self._own is None else None
        self.shown = shown
        self.update()

    def show_grown(self, shown: Shown, expected_cols: int = 0) -> None:
        """Show a later state of a picture that grows to the right, with room for what is expected."""
        rows, cols = shown.pyramid.shape
        self.shown = shown
        self.camera = Camera.fit(max(cols, expected_cols), rows, self.width(), self.height())
        self.update()

    def set_seen(self, seen: Sequence[Seen]) -> None:
        self.seen = tuple(seen)
        self.marked = None
        self.update()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        self.marks = tuple(marks)
        self.update()

    def set_annotations(self, annotations: Sequence[Annotation]) -> None:
        self.annotations = tuple(annotations)
        self.update()

    def set_look(self, look: Look) -> None:
        self.look = look
        self.update()

    def set_note(self, title: str, more: str = "") -> None:
        """What stands in the pane while there is no picture."""
        self._note = (title, more)
        self.update()

    def set_camera(self, camera: Camera) -> None:
        """Look elsewhere; told to nobody."""
        before, self.camera = self.camera, camera
        if not self._scroll_from(before):
            self.update()

    def _scroll_from(self, before: Camera) -> bool:
        """Move what is on the screen, and paint only what comes into sight; False where all must be painted.

        What lies beside the plates, as high as they are, is painted with them: a few large pieces cost less than many.
        """
        now = self.camera
        is_same_size = (before.zoom, before.pane_w, before.pane_h) == (now.zoom, now.pane_w, now.pane_h)
        if self.shown is None or not is_same_size or not self._moves_as_one:
            return False
        (left, top, *_), (new_left, new_top, *_) = window_on(self._viewport(before)), window_on(self._viewport(now))
        dx, dy = left - new_left, top - new_top
        picture = self.rect()
        if not dy:
            (_, upper), (_, lower) = now.to_screen(0, 0), now.to_screen(0, now.image_h)
            picture &= QRectF(0, upper, self.width(), lower - upper).toAlignedRect()
        high, low = plates.bands([plate.area.toAlignedRect() for plate in self._standing.plates], self.rect())
        moving = picture & self.rect().adjusted(0, high.height(), 0, -low.height())
        self.scroll(dx, dy, moving)
        if self._shows_overview:
            area = plates.overview_plate(now)
            QWidget.update(self, area | (area & moving).translated(dx, dy))
        for band in (high & picture, low & picture):
            if not band.isEmpty():
                QWidget.update(self, band)
        return True

    @property
    def _moves_as_one(self) -> bool:
        """Whether all that lies over the picture stands still, and the picture itself was drawn exactly."""
        has_boxes = self._own is None and self.has_boxes and bool(self.seen or self.annotations)
        has_company = has_boxes or bool(self.marks) or self.belt_x is not None or self.tool is not None
        return not has_company and not self._canvas.is_rough and self._card is None and self.devicePixelRatioF() == 1

    def move_to(self, camera: Camera) -> None:
        """Look elsewhere and tell `moved`."""
        self.set_camera(camera)
        self.moved.emit(camera)

    def mark(self, index: int | None) -> None:
        """Emphasise one detection and bring it into sight."""
        self.marked = index
        if index is not None:
            left, top, right, bottom = self.seen[index].box
            area = overlays.box_area(self.camera, self.seen[index].box)
            if not QRectF(self.rect()).contains(area):
                self.move_to(self.camera.centred((left + right) / 2, (top + bottom) / 2))
        self.update()

    def viewport_px(self) -> Viewport:
        """The camera in device pixels, as the renderer wants it."""
        return self._viewport(self.camera)

    def _viewport(self, camera: Camera) -> Viewport:
        ratio = self.devicePixelRatioF()
        width, height = round(camera.pane_w * ratio), round(camera.pane_h * ratio)
        return Viewport(camera.x, camera.y, camera.zoom * ratio, width, height)

    def use_card(self) -> None:
        """Draw the picture with the graphics card from now on; by the processor again if the card fails."""
        self._card = pane, _ = GpuPane(self), Glass(self, self._paint_over)
        pane.failed.connect(self._give_up_card)
        for layer in self._card:
            layer.setGeometry(self.rect())
            layer.show()
        self.update()

    def _give_up_card(self) -> None:
        log.warning("the graphics card cannot draw pictures; the processor does")
        for layer in self._card or ():
            layer.hide()
            layer.deleteLater()
        self._card = None
        self.update()

    def update(self) -> None:  # type: ignore[override]
        """Show what has changed, on the processor's canvas or the card's."""
        if self._card is None:
            super().update()
            return
        pane, glass = self._card
        pane.setVisible(self.shown is not None)
        if self.shown is not None:
            pane.show_picture(self.shown.pyramid, self.viewport_px(), self.look, theme.colour("canvas"))
        glass.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        if self._card is not None:
            painter.fillRect(self.rect(), theme.colour("canvas"))
            return
        if self.shown is None:
            painter.fillRect(self.rect(), theme.colour("canvas"))
        else:
            self._paint_picture(painter, self.shown.pyramid, event.region())
        self._paint_over(painter)

    def _paint_over(self, painter: QPainter) -> None:
        """Everything but the picture itself."""
        if self.shown is None:
            overlays.paint_note(painter, QRectF(self.rect()), *self._note)
            return
        if not self.is_bare:
            self._paint_overlays(painter)
        painter.end()
        self.painted.emit()

    def _paint_picture(self, painter: QPainter, pyramid: Pyramid, region: QRegion) -> None:
        ratio, viewport = self.devicePixelRatioF(), self.viewport_px()
        areas: list[QRect] = [QRect(0, 0, viewport.width, viewport.height)]
        if ratio == 1:
            areas = stacked(region)
        was_rough = self._canvas.is_rough
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        background = theme.colour("canvas")
        self._canvas.draw(painter, pyramid, viewport, self.look, background=background, areas=areas)
        painter.restore()
        if was_rough and region != QRegion(self.rect()):
            self.update()
        self._idle.start(REST_MS)

    def _use_idle_time(self) -> None:
        """The hand rests: draw exactly what was drawn in haste, then colour what may be looked at next."""
        if not self.isVisible():
            return
        if self._canvas.is_rough:
            self.update()
        elif self._canvas.colour_ahead():
            self._idle.start(0)

    def _paint_overlays(self, painter: QPainter) -> None:
        assert self.shown is not None
        is_own, ratio = self._own is None, self.devicePixelRatioF()
        name, mm_per_px = self.shown.name, self.shown.mm_per_col
        self._standing.show(self.camera, self.look, self.look_words, ratio=ratio, name=name, mm_per_px=mm_per_px)
        if is_own and self.marks:
            overlays.paint_marks(painter, self.camera, self.marks)
        if is_own and self.has_boxes and (self.seen or self.annotations):
            kept_clear = [self._standing.plates[0].area]
            if self._shows_overview:
                kept_clear.append(QRectF(plates.overview_area(self.camera)))
            overlays.paint_boxes(painter, self.camera, self.seen, self.marked, kept_clear)
            paint_annotations(painter, self.camera, self.annotations)
        if self.belt_x is not None:
            overlays.paint_belt_line(painter, self.camera, self.belt_x)
        if self.tool is not None:
            self.tool.paint(painter, self, self.camera)
        for plate in self._standing.plates:
            plate.paint(painter)
        if self._shows_overview:
            size = plates.overview_size(ratio, self.camera)
            plates.paint_overview(painter, self.camera, self._canvas.overview(self.shown.pyramid, self.look, size))

    @property
    def _shows_overview(self) -> bool:
        return self.has_overview and not self.camera.is_all_visible

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        self.camera = self.camera.resized(self.width(), self.height())
        for layer in self._card or ():
            layer.setGeometry(self.rect())
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        notches = event.angleDelta().y() / WHEEL_NOTCH
        if self.shown is not None and notches:
            at = event.position()
            self.move_to(self.camera.zoomed(ZOOM_PER_NOTCH**notches, at.x(), at.y()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.shown is None:
            return
        self._drag, self._drag_button = event.position(), event.button()
        if self._goes_to_overview(event.position()):
            return
        if self._is_tools(event.button()):
            assert self.tool is not None
            self.tool.press(self, self._place(event.position()))
        elif event.button() != Qt.MouseButton.RightButton:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.shown is None:
            return
        self.pointed.emit(self._place(event.position()))
        if self.tool is not None and (self._drag is None or self._is_tools(self._drag_button)):
            self.tool.move(self, self._place(event.position()))
        if self._drag is None or self._is_tools(self._drag_button):
            return
        travel = event.position() - self._drag
        self._drag = event.position()
        if self._drag_button == Qt.MouseButton.RightButton:
            self.dialled.emit("window", travel.x() / DIAL_PX)
            self.dialled.emit("level", -travel.y() / DIAL_PX)
        elif not self._goes_to_overview(event.position()):
            self.move_to(self.camera.panned(travel.x(), travel.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        is_tools = self._drag is not None and self._is_tools(event.button())
        self._drag = None
        self.unsetCursor()
        if is_tools and self.tool is not None and not self._shows_overview_at(event.position()):
            self.tool.release(self, self._place(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:  # noqa: N802
        self.pointed.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.shown is None or event.button() != Qt.MouseButton.LeftButton or self.tool is not None:
            self.mousePressEvent(event)
            return
        if self.camera.is_all_visible:
            at = event.position()
            self.move_to(self.camera.zoomed(1 / self.camera.zoom, at.x(), at.y()))
        else:
            self.move_to(Camera.fit(self.camera.image_w, self.camera.image_h, self.width(), self.height()))

    def _is_tools(self, button: Qt.MouseButton) -> bool:
        return self.tool is not None and button == Qt.MouseButton.LeftButton

    def _place(self, at: QPointF) -> Point:
        return self.camera.to_image(at.x(), at.y())

    def _shows_overview_at(self, at: QPointF) -> bool:
        return self._shows_overview and plates.overview_area(self.camera).contains(at.toPoint())

    def _goes_to_overview(self, at: QPointF) -> bool:
        """A press or drag on the overview map looks at that place."""
        if self._drag_button != Qt.MouseButton.LeftButton or not self._shows_overview_at(at):
            return False
        area = plates.overview_area(self.camera)
        scale = self.camera.image_w / area.width()
        self.move_to(self.camera.centred((at.x() - area.left()) * scale, (at.y() - area.top()) * scale))
        return True
