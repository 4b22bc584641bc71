"""Fan beams: rays from one focus, in the plane across the belt, to a line or an L of detector elements.

Places in that plane are (y, z) mm: y across the belt from its middle, z up from its surface. Along the belt (x) rays
are parallel: it carries everything through the one plane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imaging.phantom.rays import Floats, Places, Rays

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fan:
    """The rays of one view: from `focus` to `elements` of equal length along `detector`.

    `detector` holds the ends of a line, or the ends and the corner of an L; the first element is row 0 of the picture.

    Raises:
        ValueError: the focus does not see the detector in one sweep of less than half a turn.
    """

    focus: Point
    detector: tuple[Point, ...]
    elements: int

    def __post_init__(self) -> None:
        legs = _legs_of(self)
        if (np.diff(legs.angles) <= 0).any() or np.ptp(legs.angles) >= np.pi or (legs.height <= 0).any():
            raise ValueError(f"The focus {self.focus} does not see the detector {self.detector} in one sweep.")

    @property
    def pitch_mm(self) -> float:
        """Length of an element."""
        return float(_legs_of(self).ends[-1]) / self.elements

    def aim(self, rows: Places) -> tuple[Floats, Floats]:
        """Of the rays to these places of the detector, px: their points next to the belt's middle, their directions."""
        way = self._hit(rows) - self.focus
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        return self.focus - way * (way @ self.focus)[:, None], way

    def rows_of(self, places: Floats) -> Floats:
        """Where the rays through places (..., 2) meet the detector, px; its ends for rays that miss it."""
        legs = _legs_of(self)
        ways = (places - self.focus) @ legs.axes.T
        angle = np.clip(np.arctan2(ways[..., 1], ways[..., 0]), legs.angles[0], legs.angles[-1])
        leg = np.searchsorted(legs.angles[1:-1], angle, side="right")
        beyond_foot = np.tan(angle - legs.angles[leg] - np.arctan2(legs.foot[leg], legs.height[leg]))
        return np.asarray(legs.ends[leg] + legs.foot[leg] + legs.height[leg] * beyond_foot) / self.pitch_mm

    def mm_per_row(self, places: Floats) -> Floats:
        """Size of an element's shadow at places (n, 2), across the ray: twice as far from the focus, twice as large."""
        legs, rows = _legs_of(self), self.rows_of(places)
        height = legs.height[legs.leg_at(rows * self.pitch_mm)]
        reach, distance = (np.linalg.norm(each - self.focus, axis=1) for each in (self._hit(rows), places))
        return np.asarray(self.pitch_mm * height * distance / reach**2)

    def _hit(self, rows: Places) -> Floats:
        """The places (n, 2) of the detector at these rows."""
        legs, along = _legs_of(self), rows * self.pitch_mm
        leg = legs.leg_at(along)
        return np.asarray(legs.start[leg] + legs.way[leg] * (along - legs.ends[leg])[:, None])


class _Legs(NamedTuple):
    """The n straight parts of a detector: where they start and go, how far along the detector the n + 1 ends are, where
    on each, from its start, the foot of the focus is and how high above it, and the ends' angles about `axes`."""

    start: Floats
    way: Floats
    ends: Floats
    foot: Floats
    height: Floats
    axes: Floats
    angles: Floats

    def leg_at(self, along: Places) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.ends[1:-1], along, side="right")


@lru_cache(maxsize=64)
def _legs_of(fan: Fan) -> _Legs:
    corners = np.array(fan.detector, float)
    seen = corners - fan.focus
    length = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    way = np.diff(corners, axis=0) / length[:, None]
    sense = np.sign(_cross(seen[0], seen[-1]))
    axis = (seen[0] + seen[-1]) / np.linalg.norm(seen[0] + seen[-1])
    axes = np.stack([axis, np.array([-axis[1], axis[0]]) * sense])
    angles = np.arctan2(seen @ axes[1], seen @ axes[0])
    foot = -(seen[:-1] * way).sum(axis=1)
    height = _cross(seen[:-1], way) * sense
    return _Legs(corners[:-1], way, np.concatenate([[0.0], np.cumsum(length)]), foot, height, axes, angles)


def _cross(first: Floats, second: Floats) -> Floats:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


@dataclass(frozen=True, slots=True)
class FanPicture:
    """What a fan draws while the belt moves: rows are elements, columns `mm_per_col` of the belt."""

    fan: Fan
    mm_per_col: float

    def rays(self, cols: Places, rows: Places) -> Rays:
        foot, way = self.fan.aim(rows)
        return Rays(cols, rows, cols * self.mm_per_col, foot, way)

    def frames(self, low: Floats, high: Floats) -> Floats:
        """What lies beside the fan comes to the picture's edge."""
        corners = [np.stack([y, z], axis=1) for y in (low[:, 1], high[:, 1]) for z in (low[:, 2], high[:, 2])]
        rows = self.fan.rows_of(np.stack(corners))
        left, right = low[:, 0] / self.mm_per_col, high[:, 0] / self.mm_per_col
        return np.stack([left, rows.min(axis=0), right, rows.max(axis=0)], axis=1)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A machine's tunnel and its fans: the first stands for the view from above, the second for that from aside."""

    width_mm: float
    height_mm: float
    fans: tuple[Fan, ...]

    def mm_per_row(self, view: int) -> float:
        """Size of a pixel above the belt's middle, half way up the tunnel: what is told to be that of the picture."""
        return float(self.fans[view].mm_per_row(np.array([[0.0, self.height_mm / 2]]))[0])

    @property
    def mm_per_col(self) -> float:
        """How far the belt goes from line to line: what keeps things in shape that lie in the lower half."""
        return float(self.fans[0].mm_per_row(np.array([[0.0, self.height_mm / 4]]))[0])

    def limit(self, views: int, rows: int) -> Tunnel:
        """The same tunnel with so many views, of so many rows each."""
        return replace(self, fans=tuple(replace(fan, elements=rows) for fan in self.fans[:views]))

    def describe(self, names: tuple[str, ...]) -> dict[str, str]:
        """The geometry as text, by view name: a picture of a fan has one size of pixels at one height only."""
        above = np.array([(0.0, 0.0), (0.0, self.height_mm / 2), (0.0, self.height_mm)])
        told = {"geometry": "fan"}
        for name, fan in zip(names, self.fans, strict=False):
            detector = ", ".join(f"{y:g} {z:g}" for y, z in fan.detector)
            sizes = ", ".join(f"{mm:.3f} at {z:g}" for (_, z), mm in zip(above, fan.mm_per_row(above), strict=True))
            told[f"geometry.{name}"] = (
                f"focus {fan.focus[0]:g} {fan.focus[1]:g}; detector {detector}; mm per row above the belt: {sizes}"
            )
        return told


CORNER_TUNNEL = Tunnel(
    650,
    500,
    (
        Fan((-200, -480), ((-480, 560), (390, 560), (390, 50)), 600),
        Fan((-800, -20), ((-280, 560), (390, 560), (390, -5)), 600),
    ),
)
"""A belt's usual tunnel of 65 by 50 cm: one focus below and beside the belt, one at its side, an L round the rest."""
