"""Bodies: solids, heaps of soft matter and wires, and how each throws its shadow from above and from the side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from imaging.phantom.physics import RANK, Basis
from imaging.phantom.rays import Floats, Parallel
from imaging.phantom.shapes import Array, Matrix, Shadow, Shape, Vector, lying_turn, project_solid, random_turn

_SIDE = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
_FIELD_PX = 512


class Aspect(StrEnum):
    """Where the rays come from; belt travel is along the columns of both pictures."""

    TOP = "top"
    SIDE = "side"

    @property
    def turn(self) -> Matrix:
        """The rotation that brings this aspect's rays along +z, with up at the top of the side picture."""
        return _SIDE if self is Aspect.SIDE else np.eye(3)


class Pose(StrEnum):
    """How a thing comes to rest: any way up, on its largest face, or as its recipe drew it."""

    ANY = "any"
    LYING = "lying"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    shapes: tuple[Shape, ...]

    @property
    def materials(self) -> frozenset[str]:
        return frozenset(s.material for s in self.shapes if s.material is not None)

    def project(self, turn: Matrix, aspect: Aspect, mm_per_px: float, basis: Basis) -> Shadow:
        return project_solid(self.shapes, aspect.turn @ turn, Parallel(mm_per_px), basis)

    def rise(self, turn: Matrix) -> tuple[float, float]:
        low, high = zip(*(shape.extent(turn) for shape in self.shapes if shape.material is not None), strict=True)
        return float(np.min(low, axis=0)[2]), float(np.max(high, axis=0)[2])


