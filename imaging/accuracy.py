"""How accurate the station is on phantoms: atomic numbers, steel thickness, thin wires."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imaging.look import Look, Mode
from imaging.material import MaterialClass, classify, material_of, zeff
from imaging.material import beam_at as tables_at
from imaging.phantom.chain import Detector
from imaging.phantom.materials import MATERIALS, Material
from imaging.phantom.physics import DEFAULT_KVP, RANK, Beam, belt_beam, cargo_beam
from imaging.piece import MARGIN_MM, Array, Wire, add_wire
from imaging.probe import probe
from imaging.pyramid import Pyramid
from imaging.render import Viewport, render
from imaging.scan import Generator, View

ELEMENTS: dict[str, tuple[int, float]] = {
    "H": (1, 1.008),
    "C": (6, 12.011),
    "N": (7, 14.007),
    "O": (8, 15.999),
    "Na": (11, 22.990),
    "Mg": (12, 24.305),
    "Al": (13, 26.982),
    "Si": (14, 28.085),
    "P": (15, 30.974),
    "S": (16, 32.06),
    "Cl": (17, 35.45),
    "K": (19, 39.098),
    "Ca": (20, 40.078),
    "Ti": (22, 47.867),
    "Cr": (24, 51.996),
    "Fe": (26, 55.845),
    "Ni": (28, 58.693),
    "Cu": (29, 63.546),
    "Zn": (30, 65.38),
}
"""Atomic number and weight (IUPAC 2021)."""
EXPONENT = 2.94
"""Of the power law that gives compounds a reference number: Mayneord (1937)."""
REFERENCE = (
    *("PE", "PS", "nylon", "PET", "PVC", "cotton", "wood", "water", "oil", "ethanol40", "sugar", "salt", "soap"),
    *("cocaine", "heroin", "meth", "TNT", "RDX", "PETN", "bone", "shell", "glass", "alumina"),
    *("Mg", "Al", "Ti", "stainless", "steel", "Cu", "brass", "Zn"),
)
ATTENUATIONS = (0.3, 1.0, 2.5)
"""The three thicknesses of a material: those that attenuate the high channel so much."""
PATCH_PX = 64
STEEL_MM = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)
CARGO_STEEL_MM = (10.0, 20.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0)
WIRES_MM = tuple(round(0.06 * 1.15**n, 3) for n in range(24))
WIRE_PITCH_PX, WIRE_LENGTH_PX = 48, 1200
SCALES = (0.125, 0.25, 0.5, 1.0, 2.0)
OTHER_KVPS = (120.0, 140.0, 180.0)
"""What a tube may run at while the station believes DEFAULT_KVP."""
STRETCH_MM = 20.0
LEAST_STEPS = 3.0
"""Grey steps of 255 that a wire must stand out."""


@dataclass(frozen=True, slots=True)
class ZeffAt:
    """What one thickness of a material is taken for."""

    mm: float
    measured: float | None
    spread: float | None
    ideal: float | None


@dataclass(frozen=True, slots=True)
class ZeffRow:
    """A material: its reference number, what is found at ATTENUATIONS, and from which thickness its class is wrong."""

    material: str
    reference: float
    found: tuple[ZeffAt, ...]
    wrong_from_mm: float | None
    wrong_as: str


@dataclass(frozen=True, slots=True)
class SteelRow:
    """A thickness of steel, the probe's median and its error, and how often the truth lies within the probe's range."""

    mm: float
    told_mm: float
    error_percent: float
    within_percent: float


def reference_zeff(material: Material) -> float:
    """(sum of f * Z ** 2.94) ** (1 / 2.94), f the share of an element's electrons."""
    electrons: dict[int, float] = {}
    for formula, share in material.parts:
        atoms = [(symbol, float(count or 1)) for symbol, count in re.findall(r"([A-Z][a-z]?)([\d.]*)", formula)]
        mass = sum(count * ELEMENTS[symbol][1] for symbol, count in atoms)
        for symbol, count in atoms:
            number = ELEMENTS[symbol][0]
            electrons[number] = electrons.get(number, 0.0) + share * count * number / mass
    whole = sum(electrons.values())
    return float(sum(part / whole * number**EXPONENT for number, part in electrons.items()) ** (1 / EXPONENT))


