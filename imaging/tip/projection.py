"""Lays a threat into a scan: what the machine would have measured, had the threat been in the same rays.

Per channel a machine measures a mean over many energies, so the threat's own transmission times the scan's is wrong
by the hardening of the beam: by some percent of the attenuation, behind metal by a fifth. Here each pixel's two
attenuations are first turned into thicknesses of two materials that attenuate so (polyethylene and steel), the
threat's thickness is added, and both are sent through the beam again; the counts change by the ratio.

Fewer quanta are noisier: counts that are merely scaled would keep the relative noise of the brighter pixel. The share
of quanta that the threat takes away is drawn instead (a thinned Poisson number is a Poisson number).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import dead_lines, references
from imaging.errors import ScanInvalidError
from imaging.material import BELT_KV, MEV_FROM_KV
from imaging.phantom.physics import Beam, belt_beam, belt_kvps, cargo_beam
from imaging.scan import Counts, Generator, View

Array = npt.NDArray[np.float32]
_Wide = npt.NDArray[np.float64]

LIGHT, HEAVY = "PE", "steel"
LIKELY_QUANTA: Final = 4e4
"""Quanta a pixel in air that carry the noise, where the picture shows too little air to tell."""
BLUR_PX: Final = 0.6
_STEPS: Final = 14
_FIT: Final = 1e-3
"""Furthest that the attenuation of what was solved for may be from what was asked."""
_MOST_METAL_MM: Final = 300.0
_AIR: Final = 0.02
_FEWEST_AIR: Final = 500
_NOISE: Final = 4.0
_CHUNK: Final = 4096
_EDGE_PX: Final = 3


def beam_for(generator: Generator | None) -> Beam:
    """The beam that a scan was taken with: the nearest tube voltage that was computed, or the 6/4 MeV pair."""
    kv = BELT_KV if generator is None else generator.kv
    return cargo_beam() if kv >= MEV_FROM_KV else belt_beam(min(belt_kvps(), key=lambda known: abs(known - kv)))


def add_threat(transmission: Array, tau: Array, beam: Beam) -> Array:
    """Transmission (..., 2; low and high) of a scene with a threat of thickness tau (..., RANK) in the same rays."""
    return np.asarray(transmission * weaken(transmission, tau, beam), np.float32)


def weaken(transmission: Array, tau: Array, beam: Beam) -> Array:
    """By what a threat lessens each channel, (..., 2) from 0 to 1, behind or before what transmits so."""
    ratio = np.ones(transmission.shape, np.float32)
    hit = np.abs(tau).sum(axis=-1) > 0
    known, added = equivalent(transmission[hit], beam), tau[hit].astype(np.float32)
    ratio[hit] = np.minimum(beam.transmit(known + added) / np.maximum(beam.transmit(known), 1e-30), 1.0)
    return ratio


def equivalent(transmission: Array, beam: Beam) -> Array:
    """Thickness in basis components, (n, RANK), of polyethylene and steel that transmit so, of (n, 2).

    Where no thickness of both does (noise, several centimetres of metal), steel alone by the high channel.
    """
    pair = np.stack([beam.basis.of(LIGHT), beam.basis.of(HEAVY)])
    used = beam.weights.any(axis=0)
    curves = np.asarray(pair @ beam.basis.curves[:, used], np.float64)
    weights = np.asarray(beam.weights[:, used], np.float64)
    wanted = -np.log(np.clip(transmission.astype(np.float64), 1e-6, 1.0))
    found = np.empty((len(wanted), 2))
    for start in range(0, len(wanted), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = _solve(wanted[part], curves, weights)
    return np.asarray(found @ pair, np.float32)


def _solve(wanted: _Wide, curves: _Wide, weights: _Wide) -> _Wide:
    """Newton's steps from nothing; a beam hardens, attenuation bends down, so hardly a step goes too far."""
    found = np.zeros((len(wanted), 2))
    kernel = np.concatenate([weights * curves[0], weights * curves[1], weights]).T
    lack = wanted
    for _ in range(_STEPS):
        sums = np.exp(-np.clip(found @ curves, -3.0, None)) @ kernel
        a, c, b, d, low, high = sums.T
        low, high = np.maximum(low, 1e-30), np.maximum(high, 1e-30)
        lack = wanted + np.log(np.stack([low, high], axis=1))
        if np.abs(lack).max(initial=0.0) < _FIT / 100:
            break
        a, b, c, d = a / low, b / low, c / high, d / high
        determinant = a * d - b * c
        determinant[np.abs(determinant) < 1e-12] = 1e-12
        found[:, 0] += (d * lack[:, 0] - b * lack[:, 1]) / determinant
        found[:, 1] += (a * lack[:, 1] - c * lack[:, 0]) / determinant
    lost = ~(np.abs(lack).max(axis=1) < _FIT) | ((found @ curves).min(axis=1) < -3.0)
    if lost.any():
        found[lost] = 0
        found[lost, 1] = _metal_mm(wanted[lost, 1], curves[1], weights[1])
    return found


