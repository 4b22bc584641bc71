"""From two attenuations to the effective atomic number (Zeff) and the material class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import BinaryIO, cast

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import Attenuation, References, attenuation, attenuation_table, references
from imaging.planes import look_up, paired
from imaging.scan import Counts, Generator, View

Codes = npt.NDArray[np.uint8]

ORGANIC_TO = 10.0
METAL_FROM = 18.0
THINNEST = 0.03
"""Attenuation below which noise decides the ratio: shown as air."""
THICKEST = 5.5
"""Attenuation above which too few photons arrive to classify: shown as dark."""
ZEFF_FIRST, ZEFF_LAST = 5.0, 30.0
MEV_FROM_KV = 1000.0
BELT_KV = 160.0
CARGO_KV = 6000.0
MEV_BELOW_RATIO = 1.13
"""Where nine tenths of the low/high attenuation ratios lie below this, a 6/4 MeV pair is assumed (1.05 to 1.10). With a
tube only a load of nothing but plastics (1.10) comes as low; water has 1.15, aluminium 1.4, steel 1.7."""


LEAST_TO_GUESS = 100
"""Pixels between thin and thick that the guess needs."""


class MaterialClass(IntEnum):
    """What a pixel shows; by convention orange, green and blue, with air white and dark black."""

    UNKNOWN = 0
    ORGANIC = 1
    MIXED = 2
    METAL = 3
    AIR = 4
    DARK = 5


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """What one spectrum pair makes of materials: Zeff over (high attenuation, low/high ratio), and steel wedges.

    From the physics tables that imaging.phantom.make_tables computes from published attenuation data.
    """

    kv: float
    attenuations: npt.NDArray[np.float64]
    ratios: npt.NDArray[np.float64]
    zeff: npt.NDArray[np.float32]
    steel_mm: npt.NDArray[np.float64]
    steel_high: npt.NDArray[np.float64]


@cache
def beam_at(kv: float) -> Beam:
    """The tables of the nearest tube voltage that was computed (120 to 180 kV), or of the 6/4 MeV pair."""
    with resources.files("imaging").joinpath("tables/physics.npz").open("rb") as file:
        tables = np.load(cast(BinaryIO, file), allow_pickle=False)
        if kv >= MEV_FROM_KV:
            _, high = tables["mev_steel_attenuation"]
            grid = (tables["mev_zeff_attenuation"], tables["mev_zeff_ratio"], tables["mev_zeff_table"])
            return Beam(CARGO_KV, *grid, tables["mev_steel_mm"], high)
        nearest = int(np.argmin(np.abs(tables["kvps"] - kv)))
        _, high = tables["steel_attenuation"][nearest]
        grid = (tables["zeff_attenuation"], tables["zeff_ratio"], tables["zeff_table"][nearest])
        return Beam(float(tables["kvps"][nearest]), *grid, tables["steel_mm"], high)


def beam_of(view: View, generator: Generator | None = None) -> Beam:
    """The beam that a view was taken with; guessed from its own attenuation ratios where no generator is known."""
    if generator is not None and generator.kv >= 80:
        return beam_at(generator.kv)
    if view.high is None or view.low is None:
        return beam_at(BELT_KV)
    return beam_at(CARGO_KV if looks_like_mev(view.high, view.low, references(view)) else BELT_KV)


def looks_like_mev(high: Counts, low: Counts, known: References) -> bool | None:
    """Whether counts come from a 6/4 MeV pair and not from a tube; None where too little lies in the beam to say."""
    step = max(1, int((high.size / 50_000) ** 0.5))
    a_high = attenuation_table(known.air_high, known.dark)[high[::step, ::step]]
    a_low = attenuation_table(known.air_low, known.dark)[low[::step, ::step]]
    clear = (a_high > 0.3) & (a_high < 3)
    if int(clear.sum()) < LEAST_TO_GUESS:
        return None
    return float(np.percentile(a_low[clear] / a_high[clear], 90)) < MEV_BELOW_RATIO


def zeff(a_low: Attenuation, a_high: Attenuation, beam: Beam) -> Attenuation:
    """Effective atomic number of each pixel; NaN where too thin or too thick to tell."""
    usable = (a_high >= THINNEST) & (a_high <= THICKEST) & (a_low > 0)
    ratio = np.divide(a_low, a_high, out=np.ones_like(a_high), where=usable)
    found = _table_at(beam, a_high, ratio)
    return np.where(usable, found, np.float32(np.nan))


def classify(numbers: Attenuation, a_high: Attenuation) -> npt.NDArray[np.uint8]:
    """MaterialClass of each pixel from its Zeff, with air and dark from the high-energy attenuation."""
    classes = np.zeros(numbers.shape, np.uint8)
    classes[numbers <= ORGANIC_TO] = MaterialClass.ORGANIC
    classes[(numbers > ORGANIC_TO) & (numbers < METAL_FROM)] = MaterialClass.MIXED
    classes[numbers >= METAL_FROM] = MaterialClass.METAL
    classes[a_high < THINNEST] = MaterialClass.AIR
    classes[a_high > THICKEST] = MaterialClass.DARK
    return classes


def material_of(view: View, generator: Generator | None = None) -> tuple[Attenuation, npt.NDArray[np.uint8]]:
    """Zeff and MaterialClass of every pixel of a view with two energies.

    Raises:
        ScanInvalidError: the view has not two energies.
    """
    a_low, a_high = attenuation(view)
    numbers = zeff(a_low, a_high, beam_of(view, generator))
    return numbers, classify(numbers, a_high)


@dataclass(frozen=True, slots=True, eq=False)
class MaterialTable:
    """Tables that turn counts into one material code a pixel: 0 is unclassified, 1 to 255 span Zeff 5 to 30.

    The code is looked up by attenuation (8 bit, linear) and by the difference of the logarithms of both attenuations
    (8 bit), so that a picture costs five table passes and no logarithm.
    """

    log_high: npt.NDArray[np.uint16]
    log_low: npt.NDArray[np.uint16]
    coarse_high: npt.NDArray[np.uint8]
    codes: Codes

    @classmethod
    def of(cls, known: References, beam: Beam) -> MaterialTable:
        a_high = attenuation_table(known.air_high, known.dark)
        a_low = attenuation_table(known.air_low, known.dark)
        first, step = _ratio_steps(beam)
        offset = round(-first / step)
        return cls(
            log_high=_log_code(a_high, step, 0),
            log_low=_log_code(a_low, step, offset),
            coarse_high=np.clip(np.rint(a_high * (255 / THICKEST)), 0, 255).astype(np.uint8),
            codes=_code_table(beam),
        )

    def look_up(self, high: Counts, low: Counts) -> Codes:
        """Material codes of counts of any size, (rows, cols)."""
        ratio = cv2.subtract(look_up(low, self.log_low), look_up(high, self.log_high), dtype=cv2.CV_8U)
        return look_up(paired(ratio, look_up(high, self.coarse_high)), self.codes)


def zeff_of_code(code: int) -> float | None:
    """The Zeff that a material code stands for, None where unclassified."""
    return None if code == 0 else ZEFF_FIRST + (code - 1) * (ZEFF_LAST - ZEFF_FIRST) / 254


def code_of_zeff(number: float) -> int:
    return round(1 + 254 * (min(max(number, ZEFF_FIRST), ZEFF_LAST) - ZEFF_FIRST) / (ZEFF_LAST - ZEFF_FIRST))


def _table_at(beam: Beam, a_high: Attenuation, ratio: Attenuation) -> Attenuation:
    cols = (ratio - beam.ratios[0]) / (beam.ratios[1] - beam.ratios[0])
    rows = (a_high - beam.attenuations[0]) / (beam.attenuations[1] - beam.attenuations[0])
    last_col, last_row = beam.ratios.size - 1, beam.attenuations.size - 1
    found = cv2.remap(
        beam.zeff,
        np.clip(cols, 0, last_col).astype(np.float32),
        np.clip(rows, 0, last_row).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float32).reshape(a_high.shape)


def _ratio_steps(beam: Beam) -> tuple[float, float]:
    """Logarithm of the smallest ratio and of one step of the 255 above it."""
    first, last = float(np.log(beam.ratios[0])), float(np.log(beam.ratios[-1]))
    return first, (last - first) / 255


def _log_code(attenuations: Attenuation, step: float, offset: int) -> npt.NDArray[np.uint16]:
    logs = np.log(np.maximum(attenuations, THINNEST / 4) / (THINNEST / 4))
    return np.asarray(np.clip(np.rint(logs / step) + offset, 0, 65535), np.uint16)


@cache
def _code_table(beam: Beam) -> Codes:
    """Material code by index = 256 * attenuation + ratio, as MaterialTable.look_up builds it."""
    first, step = _ratio_steps(beam)
    a_high = (np.arange(256, dtype=np.float32) * np.float32(THICKEST / 255))[:, None].repeat(256, axis=1)
    ratio = np.exp(first + step * np.arange(256, dtype=np.float32))[None, :].repeat(256, axis=0)
    numbers = np.clip(_table_at(beam, a_high, ratio), ZEFF_FIRST, ZEFF_LAST)
    codes = np.rint(1 + 254 * (numbers - ZEFF_FIRST) / (ZEFF_LAST - ZEFF_FIRST))
    codes[a_high < THINNEST] = 0
    codes[255] = 0
    return np.asarray(codes, np.uint8).ravel()
