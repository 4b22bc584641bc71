"""Making a machine's picture even: air and dark lines from its own reference pictures, dead pixels, belt edges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import correct, fill_lines, references
from imaging.errors import ScanInvalidError
from imaging.scan import Counts, View

Line = npt.NDArray[np.float32]
"""(rows,): one value for each pixel of the detector."""

TARGET = 57500.0
WEAKEST = 0.3
"""A pixel whose air, without its dark, is below this part of the line's median is dead."""
NOISIEST = 6.0
"""A pixel that flickers this many times as much as the median one is dead too."""
LEAST_LINES = 16
LEAST_AROUND, MOST_AROUND = 256, 60000
"""Counts around a pixel between which zero, or full scale, cannot be a measurement."""
MOST_TOGETHER = 2
EDGE_LINES = 24
EDGE_FROM, EDGE_TO = 0.6, 0.985
"""A row seen through the belt's edge alone has this part of the air that is around it."""
EDGE_CHANGE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Gain and offset of every detector pixel at both energies (`low` lines are None with one energy)."""

    air_high: Line
    dark_high: Line
    air_low: Line | None
    dark_low: Line | None
    dead: npt.NDArray[np.intp]


def calibrate(air: View, dark: View) -> Calibration:
    """A calibration from a picture of the running belt without an object and one without beam.

    Raises:
        ScanInvalidError: the pictures do not fit together, are too short, or differ too little to hold beam and none.
    """
    if air.high is None or dark.high is None or (air.low is None) != (dark.low is None):
        raise ScanInvalidError("Air and dark pictures need counts of the same energies.")
    if air.shape[0] != dark.shape[0] or min(air.shape[1], dark.shape[1]) < LEAST_LINES:
        raise ScanInvalidError(f"Air and dark pictures need the same rows and {LEAST_LINES} lines at least.")
    air_high, dark_high, dead = _lines(air.high, dark.high)
    air_low = dark_low = None
    if air.low is not None and dark.low is not None:
        air_low, dark_low, dead_low = _lines(air.low, dark.low)
        dead = np.union1d(dead, dead_low)
    if dead.size > len(air_high) // 4:
        raise ScanInvalidError(
            f"{dead.size} of {len(air_high)} detector pixels see no beam. Take the air picture with the beam on."
        )
    return Calibration(air_high, dark_high, air_low, dark_low, dead)


def apply(view: View, calibration: Calibration) -> View:
    """A view with even air of TARGET counts at both energies and its dead rows filled from their neighbours.

    Raises:
        ScanInvalidError: the calibration has other rows or another number of energies.
    """
    if view.high is None or (view.low is None) != (calibration.air_low is None):
        raise ScanInvalidError("The calibration was made for another number of energies.")
    high = _corrected(view.high, calibration.air_high, calibration.dark_high, calibration.dead)
    low = None
    if view.low is not None and calibration.air_low is not None and calibration.dark_low is not None:
        low = _corrected(view.low, calibration.air_low, calibration.dark_low, calibration.dead)
    has_low = low is not None
    return replace(view, high=high, low=low, air_high=TARGET, air_low=TARGET if has_low else None, dark=0.0)


def repair_pixels(counts: Counts) -> Counts:
    """Counts with lone pixels that are stuck at zero or full scale set to the median around them.

    A pixel is left alone where its surroundings are as dark, or as bright: behind a thick load zero is a measurement.
    """
    median = np.asarray(cv2.medianBlur(np.ascontiguousarray(counts), 3)).reshape(counts.shape)
    is_zero, is_full = counts == 0, counts == 65535
    together = cv2.boxFilter((is_zero | is_full).astype(np.uint8), -1, (3, 3), normalize=False).reshape(counts.shape)
    is_stuck = (is_zero & (median > LEAST_AROUND)) | (is_full & (median < MOST_AROUND))
    is_stuck &= together <= MOST_TOGETHER
    if not is_stuck.any():
        return counts
    return np.where(is_stuck, median, counts).astype(np.uint16)


def remove_belt_edges(view: View) -> View:
    """A view without the stripes that the belt's edges and its bed draw along the rows.

    A row is corrected where the first and the last lines of the view, which hold no object, agree on a level a little
    below air. Itself where there is no such row, and where an object touches both ends.
    """
    if view.high is None or view.shape[1] < 4 * EDGE_LINES:
        return view
    known = references(view)
    changes = {"high": _evened(view.high, known.air_high, known.dark)}
    if view.low is not None:
        changes["low"] = _evened(view.low, known.air_low, known.dark)
    changed = {name: counts for name, counts in changes.items() if counts is not getattr(view, name)}
    return replace(view, **changed) if changed else view  # type: ignore[arg-type]


def _lines(air: Counts, dark: Counts) -> tuple[Line, Line, npt.NDArray[np.intp]]:
    """Mean air and dark of each row, and the rows that are dead or flicker."""
    air_line, dark_line = air.mean(axis=1, dtype=np.float32), dark.mean(axis=1, dtype=np.float32)
    span = air_line - dark_line
    flicker = air.std(axis=1, dtype=np.float32)
    usual = max(float(np.median(flicker)), 1.0)
    is_dead = (span < WEAKEST * max(float(np.median(span)), 1.0)) | (flicker > NOISIEST * usual)
    return air_line, dark_line, np.flatnonzero(is_dead)


def _corrected(counts: Counts, air: Line, dark: Line, dead: npt.NDArray[np.intp]) -> Counts:
    return repair_pixels(fill_lines(correct(counts, air, dark, TARGET), dead, np.empty(0, np.intp)))


def _evened(counts: Counts, air: float, dark: float) -> Counts:
    first = (np.median(counts[:, :EDGE_LINES], axis=1) - dark) / (air - dark)
    last = (np.median(counts[:, -EDGE_LINES:], axis=1) - dark) / (air - dark)
    level = (first + last) / 2
    is_edge = (np.abs(first - last) < EDGE_CHANGE) & (level > EDGE_FROM) & (level < EDGE_TO)
    if not is_edge.any() or is_edge.mean() > 0.5:
        return counts
    gain = np.where(is_edge, 1 / np.where(is_edge, level, 1), 1).astype(np.float32)
    evened = (counts - np.float32(dark)) * gain[:, None] + np.float32(dark)
    return np.asarray(np.clip(np.rint(evened), 0, 65535), np.uint16)
