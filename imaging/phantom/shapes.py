"""Solid geometry by ray intervals: what a ray meets in convex shapes, exactly, under any rotation.

A solid is a list of convex shapes in mm. Where shapes of one solid overlap the last one wins, and a shape of air
(`material` None) takes matter away; so bores, bottle walls and cell cans are exact. The rays are parallel (rays.py) or
those of a fan (fan.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from imaging.phantom.physics import RANK, Basis
from imaging.phantom.rays import Floats, Geometry, Rays

Array = npt.NDArray[np.float32]
Vector = tuple[float, float, float]
Matrix = npt.NDArray[np.float64]

_FAR = 1e5
"""mm; farther than anything: where a ray that meets nothing enters and leaves."""
_TILE_PX = 96
_LEAST_TILE_PX = 24
_CROWD = 10
"""Tiles are quartered down to _TILE_PX, and with more shapes than a crowd to _LEAST_TILE_PX: for speed only."""
_MAX_SIDE_PX = 4000
"""Shadows are cut at this side; no picture of a scanner is as large."""
_MOST_FINE_PX = 60_000
"""Shadows of fewer px get four rays a px."""


class Form(StrEnum):
    BOX = "box"
    BALL = "ball"
    ROD = "rod"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A box, ellipsoid or elliptic cylinder (axis z) of half sizes `half`, about `centre`, turned by `turn`.

    `cuts` are half-spaces in the shape's own axes, (normal, offset): only normal . x <= offset is kept.
    """

    form: Form
    material: str | None
    half: Vector
    centre: Vector = (0.0, 0.0, 0.0)
    turn: Matrix | None = None
    cuts: tuple[tuple[Vector, float], ...] = ()

    def axes(self, rotation: Matrix) -> Matrix:
        """The shape's own axes, as columns, in a world turned by `rotation`."""
        return rotation if self.turn is None else rotation @ self.turn

    def extent(self, rotation: Matrix) -> tuple[Floats, Floats]:
        """The lowest and the highest x, y and z in mm that the shape reaches; cuts are not counted."""
        axes, half = self.axes(rotation), np.array(self.half)
        if self.form is Form.BALL:
            reach = np.sqrt(((axes * half) ** 2).sum(axis=1))
        elif self.form is Form.ROD:
            reach = np.sqrt(((axes[:, :2] * half[:2]) ** 2).sum(axis=1)) + np.abs(axes[:, 2]) * half[2]
        else:
            reach = np.abs(axes) @ half
        middle = rotation @ np.array(self.centre)
        return middle - reach, middle + reach

    def moved(self, turn: Matrix, at: Floats, scale: float) -> Shape:
        """The shape turned and grown about the origin, then carried to `at`."""
        x, y, z = (turn @ np.array(self.centre) * scale + at).tolist()
        half = (self.half[0] * scale, self.half[1] * scale, self.half[2] * scale)
        cuts = tuple((normal, offset * scale) for normal, offset in self.cuts)
        return Shape(self.form, self.material, half, (x, y, z), self.axes(turn), cuts)

    def cross(self, rays: Rays, rotation: Matrix) -> tuple[Array, Array]:
        """Where rays enter and leave, in mm from their foot; leaving is not after entering where they miss."""
        axes = self.axes(rotation)
        cx, *across = rotation @ np.array(self.centre)
        x, foot, ways = rays.x_mm - cx, (rays.foot - across) @ axes[1:], rays.way @ axes[1:]
        start = [axes[0, i] * x + foot[:, i : i + 1] for i in range(3)]
        way = [ways[:, i : i + 1] for i in range(3)]
        enter, leave = np.full(start[0].shape, -_FAR), np.full(start[0].shape, _FAR)
        if self.form is Form.BOX:
            for i in range(3):
                _clip_slab(enter, leave, start[i], way[i], self.half[i])
        else:
            round_axes = 3 if self.form is Form.BALL else 2
            _clip_quadric(enter, leave, start[:round_axes], way[:round_axes], self.half)
            if self.form is Form.ROD:
                _clip_slab(enter, leave, start[2], way[2], self.half[2])
        for normal, offset in self.cuts:
            _clip_half_space(enter, leave, _dot(start, normal), _dot(way, normal), offset)
        return enter.astype(np.float32), leave.astype(np.float32)


def _dot(vector: Sequence[Floats], normal: Vector) -> Floats:
    return vector[0] * normal[0] + vector[1] * normal[1] + vector[2] * normal[2]


