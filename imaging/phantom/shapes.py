"""Solid geometry by ray intervals: what a ray meets in convex shapes, exactly, under any rotation.

A solid is a list of convex shapes in mm. Where shapes of one solid overlap the last one wins, and a shape of air
(`material` None) takes matter away; so bores, bottle walls and cell cans are exact. Rays are parallel, along +z of the
world; x runs along the columns of a picture and y down its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from imaging.phantom.physics import RANK, Basis

Array = npt.NDArray[np.float32]
Vector = tuple[float, float, float]
Matrix = npt.NDArray[np.float64]

_FAR = 1e5
_TILE_PX = 96
_LEAST_TILE_PX = 24
_CROWD = 10
_MAX_SIDE_PX = 4000


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

    def bounds(self, rotation: Matrix) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in mm of the shape's shadow; cuts are not counted."""
        axes, half = self.axes(rotation), np.array(self.half)
        if self.form is Form.BALL:
            reach = np.sqrt(((axes * half) ** 2).sum(axis=1))
        elif self.form is Form.ROD:
            reach = np.sqrt(((axes[:, :2] * half[:2]) ** 2).sum(axis=1)) + np.abs(axes[:, 2]) * half[2]
        else:
            reach = np.abs(axes) @ half
        x, y, _ = rotation @ np.array(self.centre)
        return float(x - reach[0]), float(y - reach[1]), float(x + reach[0]), float(y + reach[1])

    def cross(self, x_mm: Array, y_mm: Array, rotation: Matrix) -> tuple[Array, Array]:
        """Where rays at (x, y) enter and leave, in mm along z; leaving is not after entering where they miss."""
        axes = self.axes(rotation)
        cx, cy, cz = rotation @ np.array(self.centre)
        start = [axes[0, i] * (x_mm - cx) + axes[1, i] * (y_mm - cy) - axes[2, i] * cz for i in range(3)]
        way = [float(axes[2, i]) for i in range(3)]
        enter, leave = np.full(x_mm.shape, -_FAR), np.full(x_mm.shape, _FAR)
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


def _dot(vector: Sequence[npt.NDArray[np.floating] | float], normal: Vector) -> npt.NDArray[np.float64]:
    return np.asarray(vector[0] * normal[0] + vector[1] * normal[1] + vector[2] * normal[2])


def _clip_slab(
    enter: npt.NDArray[np.float64],
    leave: npt.NDArray[np.float64],
    start: npt.NDArray[np.floating],
    way: float,
    half: float,
) -> None:
    if abs(way) < 1e-6:
        leave[np.abs(start) > half] = -_FAR
        return
    first, second = (-half - start) / way, (half - start) / way
    np.maximum(enter, np.minimum(first, second), out=enter)
    np.minimum(leave, np.maximum(first, second), out=leave)


def _clip_quadric(
    enter: npt.NDArray[np.float64],
    leave: npt.NDArray[np.float64],
    start: Sequence[npt.NDArray[np.floating]],
    way: Sequence[float],
    half: Vector,
) -> None:
    a = sum((w / h) ** 2 for w, h in zip(way, half, strict=False))
    b = sum(s * (w / h**2) for s, w, h in zip(start, way, half, strict=False))
    c = sum((s / h) ** 2 for s, h in zip(start, half, strict=False)) - 1
    if a < 1e-12:
        leave[c > 0] = -_FAR
        return
    square = np.asarray(b * b - a * c)
    root = np.sqrt(np.maximum(square, 0))
    np.maximum(enter, (-b - root) / a, out=enter)
    np.minimum(leave, np.where(square > 0, (-b + root) / a, -_FAR), out=leave)


def _clip_half_space(
    enter: npt.NDArray[np.float64],
    leave: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    way: npt.NDArray[np.float64],
    offset: float,
) -> None:
    speed = float(way)
    if abs(speed) < 1e-6:
        leave[start > offset] = -_FAR
    elif speed > 0:
        np.minimum(leave, (offset - start) / speed, out=leave)
    else:
        np.maximum(enter, (offset - start) / speed, out=enter)


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """What one object adds to a picture: tau (rows, cols, RANK), its mask, and the px of its top left corner
    relative to the object's origin."""

    tau: Array
    mask: npt.NDArray[np.bool_]
    left_px: int
    top_px: int


def project_solid(shapes: Sequence[Shape], rotation: Matrix, mm_per_px: float, basis: Basis) -> Shadow:
    """Ray sums of a solid, each pixel the mean of four rays where that is affordable."""
    solid = np.array([shape.bounds(rotation) for shape in shapes if shape.material is not None]) / mm_per_px
    left, top = (int(np.floor(v)) - 1 for v in solid[:, :2].min(axis=0))
    right, bottom = (int(np.ceil(v)) + 1 for v in solid[:, 2:].max(axis=0))
    cols, rows = min(right - left, _MAX_SIDE_PX), min(bottom - top, _MAX_SIDE_PX)
    sub = 2 if rows * cols < 60_000 else 1
    tau = np.zeros((rows * sub, cols * sub, RANK), np.float32)
    x_mm = ((left * sub + np.arange(cols * sub) + 0.5) * mm_per_px / sub).astype(np.float32)
    y_mm = ((top * sub + np.arange(rows * sub) + 0.5) * mm_per_px / sub).astype(np.float32)
    edges = np.array([shape.bounds(rotation) for shape in shapes])
    _draw_tiles(tau, shapes, edges, rotation, axes_mm=(x_mm, y_mm), basis=basis)
    if sub > 1:
        tau = np.asarray(cv2.resize(tau, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)
    return Shadow(tau, np.abs(tau).sum(axis=2) > 1e-4, left, top)


def _draw_tiles(
    tau: Array,
    shapes: Sequence[Shape],
    edges: npt.NDArray[np.float64],
    rotation: Matrix,
    *,
    axes_mm: tuple[Array, Array],
    basis: Basis,
) -> None:
    """Fill tau tile by tile, each with the shapes that touch it; crowded tiles are quartered first."""
    x_mm, y_mm = axes_mm
    near = (edges[:, 2] > x_mm[0]) & (edges[:, 0] < x_mm[-1]) & (edges[:, 3] > y_mm[0]) & (edges[:, 1] < y_mm[-1])
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
                    where = (x_mm[across], y_mm[down])
                    _draw_tiles(part, inside, edges[kept], rotation, axes_mm=where, basis=basis)
        return
    tau[:] = _sum_rays(inside, rotation, *np.meshgrid(x_mm, y_mm), basis)


def _sum_rays(shapes: Sequence[Shape], rotation: Matrix, x_mm: Array, y_mm: Array, basis: Basis) -> Array:
    """Tau of every ray: along it, each stretch belongs to the last shape that covers it."""
    crossings = [shape.cross(x_mm, y_mm, rotation) for shape in shapes]
    enter = np.stack([c[0].ravel() for c in crossings])
    leave = np.stack([c[1].ravel() for c in crossings])
    missed = leave <= enter
    enter[missed] = leave[missed] = 0
    tau = np.zeros((x_mm.size, RANK), np.float32)
    hit = np.flatnonzero(~missed.all(axis=0))
    used: list[int] = np.flatnonzero(~missed.all(axis=1)).tolist()
    if not len(hit):
        return tau.reshape(*x_mm.shape, RANK)
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
    return tau.reshape(*x_mm.shape, RANK)


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
