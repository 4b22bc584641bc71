"""Where linear codes lie, found by the direction of their edges, and straightened cuts of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_SMALL_PX = 240
_MAX_CUT_PX = 1200


@dataclass(frozen=True, slots=True)
class Strip:
    """A patch of parallel edges: centre in px, angle across the bars in radians, half sizes along and across it."""

    x: float
    y: float
    angle: float
    half_length: float
    half_height: float


def find_strips(grey: Grey, count: int = 2) -> list[Strip]:
    """The strongest patches whose edges run one way, by the structure tensor (Bigün and Granlund 1987)."""
    scale = min(1.0, _SMALL_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    gx = cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(small, cv2.CV_32F, 0, 1, ksize=3)
    side = max(9, max(small.shape) // 12 | 1)
    xx, yy, xy = (cv2.blur(product, (side, side)) for product in (gx * gx, gy * gy, gx * gy))
    total = xx + yy + 1e-3
    strength = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    score = np.sqrt(strength) * (strength / total) ** 2
    strips: list[Strip] = []
    for _ in range(count):
        _, peak, _, (cx, cy) = cv2.minMaxLoc(score)
        if peak < 1:
            break
        angle = 0.5 * math.atan2(2 * xy[cy, cx], xx[cy, cx] - yy[cy, cx])
        alike = ((xx - yy) * math.cos(2 * angle) + 2 * xy * math.sin(2 * angle)) / total
        _, labels = cv2.connectedComponents(((score > 0.25 * peak) & (alike > 0.6)).astype(np.uint8))
        if labels[cy, cx] == 0:
            break
        patch = labels == labels[cy, cx]
        strips.append(_strip(patch, angle, scale))
        score[patch] = 0
    return strips


def _strip(patch: npt.NDArray[np.bool_], angle: float, scale: float) -> Strip:
    ys, xs = np.nonzero(patch)
    cos, sin = math.cos(angle), math.sin(angle)
    along, across = xs * cos + ys * sin, ys * cos - xs * sin
    u, v = (along.min() + along.max()) / 2, (across.min() + across.max()) / 2
    return Strip(
        x=float(u * cos - v * sin) / scale,
        y=float(u * sin + v * cos) / scale,
        angle=angle,
        half_length=float(along.max() - along.min() + 1) / 2 / scale,
        half_height=float(across.max() - across.min() + 1) / 2 / scale,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A strip turned level: `pixels`, how many of their px make one px of the picture, and the margin at the ends."""

    pixels: Grey
    per_px: float
    margin_px: float

    def bands(self, count: int) -> list[Floats]:
        """Mean lines of `count` bands from top to bottom: noise goes, what is the same along the bars stays."""
        ends = np.linspace(0, len(self.pixels), count + 1).astype(int)
        return [self.pixels[a : max(b, a + 1)].mean(0) for a, b in pairwise(ends)]


def cut(grey: Grey, strip: Strip, *, margin: float = 0.3, zoom: float = 2.0) -> Cut:
    """The strip, longer by `margin` at either end, level and `zoom` times as long; its height keeps its px."""
    margin_px = strip.half_length * margin + 8
    half = strip.half_length + margin_px
    width = max(16, min(round(2 * half * zoom), _MAX_CUT_PX))
    height = max(10, min(round(1.6 * strip.half_height), _MAX_CUT_PX))
    per_px = width / (2 * half)
    cos, sin = math.cos(strip.angle), math.sin(strip.angle)
    turn = np.array(
        [
            [cos / per_px, -sin, strip.x - cos * half + sin * height / 2],
            [sin / per_px, cos, strip.y - sin * half - cos * height / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(grey, turn, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Cut(np.asarray(pixels, np.uint8), per_px, margin_px)