def zeff_rows(seed: int = 1, kvp: float = DEFAULT_KVP) -> list[ZeffRow]:
    """Each reference material at three thicknesses in one picture of a machine with noise and scatter."""
    beam = belt_beam(kvp)
    thickness_mm = np.array([[_thickness(beam, name, a) for a in ATTENUATIONS] for name in REFERENCE])
    tau = np.zeros(((len(REFERENCE) * 2 + 1) * PATCH_PX, 7 * PATCH_PX, RANK), np.float32)
    for row, col in np.ndindex(thickness_mm.shape):
        tau[_patch(row, col)] = thickness_mm[row, col] * beam.basis.of(REFERENCE[row])
    numbers, _ = material_of(_view(beam, tau, Detector(), seed), Generator(kvp))
    rows = []
    for row, name in enumerate(REFERENCE):
        found = tuple(
            _found(beam, name, float(mm), _inner(numbers[_patch(row, col)]))
            for col, mm in enumerate(thickness_mm[row].tolist())
        )
        reference = reference_zeff(MATERIALS[name])
        rows.append(ZeffRow(name, reference, found, *_turns_wrong(beam, name, reference)))
    return rows


def steel_rows(seed: int = 1, *, is_cargo: bool = False, has_scatter: bool = False) -> Iterator[SteelRow]:
    """What the probe says of steel at single pixels, by a machine that corrects its scatter or does not."""
    beam = cargo_beam() if is_cargo else belt_beam()
    steps = CARGO_STEEL_MM if is_cargo else STEEL_MM
    detector = Detector(photons=1.2e4, low_light=0.6, scatter=0.002, dark=0.0) if is_cargo else Detector()
    if not has_scatter:
        detector = replace(detector, scatter=0.0)
    tau = np.zeros((3 * PATCH_PX, (2 * len(steps) + 1) * PATCH_PX, RANK), np.float32)
    for col, mm in enumerate(steps):
        tau[_patch(0, col)] = mm * beam.basis.of("steel")
    view = _view(beam, tau, detector, seed)
    rng = np.random.default_rng(seed)
    for col, mm in enumerate(steps):
        down, across = _patch(0, col)
        told, hits = [], 0
        for x, y in rng.integers(8, PATCH_PX - 8, (60, 2)).tolist():
            found = probe(view, across.start + x, down.start + y, Generator(beam.kv))
            assert found is not None
            assert found.steel is not None
            told.append(found.steel.mm)
            hits += found.steel.least_mm <= mm <= (found.steel.most_mm or np.inf)
        median = float(np.median(told))
        yield SteelRow(mm, median, 100 * (median / mm - 1), 100 * hits / len(told))


def wire_rows(seed: int = 1) -> Iterator[tuple[float, float | None, float | None]]:
    """Scale on screen, and the thinnest copper wire (mm) that is seen there: kept by minimum, and by mean alone.

    Pixels of 1 mm, wires in air that cross the rows of pixels. Seen is what stands out by LEAST_STEPS grey steps and
    by more than all but one in a hundred of empty stretches do, on most stretches of STRETCH_MM.
    """
    beam = belt_beam()
    rows = (len(WIRES_MM) + 2) * WIRE_PITCH_PX
    tau = np.zeros((rows, WIRE_LENGTH_PX, RANK), np.float32)
    for wire in _wires():
        add_wire(tau, wire, 1.0, beam.basis)
    pyramid = Pyramid.of(_view(beam, tau, Detector(), seed), Generator(beam.kv))
    for scale in SCALES:
        thin, mean = (_thinnest(pyramid, scale, keeps_thin) for keeps_thin in (True, False))
        yield scale, thin, mean


def misread_zeff(kvp: float, name: str) -> float:
    """Zeff at attenuation 1 where the tube runs at `kvp` and the station believes DEFAULT_KVP."""
    beam = belt_beam(kvp)
    thickness = np.array([_thickness(beam, name, 1.0)])
    return float(_ideal(beam, name, thickness, DEFAULT_KVP)[0][0])


def _thickness(beam: Beam, name: str, attenuation: float) -> float:
    thickness = np.geomspace(0.005, 900, 500)
    curve = beam.attenuate((thickness[:, None] * beam.basis.of(name)).astype(np.float32))[:, 1]
    return float(np.interp(attenuation, curve, thickness))


def _patch(row: int, col: int) -> tuple[slice, slice]:
    top, left = (2 * row + 1) * PATCH_PX, (2 * col + 1) * PATCH_PX
    return slice(top, top + PATCH_PX), slice(left, left + PATCH_PX)


def _inner(patch: Array) -> Array:
    return patch[8:-8, 8:-8]


