"""The rays of a picture, and how the world comes into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Rays of which those of one row are parallel, in a plane along x.

    `cols` (n,) and `rows` (m,) are their places in the picture in px, `x_mm` (n,) where the columns are in the world;
    the rays of each row pass the point (y, z) `foot` (m, 2) mm in the direction `way`, of length one: (m, 2), or (1, 2)
    where all rows share it.
    """

    cols: Places
    rows: Places
    x_mm: Places
    foot: Places
    way: Floats

    def part(self, down: slice, across: slice) -> Rays:
        way = self.way if len(self.way) == 1 else self.way[down]
        return Rays(self.cols[across], self.rows[down], self.x_mm[across], self.foot[down], way)


class Geometry(Protocol):
    """How the world comes into a picture."""

    def rays(self, cols: Places, rows: Places) -> Rays:
        """The rays through these columns and rows, px."""

    def frames(self, low: Floats, high: Floats) -> Floats:
        """(left, top, right, bottom) px of the shadows of boxes from `low` to `high`, (n, 3) mm each."""


@dataclass(frozen=True, slots=True)
class Parallel:
    """Rays along +z, rows along y, a pixel of the same size everywhere."""

    mm_per_px: float

    def rays(self, cols: Places, rows: Places) -> Rays:
        x_mm, y_mm = ((places * self.mm_per_px).astype(np.float32) for places in (cols, rows))
        foot = np.stack([y_mm, np.zeros_like(y_mm)], axis=1)
        return Rays(cols, rows, x_mm, foot, np.array([[0.0, 1.0]]))

    def frames(self, low: Floats, high: Floats) -> Floats:
        return np.concatenate([low[:, :2], high[:, :2]], axis=1) / self.mm_per_px