def _metal_mm(wanted: _Wide, curve: _Wide, weights: _Wide) -> _Wide:
    grid = np.concatenate([np.linspace(0, 20, 400, endpoint=False), np.linspace(20, _MOST_METAL_MM, 400)])
    known = -np.log(np.maximum(np.exp(-np.outer(grid, curve)) @ weights, 1e-30))
    return np.asarray(np.interp(wanted, known, grid))


def project(view: View, tau: Array, left: int, top: int, beam: Beam, *, seed: int) -> View:
    """The view with a threat of thickness tau (rows, cols, RANK) whose top left corner lies at (left, top) px.

    Pixels that do not count (dead lines, at or below dark) stay as they are. The same seed draws the same noise.

    Raises:
        ScanInvalidError: the view has not two energies, or the threat lies outside of it.
    """
    if view.high is None or view.low is None:
        raise ScanInvalidError("A threat can be projected only into a view with two energies.")
    tau = np.pad(tau, ((_EDGE_PX, _EDGE_PX), (_EDGE_PX, _EDGE_PX), (0, 0)))
    box, part = _overlap(view.shape, tau.shape[:2], left - _EDGE_PX, top - _EDGE_PX)
    known, rng = references(view), np.random.default_rng(seed)
    airs = (known.air_low - known.dark, known.air_high - known.dark)
    lights = [_light(counts, box, known.dark) for counts in (view.low, view.high)]
    pairs = zip((view.low, view.high), airs, strict=True)
    gains = [air / quanta_in_air(counts, air, known.dark) for counts, air in pairs]
    shares = [_calm(light, gain) / air for light, gain, air in zip(lights, gains, airs, strict=True)]
    ratio = weaken(np.stack(shares, axis=-1), np.ascontiguousarray(tau[part]), beam)
    ratio = np.asarray(cv2.GaussianBlur(ratio, (0, 0), BLUR_PX), np.float32)
    changed = []
    for index, counts in enumerate((view.low, view.high)):
        seen = _thin(lights[index], ratio[..., index], gains[index], rng) + known.dark
        changed.append(_put(counts, seen, box, is_alive=lights[index] > 0))
    return replace(view, low=changed[0], high=changed[1])


def quanta_in_air(counts: Counts, air: float, dark: float) -> float:
    """Quanta a pixel in air, from the noise between neighbours there; the usual number where there is too little air.

    `air` is the light without an object, above dark.
    """
    step = max(1, counts.shape[0] // 400)
    sample = counts[::step].astype(np.float32) - np.float32(dark)
    clear = np.abs(sample / air - 1) < _AIR
    both = clear[:, 1:] & clear[:, :-1] & (counts[::step][:, 1:] < 65535)
    if int(both.sum()) < _FEWEST_AIR:
        return LIKELY_QUANTA
    spread = 1.4826 * float(np.median(np.abs(sample[:, 1:] - sample[:, :-1])[both])) / np.sqrt(2)
    return float(np.clip((air / max(spread, 1e-6)) ** 2, 1e3, 1e7))


def _overlap(
    shape: tuple[int, int], size: tuple[int, int], left: int, top: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of the picture that the threat covers, and that part of the threat."""
    rows, cols = size
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + cols, shape[1]), min(top + rows, shape[0])
    if x1 <= x0 or y1 <= y0:
        raise ScanInvalidError("The threat lies outside of the picture.")
    return np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]


def _light(counts: Counts, box: tuple[slice, slice], dark: float) -> Array:
    """Counts above dark within a box; nothing where a line is dead."""
    light = counts[box].astype(np.float32) - np.float32(dark)
    rows, cols = dead_lines(counts)
    light[np.isin(np.arange(*box[0].indices(counts.shape[0])), rows)] = 0
    light[:, np.isin(np.arange(*box[1].indices(counts.shape[1])), cols)] = 0
    return light


def _calm(light: Array, gain: float) -> Array:
    """Light without its noise: the mean around where it differs by no more than noise does, and not at edges.

    A ratio that followed the noise of its pixel would lessen it.
    """
    around = np.maximum(np.asarray(cv2.blur(light, (5, 5)), np.float32), 0)
    return np.where(np.abs(light - around) < _NOISE * np.sqrt(gain * around + gain), around, light)


def _thin(light: Array, ratio: Array, gain: float, rng: np.random.Generator) -> Array:
    """Light of which each quantum passes with the probability `ratio`."""
    kept = light * ratio
    spread = np.sqrt(np.maximum(kept, 0) * (1 - ratio) * np.float32(gain))
    return np.asarray(kept + spread * rng.standard_normal(light.shape, dtype=np.float32))


def _put(counts: Counts, seen: Array, box: tuple[slice, slice], *, is_alive: npt.NDArray[np.bool_]) -> Counts:
    out = counts.copy()
    out[box] = np.where(is_alive, np.clip(np.rint(seen), 0, 65535).astype(np.uint16), counts[box])
    return out
