"""How annotations look on a picture: on the screen and in the record."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.texts import text
from app.ui import theme
from app.ui.geometry import Camera
from app.ui.plates import PLATE
from imaging.annotations import Annotation, Point, Shape

INK = QColor("#ffe14d")
RIM = QColor(0, 0, 0, 220)
HEAD_PX = 11.0


def paint_annotations(painter: QPainter, camera: Camera, annotations: Sequence[Annotation]) -> None:
    """What officers drew, yellow on a dark rim, with category and text."""
    painter.save()
    painter.setFont(theme.font(theme.small_px(), is_bold=True))
    for each in annotations:
        _paint_shape(painter, camera, each.shape, each.points)
        category = text(f"look.category.{each.category}")
        label = each.text if each.shape is Shape.TEXT else f"{category}: {each.text}" if each.text else category
        left, _, _, bottom = each.box
        at = camera.to_screen(*each.points[0]) if each.shape is Shape.TEXT else camera.to_screen(left, bottom)
        _paint_label(painter, QPointF(at[0], at[1] + 3), label)
    painter.restore()


def paint_sketch(painter: QPainter, camera: Camera, shape: Shape, points: Sequence[Point]) -> None:
    """A shape while it is drawn."""
    painter.save()
    _paint_shape(painter, camera, shape, points)
    painter.restore()


def _paint_shape(painter: QPainter, camera: Camera, shape: Shape, points: Sequence[Point]) -> None:
    on_screen = [QPointF(*camera.to_screen(*point)) for point in points]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(RIM, 5.0), QPen(INK, 2.4)):
        painter.setPen(pen)
        if len(on_screen) < 2:
            painter.drawPoint(on_screen[0])
        elif shape is Shape.BOX:
            painter.drawRect(QRectF(on_screen[0], on_screen[1]).normalized())
        else:
            painter.drawPolyline(QPolygonF(on_screen))
        if shape is Shape.ARROW and len(on_screen) > 1:
            painter.drawPolyline(QPolygonF(_head(on_screen[0], on_screen[1])))


def _head(tail: QPointF, tip: QPointF) -> list[QPointF]:
    along = tail - tip
    length = max(1.0, (along.x() ** 2 + along.y() ** 2) ** 0.5)
    back = along * (HEAD_PX / length)
    side = QPointF(-back.y(), back.x()) * 0.6
    return [tip + back + side, tip, tip + back - side]


def _paint_label(painter: QPainter, at: QPointF, label: str) -> None:
    metrics = painter.fontMetrics()
    plate = QRectF(at.x(), at.y(), metrics.horizontalAdvance(label) + 10, metrics.height() + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(INK)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, label)
