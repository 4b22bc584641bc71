"""What things throw into the picture of a fan: its rays meet every body where it lies.

Things of a library have lost their bodies. From below they are drawn as if they were flat, from their shadows by
parallel rays: each at its middle height, with the size of pixels and the slant of rays there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from imaging.phantom.bodies import Aspect, Body, Heap, Part, Solid, Wire, merge
from imaging.phantom.fan import FanPicture, Tunnel
from imaging.phantom.library import ObjectSource
from imaging.phantom.physics import RANK, Basis, belt_basis
from imaging.phantom.rays import Floats
from imaging.phantom.scene import Scene, compose_parcel
from imaging.phantom.shapes import Array, Matrix, Shadow, project_solid
from imaging.phantom.thing import Thing, adapt

_STILL = np.eye(3)
_LEAST_LEAN = 1e-6
"""Rays that run along the ground or straight up are taken to lean so much."""
_RAYS_A_ROW = 2
_MOST_SLANT = 2.0
"""Rays longer in a flat thing than this, against its thickness, would leave a real one at its side."""


def compose_in_tunnel(
    rng: np.random.Generator,
    source: ObjectSource,
    tunnel: Tunnel,
    *,
    cols: int = 800,
    threats: int | tuple[str, ...] | None = None,
    unfamiliar: int = 0,
) -> Scene:
    """Pack a parcel as `compose_parcel` does for one view, to fit the tunnel, and look at it through the fans.

    Raises:
        ValueError: the objects are a library's, and there are two fans.
    """
    mm = tunnel.mm_per_col
    size = (round(tunnel.width_mm / mm), cols)
    packed = compose_parcel(rng, source, size=size, mm_per_px=mm, threats=threats, unfamiliar=unfamiliar)
    return look_through(packed, tunnel)


def look_through(scene: Scene, tunnel: Tunnel) -> Scene:
    """The same parcel in a tunnel's fans, a view each: it lies on the belt as it lay in the view from above.

    Raises:
        ValueError: things of a library are seen from below only.
    """
    if len(tunnel.fans) > 1 and any(thing.item.body is None for thing in scene.things):
        raise ValueError("Objects of a library have no bodies to be seen from aside; take a tunnel of one fan.")
    rows, cols, _ = scene.tau[0].shape
    belt_middle_mm = rows * scene.mm_per_px / 2
    tau = [np.zeros((fan.elements, cols, RANK), np.float32) for fan in tunnel.fans]
    seen = replace(scene, tau=tau, objects=[], tunnel=tunnel)
    for thing in scene.things:
        x, y = thing.middle_mm
        lying = replace(thing, middle_mm=(x, y - belt_middle_mm))
        for view, fan in enumerate(tunnel.fans):
            shadow = cast_thing(lying, FanPicture(fan, scene.mm_per_px))
            seen.add(shadow, thing.item, thing.label, view=view, left=shadow.left_px, top=shadow.top_px)
    seen.measure_backgrounds()
    return seen


def cast_thing(thing: Thing, picture: FanPicture) -> Shadow:
    """A thing's shadow, placed in the picture."""
    item = thing.item
    if item.body is None:
        return _cast_flat(thing, picture)
    drawn, spin = item.shadows[Aspect.TOP], thing.way.spin
    rows, cols = drawn.mask.shape
    middle = (drawn.left_px + cols / 2) * item.mm_per_px, (drawn.top_px + rows / 2) * item.mm_per_px, item.rise[0]
    at = np.array([*thing.middle_mm, thing.bottom_mm]) - thing.way.scale * spin @ middle
    return cast_body(item.body, Stand(at, thing.way.scale, spin @ item.turn, spin), picture, belt_basis())


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where a body's origin is, how much it is grown, and how its solids and wires (`turn`) and heaps (`spin`) turn."""

    at: Floats
    scale: float
    turn: Matrix
    spin: Matrix


def cast_body(body: Body, stand: Stand, picture: FanPicture, basis: Basis) -> Shadow:
    """The sum of what the parts throw; parts do not displace each other."""
    return merge([_cast_part(part, stand, picture, basis) for part in body.parts])


def _cast_part(part: Part, stand: Stand, picture: FanPicture, basis: Basis) -> Shadow:
    if isinstance(part, Solid):
        shapes = [shape.moved(stand.turn, stand.at, stand.scale) for shape in part.shapes]
        return project_solid(shapes, _STILL, picture, basis)
    if isinstance(part, Wire):
        return _cast_wire(part, stand, picture, basis)
    return _cast_heap(part, stand, picture, basis)


def _cast_wire(wire: Wire, stand: Stand, picture: FanPicture, basis: Basis) -> Shadow:
    """Drawn along its path in the picture, then brought to the matter that it has at the size of pixels there."""
    points = stand.at + stand.scale * wire.points @ stand.turn.T
    path = np.stack([points[:, 0] / picture.mm_per_col, picture.fan.rows_of(points[:, 1:])], axis=1)
    mm = np.sqrt(picture.fan.mm_per_row(points[:, 1:]) * picture.mm_per_col)
    usual_mm = float(np.median(mm))
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1) * usual_mm / (mm[:-1] * mm[1:])
    grown = replace(wire, layers=tuple((material, radius * stand.scale) for material, radius in wire.layers))
    shadow = grown.draw(path, lengths, usual_mm, basis)
    matter = grown.spread(usual_mm, basis) * lengths.sum()
    drawn = np.linalg.norm(shadow.tau.sum(axis=(0, 1)))
    return replace(shadow, tau=shadow.tau * np.float32(np.linalg.norm(matter) / drawn))


