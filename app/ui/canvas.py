"""Draws the visible part of a picture on the processor, and keeps what the next frames can use again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from imaging.look import Look
from imaging.paint import Pixels
from imaging.pyramid import Pyramid
from imaging.render import Grid, Viewport, window_on
from imaging.scan import Box
from imaging.sheets import Sheets

NOTHING: Box = (0, 0, 0, 0)


class Canvas:
    """One picture in one look at a time, in screen px.

    The first frame at a new scale or in a new look is scaled by Qt in haste, and `is_rough` says so. A second one at
    the same scale and in the same look is drawn exactly and kept, and while the window moves over the picture only
    what comes into sight is drawn.
    """

    def __init__(self) -> None:
        self.is_rough = False
        self._sheets: Sheets | None = None
        self._ring = _Ring()
        self._last: tuple[Sheets, float, Look] | None = None
        self._seen: tuple[int, Box] | None = None
        self._overview: tuple[Sheets, Look, QSize, QImage] | None = None

    def draw(
        self,
        painter: QPainter,
        pyramid: Pyramid,
        viewport: Viewport,
        look: Look,
        *,
        background: QColor,
        areas: Sequence[QRect],
    ) -> None:
        """Paint some areas of a window on a picture; the painter's unit is a screen px, its clip is lost.

        One area at a time: into a rectangle Qt copies, into any other region it goes span by span.
        """
        sheets, box = self._sheets_of(pyramid, look), window_on(viewport)
        last, self._last = self._last, (sheets, viewport.scale, look)
        is_zooming = last is not None and last[0] is sheets and last[1] != viewport.scale
        grid = Grid.in_haste(pyramid, viewport.scale) if is_zooming else Grid.of(pyramid, viewport.scale)
        part = grid.inside(box)
        around = () if part == box else tuple(_outside(box, NOTHING if part is None else _shrunk(part)))
        for area in areas:
            painter.setClipRect(area)
            for one in around:
                painter.fillRect(_rect(one, box), background)
        self.is_rough = False
        if part is None:
            return
        source = grid.source(part)
        self._seen = grid.index, source
        sheet = sheets.sheet(grid.index, source)
        if grid.per_px == 1.0:
            _copy(painter, [(part, _image(sheet, part))], box, areas)
        elif grid.is_sharp or last != self._last:
            self._ring.forget()
            self.is_rough = not grid.is_sharp
            is_smooth = not (grid.is_sharp or is_zooming)
            _scale(painter, grid, _image(sheet, source), (part, source, box), areas, is_smooth=is_smooth)
        else:
            _copy(painter, self._ring.show(sheets, grid, part, viewport), box, areas)

    def overview(self, pyramid: Pyramid, look: Look, size: QSize) -> QImage:
        """The whole picture at a small size, from the smallest of its sizes that is no smaller."""
        sheets = self._sheets_of(pyramid, look)
        if self._overview is None or self._overview[:3] != (sheets, look, size):
            index = len(pyramid.levels) - 1
            while index and max(pyramid.levels[index].shape) < max(size.width(), size.height()):
                index -= 1
            rows, cols = pyramid.levels[index].shape
            whole = _image(sheets.sheet(index, (0, 0, cols, rows)), (0, 0, cols, rows))
            modes = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._overview = sheets, look, size, whole.scaled(size, *modes).copy()
        return self._overview[3]

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


def stacked(region: QRegion) -> list[QRect]:
    """The rectangles of a region, those on top of each other as one: Qt cuts all of them at every edge of each."""
    ends: dict[tuple[int, int, int], QRect] = {}
    for area in region:  # type: ignore[attr-defined]  # PySide's types leave out that a region is iterable
        left, top, width, height = area.getRect()
        above = ends.pop((left, width, top), None)
        ends[left, width, top + height] = area if above is None else above.united(area)
    return list(ends.values())


class _Ring:
    """Screen px of a window on a picture, those of `_valid` drawn; boxes are on the grid.

    A px lies at its place on the grid modulo the window's size: when the window moves, what it still shows stays.
    """

    def __init__(self) -> None:
        self._pixels: Pixels = np.empty((0, 0, 4), np.uint8)
        self._valid = NOTHING

    def forget(self) -> None:
        self._valid = NOTHING

    def show(self, sheets: Sheets, grid: Grid, part: Box, window: Viewport) -> list[tuple[Box, QImage]]:
        """A part of a picture as up to four boxes with their px."""
        if self._pixels.shape[:2] != (window.height, window.width):
            self._pixels, self._valid = np.empty((window.height, window.width, 4), np.uint8), NOTHING
        for strip in _outside(part, _common(self._valid, part)):
            for box, (left, top, right, bottom) in self._places(strip):
                grid.draw(sheets, box, self._pixels[top:bottom, left:right])
        self._valid = part
        return [(box, _image(self._pixels, place)) for box, place in self._places(part)]

    def _places(self, box: Box) -> Iterator[tuple[Box, Box]]:
        """A box cut where the ring closes, and where in the pixels each of its pieces lies."""
        rows, cols = self._pixels.shape[:2]
        for top, bottom in _cuts(box[1], box[3], rows):
            for left, right in _cuts(box[0], box[2], cols):
                x, y = left % cols, top % rows
                yield (left, top, right, bottom), (x, y, x + right - left, y + bottom - top)


def _cuts(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """A stretch in pieces that end at multiples of a size."""
    while first < last:
        end = min((first // size + 1) * size, last)
        yield first, end
        first = end


def _copy(painter: QPainter, pieces: Sequence[tuple[Box, QImage]], window: Box, areas: Sequence[QRect]) -> None:
    for area in areas:
        painter.setClipRect(area)
        for box, image in pieces:
            painter.drawImage(QPointF(box[0] - window[0], box[1] - window[1]), image)


def _scale(
    painter: QPainter,
    grid: Grid,
    image: QImage,
    boxes: tuple[Box, Box, Box],
    areas: Sequence[QRect],
    *,
    is_smooth: bool,
) -> None:
    """Draw px of a size, which lie at `source` in it, over `part` of the grid in a window at `box`."""
    part, source, box = boxes
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    for area in areas:
        painter.setClipRect(_rect(part, box) & area)
        painter.save()
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


def _rect(box: Box, window: Box) -> QRect:
    return QRect(box[0] - window[0], box[1] - window[1], box[2] - box[0], box[3] - box[1])
