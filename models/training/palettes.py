"""Pseudo-colours as makers of machines choose them, at random, so that a model meets many before a real one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.material import code_of_zeff
from imaging.scan import Colour
from models.inputs import Planes, estimate_from_colour

HUE_STOPS = tuple(code_of_zeff(zeff) for zeff in (5.5, 8.0, 9.5, 11.0, 13.0, 16.0, 19.0, 24.0, 30.0))
ORANGE_TO_BLUE = (24.0, 30.0, 38.0, 75.0, 105.0, 135.0, 195.0, 213.0, 222.0)
BANDS_FROM = (10.0, 18.0)
"""Zeff from which mixed materials and metals have colours of their own, where a maker draws three and no shades."""
BANDED_PART, SHARPENED_PART = 0.35, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Hue of each material code in degrees, and how brightness and saturation follow the darkness of a pixel."""

    hues: npt.NDArray[np.float32]
    brightness: npt.NDArray[np.float32]
    saturation: npt.NDArray[np.float32]
    background: float
    quality: int | None
    """Quality of a JPEG that the picture went through, None for a lossless one."""
    sharpening: float
    """How much of what is finer than `fineness_px` is added, as makers do before they colour."""
    fineness_px: float


def draw_palette(rng: np.random.Generator) -> Palette:
    """A palette of a maker that does not exist, near those that do."""
    shift = rng.normal(0, (5, 4, 5, 14, 14, 14, 9, 8, 8))
    if rng.random() < 0.15:
        shift[:3] += rng.uniform(5, 25)  # green-tinted organics
    hues = np.interp(np.arange(256), HUE_STOPS, np.maximum.accumulate(np.array(ORANGE_TO_BLUE) + shift))
    if rng.random() < BANDED_PART:
        hues = _band(hues, rng)
    darkness = np.linspace(0, 1, 256)
    darkest, power = rng.uniform(0.0, 0.25), rng.uniform(1.1, 2.3)
    is_washed_out = rng.random() < 0.15
    brightness = 1 - (1 - darkest) * (0.6 if is_washed_out else 1.0) * darkness**power
    rise, fall_from = rng.uniform(3, 9), rng.uniform(0.55, 0.95)
    strongest = rng.uniform(0.3, 0.6) if is_washed_out else rng.uniform(0.65, 1.0)
    fall = np.clip((1 - darkness) / max(1 - fall_from, 1e-3), 0, 1) ** rng.uniform(0.3, 1.5)
    saturation = strongest * (1 - np.exp(-rise * darkness**1.3 * 2)) * (fall if rng.random() < 0.7 else 1)
    return Palette(
        hues.astype(np.float32),
        brightness.astype(np.float32),
        saturation.astype(np.float32),
        float(rng.uniform(0.9, 1.0)) * 255,
        int(rng.integers(55, 96)) if rng.random() < 0.6 else None,
        float(rng.uniform(0.2, 1.6)) if rng.random() < SHARPENED_PART else 0.0,
        float(rng.uniform(0.7, 3.0)),
    )


def _band(hues: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Nearly one hue for each of organic, mixed and metal."""
    starts = [code_of_zeff(zeff * rng.normal(1, 0.06)) for zeff in BANDS_FROM]
    bands = np.split(hues, np.rint(starts).astype(int))
    return np.concatenate([band + rng.uniform(0.7, 1.0) * (np.median(band) - band) for band in bands])


def paint(planes: Planes, palette: Palette) -> Colour:
    """The RGB picture of an attenuation and a Zeff plane, both from 0 to 1."""
    darkness = (_sharpen(planes[0], palette) * 255).astype(np.uint8)
    codes = np.rint(planes[1] * 255).astype(np.uint8)
    hue = (cv2.LUT(codes, palette.hues) / 2).astype(np.uint8)
    saturation = cv2.LUT(darkness, palette.saturation)
    saturation[(codes == 0) & (darkness > 0)] *= 0.3
    value = cv2.LUT(darkness, palette.brightness) * palette.background
    hsv = cv2.merge([hue, (saturation * 255).astype(np.uint8), value.astype(np.uint8)])
    picture = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if palette.quality is not None:
        quality = [cv2.IMWRITE_JPEG_QUALITY, palette.quality]
        _, packed = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
        picture = cv2.cvtColor(seen, cv2.COLOR_BGR2RGB)
    return np.asarray(picture, dtype=np.uint8)


def _sharpen(plane: npt.NDArray[np.float32], palette: Palette) -> npt.NDArray[np.float32]:
    if not palette.sharpening:
        return plane
    coarse = cv2.GaussianBlur(plane, (0, 0), palette.fineness_px)
    return np.clip(cv2.addWeighted(plane, 1 + palette.sharpening, coarse, -palette.sharpening, 0), 0, 1)


def recolour(planes: Planes, colour_part: float, grey_part: float, rng: np.random.Generator) -> Planes:
    """Planes (2, rows, cols) of ATTEN_ZEFF as they are or, in parts of all cases, as other pictures would give them.

    In `colour_part` they go through a legacy machine's colours and back, in `grey_part` they are of one energy.
    """
    chance = rng.random()
    if chance < colour_part:
        palette = draw_palette(rng)
        return estimate_from_colour(paint(planes, palette), palette.background)
    if chance < colour_part + grey_part:
        return np.stack([planes[0], np.zeros_like(planes[1])])
    return planes
