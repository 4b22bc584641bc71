"""Draws the visible part of a picture on the processor, and keeps what the next frames can use again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from imaging.look import Look
from imaging.paint import Pixels
from imaging.pyramid import Pyramid
from imaging.render import Grid, Viewport, window_on
from imaging.scan import Box
from imaging.sheets import Sheets

MARGIN_PX = 256
NOTHING: Box = (0, 0, 0, 0)


class Canvas:
    """One picture in one look at a time, in screen px.

    The first frame at a new scale or in a new look is scaled by Qt, which is fast and mixes pixels in sixteenths;
    `is_rough` says so. A second one at the same scale and in the same look is drawn exactly and kept, and while the
    window moves over the picture only what comes into sight is drawn.
    """

    def __init__(self) -> None:
        self.is_rough = False
        self._sheets: Sheets | None = None
        self._scroll = _Scroll()
        self._last: tuple[Sheets, Grid, Look] | None = None
        self._seen: tuple[int, Box] | None = None

    def draw(self, painter: QPainter, pyramid: Pyramid, viewport: Viewport, look: Look, background: QColor) -> None:
        """Paint a window on a picture; the painter's unit is a screen px."""
        sheets, grid, box = self._sheets_of(pyramid, look), Grid.of(pyramid, viewport.scale), window_on(viewport)
        part = grid.inside(box)
        if part != box:
            for around in _outside(box, NOTHING if part is None else _shrunk(part)):
                painter.fillRect(_rect(around, box), background)
        self.is_rough = False
        if part is None:
            return
        source = grid.source(part)
        self._seen = grid.index, source
        sheet = sheets.sheet(grid.index, source)
        is_new, self._last = self._last != (sheets, grid, look), (sheets, grid, look)
        at = QPointF(part[0] - box[0], part[1] - box[1])
        if grid.per_px == 1.0:
            painter.drawImage(at, _image(sheet, part))
        elif grid.is_sharp or is_new:
            self._scroll.forget()
            self.is_rough = not grid.is_sharp
            _draw_scaled(painter, grid, _image(sheet, source), (part, source, box))
        else:
            pixels, place = self._scroll.show(sheets, grid, part, (viewport.width, viewport.height))
            painter.drawImage(at, _image(pixels, place))

    def whole(self, pyramid: Pyramid, look: Look, least_px: float) -> QImage:
        """The whole picture in the smallest of its sizes whose longer side has `least_px`, for the overview.

        It shares its memory, which is written over when another look is drawn.
        """
        sheets = self._sheets_of(pyramid, look)
        index = len(pyramid.levels) - 1
        while index and max(pyramid.levels[index].shape) < least_px:
            index -= 1
        rows, cols = pyramid.levels[index].shape
        box = (0, 0, cols, rows)
        return _image(sheets.sheet(index, box), box)

    def colour_ahead(self) -> bool:
        """Colour a little of what may be looked at next; False when nothing is left."""
        if self._sheets is None or self._seen is None:
            return False
        return self._sheets.colour_ahead(*self._seen)

    def _sheets_of(self, pyramid: Pyramid, look: Look) -> Sheets:
        if self._sheets is None or self._sheets.pyramid is not pyramid:
            self._sheets, self._seen = Sheets(pyramid, look), None
        self._sheets.set_look(look)
        return self._sheets


class _Scroll:
    """Screen px of a picture in and around the window. `_valid` of them are drawn; all boxes are on the grid."""

    def __init__(self) -> None:
        self._pixels: Pixels = np.empty((0, 0, 4), np.uint8)
        self._spare = self._pixels
        self._bounds = NOTHING
        self._valid = NOTHING

    def forget(self) -> None:
        self._valid = NOTHING

    def show(self, sheets: Sheets, grid: Grid, part: Box, window: tuple[int, int]) -> tuple[Pixels, Box]:
        """Pixels in which a part of the picture is drawn, and where in them it lies."""
        if _common(self._bounds, part) != part:
            self._centre_on(part, window)
        if _common(self._valid, part) != part:
            kept = _common(self._valid, part)
            for strip in _outside(part, kept):
                grid.draw(sheets, strip, self._cut(self._pixels, self._bounds, strip))
            self._valid = part
        return self._pixels, _moved(part, self._bounds)

    def _centre_on(self, part: Box, window: tuple[int, int]) -> None:
        """Put a part into the middle, with what is drawn of it already."""
        width, height = (size + 2 * MARGIN_PX for size in window)
        old, bounds = self._bounds, (part[0] - MARGIN_PX, part[1] - MARGIN_PX)
        if self._spare.shape != (height, width, 4):
            self._spare = np.empty((height, width, 4), np.uint8)
        self._bounds = (*bounds, bounds[0] + width, bounds[1] + height)
        self._valid = _common(self._valid, part)
        if self._valid != NOTHING:
            self._cut(self._spare, self._bounds, self._valid)[:] = self._cut(self._pixels, old, self._valid)
        self._pixels, self._spare = self._spare, self._pixels

    @staticmethod
    def _cut(pixels: Pixels, bounds: Box, box: Box) -> Pixels:
        left, top, right, bottom = _moved(box, bounds)
        return pixels[top:bottom, left:right]


def _draw_scaled(painter: QPainter, grid: Grid, image: QImage, boxes: tuple[Box, Box, Box]) -> None:
    """Draw px of a size, which lie at `source` in it, over `part` of the grid in a window at `box`."""
    part, source, box = boxes
    painter.save()
    painter.setClipRect(_rect(part, box))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not grid.is_sharp)
    painter.translate(source[0] * grid.per_px - box[0], source[1] * grid.per_px - box[1])
    painter.scale(grid.per_px, grid.per_px)
    painter.drawImage(QPointF(0, 0), image)
    painter.restore()


def _image(pixels: Pixels, box: Box) -> QImage:
    """A box of pixels as a picture that shares their memory."""
    left, top, right, bottom = box
    stride = pixels.strides[0]
    memory = pixels.reshape(-1)[top * stride + left * 4 :].data
    return QImage(memory, right - left, bottom - top, stride, QImage.Format.Format_RGB32)


def _common(one: Box, other: Box) -> Box:
    box = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    return box if box[0] < box[2] and box[1] < box[3] else NOTHING


def _outside(box: Box, inner: Box) -> Iterator[Box]:
    """What of a box lies around another one inside it: above, below, left and right of it."""
    if inner == NOTHING:
        yield box
        return
    left, top, right, bottom = box
    around = (
        (left, top, right, inner[1]),
        (left, inner[3], right, bottom),
        (left, inner[1], inner[0], inner[3]),
        (inner[2], inner[1], right, inner[3]),
    )
    yield from (each for each in around if each[0] < each[2] and each[1] < each[3])


def _shrunk(box: Box) -> Box:
    """A box less a px on each side, for a scaled picture may end within its last px."""
    left, top, right, bottom = box
    return (left + 1, top + 1, right - 1, bottom - 1) if right - left > 2 and bottom - top > 2 else NOTHING


def _moved(box: Box, bounds: Box) -> Box:
    return box[0] - bounds[0], box[1] - bounds[1], box[2] - bounds[0], box[3] - bounds[1]


def _rect(box: Box, window: Box) -> QRect:
    return QRect(box[0] - window[0], box[1] - window[1], box[2] - box[0], box[3] - box[1])
