"""What a picture weighs: mass by material from two energies, and objects that are there several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import BinaryIO, cast

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import References, attenuation_table, references, repair
from imaging.material import (
    METAL_FROM,
    MEV_FROM_KV,
    ORGANIC_TO,
    THICKEST,
    Beam,
    MaterialClass,
    MaterialTable,
    beam_of,
    zeff_of_code,
)
from imaging.planes import look_up, paired
from imaging.scan import Counts, Generator, View, ViewKind

SCALE_MATERIALS = (("PE", 5.5), ("water", 7.3), ("Al", 12.9), ("steel", 25.5))
"""Materials whose mass attenuation is known, by the Zeff that the tables give them; between them it is interpolated."""
THICKEST_G_CM2 = 160.0
DARK = 255
"""The step of attenuation at which nothing comes through."""
FEWEST_LIKE = 3
SMALLEST_OBJECT_PX = 40
DENSER_BY = 0.35
"""How much denser than its surroundings, in attenuation, something must be to count as an object."""


@dataclass(frozen=True, slots=True)
class Content:
    """What lies in the beam, in grams by class; `dark_cm2` is where nothing came through and the mass is a least one.

    `like_objects` is the size of the largest group of objects alike in size, form and density, and `like_material`
    their class; 0 where there is no group of FEWEST_LIKE.
    """

    organic_g: float
    mixed_g: float
    metal_g: float
    dark_cm2: float
    like_objects: int = 0
    like_material: MaterialClass = MaterialClass.UNKNOWN

    @property
    def mass_g(self) -> float:
        return self.organic_g + self.mixed_g + self.metal_g

    @property
    def metal_share(self) -> float:
        return self.metal_g / self.mass_g if self.mass_g else 0.0


def measure_content(view: View, generator: Generator | None = None) -> Content | None:
    """The content of one view; None without two energies of a belt, or where a pixel has no known size.

    Areal density is attenuation over mass attenuation, which the material code gives (Beer-Lambert with the spectra of
    imaging/tables/physics.npz). Belts, trays and walls count with what they hold.
    """
    if view.kind is not ViewKind.DUAL or view.mm_per_row is None or view.mm_per_col is None:
        return None
    pixel_cm2 = view.mm_per_row * view.mm_per_col / 100
    beam = beam_of(view, generator)
    if beam.kv >= MEV_FROM_KV:
        return None
    view = repair(view)
    assert view.high is not None
    assert view.low is not None
    known = references(view)
    material, coarse, densities = _tables(known, beam)
    high, low = _smooth(view.high), _smooth(view.low)
    codes, thick = material.look_up(high, low), look_up(high, coarse)
    grams = look_up(paired(codes, thick), densities)
    organic, mixed, metal = (float(grams[mask == 1].sum()) * pixel_cm2 for mask in _classes(codes, thick))
    dark_cm2 = float((thick == DARK).sum()) * pixel_cm2
    return Content(organic, mixed, metal, dark_cm2, *_like_objects(thick, codes))


def _smooth(counts: Counts) -> Counts:
    return np.asarray(cv2.blur(counts, (3, 3)), np.uint16)


def _classes(codes: npt.NDArray[np.uint8], thick: npt.NDArray[np.uint8]) -> Sequence[npt.NDArray[np.uint8]]:
    """Masks of organic, mixed and metal; what is dark counts as metal, what is too thin to tell as organic."""
    by_code = np.zeros((256, 3), np.uint8)
    for code in range(256):
        by_code[code, _class_of(code)] = 1
    masks = [by_code[:, number][codes] for number in range(3)]
    dark = thick == DARK
    for number, mask in enumerate(masks):
        mask[dark] = number == 2
    return masks


def _class_of(code: int) -> int:
    number = zeff_of_code(code)
    return 0 if number is None or number <= ORGANIC_TO else 1 if number < METAL_FROM else 2


@lru_cache(maxsize=8)
def _tables(known: References, beam: Beam) -> tuple[MaterialTable, npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Material codes, attenuation in 255 steps up to THICKEST, and g/cm2 by 256 * attenuation + code."""
    a_high = attenuation_table(known.air_high, known.dark)
    coarse = np.clip(np.rint(a_high * (255 / THICKEST)), 0, 255).astype(np.uint8)
    return MaterialTable.of(known, beam), coarse, _densities(beam.kv)


@lru_cache(maxsize=4)
def _densities(kv: float) -> npt.NDArray[np.float32]:
    """g/cm2 by 256 * attenuation step + material code; unclassified counts as water, dark as the least steel."""
    steps = np.arange(256, dtype=np.float64) * (THICKEST / 255)
    zeffs, per_material = zip(*((zeff, _areal(name, kv, steps)) for name, zeff in SCALE_MATERIALS), strict=True)
    numbers = [7.3 if (number := zeff_of_code(code)) is None else number for code in range(256)]
    table = np.empty((256, 256), np.float32)
    logs = np.log(np.maximum(np.array(per_material), 1e-9))
    for step in range(256):
        table[step] = np.exp(np.interp(numbers, zeffs, logs[:, step]))
    table[0] = 0
    table[DARK] = _areal("steel", kv, steps)[DARK]
    return table.ravel()


def _areal(name: str, kv: float, attenuations: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """g/cm2 of a material that attenuate the high channel so much."""
    with resources.files("imaging").joinpath("tables/physics.npz").open("rb") as file:
        tables = np.load(cast(BinaryIO, file), allow_pickle=False)
        row = [str(each) for each in tables["names"]].index(name)
        density, mu = float(tables["densities"][row]), tables["mu"][row]
        weights = tables["weights"][int(np.argmin(np.abs(tables["kvps"] - kv))), 1]
    grams = np.concatenate([np.linspace(0, 20, 400, endpoint=False), np.linspace(20, THICKEST_G_CM2, 400)])
    depth = np.outer(grams / density * 10, mu)
    found = -np.log(np.maximum(np.exp(-depth) @ weights, 1e-12))
    return np.asarray(np.interp(attenuations, found, grams), np.float64)


def _like_objects(thick: npt.NDArray[np.uint8], codes: npt.NDArray[np.uint8]) -> tuple[int, MaterialClass]:
    """The largest group of objects that are alike: area, length to width, and density each within a quarter."""
    step = max(1, max(thick.shape) // 500)
    small = np.ascontiguousarray(thick[::step, ::step])
    around = cv2.medianBlur(small, 31)
    mask = (cv2.subtract(small, around) > DENSER_BY * 255 / THICKEST).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    traits, classes = [], []
    for contour in contours:
        area = float(cv2.contourArea(contour))
        if area < SMALLEST_OBJECT_PX:
            continue
        (_, (one, other), _) = cv2.minAreaRect(contour)
        left, top, cols, rows = cv2.boundingRect(contour)
        inside = small[top : top + rows, left : left + cols][mask[top : top + rows, left : left + cols] == 1]
        traits.append((np.log(area), np.log((max(one, other) + 1) / (min(one, other) + 1)), np.log(inside.mean() + 1)))
        middle = codes[(top + rows // 2) * step, (left + cols // 2) * step]
        classes.append((MaterialClass.ORGANIC, MaterialClass.MIXED, MaterialClass.METAL)[_class_of(int(middle))])
    if len(traits) < FEWEST_LIKE:
        return 0, MaterialClass.UNKNOWN
    found = np.array(traits)
    alike = (np.abs(found[:, None] - found[None]) < 0.25).all(axis=2)
    best = int(alike.sum(axis=1).argmax())
    count = int(alike[best].sum())
    return (count, classes[best]) if count >= FEWEST_LIKE else (0, MaterialClass.UNKNOWN)
