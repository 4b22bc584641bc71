"""From counts to attenuation: air and dark references, line correction, dead rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from imaging.errors import ScanInvalidError
from imaging.planes import look_up
from imaging.scan import Counts, View

Attenuation = npt.NDArray[np.float32]

SAMPLED_PIXELS = 1 << 16
DEAD_STEP = 64
"""Each 64th pixel of a line is looked at first; only a line that seems dead is read in full."""


@dataclass(frozen=True, slots=True)
class References:
    """Counts without an object (`air`) and without beam (`dark`); `is_estimated` where the machine did not say."""

    air_high: float
    air_low: float
    dark: float
    is_estimated: bool


def references(view: View) -> References:
    """The air and dark counts of a view: its own, or an estimate from its brightest pixels.

    The estimate is the 99th percentile of a sample without the saturated pixels: right where some air is visible,
    too low (and so all attenuations too small) where the object fills the picture.

    Raises:
        ScanInvalidError: a colour picture has no counts.
    """
    if view.high is None:
        raise ScanInvalidError("A colour picture has no counts and cannot be calibrated.")
    air_high = view.air_high or brightest(view.high, view.dark)
    air_low = air_high if view.low is None else view.air_low or brightest(view.low, view.dark)
    told = view.air_high is not None and (view.low is None or view.air_low is not None)
    floor = view.dark + 1.0
    return References(max(air_high, floor), max(air_low, floor), view.dark, not told)


def brightest(counts: Counts, dark: float) -> float:
    """The 99th percentile of a regular sample of the pixels that are neither dark nor saturated."""
    step = max(1, int((counts.size / SAMPLED_PIXELS) ** 0.5))
    sample = counts[::step, ::step]
    usable = sample[(sample < 65535) & (sample > dark)]
    if usable.size == 0:
        return 65535.0
    return float(np.percentile(usable, 99))


def attenuation(view: View) -> tuple[Attenuation, Attenuation]:
    """-ln of the transmission at low and at high energy, (a_low, a_high), from 0 up to that of a single count.

    Raises:
        ScanInvalidError: the view has not two energies.
    """
    if view.high is None or view.low is None:
        raise ScanInvalidError("Attenuation at two energies needs a view with two energies.")
    known = references(view)
    low_table = attenuation_table(known.air_low, known.dark)
    high_table = attenuation_table(known.air_high, known.dark)
    return look_up(view.low, low_table), look_up(view.high, high_table)


@lru_cache(maxsize=32)
def attenuation_table(air: float, dark: float) -> Attenuation:
    """-ln T of every 16-bit count, read-only; counts at or below dark count as one half above it, over air as air."""
    counts = np.arange(65536, dtype=np.float64)
    transmission = np.clip((counts - dark) / (air - dark), 0.5 / max(air - dark, 1.0), 1.0)
    table = np.asarray(-np.log(transmission), np.float32)
    table.setflags(write=False)
    return table


def dead_lines(counts: Counts) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns that are zero, or saturated, from end to end while their picture is not."""
    rows = _stuck(counts, axis=1)
    cols = _stuck(counts, axis=0)
    if rows.size == counts.shape[0] or cols.size == counts.shape[1]:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    return rows, cols


def repair(view: View) -> View:
    """The same view with its dead rows and columns filled from their neighbours; itself where none is dead."""
    changes: dict[str, Counts] = {}
    for name in ("high", "low"):
        counts = getattr(view, name)
        if counts is not None:
            filled = fill_lines(counts, *dead_lines(counts))
            if filled is not counts:
                changes[name] = filled
    return replace(view, **changes) if changes else view  # type: ignore[arg-type]


def fill_lines(counts: Counts, rows: npt.NDArray[np.intp], cols: npt.NDArray[np.intp]) -> Counts:
    """Counts with the given rows and columns interpolated between the nearest that are alive."""
    if rows.size == 0 and cols.size == 0:
        return counts
    filled = counts.copy()
    _interpolate(filled, rows)
    _interpolate(filled.T, cols)
    return filled


def correct(counts: Counts, air: npt.ArrayLike, dark: npt.ArrayLike, target: float = 57500.0) -> Counts:
    """Counts with the gain and offset of each detector pixel (row) removed, so that air becomes `target`.

    `air` and `dark` are lines of (rows,) counts taken without an object and without beam. A pixel whose air does
    not exceed its dark is dead and becomes zero.

    Raises:
        ScanInvalidError: a line does not have one value a row.
    """
    air_line = np.asarray(air, np.float32)
    dark_line = np.asarray(dark, np.float32)
    if air_line.shape != counts.shape[:1] or dark_line.shape != counts.shape[:1]:
        raise ScanInvalidError(f"Reference lines need {counts.shape[0]} values, one a row.")
    span = air_line - dark_line
    gain = np.divide(target, span, out=np.zeros_like(span), where=span > 0)
    corrected = (counts - dark_line[:, None]) * gain[:, None]
    return np.asarray(np.clip(np.rint(corrected), 0, 65535), np.uint16)


def _stuck(counts: Counts, axis: int) -> npt.NDArray[np.intp]:
    if counts.shape[axis] < 2:
        return np.empty(0, np.intp)
    sample = counts[:, ::DEAD_STEP] if axis == 1 else counts[::DEAD_STEP]
    suspects = np.flatnonzero((sample.max(axis=axis) == 0) | (sample.min(axis=axis) == 65535))
    lines = counts[suspects] if axis == 1 else counts[:, suspects].T
    return suspects[(lines.max(axis=1) == 0) | (lines.min(axis=1) == 65535)] if suspects.size else suspects


def _interpolate(counts: Counts, dead: npt.NDArray[np.intp]) -> None:
    alive = np.setdiff1d(np.arange(counts.shape[0]), dead)
    if alive.size == 0:
        return
    for row in dead:
        after = int(np.searchsorted(alive, row))
        below, above = alive[max(after - 1, 0)], alive[min(after, alive.size - 1)]
        part = 0.5 if above == below else (row - below) / (above - below)
        counts[row] = np.rint(counts[below] * (1 - part) + counts[above] * part).astype(np.uint16)
