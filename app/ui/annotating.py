"""The drawing key: boxes, arrows, freehand lines and texts on the open picture, each with a category."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLineEdit

from app.customs.parcel import Decision
from app.texts import text
from app.ui import paint_annotations, paint_tools, theme, words
from app.ui.geometry import Camera
from app.ui.stage import Stage
from app.ui.viewer import Viewer
from imaging.annotations import MAX_ANNOTATIONS, MAX_TEXT, Annotation, Category, Point, Shape, read_json, write_json
from imaging.errors import AnnotationInvalidError, KnownError

NEAR_PX = 6.0
MOST_POINTS = 500
TEXT_EM = 18


class Annotating(QObject):
    """A viewer's tool. What is drawn stays with its parcel until a decision takes it along, or it is erased.

    `drew` tells each shape as it is drawn.
    """

    drew = Signal(object)

    def __init__(self, stage: Stage, officer: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._officer = officer
        self.shape: Shape | None = None
        self.category = Category.ANOMALY
        self.kept: tuple[Annotation, ...] = ()
        self._drafts: dict[int, list[Annotation]] = {}
        self._points: list[Point] = []
        self._cursor: Point | None = None
        self._pane = stage.panes[0]
        self.field = QLineEdit(stage.glass)
        self.field.setMaxLength(MAX_TEXT)
        self.field.hide()
        self.field.returnPressed.connect(self._take_text)

    @property
    def drawn(self) -> tuple[Annotation, ...]:
        """What was drawn on the open parcel and is not decided on yet."""
        return tuple(self._drafts.get(self._stage.parcel_id or 0, ()))

    def cycle(self) -> None:
        """Off, box, arrow, freehand, text and off again."""
        steps: list[Shape | None] = [None, *Shape]
        self.use(steps[(steps.index(self.shape) + 1) % len(steps)])

    def use(self, shape: Shape | None) -> None:
        self.shape = shape
        self.begin_anew()
        if shape is not None:
            self._stage.use_tool(self)
        elif self._stage.tool is self:
            self._stage.use_tool(None)

    def choose(self, number: int) -> None:
        """Take the category with this number for what is drawn next."""
        categories = list(Category)
        if 1 <= number <= len(categories):
            self.category = categories[number - 1]
            self._stage.update_panes()

    def erase(self) -> None:
        """Take back what was drawn last and is not decided on."""
        drafts = self._drafts.get(self._stage.parcel_id or 0)
        if self._points:
            self.begin_anew()
        elif drafts:
            drafts.pop()
        self.show()

    def show_history(self, history: Iterable[Decision]) -> None:
        """Show what earlier decisions on the open parcel were made with; those that were undone no more.

        Raises:
            AnnotationInvalidError: what was kept cannot be read; nothing is shown then.
        """
        self.kept = ()
        texts = [each.annotations for each in history if each.annotations and each.undone_at is None]
        try:
            self.kept = tuple(annotation for each in texts for annotation in read_json(each))
        finally:
            self.show()

    def show(self) -> None:
        self._stage.set_annotations((*self.kept, *self.drawn))

    def to_json(self) -> str:
        """What goes along with a decision; empty where nothing was drawn."""
        return write_json(self.drawn) if self.drawn else ""

    def forget(self, parcel_id: int) -> None:
        """A decision has taken along what was drawn on a parcel."""
        self._drafts.pop(parcel_id, None)
        self.show()

    def press(self, pane: Viewer, at: Point) -> None:
        if pane is not self._pane:
            self._points = []
        self._pane, self._cursor = pane, at
        self._points.append(at)
        if self.shape is Shape.TEXT:
            self._ask_text(at)
        elif len(self._points) > 1:
            self._take()

    def move(self, pane: Viewer, at: Point) -> None:
        if pane is self._pane or not self._points:
            self._pane, self._cursor = pane, at
            is_drawing = self.shape is Shape.FREEHAND and bool(self._points)
            if is_drawing and not self._is_near(at, self._points[-1]) and len(self._points) < MOST_POINTS:
                self._points.append(at)
            self._stage.update_panes()

    def release(self, pane: Viewer, at: Point) -> None:
        """The end of a drag; without one, the second press ends the shape."""
        if pane is not self._pane or not self._points or self.shape is Shape.TEXT:
            return
        if self.shape is Shape.FREEHAND and len(self._points) > 1:
            self._take()
        elif not self._is_near(at, self._points[0]):
            self._points.append(at)
            self._take()

    def step(self, direction: str) -> None:
        """Move the drawing point by keys."""
        self.move(self._pane, self._pane.camera.stepped(self._cursor, direction))

    def set_point(self) -> None:
        camera = self._pane.camera
        self.press(self._pane, self._cursor or (camera.x, camera.y))

    def paint(self, painter: QPainter, pane: Viewer, camera: Camera) -> None:
        if self.shape is None:
            return
        numbered = "  ".join(
            f"{'▸' if each is self.category else ''}{number} {text(f'look.category.{each}')}"
            for number, each in enumerate(Category, start=1)
        )
        area = QRectF(0, 0, camera.pane_w, camera.pane_h)
        if pane is self._stage.panes[0]:
            paint_tools.paint_hint(painter, area, f"{text(f'look.shape.{self.shape}')}    {numbered}")
        if pane is not self._pane or self._cursor is None:
            return
        points = (
            self._points if self.shape is Shape.FREEHAND and len(self._points) > 1 else [*self._points, self._cursor]
        )
        paint_annotations.paint_sketch(painter, camera, self.shape, points)

    def _take(self) -> None:
        self._keep(self.shape or Shape.BOX, tuple(self._points))

    def _keep(self, shape: Shape, points: tuple[Point, ...], typed: str = "") -> None:
        parcel_id = self._stage.parcel_id
        self.begin_anew()
        if parcel_id is None or len(self.drawn) >= MAX_ANNOTATIONS:
            return
        view = self._stage.panes.index(self._pane)
        try:
            made = Annotation(shape, points, self.category, typed, view, self._officer(), datetime.now(UTC))
        except AnnotationInvalidError as error:
            self._refuse(error)
            return
        self._drafts.setdefault(parcel_id, []).append(made)
        self.show()
        self.drew.emit(made)

    def _refuse(self, error: KnownError) -> None:
        self._stage.refused.emit(words.error_words(error))

    def _ask_text(self, at: Point) -> None:
        x, y = self._pane.camera.to_screen(*at)
        self.field.resize(theme.text_px() * TEXT_EM, self.field.sizeHint().height())
        origin = self._pane.pos()
        left = min(round(x), self._pane.width() - self.field.width())
        self.field.move(origin.x() + max(0, left), origin.y() + max(0, round(y)))
        self.field.setPlaceholderText(text("ui.annotate.text"))
        self.field.show()
        self.field.raise_()
        self.field.setFocus()

    def _take_text(self) -> None:
        typed, points = self.field.text().strip(), tuple(self._points[-1:])
        if typed and points:
            self._keep(Shape.TEXT, points, typed)
        self.begin_anew()
        self._stage.setFocus()

    def begin_anew(self) -> None:
        """Drop the shape under way."""
        self._points = []
        if self.field.isVisible():
            self.field.hide()
            self._stage.setFocus()
        self.field.clear()
        self._stage.update_panes()

    def _is_near(self, one: Point, other: Point) -> bool:
        return math.hypot(one[0] - other[0], one[1] - other[1]) * self._pane.camera.zoom < NEAR_PX
