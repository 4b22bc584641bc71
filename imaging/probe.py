"""What stands under the cursor, along a line and in a region: counts, attenuation, material, steel, millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.calibrate import attenuation_table, references
from imaging.errors import ScanInvalidError
from imaging.material import MEV_FROM_KV, Beam, MaterialClass, beam_of, classify, zeff
from imaging.scan import Box, Counts, Generator, View

Point = tuple[float, float]
"""(x, y) in px of the view; pixel i covers i to i + 1."""

AROUND_PX = 2
AIR_ERROR = 0.005
ESTIMATED_AIR_ERROR = 0.03
"""How far the air reference may be off, as part of it: told by the machine, and estimated from the picture."""
SIGMAS = 2.0
VEIL, MEV_VEIL = 0.006, 0.003
"""Scattered light, as part of air, that a machine may have left in its counts: behind much steel it outshines what came
through, so the thickness may be more than it seems, never less."""


@dataclass(frozen=True, slots=True)
class Steel:
    """Thickness of steel that attenuates as much, with its range of two sigmas; `most_mm` is None where no light
    is left to tell."""

    mm: float
    least_mm: float
    most_mm: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """One pixel: what the file says, and what follows from it. What cannot be known is None."""

    x: int
    y: int
    high: int | None = None
    low: int | None = None
    colour: tuple[int, int, int] | None = None
    a_high: float | None = None
    a_low: float | None = None
    zeff: float | None = None
    material: MaterialClass = MaterialClass.UNKNOWN
    steel: Steel | None = None
    is_estimated: bool = False
    """The air reference is a guess, and so is all that follows from the counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Counts along a line, one sample a px of its length: `at_px` from its start, and in mm where calibrated."""

    at_px: npt.NDArray[np.float64]
    at_mm: npt.NDArray[np.float64] | None
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64] | None


def probe(view: View, x: float, y: float, generator: Generator | None = None) -> Probe | None:
    """What stands under a point, None outside of the view."""
    rows, cols = view.shape
    col, row = math.floor(x), math.floor(y)
    if not (0 <= col < cols and 0 <= row < rows):
        return None
    if view.high is None:
        assert view.colour is not None
        red, green, blue = (int(value) for value in view.colour[row, col])
        return Probe(col, row, colour=(red, green, blue))
    known = references(view)
    table = attenuation_table(known.air_high, known.dark)
    high = int(view.high[row, col])
    a_high = float(table[high])
    beam = beam_of(view, generator)
    steel = _steel(view.high, row, col, beam, (known.air_high, known.dark, known.is_estimated))
    if view.low is None:
        return Probe(col, row, high, a_high=a_high, steel=steel, is_estimated=known.is_estimated)
    low = int(view.low[row, col])
    a_low = float(attenuation_table(known.air_low, known.dark)[low])
    thick = np.full((1, 1), a_high, np.float32)
    number = zeff(np.full((1, 1), a_low, np.float32), thick, beam)
    found = float(number[0, 0])
    return Probe(
        col,
        row,
        high,
        low,
        a_high=a_high,
        a_low=a_low,
        zeff=None if math.isnan(found) else found,
        material=MaterialClass(int(classify(number, thick)[0, 0])),
        steel=steel,
        is_estimated=known.is_estimated,
    )


def distance_mm(view: View, start: Point, end: Point) -> float | None:
    """Length of a line at the object; None where a pixel has no known size."""
    if view.mm_per_col is None or view.mm_per_row is None:
        return None
    return math.hypot((end[0] - start[0]) * view.mm_per_col, (end[1] - start[1]) * view.mm_per_row)


def area_mm2(view: View, corners: tuple[Point, ...]) -> float | None:
    """Area of a polygon at the object (shoelace formula); None where a pixel has no known size."""
    if view.mm_per_col is None or view.mm_per_row is None:
        return None
    following = (*corners[1:], *corners[:1])
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True))
    return abs(twice) / 2 * view.mm_per_col * view.mm_per_row


def line_profile(view: View, start: Point, end: Point) -> Profile:
    """Counts along a line, of the pixels that it crosses; outside of the view the nearest pixel counts.

    Raises:
        ScanInvalidError: a colour picture has no counts.
    """
    high = _counts(view)
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    at_px = np.linspace(0, length, max(2, math.ceil(length) + 1))
    parts = at_px / length if length else np.zeros_like(at_px)
    cols = np.clip(np.floor(start[0] + parts * (end[0] - start[0])), 0, view.shape[1] - 1).astype(np.intp)
    rows = np.clip(np.floor(start[1] + parts * (end[1] - start[1])), 0, view.shape[0] - 1).astype(np.intp)
    whole_mm = distance_mm(view, start, end)
    at_mm = None if whole_mm is None else parts * whole_mm
    low = None if view.low is None else view.low[rows, cols].astype(np.float64)
    return Profile(at_px, at_mm, high[rows, cols].astype(np.float64), low)


def region_histogram(view: View, box: Box, bins: int = 256) -> dict[str, npt.NDArray[np.int64]]:
    """Pixels by count in a box, for each energy, in `bins` equal steps of 0 to 65,535; the box is cut to the view.

    Raises:
        ScanInvalidError: a colour picture has no counts, or the box lies outside of the view.
    """
    high = _counts(view)
    left, top = max(box[0], 0), max(box[1], 0)
    inside = (slice(top, max(box[3], top)), slice(left, max(box[2], left)))
    if high[inside].size == 0:
        raise ScanInvalidError("The region holds no pixel of the picture. Draw it inside the picture.")
    planes = {"high": high} if view.low is None else {"high": high, "low": view.low}
    return {name: np.histogram(plane[inside], bins, (0, 65536))[0].astype(np.int64) for name, plane in planes.items()}


def _counts(view: View) -> Counts:
    if view.high is None:
        raise ScanInvalidError("This is a colour picture: it holds no measured counts.")
    return view.high


def _steel(counts: Counts, row: int, col: int, beam: Beam, calibration: tuple[float, float, bool]) -> Steel:
    """Steel equivalent of a pixel: its noise is read from the differences in its surroundings."""
    air, dark, is_estimated = calibration
    around = counts[max(row - AROUND_PX, 0) : row + AROUND_PX + 1, max(col - AROUND_PX, 0) : col + AROUND_PX + 1]
    differences = np.abs(np.diff(around.astype(np.float64), axis=1))
    # Median absolute difference of two normal values = 0.954 sigma.
    noise = float(np.median(differences)) / 0.954 if differences.size else 0.0
    span = air - dark
    air_error = ESTIMATED_AIR_ERROR if is_estimated else AIR_ERROR
    value = max(float(counts[row, col]) - dark, 0.0)
    spread = SIGMAS * math.hypot(max(noise, 0.5), value * air_error)

    def steel_of(signal: float) -> float:
        transmission = min(max(signal, 0.5) / span, 1.0)
        return float(np.interp(-math.log(transmission), beam.steel_high, beam.steel_mm))

    darkest = value - spread - span * (MEV_VEIL if beam.kv >= MEV_FROM_KV else VEIL)
    most_mm = steel_of(darkest) if darkest > 1 and steel_of(darkest) < beam.steel_mm[-1] else None
    return Steel(steel_of(value), steel_of(value + spread), most_mm)
