"""Colour pictures of legacy machines: which maker's palette they use, and what may be read back from it.

A palette turned attenuation and class into colours; where it is known the colours turn back, to a pseudo attenuation
(the display curve of the maker is an assumption, see the palette's `source`) and one of three classes, never to Zeff.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import cv2
import numpy as np
import numpy.typing as npt

from imaging.look import LEGACY_REASONS
from imaging.material import Codes, MaterialClass, code_of_zeff
from imaging.scan import Colour, Counts

Curve = npt.NDArray[np.float32]
"""(n, 4): pseudo attenuation, red, green, blue; from thin to thick."""

CLASSES = {"organic": MaterialClass.ORGANIC, "mixed": MaterialClass.MIXED, "metal": MaterialClass.METAL}
CLASS_ZEFF = {MaterialClass.ORGANIC: 7.5, MaterialClass.MIXED: 14.0, MaterialClass.METAL: 26.0}
"""The Zeff whose material code stands for a class on screen; it is no finding."""
HUES = {"organic": (0.0, 60.0), "mixed": (75.0, 170.0), "metal": (180.0, 250.0)}
"""Degrees of hue in which the trade paints a class."""
BITS = 5
SAMPLES = 64
TOLERANCE = 24.0
"""Distance in RGB up to which a colour counts as one of the palette's."""
CLEARER_BY = 8.0
"""How much nearer a class must be than the next for a colour to tell it."""
LEAST_SCORE = 0.9
GREY_CHROMA = 20
LEAST_COLOURED = 0.005
SAMPLED_PIXELS = 60_000
PSEUDO_AIR = 60000.0
BIN_LUMA = 12
LEAST_IN_BIN = 150


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """A maker's palette: one curve of colours a class. `is_estimated` where it was learnt from pictures."""

    name: str
    source: str
    is_estimated: bool
    curves: dict[MaterialClass, Curve]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What palette a picture uses: the share of its coloured pixels that the best palette explains (`score`).

    `palette` is None where none fits; `reason` then says why, as a text key below `look.unavailable`.
    """

    palette: Palette | None
    score: float
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pseudo:
    """What a known palette gives back, (rows, cols) each: counts as if of one energy (air is PSEUDO_AIR, no dark),
    material codes (0 where the colour tells no class), and distance in RGB to the palette."""

    counts: Counts
    codes: Codes
    distance: npt.NDArray[np.uint8]


@cache
def palettes() -> tuple[Palette, ...]:
    """The palettes in imaging/tables/legacy_palettes, by name."""
    folder = resources.files("imaging").joinpath("tables/legacy_palettes")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(parse_palette(file.name.removesuffix(".toml"), file.read_text(encoding="utf-8")) for file in files)


def parse_palette(name: str, text: str) -> Palette:
    """A palette from its file: `source`, `is_estimated`, and a table with `stops` for each class that it has."""
    entry = tomllib.loads(text)
    curves = {kind: np.array(entry[key]["stops"], np.float32) for key, kind in CLASSES.items() if key in entry}
    return Palette(name, entry["source"], entry["is_estimated"], curves)


def recognise(colour: Colour) -> Recognition:
    """The known palette that a picture uses; the nearest where several explain it."""
    step = max(1, int((colour.shape[0] * colour.shape[1] / SAMPLED_PIXELS) ** 0.5))
    sample = np.ascontiguousarray(colour[::step, ::step])
    chroma = sample.max(axis=2).astype(np.int16) - sample.min(axis=2)
    is_coloured = chroma > GREY_CHROMA
    if is_coloured.mean() < LEAST_COLOURED:
        return Recognition(None, 0.0, LEGACY_REASONS.grey)
    pixels = sample[is_coloured][None]
    best, best_distance, best_score = None, np.inf, 0.0
    for palette in palettes():
        distance = invert(pixels, palette).distance
        score = float((distance <= TOLERANCE).mean())
        best_score = max(best_score, score)
        if score >= LEAST_SCORE and distance.mean() < best_distance:
            best, best_distance = Recognition(palette, score), float(distance.mean())
    return best or Recognition(None, best_score, LEGACY_REASONS.unknown)


def invert(colour: Colour, palette: Palette) -> Pseudo:
    """Pseudo counts and class codes of a picture in a known palette."""
    index = _index(colour)
    tables = _tables(palette)
    counts, codes, distance = (np.asarray(cv2.LUT(index, table)).reshape(index.shape) for table in tables)
    return Pseudo(counts.astype(np.uint16), codes.astype(np.uint8), distance.astype(np.uint8))


def learn_palette(name: str, source: str, pictures: Sequence[Colour]) -> Palette:
    """A palette from a machine's own pictures: for each class the median colour at each brightness.

    The pseudo attenuation follows the assumed display curve.
    """
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in pictures])
    hsv = np.asarray(cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV))[0]
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    chroma = pixels.max(axis=1).astype(np.int16) - pixels.min(axis=1)
    curves = {}
    for key, (first, last) in HUES.items():
        mine = (chroma > GREY_CHROMA) & (hsv[:, 0] * 2.0 >= first) & (hsv[:, 0] * 2.0 < last)
        stops = _ridge(pixels[mine], luma[mine])
        if len(stops) > 1:
            curves[CLASSES[key]] = np.array(stops, np.float32)
    return Palette(name, source, True, curves)


def assumed_attenuation(brightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Pseudo attenuation of a brightness from 0 to 1 where the maker's display curve is unknown.

    Brightness is taken as the square root of transmission, as this station itself shows it.
    """
    return np.asarray(-2 * np.log(np.clip(brightness, 1 / 255, 1)), np.float32)