def _cast_heap(heap: Heap, stand: Stand, picture: FanPicture, basis: Basis) -> Shadow:
    height = _spun(heap.height, stand.spin) * np.float32(stand.scale)
    x, y, base = stand.at + stand.scale * stand.spin @ heap.at
    low = np.array([x - height.shape[1] / 2 * stand.scale, y - height.shape[0] / 2 * stand.scale, base])
    high = np.array([2 * x - low[0], 2 * y - low[1], base + height.max()])
    left, top, right, bottom = picture.frames(low[None], high[None])[0]
    first_col, first_row = int(np.floor(left)), int(np.floor(top))
    cols, rows = int(np.ceil(right)) - first_col, max(int(np.ceil(bottom)) - first_row, 1)
    cells_y = low[1] + stand.scale * np.arange(height.shape[0] + 1)
    foot, way = picture.fan.aim(first_row + (np.arange(rows * _RAYS_A_ROW) + 0.5) / _RAYS_A_ROW)
    lengths = np.stack([_pass_heap(height, cells_y, base, *ray) for ray in zip(foot, way, strict=True)])
    lengths = lengths.reshape(rows, _RAYS_A_ROW, -1).mean(axis=1)
    cells_x = low[0] + stand.scale * np.arange(height.shape[1] + 1)
    drawn = (lengths @ _shares(cells_x / picture.mm_per_col, first_col, cols)).astype(np.float32)
    return Shadow(drawn[..., None] * basis.of(heap.material), drawn > 0.05, first_col, first_row)


def _spun(height: Array, spin: Matrix) -> Array:
    """A map of heights turned and mirrored about its middle, in a frame that holds all of it."""
    if np.array_equal(spin, _STILL):
        return height
    rows, cols = height.shape
    width, length = (int(np.ceil(side - 1e-6)) for side in np.abs(spin[:2, :2]) @ (cols, rows))
    shift = np.array([width - 1, length - 1]) / 2 - spin[:2, :2] @ np.array([cols - 1, rows - 1]) / 2
    move = np.concatenate([spin[:2, :2], shift[:, None]], axis=1)
    return np.asarray(cv2.warpAffine(height, move, (width, length)), np.float32)


def _pass_heap(height: Array, cells_y: Floats, base: float, foot: Floats, way: Floats) -> Floats:
    """How far one row of rays goes through columns that stand on `base` as high as the map says, (cols,) mm."""
    along_y, along_z = (each if abs(each) > _LEAST_LEAN else _LEAST_LEAN for each in way)
    reached = (cells_y - foot[0]) / along_y
    z = foot[1] + reached * along_z - base
    low, high = np.minimum(z[:-1], z[1:]), np.maximum(z[:-1], z[1:])
    met = np.flatnonzero((high > 0) & (low < height.max()))
    inside = np.minimum(high[met, None], height[met]) - np.maximum(low[met], 0)[:, None]
    return np.asarray(np.maximum(inside, 0).sum(axis=0) / abs(along_z))


def _shares(cells: Floats, first: int, count: int) -> Floats:
    """How much of each of `count` pixels from `first` on lies in each cell between two of `cells`: (cells, count)."""
    pixels = first + np.arange(count + 1)
    shared = np.minimum(pixels[1:], cells[1:, None]) - np.maximum(pixels[:-1], cells[:-1, None])
    return np.asarray(np.maximum(shared, 0))


def _cast_flat(thing: Thing, picture: FanPicture) -> Shadow:
    shadow = adapt(thing.item, Aspect.TOP, thing.way, picture.mm_per_col)
    rows, cols = shadow.mask.shape
    x, y = thing.middle_mm
    z = thing.bottom_mm + thing.way.scale * (thing.item.rise[1] - thing.item.rise[0]) / 2
    across = y + (np.arange(rows + 1) - rows / 2) * picture.mm_per_col
    edges = picture.fan.rows_of(np.stack([across, np.full_like(across, z)], axis=1))
    top = int(edges[0])
    seen = top + np.arange(max(int(np.ceil(edges[-1])) - top, 1)) + 0.5
    _, way = picture.fan.aim(seen)
    slant = 1 / np.maximum(np.abs(way[:, 1]), 1 / _MOST_SLANT)
    taken = np.interp(seen, edges, np.arange(rows + 1)) - 0.5
    along, down = np.meshgrid(np.arange(cols, dtype=np.float32), taken.astype(np.float32))
    tau = cv2.remap(shadow.tau, along, down, cv2.INTER_LINEAR) * slant[:, None, None].astype(np.float32)
    mask = cv2.remap(shadow.mask.astype(np.float32), along, down, cv2.INTER_LINEAR) > 0.4
    return Shadow(np.asarray(tau, np.float32), mask, round(x / picture.mm_per_col - cols / 2), top)
