"""What is painted over a picture and moves with it: detection boxes with labels, marks; a note in an empty pane."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.customs.parcel import Seen
from app.ui import chips, theme, words
from app.ui.geometry import Camera
from app.ui.plates import BOX, PLATE, PLATE_TEXT
from imaging.marks import Mark, MarkKind
from models.detector import Level

MARKS = {
    MarkKind.OPAQUE: QColor("#101010"),
    MarkKind.SUSPICIOUS_ORGANIC: QColor("#8a4dff"),
    MarkKind.DENSE: QColor("#00806a"),
}
_LINES = {Level.SURE: (3.0, Qt.PenStyle.SolidLine), Level.LIKELY: (2.2, Qt.PenStyle.DashLine)}
_HINT_LINE = (1.6, Qt.PenStyle.DotLine)


def box_area(camera: Camera, box: tuple[int, int, int, int]) -> QRectF:
    """A box of image px where it is on the screen."""
    left, top = camera.to_screen(box[0], box[1])
    right, bottom = camera.to_screen(box[2], box[3])
    return QRectF(QPointF(left, top), QPointF(right, bottom))


def paint_boxes(
    painter: QPainter, camera: Camera, seen: Sequence[Seen], marked: int | None, plates: Sequence[QRectF] = ()
) -> None:
    """Boxes by confidence (solid, dashed, dotted) over a dark rim, so that they show on air and on steel.

    Their labels keep clear of `plates`, which are painted later.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    taken = list(plates)
    for number, one in enumerate(seen):
        area = box_area(camera, one.box).adjusted(-3, -3, 3, 3)
        width, style = _LINES.get(Level(one.level), _HINT_LINE) if one.level in set(Level) else _HINT_LINE
        painter.setPen(QPen(QColor(255, 255, 255, 215), width + 2.4))
        painter.drawRect(area)
        painter.setPen(QPen(BOX, width + (1.5 if number == marked else 0), style))
        painter.drawRect(area)
        if area.intersects(QRectF(0, 0, camera.pane_w, camera.pane_h)):
            _paint_label(painter, camera, area, one, taken)
    painter.restore()


def paint_marks(painter: QPainter, camera: Camera, marks: Sequence[Mark]) -> None:
    """Regions that physics marks: corners only, so that they are never taken for the detector's boxes."""
    painter.save()
    for mark in marks:
        area = box_area(camera, mark.box).adjusted(-4, -4, 4, 4)
        if not area.intersects(QRectF(0, 0, camera.pane_w, camera.pane_h)):
            continue
        arm = max(6.0, min(area.width(), area.height()) * 0.25)
        for colour, width in ((QColor(255, 255, 255, 215), 4.6), (MARKS[mark.kind], 2.4)):
            painter.setPen(QPen(colour, width))
            for x, dx in ((area.left(), arm), (area.right(), -arm)):
                for y, dy in ((area.top(), arm), (area.bottom(), -arm)):
                    painter.drawLine(QPointF(x, y), QPointF(x + dx, y))
                    painter.drawLine(QPointF(x, y), QPointF(x, y + dy))
    painter.restore()


def _paint_label(painter: QPainter, camera: Camera, area: QRectF, one: Seen, taken: list[QRectF]) -> None:
    words_of_one = f"{words.name_of('class', one.label)}  {one.score:.0%}"
    painter.setFont(theme.font(is_bold=True))
    metrics = painter.fontMetrics()
    bars_w = theme.text_px() * 1.4
    size_w, size_h = metrics.horizontalAdvance(words_of_one) + bars_w + 20, metrics.height() + 6
    place = _free_place(area, size_w, size_h, camera, taken)
    taken.append(place)
    painter.setPen(QPen(BOX, 1.5))
    painter.setBrush(PLATE)
    painter.drawRoundedRect(place, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bars = QRectF(place.left() + 7, place.top() + 5, bars_w, place.height() - 10)
    chips.paint_bars(painter, bars, one.level, PLATE_TEXT)
    painter.setPen(PLATE_TEXT)
    painter.drawText(place.adjusted(bars_w + 11, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words_of_one)


def _free_place(area: QRectF, width: float, height: float, camera: Camera, taken: Sequence[QRectF]) -> QRectF:
    """Above the box, else below, else inside, else below the pane's edge; clear of others and whole in the pane."""
    tops = [area.top() - height - 3, area.bottom() + 3, area.top() + 3]
    for step in range(1, 8):
        tops += [area.bottom() + 3 + step * (height + 2), area.top() - height - 3 - step * (height + 2)]
    tops += [4 + step * (height + 2) for step in range(8)]
    most_left, most_top = camera.pane_w - width - 4, camera.pane_h - height - 4
    for top in tops:
        place = QRectF(max(4.0, min(area.left(), most_left)), top, width, height)
        if 4 <= top <= most_top and not any(place.intersects(other) for other in taken):
            return place
    return QRectF(max(4.0, min(area.left(), most_left)), max(4.0, min(area.top(), most_top)), width, height)


def paint_belt_line(painter: QPainter, camera: Camera, x: float) -> None:
    """Where the belt was when the other view saw what the cursor is on: a line across the pane."""
    painter.save()
    at, _ = camera.to_screen(x, 0)
    for pen in (QPen(QColor(255, 255, 255, 150), 3), QPen(QColor(0, 0, 0, 200), 1, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawLine(QPointF(at, 0), QPointF(at, camera.pane_h))
    painter.restore()


def paint_note(painter: QPainter, pane: QRectF, title: str, more: str) -> None:
    """Words in the middle of an empty pane."""
    painter.save()
    painter.setFont(theme.font(theme.text_px() + 4, is_bold=True))
    painter.setPen(theme.colour("soft"))
    middle = pane.center().y()
    upper = QRectF(pane.left() + 20, middle - 40, pane.width() - 40, 36)
    painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, title)
    painter.setFont(theme.font())
    painter.setPen(theme.colour("faint" if theme.current() == "dark" else "soft"))
    lower = QRectF(pane.left() + 20, middle, pane.width() - 40, 60)
    painter.drawText(lower, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, more)
    painter.restore()