def palette_text(palette: Palette) -> str:
    """A palette as its file."""
    lines = [f'source = "{palette.source}"', f"is_estimated = {str(palette.is_estimated).lower()}"]
    for key, kind in CLASSES.items():
        if kind in palette.curves:
            stops = [f"    [{a:.2f}, {r:.0f}, {g:.0f}, {b:.0f}]," for a, r, g, b in palette.curves[kind].tolist()]
            lines += ["", f"[{key}]", "# pseudo attenuation, red, green, blue", "stops = [", *stops, "]"]
    return "\n".join(lines) + "\n"


def _ridge(pixels: Colour, luma: npt.NDArray[np.float32]) -> list[list[float]]:
    stops = []
    for first in range(256 - BIN_LUMA, -1, -BIN_LUMA):
        inside = (luma >= first) & (luma < first + BIN_LUMA)
        if inside.sum() >= LEAST_IN_BIN:
            red, green, blue = (float(value) for value in np.median(pixels[inside], axis=0))
            brightness = np.array([(0.299 * red + 0.587 * green + 0.114 * blue) / 255], np.float32)
            stops.append([float(assumed_attenuation(brightness)[0]), red, green, blue])
    return stops


def _index(colour: Colour) -> npt.NDArray[np.uint16]:
    """Colours as numbers of BITS bits a channel, (rows, cols)."""
    red, green, blue = (colour[..., i].astype(np.uint16) >> np.uint16(8 - BITS) for i in range(3))
    return np.asarray(red << np.uint16(2 * BITS) | green << np.uint16(BITS) | blue, np.uint16)


@cache
def _tables(palette: Palette) -> tuple[Counts, Codes, npt.NDArray[np.uint8]]:
    """Pseudo counts, codes and distance of every number that _index makes."""
    side = 1 << BITS
    levels = (np.arange(side, dtype=np.float32) + 0.5) * (256 / side)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    found = [_nearest(grid, curve) for curve in palette.curves.values()]
    distances = np.stack([distance for distance, _ in found])
    attenuations = np.stack([attenuation for _, attenuation in found])
    order = np.argsort(distances, axis=0)
    best = np.take_along_axis(distances, order[:1], 0)[0]
    attenuation = np.take_along_axis(attenuations, order[:1], 0)[0]
    codes = np.array([code_of_zeff(CLASS_ZEFF[kind]) for kind in palette.curves], np.uint8)[order[0]]
    if len(found) > 1:
        codes[np.take_along_axis(distances, order[1:2], 0)[0] - best < CLEARER_BY] = 0
    codes[best > TOLERANCE] = 0
    is_grey = (grid.max(axis=1) - grid.min(axis=1) <= GREY_CHROMA) & (best > TOLERANCE)
    luma = grid @ np.array([0.299, 0.587, 0.114], np.float32)
    attenuation[is_grey] = assumed_attenuation(luma[is_grey].astype(np.float32) / 255)
    counts = _padded(np.rint(PSEUDO_AIR * np.exp(-attenuation)).astype(np.uint16))
    return counts, _padded(codes), _padded(np.minimum(best, 255).astype(np.uint8))


def _padded(table: npt.NDArray[np.generic]) -> npt.NDArray:  # type: ignore[type-arg]
    """A table of the 65,536 entries that a 16-bit look-up takes."""
    return np.resize(table, 65536)


def _nearest(grid: npt.NDArray[np.float32], curve: Curve) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Distance in RGB of each colour to a curve that begins at white, and the pseudo attenuation there."""
    stops = np.concatenate([np.array([[0, 255, 255, 255]], np.float32), curve])
    along = np.linspace(0, len(stops) - 1, SAMPLES)
    dense = np.stack([np.interp(along, np.arange(len(stops)), stops[:, i]) for i in range(4)], axis=1)
    colours = dense[:, 1:].astype(np.float32)
    squares = (grid**2).sum(axis=1)[:, None] - 2 * grid @ colours.T + (colours**2).sum(axis=1)[None]
    nearest = squares.argmin(axis=1)
    distance = np.sqrt(np.maximum(squares[np.arange(len(grid)), nearest], 0))
    return distance, dense[nearest, 0].astype(np.float32)
