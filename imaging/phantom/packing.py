"""Parcels that can be packed again: the same things shaken, thrown anew, or with one of them missing or another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from imaging.phantom.bodies import Aspect
from imaging.phantom.chance import between, pick
from imaging.phantom.library import Item, ObjectSource
from imaging.phantom.objects import BENIGN, CLASSES
from imaging.phantom.physics import RANK, belt_beam
from imaging.phantom.scene import Scene
from imaging.phantom.shapes import Array, overlap
from imaging.phantom.thing import Way, adapt

MOST_PIECES = 30
AIR_MM = 40.0
"""Air round a parcel in the picture."""
THREAT_PART = 0.3
LEAST_CHANGE = 0.02
"""A change to less of the mass than this is none that a picture of the whole parcel could be asked for."""
ATTEMPTS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One thing in a parcel: its place as shares (x, y) of the room, how it is turned, whether it is mirrored."""

    item: Item
    at: tuple[float, float]
    degrees: float
    mirrored: bool


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """A packaging and what lies in it."""

    packaging: Item
    pieces: tuple[Piece, ...]

    @property
    def room_mm(self) -> tuple[float, float]:
        assert self.packaging.room is not None
        return self.packaging.room[0], self.packaging.room[1]


def pack(rng: np.random.Generator, source: ObjectSource) -> Packing:
    """A packaging with goods of one main theme, now and then with something prohibited among them."""
    packaging = source.take_packaging(rng)
    assert packaging.room is not None
    area_dm2 = packaging.room[0] * packaging.room[1] / 1e4
    count = min(MOST_PIECES, 2 + int(rng.poisson(max(area_dm2 * between(rng, 0.15, 1.0), 1.0))))
    main = pick(rng, *BENIGN)
    groups = [main if rng.random() < 0.55 else pick(rng, *BENIGN) for _ in range(count)]
    if rng.random() < THREAT_PART:
        groups[-1] = pick(rng, *CLASSES)
    return Packing(packaging, tuple(_throw(rng, source.take(rng, group)) for group in groups))


def throw_anew(rng: np.random.Generator, packing: Packing) -> Packing:
    """The same things in the same packaging, each at another place: a second parcel of the same lot."""
    return replace(packing, pieces=tuple(_throw(rng, piece.item) for piece in packing.pieces))


def shake(rng: np.random.Generator, packing: Packing, mm: float) -> Packing:
    """The same parcel after a journey: every piece has moved by some `mm` and turned a little."""
    width, height = packing.room_mm
    moved = []
    for piece in packing.pieces:
        x, y = piece.at[0] + rng.normal() * mm / width, piece.at[1] + rng.normal() * mm / height
        at = (float(np.clip(x, 0, 1)), float(np.clip(y, 0, 1)))
        moved.append(replace(piece, at=at, degrees=piece.degrees + float(rng.normal()) * mm / 3))
    return replace(packing, pieces=tuple(moved))


def alter(rng: np.random.Generator, packing: Packing, source: ObjectSource) -> Packing | None:
    """The parcel with one piece missing, or another in its place; None where no change is large enough to be seen."""
    before = masses(packing)
    for _ in range(ATTEMPTS):
        number = int(rng.integers(len(packing.pieces)))
        pieces = list(packing.pieces)
        gone = pieces.pop(number)
        change = before[number]
        if rng.random() < 0.5:
            other = replace(gone, item=source.take(rng, pick(rng, *BENIGN, *CLASSES)))
            change = abs(_mass(other.item) - change)
            pieces.insert(number, other)
        if pieces and change >= LEAST_CHANGE * sum(before):
            return replace(packing, pieces=tuple(pieces))
    return None


def masses(packing: Packing) -> list[float]:
    """What each piece weighs, then the packaging, in no unit: attenuation at an energy that hardly knows materials."""
    return [_mass(item) for item in (*(piece.item for piece in packing.pieces), packing.packaging)]


def lay(packing: Packing, mm_per_px: float, degrees: float = 0.0) -> Scene:
    """The parcel as it lies on the belt, turned about its middle, with air round it."""
    shadow = adapt(packing.packaging, Aspect.TOP, Way(), mm_per_px).tau
    across = math.hypot(*shadow.shape[:2]) if degrees else 0.0
    air = AIR_MM / mm_per_px
    rows, cols = (max(round(max(side, across) + 2 * air), 32) for side in shadow.shape[:2])
    tau = np.zeros((rows, cols, RANK), np.float32)
    _add(tau, shadow, cols / 2, rows / 2)
    width, height = (side / mm_per_px for side in packing.room_mm)
    for piece in packing.pieces:
        own = adapt(piece.item, Aspect.TOP, Way(), mm_per_px).tau
        own = _turned(own, piece.degrees, piece.mirrored, (width, height))
        x = cols / 2 + (piece.at[0] - 0.5) * max(width - own.shape[1], 0)
        y = rows / 2 + (piece.at[1] - 0.5) * max(height - own.shape[0], 0)
        _add(tau, own, x, y)
    if degrees:
        turn = cv2.getRotationMatrix2D((cols / 2, rows / 2), degrees, 1.0)
        tau = np.asarray(cv2.warpAffine(tau, turn, (cols, rows)), np.float32)
    return Scene([tau], mm_per_px, packing.packaging.name, contents=[piece.item.name for piece in packing.pieces])


def _throw(rng: np.random.Generator, item: Item) -> Piece:
    return Piece(item, (between(rng, 0, 1), between(rng, 0, 1)), between(rng, 0, 360), bool(rng.random() < 0.5))


def _mass(item: Item) -> float:
    tau = item.shadows[Aspect.TOP].tau.astype(np.float32)
    return float((tau @ belt_beam().basis.curves[:, -2]).sum()) * item.mm_per_px**2


def _turned(tau: Array, degrees: float, mirrored: bool, room: Sequence[float]) -> Array:
    """Turned about its middle in a frame that holds all of it, and shrunk where it is larger than the room."""
    rows, cols = tau.shape[:2]
    turn = cv2.getRotationMatrix2D((cols / 2, rows / 2), degrees, 1.0)
    width = abs(turn[0, 0]) * cols + abs(turn[0, 1]) * rows
    height = abs(turn[0, 1]) * cols + abs(turn[0, 0]) * rows
    fit = min(1.0, room[0] / width, room[1] / height)
    turn *= fit
    width, height = math.ceil(width * fit), math.ceil(height * fit)
    turn[:, 2] = (width / 2, height / 2) - turn[:, :2] @ (cols / 2, rows / 2)
    made = cv2.warpAffine(tau[:, ::-1] if mirrored else tau, turn, (max(width, 1), max(height, 1)))
    return np.asarray(made, np.float32)


def _add(tau: Array, own: Array, x: float, y: float) -> None:
    """Add a shadow about a place; what lies outside the picture is lost."""
    where = overlap(tau.shape, own.shape, round(x - own.shape[1] / 2), round(y - own.shape[0] / 2))
    if where is not None:
        tau[where[0]] += own[where[1]]
