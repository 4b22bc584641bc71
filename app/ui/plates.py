"""What stands still over a picture while it moves: caption, scale bar, overview map, each on a dark plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from app.texts import language, text
from app.ui import theme, words
from app.ui.geometry import Camera, scale_bar
from imaging.look import Look

BOX = QColor("#d4006a")
"""Magenta: the one strong hue that no material colour uses."""
PLATE = QColor(12, 16, 20, 225)
PLATE_TEXT = QColor("#ffffff")
CHANGED = QColor("#ffd34d")
"""Says that the image is not the standard one."""
EDGE_PX = 12
OVERVIEW_PX = 190
OVERVIEW_RIM_PX = 4


@dataclass(frozen=True, slots=True)
class Plate:
    """Words that were painted once, and where they lie in the pane."""

    area: QRectF
    image: QImage

    def paint(self, painter: QPainter) -> None:
        painter.setClipRect(self.area)
        painter.drawImage(self.area.topLeft(), self.image)


class Standing:
    """Caption and scale bar; while a picture only moves they are those of the frame before."""

    def __init__(self) -> None:
        self.plates: list[Plate] = []
        self._said: tuple[object, ...] = ()

    def show(
        self, camera: Camera, look: Look, look_words: str, *, ratio: float, name: str, mm_per_px: float | None
    ) -> None:
        size = (ratio, camera.zoom, camera.pane_w, camera.pane_h, theme.small_px())
        said = (*size, name, mm_per_px, look, look_words, language())
        if said != self._said:
            self._said = said
            self.plates = [caption(ratio, camera, name, look, look_words), scale(ratio, camera, mm_per_px)]


def caption(ratio: float, camera: Camera, name: str, look: Look, look_words: str) -> Plate:
    """Upper left: which view at what zoom, and in lines below whatever differs from the standard image."""
    lines = [f"{words.name_of('view', name) if name else ''}   {camera.zoom:.0%}".strip()]
    lines += look_words.splitlines()
    if (look.window_width, look.window_centre, look.gamma, look.absorption) != (1.0, 0.5, 1.0, 0.0):
        dials = {"w": look.window_width, "l": look.window_centre, "g": look.gamma, "a": look.absorption}
        lines.append(text("ui.viewer.dials", **{letter: f"{value:.2f}" for letter, value in dials.items()}))
    image = _caption(tuple(lines), theme.small_px(), ratio)
    return Plate(QRectF(QPointF(EDGE_PX, EDGE_PX), image.deviceIndependentSize()), image)


def scale(ratio: float, camera: Camera, mm_per_px: float | None) -> Plate:
    """Lower left: a round length in mm; without calibration the words that say so."""
    if mm_per_px is None:
        words_of_bar, length_px = text("ui.viewer.no_scale"), 0.0
    else:
        length_mm, length_px = scale_bar(mm_per_px, camera.zoom, min(180.0, camera.pane_w / 4))
        words_of_bar = f"{length_mm:g} mm" if length_mm < 1000 else f"{length_mm / 1000:g} m"
    image = _scale(words_of_bar, length_px, theme.small_px(), ratio)
    size = image.deviceIndependentSize()
    return Plate(QRectF(QPointF(EDGE_PX, camera.pane_h - 8 - size.height()), size), image)


def bands(areas: Sequence[QRect], pane: QRect) -> tuple[QRect, QRect]:
    """The upper and lower stretch of a pane in which all areas lie, each as high as it must be."""
    middle = pane.center().y()
    upper = max((area.bottom() + 1 for area in areas if area.top() < middle), default=0)
    lower = min((area.top() for area in areas if area.top() >= middle), default=pane.height())
    return pane.adjusted(0, 0, 0, upper - pane.height()), pane.adjusted(0, max(lower, upper), 0, 0)


def overview_area(camera: Camera) -> QRect:
    """Where the overview map lies: lower right, in the picture's proportions."""
    return _overview_area(camera.image_w, camera.image_h, camera.pane_w, camera.pane_h)


