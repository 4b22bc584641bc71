"""Things: items of a library, and how each of them is put down in a parcel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.phantom.bodies import Aspect
from imaging.phantom.library import Item
from imaging.phantom.shapes import Array, Matrix, Shadow, turned


@dataclass(frozen=True, slots=True)
class Way:
    """How an item is put down: its size against the library's, mirrored or not; turned in one view only."""

    scale: float = 1.0
    quarters: int = 0
    mirrored: bool = False
    degrees: float = 0.0
    """What it is turned by beyond the quarters."""

    @property
    def spin(self) -> Matrix:
        """Quarters, mirroring and degrees as one matrix about z."""
        mirror = np.diag([-1.0 if self.mirrored else 1.0, 1, 1])
        return np.asarray(turned(z=-math.radians(self.degrees)) @ mirror @ turned(z=-self.quarters * math.pi / 2))


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """An item where it lies: the middle of its shadow from above (x, y) mm from the corner of the picture, and how high
    above the belt its lowest point is. A label enters it into the truth."""

    item: Item
    way: Way
    middle_mm: tuple[float, float]
    bottom_mm: float
    label: str = ""


def adapt(item: Item, aspect: Aspect, way: Way, mm_per_px: float) -> Shadow:
    """The item's shadow at another size and pixel; a larger object is also thicker."""
    shadow = item.shadows[aspect]
    tau, mask, left, top = shadow.tau.astype(np.float32), shadow.mask, shadow.left_px, shadow.top_px
    if way.quarters:
        tau, mask = np.rot90(tau, way.quarters), np.rot90(mask, way.quarters)
        left, top = -(mask.shape[1] // 2), -(mask.shape[0] // 2)
    if way.mirrored:
        tau, mask, left = tau[:, ::-1], mask[:, ::-1], -(left + mask.shape[1])
    if way.degrees:
        tau = _turned(np.ascontiguousarray(tau), way.degrees)
        mask = _turned(mask.astype(np.float32), way.degrees) > 0.5
        left, top = -(mask.shape[1] // 2), -(mask.shape[0] // 2)
    zoom = way.scale * item.mm_per_px / mm_per_px
    size = (max(2, round(mask.shape[1] * zoom)), max(2, round(mask.shape[0] * zoom)))
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    tau = cv2.resize(np.ascontiguousarray(tau), size, interpolation=smooth) * np.float32(way.scale)
    drawn = cv2.resize(np.ascontiguousarray(mask).astype(np.float32), size, interpolation=smooth) > 0.4
    return Shadow(np.asarray(tau, np.float32), drawn, round(left * zoom), round(top * zoom))


def _turned(planes: Array, degrees: float) -> Array:
    """A picture turned about its middle, in a frame that holds all of it."""
    rows, cols = planes.shape[:2]
    turn = cv2.getRotationMatrix2D((cols / 2, rows / 2), degrees, 1.0)
    width = math.ceil(abs(turn[0, 0]) * cols + abs(turn[0, 1]) * rows)
    height = math.ceil(abs(turn[0, 1]) * cols + abs(turn[0, 0]) * rows)
    turn[:, 2] += (width - cols) / 2, (height - rows) / 2
    return np.asarray(cv2.warpAffine(planes, turn, (width, height)), np.float32)