@dataclass(frozen=True, slots=True, eq=False)
class Heap:
    """Soft matter that lies on the ground: `height` in mm on a grid of 1 mm about the origin. It does not turn."""

    material: str
    height: Array
    at: Vector = (0.0, 0.0, 0.0)

    @property
    def materials(self) -> frozenset[str]:
        return frozenset({self.material})

    def project(self, turn: Matrix, aspect: Aspect, mm_per_px: float, basis: Basis) -> Shadow:
        del turn
        rows, cols = self.height.shape
        if aspect is Aspect.TOP:
            length, left, top = self.height, self.at[0] - cols / 2, self.at[1] - rows / 2
        else:
            steps = np.arange(max(1, int(np.ceil(self.height.max()))), dtype=np.float32)
            slices = [np.clip(self.height - z, 0, 1).sum(axis=0) for z in steps[::-1]]
            length, left, top = np.stack(slices), self.at[0] - cols / 2, -self.at[2] - len(slices)
        size = (max(1, round(length.shape[1] / mm_per_px)), max(1, round(length.shape[0] / mm_per_px)))
        way = cv2.INTER_AREA if mm_per_px >= 1 else cv2.INTER_LINEAR
        drawn = np.asarray(cv2.resize(length, size, interpolation=way), np.float32)
        tau = drawn[..., None] * basis.of(self.material)
        return Shadow(tau, drawn > 0.05, round(left / mm_per_px), round(top / mm_per_px))

    def rise(self, turn: Matrix) -> tuple[float, float]:
        del turn
        return self.at[2], self.at[2] + float(self.height.max())


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """A line through `points` (n, 3) mm: layers of (material, outer radius mm) from the core outwards."""

    points: Floats
    layers: tuple[tuple[str, float], ...]

    @property
    def materials(self) -> frozenset[str]:
        return frozenset(material for material, _ in self.layers)

    def project(self, turn: Matrix, aspect: Aspect, mm_per_px: float, basis: Basis) -> Shadow:
        path = self.points @ (aspect.turn @ turn).T / mm_per_px
        return self.draw(path[:, :2], np.linalg.norm(np.diff(path, axis=0), axis=1), mm_per_px, basis)

    def draw(self, path: Floats, lengths: Floats, mm_per_px: float, basis: Basis) -> Shadow:
        """The wire along `path` (n, 2) px of a picture, its n - 1 pieces of true `lengths` px.

        Each layer is smeared over the width asked for; lines come out wider than that. Crossings add.
        """
        radius_px = self.layers[-1][1] / mm_per_px
        pad = int(np.ceil(radius_px)) + 3
        left, top = (int(v) - pad for v in np.floor(path.min(axis=0)))
        cols, rows = (int(v) + pad for v in np.ceil(path.max(axis=0)) - (left, top))
        width_px = max(1, round(2 * radius_px))
        count = np.zeros((rows, cols), np.float32)
        for part in np.array_split(np.arange(len(path)), max(1, len(path) // 20)):
            drawn = np.zeros((rows, cols), np.uint8)
            line = path[part[0] : part[-1] + 2]
            dots = np.rint((line - (left, top)) * 16).astype(np.int32)
            cv2.polylines(drawn, [dots.reshape(-1, 1, 2)], False, 255, width_px, cv2.LINE_AA, shift=4)
            slant = lengths[part[0] : part[-1] + 1].sum()
            flat = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
            count += drawn * np.float32(min(slant / max(flat, 1e-3), 4.0) / 255)
        return Shadow(count[..., None] * self.spread(width_px * mm_per_px, basis), count > 0.2, left, top)

    def spread(self, width_mm: float, basis: Basis) -> Array:
        """Thickness of the wire laid out flat, so wide."""
        tau = np.zeros(RANK, np.float32)
        inner = 0.0
        for material, radius in self.layers:
            tau = tau + basis.of(material) * np.float32(np.pi * (radius**2 - inner**2) / width_mm)
            inner = radius
        return tau

    def rise(self, turn: Matrix) -> tuple[float, float]:
        z, radius = self.points @ turn[2], self.layers[-1][1]
        return float(z.min()) - radius, float(z.max()) + radius


Part = Solid | Heap | Wire


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One object about its origin, and how it may lie."""

    parts: tuple[Part, ...]
    pose: Pose = Pose.ANY

    @property
    def materials(self) -> frozenset[str]:
        return frozenset().union(*(part.materials for part in self.parts))

    def rest(self, rng: np.random.Generator) -> Matrix:
        """A rotation in which this body may be met."""
        if self.pose is Pose.FIXED:
            return np.eye(3)
        if self.pose is Pose.LYING or rng.random() < 0.6:
            return lying_turn(rng, 0.12 if self.pose is Pose.LYING else 0.3)
        return random_turn(rng)

    def project(self, turn: Matrix, aspect: Aspect, mm_per_px: float, basis: Basis) -> Shadow:
        """The sum of what the parts throw; parts do not displace each other."""
        return merge([part.project(turn, aspect, mm_per_px, basis) for part in self.parts])

    def rise(self, turn: Matrix) -> tuple[float, float]:
        """The lowest and the highest z, mm."""
        low, high = zip(*(part.rise(turn) for part in self.parts), strict=True)
        return min(low), max(high)


Recipe = Callable[[np.random.Generator], Body]
"""Makes one object, a different one each time; its name is the object's name."""


def solid(*shapes: Shape, pose: Pose = Pose.ANY) -> Body:
    """A body of one solid."""
    return Body((Solid(shapes),), pose)


def merge(shadows: Sequence[Shadow]) -> Shadow:
    """The shadows of one origin in one picture."""
    if len(shadows) == 1:
        return shadows[0]
    left, top = min(s.left_px for s in shadows), min(s.top_px for s in shadows)
    right = max(s.left_px + s.mask.shape[1] for s in shadows)
    bottom = max(s.top_px + s.mask.shape[0] for s in shadows)
    tau = np.zeros((bottom - top, right - left, RANK), np.float32)
    mask = np.zeros(tau.shape[:2], bool)
    for s in shadows:
        rows, cols = s.mask.shape
        place = np.s_[s.top_px - top : s.top_px - top + rows, s.left_px - left : s.left_px - left + cols]
        tau[place] += s.tau
        mask[place] |= s.mask
    return Shadow(tau, mask, left, top)


@lru_cache(maxsize=1)
def _noise_fields() -> tuple[Array, ...]:
    rng = np.random.default_rng(20)
    distance = np.hypot(*np.meshgrid(np.fft.fftfreq(_FIELD_PX), np.fft.fftfreq(_FIELD_PX)))
    distance[0, 0] = 1
    fields = []
    for slope in (1.2, 1.5, 1.8, 2.2, 1.2, 1.7):
        spectrum = np.fft.fft2(rng.normal(size=distance.shape)) / distance**slope
        field = np.fft.ifft2(spectrum).real
        fields.append(((field - field.mean()) / field.std()).astype(np.float32))
    return tuple(fields)


def noise(rng: np.random.Generator, rows: int, cols: int) -> Array:
    """A random field without a preferred size, mean 0 and deviation 1; it repeats after 512 px."""
    field = _noise_fields()[rng.integers(len(_noise_fields()))]
    if rng.random() < 0.5:
        field = field.T
    down, right = rng.integers(0, _FIELD_PX, 2)
    take_rows, take_cols = (np.arange(rows) + down) % _FIELD_PX, (np.arange(cols) + right) % _FIELD_PX
    return np.asarray(field[np.ix_(take_rows, take_cols)])


def blob(rng: np.random.Generator, rows: int, cols: int) -> npt.NDArray[np.uint8]:
    """A round-cornered random outline that fills its frame, 0 or 1."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    radius = np.ones_like(angle)
    for order in range(1, 8):
        radius += rng.normal() * 0.25 / (order + 1) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    radius /= radius.max()
    x, y = cols * (0.5 + 0.48 * radius * np.cos(angle)), rows * (0.5 + 0.48 * radius * np.sin(angle))
    filled = np.zeros((rows, cols), np.uint8)
    cv2.fillPoly(filled, [np.stack([x, y], axis=1).astype(np.int32)], 1)
    return filled


def slab(rng: np.random.Generator, rows: int, cols: int, turn: float | None = None) -> npt.NDArray[np.uint8]:
    """A rectangle turned by an angle (random when None), 0 or 1; the frame grows to hold it."""
    angle = rng.uniform(0, 180) if turn is None else turn
    corners = cv2.boxPoints(((0, 0), (cols, rows), angle))
    corners -= corners.min(axis=0) - 2
    size = np.ceil(corners.max(axis=0)).astype(int) + 2
    filled = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(filled, [np.rint(corners).astype(np.int32)], 1)
    return filled


def pillow(outline: npt.NDArray[np.uint8], height: float, roundness: float = 0.6) -> Array:
    """A height map over an outline that is `height` in the middle and rounds off toward the edge."""
    depth = cv2.distanceTransform(outline, cv2.DIST_L2, 3)
    rise = np.clip(depth / max(height * roundness, 3.0), 0, 1)
    return np.asarray(height * np.sqrt(1 - (1 - rise) ** 2) * outline, np.float32)
