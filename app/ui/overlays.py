"""What is painted over a picture: detection boxes with labels, scale bar, overview map, a note in an empty pane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from app.customs.parcel import Seen
from app.texts import text
from app.ui import chips, theme, words
from app.ui.geometry import Camera, scale_bar
from imaging.look import Look
from imaging.marks import Mark, MarkKind
from models.detector import Level

BOX = QColor("#d4006a")
"""Magenta: the one strong hue that no material colour uses."""
PLATE = QColor(12, 16, 20, 225)
PLATE_TEXT = QColor("#ffffff")
MARKS = {MarkKind.OPAQUE: QColor("#101010"), MarkKind.SUSPICIOUS_ORGANIC: QColor("#8a4dff")}
CHANGED = QColor("#ffd34d")
"""Says that the image is not the standard one."""
OVERVIEW_PX = 190
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


def paint_scale_bar(painter: QPainter, camera: Camera, mm_per_px: float | None) -> None:
    """A round length in mm at the lower left; without calibration the words that say so."""
    if mm_per_px is None:
        words_of_bar, length_px = text("ui.viewer.no_scale"), 0.0
    else:
        length_mm, length_px = scale_bar(mm_per_px, camera.zoom, min(180.0, camera.pane_w / 4))
        words_of_bar = f"{length_mm:g} mm" if length_mm < 1000 else f"{length_mm / 1000:g} m"
    plate = _scale_plate(words_of_bar, length_px, theme.small_px(), _ratio(painter))
    painter.drawImage(QPointF(12, camera.pane_h - 8 - plate.deviceIndependentSize().height()), plate)


@lru_cache(maxsize=4)
def _scale_plate(words_of_bar: str, length_px: float, text_px: int, ratio: float) -> QImage:
    font = theme.font(text_px, is_bold=True)
    metrics = QFontMetricsF(font)
    width = max(length_px, metrics.horizontalAdvance(words_of_bar)) + 16
    plate, painter = _begin_plate(width, metrics.height() + 18, ratio)
    painter.setFont(font)
    painter.setPen(PLATE_TEXT)
    painter.drawText(QRectF(8, 3, width, metrics.height()), Qt.AlignmentFlag.AlignLeft, words_of_bar)
    if length_px:
        painter.setPen(QPen(PLATE_TEXT, 2))
        base = metrics.height() + 12
        painter.drawLine(QPointF(8, base), QPointF(8 + length_px, base))
        for x in (8, 8 + length_px):
            painter.drawLine(QPointF(x, base - 4), QPointF(x, base + 3))
    painter.end()
    return plate


def paint_belt_line(painter: QPainter, camera: Camera, x: float) -> None:
    """Where the belt was when the other view saw what the cursor is on: a line across the pane."""
    painter.save()
    at, _ = camera.to_screen(x, 0)
    for pen in (QPen(QColor(255, 255, 255, 150), 3), QPen(QColor(0, 0, 0, 200), 1, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawLine(QPointF(at, 0), QPointF(at, camera.pane_h))
    painter.restore()


def caption(ratio: float, camera: Camera, name: str, look: Look, look_words: str) -> QImage:
    """A plate that says which view at what zoom, and in lines below whatever differs from the standard image."""
    lines = [f"{words.name_of('view', name) if name else ''}   {camera.zoom:.0%}".strip()]
    lines += look_words.splitlines()
    if (look.window_width, look.window_centre, look.gamma, look.absorption) != (1.0, 0.5, 1.0, 0.0):
        dials = {"w": look.window_width, "l": look.window_centre, "g": look.gamma, "a": look.absorption}
        lines.append(text("ui.viewer.dials", **{letter: f"{value:.2f}" for letter, value in dials.items()}))
    return _caption_plate(tuple(lines), theme.small_px(), ratio)


@lru_cache(maxsize=4)
def _caption_plate(lines: tuple[str, ...], text_px: int, ratio: float) -> QImage:
    font = theme.font(text_px, is_bold=True)
    metrics = QFontMetricsF(font)
    width = max(metrics.horizontalAdvance(line) for line in lines)
    plate, painter = _begin_plate(width + 16, metrics.height() * len(lines) + 8, ratio)
    painter.setFont(font)
    for number, line in enumerate(lines):
        painter.setPen(PLATE_TEXT if not number else CHANGED)
        painter.drawText(QPointF(8, 4 + metrics.ascent() + number * metrics.height()), line)
    painter.end()
    return plate


def caption_area(plate: QImage) -> QRectF:
    """Where the caption lies: upper left."""
    return QRectF(QPointF(12, 12), plate.deviceIndependentSize())


def overview_area(camera: Camera) -> QRectF:
    """Where the overview map lies: lower right, in the picture's proportions."""
    scale = min(OVERVIEW_PX / camera.image_w, OVERVIEW_PX / camera.image_h)
    width, height = max(8.0, camera.image_w * scale), max(8.0, camera.image_h * scale)
    return QRectF(camera.pane_w - width - 14, camera.pane_h - height - 14, width, height)


def paint_overview(painter: QPainter, camera: Camera, picture: QImage) -> None:
    """The whole picture small, with a frame around what the pane shows."""
    painter.save()
    area = overview_area(camera)
    draw_plate(painter, area.adjusted(-4, -4, 4, 4))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, picture)
    left, top, right, bottom = camera.visible_box()
    scale = area.width() / camera.image_w
    frame = QRectF(area.left() + left * scale, area.top() + top * scale, (right - left) * scale, (bottom - top) * scale)
    painter.setPen(QPen(PLATE, 3))
    painter.drawRect(frame)
    painter.setPen(QPen(BOX, 1.5))
    painter.drawRect(frame)
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


def _begin_plate(width: float, height: float, ratio: float) -> tuple[QImage, QPainter]:
    """A dark plate of its own and what paints on it: words cost more than a frame of the picture, and stay the same."""
    plate = QImage(ceil(width * ratio), ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    plate.setDevicePixelRatio(ratio)
    plate.fill(0)
    painter = QPainter(plate)
    draw_plate(painter, QRectF(0, 0, width, height))
    return plate, painter


def _ratio(painter: QPainter) -> float:
    return painter.device().devicePixelRatioF()


def draw_plate(painter: QPainter, area: QRectF) -> None:
    """The dark ground that words over a picture stand on."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(area, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
