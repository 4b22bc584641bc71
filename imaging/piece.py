"""A test piece of known geometry, in the manner of ASTM F792: where its parts lie, and its phantom."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.phantom.chain import Detector
from imaging.phantom.physics import DEFAULT_KVP, RANK, Basis, belt_beam
from imaging.scan import Generator, Scan, View

BoxMm = tuple[float, float, float, float]
"""(left, top, right, bottom) in mm from the piece's top left corner."""
Array = npt.NDArray[np.float32]

MARGIN_MM = 30.0


@dataclass(frozen=True, slots=True)
class Plate:
    """A block of a material, lying in the picture."""

    material: str
    thickness_mm: float
    box: BoxMm


@dataclass(frozen=True, slots=True)
class Wire:
    """A round wire from the left to the right, falling by `tilt` mm a mm."""

    material: str
    diameter_mm: float
    left_mm: float
    right_mm: float
    top_mm: float
    tilt: float

    def y_mm(self, x_mm: Array) -> Array:
        """Height of the wire's axis at x."""
        return np.asarray(self.top_mm + self.tilt * (x_mm - self.left_mm), np.float32)


@dataclass(frozen=True, slots=True)
class Group:
    """Three bars with gaps of their own width; `is_across` where they stand across the belt's direction."""

    width_mm: float
    bars: tuple[Plate, Plate, Plate]
    is_across: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Every part of the piece; `bars` lie on `steel`, one a step, and `step_wire` crosses the steps of `aluminium`."""

    width_mm: float
    height_mm: float
    air: BoxMm
    frame: tuple[Plate, ...]
    wires: tuple[Wire, ...]
    aluminium: tuple[Plate, ...]
    step_wire: Wire
    steel: tuple[Plate, ...]
    bars: tuple[Plate, ...]
    groups: tuple[Group, ...]
    organic: tuple[Plate, ...]
    blocks: tuple[Plate, ...]

    @property
    def plates(self) -> tuple[Plate, ...]:
        lines = tuple(bar for group in self.groups for bar in group.bars)
        return (*self.frame, *self.aluminium, *self.steel, *self.bars, *lines, *self.organic, *self.blocks)


@cache
def reaches() -> dict[str, float]:
    """What a sound machine reaches on the piece, by figure."""
    return {name: float(value) for name, value in _entry()["reach"].items()}


@cache
def standard_piece() -> Piece:
    """The piece of imaging/tables/test_piece.toml."""
    entry = _entry()
    wires, steps, lead, lines = (
        entry[key] for key in ("wires", "useful_penetration", "simple_penetration", "resolution")
    )
    tilt = entry["tilt"]
    steel = _steps(lead["material"], lead["thicknesses_mm"], lead["box"])
    left, _, right, _ = steps["box"]
    pitch, organic = wires["pitch_mm"], entry["thin_organic"]
    return Piece(
        entry["width_mm"],
        entry["height_mm"],
        tuple(entry["air"]),
        _frame(entry),
        tuple(
            Wire(wires["material"], d, wires["left_mm"], wires["right_mm"], wires["first_top_mm"] + i * pitch, tilt)
            for i, d in enumerate(wires["diameters_mm"])
        ),
        _steps(steps["material"], steps["thicknesses_mm"], steps["box"]),
        Wire(steps["wire_material"], steps["wire_diameter_mm"], left, right, steps["wire_top_mm"], tilt),
        steel,
        tuple(_bar(plate, lead) for plate in steel),
        (*_groups(lines, is_across=True), *_groups(lines, is_across=False)),
        _steps(organic["material"], organic["thicknesses_mm"], organic["box"]),
        _blocks(entry["materials"]),
    )


def simulate_piece(
    seed: int, *, kvp: float = DEFAULT_KVP, mm_per_px: float = 1.0, detector: Detector | None = None
) -> Scan:
    """A scan of the piece alone on the belt, the same for the same seed."""
    beam = belt_beam(kvp)
    machine = detector or Detector()
    low, high = machine.measure(
        beam.transmit(project(standard_piece(), mm_per_px, beam.basis)), np.random.default_rng(seed)
    )
    air_low, air_high = machine.air
    view = View("top", high, low, None, mm_per_px, mm_per_px, air_low, air_high, machine.dark)
    return Scan((view,), device="phantom", generator=Generator(kvp), source="test piece")


def project(piece: Piece, mm_per_px: float, basis: Basis) -> Array:
    """Thickness of the piece with a margin of air in basis components, (rows, cols, RANK); a pixel holds its mean."""
    cols = round((piece.width_mm + 2 * MARGIN_MM) / mm_per_px)
    rows = round((piece.height_mm + 2 * MARGIN_MM) / mm_per_px)
    tau = np.zeros((rows, cols, RANK), np.float32)
    for plate in piece.plates:
        left, top, right, bottom = (value + MARGIN_MM for value in plate.box)
        across, down = _covered(left, right, cols, mm_per_px), _covered(top, bottom, rows, mm_per_px)
        inside = np.ix_(np.flatnonzero(down), np.flatnonzero(across))
        share = down[inside[0]] * across[inside[1]]
        tau[inside] += share[..., None] * np.float32(plate.thickness_mm) * basis.of(plate.material)
    for wire in (*piece.wires, piece.step_wire):
        add_wire(tau, wire, mm_per_px, basis)
    return tau


@cache
def _entry() -> dict[str, Any]:
    text = resources.files("imaging").joinpath("tables/test_piece.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def add_wire(tau: Array, wire: Wire, mm_per_px: float, basis: Basis) -> None:
    """Add a wire, by its mean thickness in each pixel: the integral of a circle's chord over the pixel's height.

    Places count from MARGIN_MM inside the map.
    """
    rows, cols, _ = tau.shape
    x_mm = (np.arange(cols, dtype=np.float32) + 0.5) * mm_per_px - MARGIN_MM
    along = _covered(wire.left_mm + MARGIN_MM, wire.right_mm + MARGIN_MM, cols, mm_per_px)
    y_mm = np.arange(rows + 1, dtype=np.float32) * mm_per_px - MARGIN_MM
    radius = wire.diameter_mm / 2
    u = np.clip(y_mm[:, None] - wire.y_mm(x_mm)[None], -radius, radius)
    area = u * np.sqrt(np.maximum(radius**2 - u**2, 0)) + radius**2 * np.arcsin(np.clip(u / radius, -1, 1))
    thickness = np.diff(area, axis=0) / mm_per_px * along
    tau += thickness[..., None].astype(np.float32) * basis.of(wire.material)


def _covered(first_mm: float, last_mm: float, count: int, mm_per_px: float) -> Array:
    """Which part of each of `count` pixels lies between two places."""
    edges = np.arange(count + 1) * mm_per_px
    return np.asarray(np.diff(np.clip(edges, first_mm, last_mm)) / mm_per_px, np.float32)


def _steps(material: str, thicknesses_mm: list[float], box: list[float]) -> tuple[Plate, ...]:
    left, top, right, bottom = box
    width = (right - left) / len(thicknesses_mm)
    return tuple(
        Plate(material, thickness, (left + i * width, top, left + (i + 1) * width, bottom))
        for i, thickness in enumerate(thicknesses_mm)
    )


def _bar(step: Plate, lead: dict[str, Any]) -> Plate:
    left, top, right, bottom = step.box
    half = float(lead["bar_width_mm"]) / 2
    middle, quarter = (left + right) / 2, (bottom - top) / 4
    box = (middle - half, top + quarter, middle + half, bottom - quarter)
    return Plate(str(lead["bar_material"]), float(lead["bar_thickness_mm"]), box)


def _groups(lines: dict[str, Any], *, is_across: bool) -> list[Group]:
    top, length = lines["across_top_mm" if is_across else "along_top_mm"], lines["bar_length_mm"]
    found = []
    for i, width in enumerate(lines["widths_mm"]):
        left = lines["left_mm"] + i * lines["pitch_mm"]
        bars = []
        for j in range(3):
            at = 2 * j * width
            box = (left + at, top, left + at + width, top + length)
            if not is_across:
                box = (left, top + at, left + length, top + at + width)
            bars.append(Plate(str(lines["material"]), float(lines["thickness_mm"]), box))
        found.append(Group(width, (bars[0], bars[1], bars[2]), is_across))
    return found


def _blocks(entry: dict[str, Any]) -> tuple[Plate, ...]:
    places = _steps("", [0.0] * len(entry["blocks"]), entry["box"])
    return tuple(
        Plate(name, thickness, place.box) for (name, thickness), place in zip(entry["blocks"], places, strict=True)
    )


def _frame(entry: dict[str, Any]) -> tuple[Plate, ...]:
    width, height, frame = entry["width_mm"], entry["height_mm"], entry["frame"]
    edge = frame["width_mm"]
    boxes = (
        (0.0, 0.0, width, edge),
        (0.0, height - edge, width, height),
        (0.0, edge, edge, height - edge),
        (width - edge, edge, width, height - edge),
    )
    return tuple(Plate(frame["material"], frame["thickness_mm"], box) for box in boxes)
