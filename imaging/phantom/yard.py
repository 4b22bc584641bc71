"""The side view of a container lorry as a canvas: x along it, y down, both in mm; rays go across it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from imaging.phantom.bodies import Aspect, Body, noise
from imaging.phantom.physics import RANK, cargo_basis
from imaging.phantom.shapes import Array, Matrix, overlap
from imaging.scan import Box, Truth


@dataclass(slots=True, eq=False)
class Yard:
    """Thickness of everything drawn so far, in the cargo basis, and the truth of what is hidden."""

    tau: Array
    mm_per_px: float
    truth: list[Truth] = field(default_factory=list)

    @classmethod
    def empty(cls, length_mm: float, height_mm: float, mm_per_px: float) -> Yard:
        shape = (round(height_mm / mm_per_px), round(length_mm / mm_per_px), RANK)
        return cls(np.zeros(shape, np.float32), mm_per_px)

    def _cover(self, start_mm: float, end_mm: float, count: int) -> Array:
        """The share of each pixel of one axis that lies between two places."""
        edges = np.arange(count + 1) * self.mm_per_px
        inside = np.clip(np.minimum(edges[1:], end_mm) - np.maximum(edges[:-1], start_mm), 0, None)
        return np.asarray(inside / self.mm_per_px, np.float32)

    def fill(self, material: str, depth_mm: float, left: float, top: float, *, width: float, height: float) -> None:
        """A rectangle of a depth, exact to parts of a pixel, so that a thin sheet keeps its matter."""
        across = self._cover(left, left + width, self.tau.shape[1])
        down = self._cover(top, top + height, self.tau.shape[0])
        cols, rows = np.flatnonzero(across), np.flatnonzero(down)
        if not len(cols) or not len(rows):
            return
        place = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        share = down[rows[0] : rows[-1] + 1, None] * across[None, cols[0] : cols[-1] + 1]
        self.tau[place] += share[..., None] * cargo_basis().of(material) * np.float32(depth_mm)

    def case(self, material: str, depth_mm: float, left: float, top: float, *, width: float, height: float) -> None:
        """A packed carton: its contents, and its board seen edge on as thin darker lines."""
        self.fill(material, depth_mm, left, top, width=width, height=height)
        for x in (left, left + width - 5):
            self.fill("cardboard", depth_mm, x, top, width=5, height=height)
        for y in (top, top + height - 8):
            self.fill("cardboard", depth_mm, left, y, width=width, height=8)

    def pour(self, material: str, depth_mm: npt.NDArray[np.floating], left: float, top: float) -> None:
        """Uneven matter: a map of depths, one value a pixel, its corner at (left, top)."""
        col, row = round(left / self.mm_per_px), round(top / self.mm_per_px)
        part = depth_mm[max(-row, 0) : self.tau.shape[0] - row, max(-col, 0) : self.tau.shape[1] - col]
        y, x = max(row, 0), max(col, 0)
        self.tau[y : y + part.shape[0], x : x + part.shape[1]] += part[..., None] * cargo_basis().of(material)

    def grain(self, rng: np.random.Generator, width: float, height: float, amount: float) -> Array:
        """A rough surface about 1, as a map for `pour`."""
        shape = (max(1, round(height / self.mm_per_px)), max(1, round(width / self.mm_per_px)))
        return np.asarray(np.clip(1 + amount * noise(rng, *shape), 0, 3), np.float32)

    def stand(self, body: Body, x: float, y: float, turn: Matrix | None = None, times: float = 1.0) -> None:
        """Put a body's origin at (x, y), `times` of them behind each other."""
        shadow = body.project(np.eye(3) if turn is None else turn, Aspect.TOP, self.mm_per_px, cargo_basis())
        left, top = round(x / self.mm_per_px) + shadow.left_px, round(y / self.mm_per_px) + shadow.top_px
        where = overlap(self.tau.shape, shadow.tau.shape, left, top)
        if where is not None:
            self.tau[where[0]] += shadow.tau[where[1]] * np.float32(times)

    def mark(self, label: str, left: float, top: float, width: float, height: float) -> None:
        """Enter something hidden into the truth, cut to the picture."""
        rows, cols, _ = self.tau.shape
        mm = self.mm_per_px
        box: Box = (
            max(round(left / mm), 0),
            max(round(top / mm), 0),
            min(round((left + width) / mm), cols),
            min(round((top + height) / mm), rows),
        )
        if box[2] - box[0] > 1 and box[3] - box[1] > 1:
            self.truth.append(Truth(label, box))