def _view(beam: Beam, tau: Array, detector: Detector, seed: int) -> View:
    low, high = detector.measure(beam.transmit(tau), np.random.default_rng(seed))
    air_low, air_high = detector.air
    return View("top", high, low, None, 1.0, 1.0, air_low, air_high, detector.dark)


def _ideal(
    beam: Beam, name: str, thickness_mm: npt.NDArray[np.float64], told_kv: float | None = None
) -> tuple[Array, Array]:
    """Zeff and high attenuation without noise or scatter."""
    attenuation = beam.attenuate((thickness_mm[:, None] * beam.basis.of(name)).astype(np.float32))
    a_low, a_high = (np.ascontiguousarray(attenuation[:, i])[None] for i in range(2))
    return zeff(a_low, a_high, tables_at(told_kv or beam.kv))[0], a_high[0]


def _found(beam: Beam, name: str, mm: float, numbers: Array) -> ZeffAt:
    known = numbers[np.isfinite(numbers)]
    ideal = float(_ideal(beam, name, np.array([mm]))[0][0])
    if known.size < numbers.size / 2:
        return ZeffAt(mm, None, None, ideal)
    return ZeffAt(mm, float(np.median(known)), float(known.std()), ideal)


def _turns_wrong(beam: Beam, name: str, reference: float) -> tuple[float | None, str]:
    """The thickness from which on a material without noise is not of its own class any more, and what it becomes."""
    thickness = np.array([_thickness(beam, name, a) for a in np.arange(0.1, 8, 0.1)])
    numbers, a_high = _ideal(beam, name, thickness)
    classes = classify(numbers[None], a_high[None])[0]
    truth = classify(np.full((1, 1), reference, np.float32), np.full((1, 1), 1.0, np.float32))[0, 0]
    for mm, told in zip(thickness.tolist(), classes.tolist(), strict=True):
        if told != truth:
            return mm, MaterialClass(told).name.lower()
    return None, ""


def _wires() -> list[Wire]:
    first, last = 10.0 - MARGIN_MM, WIRE_LENGTH_PX - 10.0 - MARGIN_MM
    tilt = 0.5 * WIRE_PITCH_PX / WIRE_LENGTH_PX
    return [Wire("Cu", size, first, last, (i + 1) * WIRE_PITCH_PX - MARGIN_MM, tilt) for i, size in enumerate(WIRES_MM)]


def _thinnest(pyramid: Pyramid, scale: float, keeps_thin: bool) -> float | None:
    """The thinnest wire from which on all thicker ones are seen."""
    look = Look(mode=Mode.GREY, keeps_thin=keeps_thin)
    rows, cols = pyramid.shape
    viewport = Viewport(cols / 2, rows / 2, scale, round(cols * scale), round(rows * scale))
    shown = render(pyramid, viewport, look)[:, :, 0].astype(np.float32)
    empty = np.concatenate([_contrasts(shown, pyramid, wire, WIRE_PITCH_PX / 2) for wire in _wires()])
    limit = max(LEAST_STEPS, float(np.percentile(empty, 99)))
    seen = [float(np.mean(_contrasts(shown, pyramid, wire, 0) >= limit)) > 0.5 for wire in _wires()]
    missed = [size for size, is_seen in zip(WIRES_MM, seen, strict=True) if not is_seen]
    if not missed:
        return WIRES_MM[0]
    thicker = [size for size in WIRES_MM if size > missed[-1]]
    return thicker[0] if thicker else None


def _contrasts(shown: Array, pyramid: Pyramid, wire: Wire, aside_px: float) -> Array:
    """How much darker each stretch along a path is than what lies to its sides, in grey steps."""
    rows, cols = shown.shape
    scale = cols / pyramid.shape[1]
    at_col = np.arange(round(20 * scale), cols - round(20 * scale))
    x_mm = ((at_col + 0.5) / scale - MARGIN_MM).astype(np.float32)
    at_row = (wire.y_mm(x_mm) + MARGIN_MM + aside_px) * scale - 0.5
    middle = np.rint(at_row).astype(np.intp)
    side = max(round(WIRE_PITCH_PX / 4 * scale), 2)
    count = max(round(len(at_col) / (STRETCH_MM * scale)), 1)

    def along(offset: int) -> Array:
        line = shown[np.clip(middle + offset, 0, rows - 1), at_col]
        return np.array([part.mean() for part in np.array_split(line, count)], np.float32)

    around = (along(-side) + along(side)) / 2
    return np.asarray(np.max([around - along(offset) for offset in (-1, 0, 1)], axis=0), np.float32)