def _clip_slab(enter: Floats, leave: Floats, start: Floats, way: Floats, half: float) -> None:
    """Keep what lies between two planes; rays along them lie between them all the way, or nowhere."""
    is_along = np.abs(way) < 1e-6
    if not is_along.any():
        _clip(enter, leave, (-half - start) / way, (half - start) / way)
        return
    np.copyto(leave, -_FAR, where=is_along & (np.abs(start) > half))
    if is_along.all():
        return
    speed = np.where(is_along, np.inf, way)
    first, second = (-half - start) / speed, (half - start) / speed
    _clip(enter, leave, np.where(is_along, -_FAR, first), np.where(is_along, _FAR, second))


def _clip(enter: Floats, leave: Floats, first: Floats, second: Floats) -> None:
    np.maximum(enter, np.minimum(first, second), out=enter)
    np.minimum(leave, np.maximum(first, second), out=leave)


def _clip_quadric(enter: Floats, leave: Floats, start: Sequence[Floats], way: Sequence[Floats], half: Vector) -> None:
    """Keep what lies in an ellipsoid or, of two axes, in an endless elliptic cylinder."""
    a = np.asarray(sum((w / h) ** 2 for w, h in zip(way, half, strict=False)))
    b = np.asarray(sum(s * (w / h**2) for s, w, h in zip(start, way, half, strict=False)))
    c = np.asarray(sum((s / h) ** 2 for s, h in zip(start, half, strict=False))) - 1
    is_along = a < 1e-12
    if is_along.any():
        np.copyto(leave, -_FAR, where=is_along & (c > 0))
        if is_along.all():
            return
        a = np.where(is_along, 1e-12, a)
    square = b * b - a * c
    root = np.sqrt(np.maximum(square, 0))
    np.maximum(enter, (-b - root) / a, out=enter)
    np.minimum(leave, np.where(square > 0, (-b + root) / a, -_FAR), out=leave)


def _clip_half_space(enter: Floats, leave: Floats, start: Floats, way: Floats, offset: float) -> None:
    """Keep what lies on the near side of a plane."""
    is_along = np.abs(way) < 1e-6
    np.copyto(leave, -_FAR, where=is_along & (start > offset))
    reached = (offset - start) / np.where(is_along, 1.0, way)
    np.minimum(leave, np.where(~is_along & (way > 0), reached, _FAR), out=leave)
    np.maximum(enter, np.where(~is_along & (way < 0), reached, -_FAR), out=enter)


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """What one object adds to a picture: tau (rows, cols, RANK), its mask, and the px of its top left corner
    relative to the object's origin."""

    tau: Array
    mask: npt.NDArray[np.bool_]
    left_px: int
    top_px: int


Place = tuple[slice, slice]


def overlap(picture: tuple[int, ...], shadow: tuple[int, ...], left: int, top: int) -> tuple[Place, Place] | None:
    """The part of a picture that a shadow at (left, top) px covers, and the part of the shadow that is in the picture.

    Both are told by their shapes (rows, cols, ...); None where the shadow lies beside the picture.
    """
    rows, cols = shadow[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + cols, picture[1]), min(top + rows, picture[0])
    if x1 <= x0 or y1 <= y0:
        return None
    return np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]


