"""The coloured sizes of a picture: each part is coloured when it is first seen, and kept while the look stays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imaging.look import STANDARD, Look
from imaging.paint import Paint, Pixels
from imaging.pyramid import Pyramid
from imaging.scan import Box

TILE_PX = 64
AHEAD_TILES = 8
"""How many tiles each way are coloured ahead in one go: one to three milliseconds. Squares, for filters look around."""
KEPT_PX = 60_000_000
"""Pictures up to this size are coloured ahead in all sizes (4 bytes a pixel); larger ones only around what is seen."""


class Sheets:
    """One pyramid in one look at a time. For one thread."""

    def __init__(self, pyramid: Pyramid, look: Look = STANDARD) -> None:
        self.pyramid = pyramid
        self.look = look
        self.paint = Paint(pyramid, look)
        self._pixels: dict[int, Pixels] = {}
        self._is_done: dict[int, npt.NDArray[np.bool_]] = {}

    def set_look(self, look: Look) -> None:
        """Another look; the memory is kept, what lies in it is coloured anew when it is seen."""
        if look == self.look:
            return
        was_pseudo = self.paint.pyramid is not self.pyramid
        self.paint = Paint(self.pyramid, look) if was_pseudo else self.paint.with_look(look)
        self.look = look
        for is_done in self._is_done.values():
            is_done[:] = False

    def sheet(self, index: int, box: Box) -> Pixels:
        """The whole of one size, (rows, cols, 4), in which at least the box is coloured."""
        pixels, is_done = self._of(index)
        left, top, right, bottom = box
        tiles = is_done[top // TILE_PX : -(-bottom // TILE_PX), left // TILE_PX : -(-right // TILE_PX)]
        if not tiles.all():
            rows, cols = pixels.shape[:2]
            for first_x, first_y, last_x, last_y in _missing(tiles):
                x, y = left // TILE_PX + first_x, top // TILE_PX + first_y
                part = (
                    x * TILE_PX,
                    y * TILE_PX,
                    min((x + last_x - first_x) * TILE_PX, cols),
                    min((y + last_y - first_y) * TILE_PX, rows),
                )
                self.paint.fill(index, part, pixels[part[1] : part[3], part[0] : part[2]])
            tiles[:] = True
        return pixels

    def colour_ahead(self, index: int, box: Box) -> bool:
        """Colour a little more around a box of a size, then of the other sizes; False when nothing is left."""
        for each, wanted in self._ahead(index, box):
            _, is_done = self._of(each)
            rows, cols = self.pyramid.levels[each].shape
            left, top, right, bottom = wanted
            for y in range(top // TILE_PX, -(-bottom // TILE_PX)):
                row = is_done[y, left // TILE_PX : -(-right // TILE_PX)]
                if row.all():
                    continue
                x = left // TILE_PX + int(np.argmin(row))
                part = (x * TILE_PX, y * TILE_PX, (x + AHEAD_TILES) * TILE_PX, (y + AHEAD_TILES) * TILE_PX)
                self.sheet(each, (part[0], part[1], min(part[2], cols), min(part[3], rows)))
                return True
        return False

    def _ahead(self, index: int, box: Box) -> Iterator[tuple[int, Box]]:
        step = self.pyramid.levels[index].step
        wide, tall = (box[2] - box[0]) // 2, (box[3] - box[1]) // 2
        grown = (box[0] - wide, box[1] - tall, box[2] + wide, box[3] + tall)
        is_kept = self.pyramid.shape[0] * self.pyramid.shape[1] <= KEPT_PX
        others = sorted(range(len(self.pyramid.levels)), key=lambda each: abs(each - index))
        for each in others:
            level = self.pyramid.levels[each]
            rows, cols = level.shape
            scale = step / level.step
            around = tuple(round(side * scale) for side in grown)
            near = (max(around[0], 0), max(around[1], 0), min(around[2], cols), min(around[3], rows))
            if near[0] < near[2] and near[1] < near[3] and (is_kept or level.step >= step):
                yield each, near
        if is_kept:
            for each in others:
                rows, cols = self.pyramid.levels[each].shape
                yield each, (0, 0, cols, rows)

    def _of(self, index: int) -> tuple[Pixels, npt.NDArray[np.bool_]]:
        if index not in self._pixels:
            rows, cols = self.pyramid.levels[index].shape
            self._pixels[index] = np.empty((rows, cols, 4), np.uint8)
            self._is_done[index] = np.zeros((-(-rows // TILE_PX), -(-cols // TILE_PX)), np.bool_)
        return self._pixels[index], self._is_done[index]


def _missing(tiles: npt.NDArray[np.bool_]) -> Iterator[Box]:
    """The tiles that are not done as few boxes: rows with the same gap lie in one."""
    first_y, gap = 0, (0, 0)
    for y in range(tiles.shape[0] + 1):
        missing: list[int] = np.flatnonzero(~tiles[y]).tolist() if y < tiles.shape[0] else []
        here = (missing[0], missing[-1] + 1) if missing else (0, 0)
        if here != gap:
            if gap[1]:
                yield gap[0], first_y, gap[1], y
            first_y, gap = y, here
