"""From a pyramid, a viewport and a look to the pixels of a window.

A picture shown at a scale is a grid of screen px that does not depend on what part of it a window shows: moving the
window by whole screen px shows the same pixels elsewhere, so that what was drawn can be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from imaging.look import STANDARD, Look
from imaging.paint import Pixels
from imaging.pyramid import Pyramid
from imaging.scan import Box, Colour, View
from imaging.sheets import Sheets

BACKGROUND = 0xFF20242A
MOST_SHRINK = 1.19
"""How much a level is shrunk by linear sampling at most: beyond it a 1 px wire begins to fade."""
HASTE_SHRINK = 0.8
SHARP_FROM = 6.0
"""From this many screen px a pixel on, pixels are shown as squares."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """What part of a view a window shows: the image point at its centre, screen px per image px, and its size."""

    centre_x: float
    centre_y: float
    scale: float
    width: int
    height: int

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Image point (x, y) under a screen point; pixel i covers i to i + 1."""
        return (
            self.centre_x + (x - self.width / 2) / self.scale,
            self.centre_y + (y - self.height / 2) / self.scale,
        )

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Screen point of an image point."""
        return (x - self.centre_x) * self.scale + self.width / 2, (y - self.centre_y) * self.scale + self.height / 2


def fit(shape: tuple[int, int], width: int, height: int) -> Viewport:
    """The viewport that shows a whole view of (rows, cols), centred."""
    rows, cols = shape
    scale = min(width / cols, height / rows)
    return Viewport(cols / 2, rows / 2, scale, width, height)


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture at a scale: which size of the pyramid is shown, screen px per px of that size, and its size on screen.

    Boxes on the grid are in screen px from the picture's upper left corner.
    """

    index: int
    per_px: float
    width: int
    height: int
    level_shape: tuple[int, int]

    @classmethod
    def in_haste(cls, pyramid: Pyramid, scale: float) -> Grid:
        """The grid whose px may be taken as they are, without mixing: none of them is left out, so no wire is.

        Each fills more than a screen px, for reading as many as are shown takes longest.
        """
        return cls.of(pyramid, scale, most_shrink=HASTE_SHRINK)

    @classmethod
    def of(cls, pyramid: Pyramid, scale: float, most_shrink: float = MOST_SHRINK) -> Grid:
        index = 0
        while index + 1 < len(pyramid.levels) and scale * pyramid.levels[index].step * most_shrink < 1:
            index += 1
        rows, cols = pyramid.shape
        level = pyramid.levels[index]
        return cls(index, scale * level.step, max(1, round(cols * scale)), max(1, round(rows * scale)), level.shape)

    @property
    def is_sharp(self) -> bool:
        return self.per_px >= SHARP_FROM

    def inside(self, box: Box) -> Box | None:
        """The part of a box that shows the picture, None where it lies beside it."""
        left, top, right, bottom = box
        part = (max(left, 0), max(top, 0), min(right, self.width), min(bottom, self.height))
        return part if part[0] < part[2] and part[1] < part[3] else None

    def source(self, part: Box) -> Box:
        """The px of the size that a part of the picture is drawn from, one more on each side to mix with."""
        rows, cols = self.level_shape
        left, top = (max(floor(side / self.per_px) - 1, 0) for side in part[:2])
        right, bottom = (min(ceil(part[i] / self.per_px) + 1, size) for i, size in ((2, cols), (3, rows)))
        return min(left, cols - 1), min(top, rows - 1), right, bottom

    def draw(self, sheets: Sheets, part: Box, out: Pixels) -> None:
        """Draw a part of the picture into `out` (rows, cols, 4) of its shape."""
        box = self.source(part)
        sheet = sheets.sheet(self.index, box)
        if self.per_px == 1.0:
            out[:] = sheet[part[1] : part[3], part[0] : part[2]]
            return
        step = 1 / self.per_px
        if self.is_sharp:
            cols, rows = (np.floor((np.arange(part[i], part[i + 2]) + 0.5) * step).astype(np.intp) for i in (0, 1))
            rows, cols = np.minimum(rows, sheet.shape[0] - 1), np.minimum(cols, sheet.shape[1] - 1)
            out.view("<i4")[:, :, 0] = sheet.view("<i4")[:, :, 0][np.ix_(rows, cols)]
            return
        across, down = ((part[i] + 0.5) * step - 0.5 - box[i] for i in (0, 1))
        moved = np.array([[step, 0.0, across], [0.0, step, down]])
        drawn = cv2.warpAffine(
            sheet[box[1] : box[3], box[0] : box[2]],
            moved,
            (part[2] - part[0], part[3] - part[1]),
            out,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if not np.shares_memory(drawn, out):
            out[:] = drawn


def window_on(viewport: Viewport) -> Box:
    """The box of the grid that a viewport shows, to whole screen px."""
    left = floor(viewport.centre_x * viewport.scale - viewport.width / 2 + 0.5)
    top = floor(viewport.centre_y * viewport.scale - viewport.height / 2 + 0.5)
    return left, top, left + viewport.width, top + viewport.height


def render(
    pyramid: Pyramid, viewport: Viewport, look: Look = STANDARD, background: int = BACKGROUND, out: Pixels | None = None
) -> Pixels:
    """The pixels of a window, (height, width, 4). `out` of that shape is reused where given.

    What a look asks of a view that cannot give it (see look.why_not) is left out.
    """
    if out is None or out.shape != (viewport.height, viewport.width, 4):
        out = np.empty((viewport.height, viewport.width, 4), np.uint8)
    grid, box = Grid.of(pyramid, viewport.scale), window_on(viewport)
    part = grid.inside(box)
    if part != box:
        out.view("<u4")[:] = background
    if part is not None:
        left, top = box[:2]
        grid.draw(Sheets(pyramid, look), part, out[part[1] - top : part[3] - top, part[0] - left : part[2] - left])
    return out


def picture_of(source: View | Pyramid, look: Look = STANDARD, longest_px: int | None = None) -> Colour:
    """A whole view as an RGB picture (rows, cols, 3), at full size or shrunk so that no side exceeds `longest_px`."""
    pyramid = source if isinstance(source, Pyramid) else Pyramid.of(source)
    rows, cols = pyramid.shape
    scale = 1.0 if longest_px is None else min(1.0, longest_px / max(rows, cols))
    width, height = max(1, round(cols * scale)), max(1, round(rows * scale))
    viewport = Viewport(width / 2 / scale, height / 2 / scale, scale, width, height)
    return np.ascontiguousarray(render(pyramid, viewport, look)[:, :, 2::-1])