def project_solid(shapes: Sequence[Shape], rotation: Matrix, geometry: Geometry, basis: Basis) -> Shadow:
    """Ray sums of a solid, each pixel the mean of four rays where that is affordable."""
    low, high = (np.array(each) for each in zip(*(shape.extent(rotation) for shape in shapes), strict=True))
    edges = geometry.frames(low, high)
    solid = edges[[shape.material is not None for shape in shapes]]
    left, top = (int(np.floor(v)) - 1 for v in solid[:, :2].min(axis=0))
    right, bottom = (int(np.ceil(v)) + 1 for v in solid[:, 2:].max(axis=0))
    cols, rows = min(right - left, _MAX_SIDE_PX), min(bottom - top, _MAX_SIDE_PX)
    sub = 2 if rows * cols < _MOST_FINE_PX else 1
    tau = np.zeros((rows * sub, cols * sub, RANK), np.float32)
    across, down = (first + (np.arange(count * sub) + 0.5) / sub for first, count in ((left, cols), (top, rows)))
    _draw_tiles(tau, shapes, edges, rotation, rays=geometry.rays(across, down), basis=basis)
    if sub > 1:
        tau = np.asarray(cv2.resize(tau, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)
    return Shadow(tau, np.abs(tau).sum(axis=2) > 1e-4, left, top)


def _draw_tiles(
    tau: Array, shapes: Sequence[Shape], edges: Floats, rotation: Matrix, *, rays: Rays, basis: Basis
) -> None:
    """Fill tau tile by tile, each with the shapes that touch it; crowded tiles are quartered first."""
    x, y = rays.cols, rays.rows
    near = (edges[:, 2] > x[0]) & (edges[:, 0] < x[-1]) & (edges[:, 3] > y[0]) & (edges[:, 1] < y[-1])
    kept = np.flatnonzero(near).tolist()
    inside = [shapes[i] for i in kept]
    if all(shape.material is None for shape in inside):
        return
    rows, cols = tau.shape[:2]
    if max(rows, cols) > (_TILE_PX if len(inside) <= _CROWD else _LEAST_TILE_PX):
        middle_row, middle_col = (rows + 1) // 2, (cols + 1) // 2
        for down in (slice(0, middle_row), slice(middle_row, rows)):
            for across in (slice(0, middle_col), slice(middle_col, cols)):
                part = tau[down, across]
                if part.size:
                    _draw_tiles(part, inside, edges[kept], rotation, rays=rays.part(down, across), basis=basis)
        return
    tau[:] = _sum_rays(inside, rotation, rays, basis)


def _sum_rays(shapes: Sequence[Shape], rotation: Matrix, rays: Rays, basis: Basis) -> Array:
    """Tau of every ray: along it, each stretch belongs to the last shape that covers it."""
    crossings = [shape.cross(rays, rotation) for shape in shapes]
    enter = np.stack([c[0].ravel() for c in crossings])
    leave = np.stack([c[1].ravel() for c in crossings])
    missed = leave <= enter
    enter[missed] = leave[missed] = 0
    size = (len(rays.rows), len(rays.cols))
    tau = np.zeros((size[0] * size[1], RANK), np.float32)
    hit = np.flatnonzero(~missed.all(axis=0))
    used: list[int] = np.flatnonzero(~missed.all(axis=1)).tolist()
    if not len(hit):
        return tau.reshape(*size, RANK)
    enter, leave = enter[used][:, hit], leave[used][:, hit]
    marks = np.sort(np.concatenate([enter, leave]), axis=0)
    stretch = np.diff(marks, axis=0)
    middle = marks[:-1] + stretch / 2
    owner = np.full(stretch.shape, -1, np.int16)
    for i in range(len(used)):
        owner[(enter[i] < middle) & (middle < leave[i])] = i
    for i, index in enumerate(used):
        material = shapes[index].material
        if material is not None:
            length = np.where(owner == i, stretch, 0).sum(axis=0)
            tau[hit] += length[:, None] * basis.of(material)
    return tau.reshape(*size, RANK)


def box(material: str | None, size: Vector, at: Vector = (0, 0, 0), turn: Matrix | None = None) -> Shape:
    """A box of full sizes (x, y, z) mm."""
    return Shape(Form.BOX, material, (size[0] / 2, size[1] / 2, size[2] / 2), at, turn)


def ball(material: str | None, radii: Vector, at: Vector = (0, 0, 0), turn: Matrix | None = None) -> Shape:
    """An ellipsoid of three radii mm."""
    return Shape(Form.BALL, material, radii, at, turn)


def rod(
    material: str | None,
    radius: float | tuple[float, float],
    length: float,
    at: Vector = (0, 0, 0),
    *,
    axis: str = "z",
    turn: Matrix | None = None,
) -> Shape:
    """A cylinder along x, y or z, of full length; two radii make it elliptic. `turn` applies after `axis`."""
    first, second = (radius, radius) if isinstance(radius, float | int) else radius
    own = {"x": turned(y=np.pi / 2), "y": turned(x=np.pi / 2), "z": None}[axis]
    if turn is not None:
        own = turn if own is None else turn @ own
    return Shape(Form.ROD, material, (first, second, length / 2), at, own)


def turned(z: float = 0.0, y: float = 0.0, x: float = 0.0) -> Matrix:
    """Rotation about x, then y, then z, in radians."""
    cz, sz, cy, sy, cx, sx = np.cos(z), np.sin(z), np.cos(y), np.sin(y), np.cos(x), np.sin(x)
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return np.asarray(about_z @ about_y @ about_x)


def random_turn(rng: np.random.Generator) -> Matrix:
    """A uniformly random rotation, from a random unit quaternion."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def lying_turn(rng: np.random.Generator, tilt: float = 0.25) -> Matrix:
    """A rotation of something that lies on its largest face: any way round, tilted a little (radians, sigma)."""
    return turned(z=rng.uniform(0, 2 * np.pi), y=rng.normal() * tilt, x=rng.normal() * tilt)