def overview_plate(camera: Camera) -> QRect:
    """Where the ground of the overview map lies: a rim wider than the map."""
    return overview_area(camera).adjusted(-OVERVIEW_RIM_PX, -OVERVIEW_RIM_PX, OVERVIEW_RIM_PX, OVERVIEW_RIM_PX)


def overview_size(ratio: float, camera: Camera) -> QSize:
    """How large the overview map is in screen px."""
    area = overview_area(camera)
    return QSize(max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio)))


def paint_overview(painter: QPainter, camera: Camera, picture: QImage) -> None:
    """The whole picture small, with a frame around what the pane shows."""
    area = overview_area(camera)
    painter.setClipRect(overview_plate(camera))
    painter.fillRect(overview_plate(camera), PLATE)
    painter.drawImage(area, picture)
    left, top, right, bottom = camera.visible_box()
    shrunk = area.width() / camera.image_w
    frame = QRectF(left * shrunk, top * shrunk, (right - left) * shrunk, (bottom - top) * shrunk)
    frame = frame.translated(area.topLeft())
    _frame(painter, frame.toAlignedRect().adjusted(-1, -1, 1, 1), 4, PLATE)
    _frame(painter, frame.toAlignedRect(), 2, BOX)


def draw_plate(painter: QPainter, area: QRectF) -> None:
    """The dark ground that words over a picture stand on."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(area, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _frame(painter: QPainter, area: QRect, thick: int, colour: QColor) -> None:
    """Four sides as filled rectangles: a pen of more than a px costs many times that."""
    inner = area.adjusted(thick, thick, -thick, -thick)
    for side in (
        QRect(area.left(), area.top(), area.width(), thick),
        QRect(area.left(), inner.bottom() + 1, area.width(), thick),
        QRect(area.left(), inner.top(), thick, inner.height()),
        QRect(inner.right() + 1, inner.top(), thick, inner.height()),
    ):
        painter.fillRect(side, colour)


@lru_cache(maxsize=4)
def _overview_area(image_w: int, image_h: int, pane_w: int, pane_h: int) -> QRect:
    shrunk = min(OVERVIEW_PX / image_w, OVERVIEW_PX / image_h)
    width, height = max(8, round(image_w * shrunk)), max(8, round(image_h * shrunk))
    return QRect(pane_w - width - 14, pane_h - height - 14, width, height)


@lru_cache(maxsize=64)
def _scale(words_of_bar: str, length_px: float, text_px: int, ratio: float) -> QImage:
    font = theme.font(text_px, is_bold=True)
    metrics = QFontMetricsF(font)
    width = max(length_px, metrics.horizontalAdvance(words_of_bar)) + 16
    plate, painter = _begin(width, metrics.height() + 18, ratio)
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


@lru_cache(maxsize=64)
def _caption(lines: tuple[str, ...], text_px: int, ratio: float) -> QImage:
    font = theme.font(text_px, is_bold=True)
    metrics = QFontMetricsF(font)
    width = max(metrics.horizontalAdvance(line) for line in lines)
    plate, painter = _begin(width + 16, metrics.height() * len(lines) + 8, ratio)
    painter.setFont(font)
    for number, line in enumerate(lines):
        painter.setPen(PLATE_TEXT if not number else CHANGED)
        painter.drawText(QPointF(8, 4 + metrics.ascent() + number * metrics.height()), line)
    painter.end()
    return plate


def _begin(width: float, height: float, ratio: float) -> tuple[QImage, QPainter]:
    """A plate of its own and what paints on it: words cost more than a frame of the picture, and stay the same."""
    plate = QImage(ceil(width * ratio), ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    plate.setDevicePixelRatio(ratio)
    plate.fill(0)
    painter = QPainter(plate)
    draw_plate(painter, QRectF(0, 0, width, height))
    return plate, painter
