"""Tables of a look: from counts to brightness, and from brightness and material to colour."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from imaging.look import Enhancement, Look, Mode, Penetration, Strip
from imaging.material import METAL_FROM, ORGANIC_TO, ZEFF_FIRST, ZEFF_LAST

Brightness = npt.NDArray[np.float32]
Packed = npt.NDArray[np.int32]
"""Pixels as 0xAARRGGBB, which is (blue, green, red, alpha) in memory and Qt's RGB32."""

EXPONENTS = {Penetration.STANDARD: 0.5, Penetration.LOW: 1.0, Penetration.HIGH: 0.28}
"""Brightness is the transmission to this power: the smaller, the brighter the thick."""
SUPER_RANGE = 9.0
LOG_RANGE = 7.0
SLICE_CENTRE = 1.5
SLICE_FACTOR = 1.6
_EVERY_TONE: Brightness = np.linspace(0, 1, 65536, dtype=np.float32)
WHITENING = 1.8
"""How late a hue turns to white as brightness rises; 1 would leave thin organics pale."""
STRIPPED_FROM = 0.55
HIGHLIGHT_RGB = (255.0, 0.0, 190.0)

HIGH_SHARE = {Penetration.LOW: 0.0, Penetration.HIGH: 1.0, Penetration.SUPER: 1.0}


def share_of_high(look: Look) -> float:
    """How much of the brightness comes from the high energy; the rest comes from the low."""
    return HIGH_SHARE.get(look.penetration, 0.5)


def tone(transmission: Brightness, look: Look) -> Brightness:
    """Brightness from 0 to 1 of a transmission from 0 to 1, before window and gamma; it never falls as T rises."""
    attenuation = -np.log(np.maximum(transmission, 1e-6))
    shift = np.float32(2.0**look.absorption)
    if look.penetration is Penetration.SLICE:
        centre = SLICE_CENTRE * shift**2
        depth = np.log(np.maximum(attenuation, 1e-6) / centre) / np.log(SLICE_FACTOR)
        return np.asarray(np.clip(0.5 - depth / 2, 0, 1), np.float32)
    if look.penetration is Penetration.SUPER or look.enhancement is Enhancement.LOG:
        deepest = SUPER_RANGE if look.penetration is Penetration.SUPER else LOG_RANGE
        return np.asarray(np.clip(1 - attenuation / (deepest * shift), 0, 1), np.float32)
    return np.asarray(transmission ** (EXPONENTS[look.penetration] / shift), np.float32)


def windowed(brightness: Brightness, look: Look) -> Brightness:
    """Brightness after gamma and window, cut to 0 to 1."""
    bent = brightness if look.gamma == 1.0 else brightness ** np.float32(1 / look.gamma)
    return np.asarray(np.clip((bent - look.window_centre) / look.window_width + 0.5, 0, 1), np.float32)


@lru_cache(maxsize=16)
def tone_table(look: Look, dark: float, air: float) -> npt.NDArray[np.uint16]:
    """Tone of every 16-bit count, 0 to 65535."""
    counts = np.arange(65536, dtype=np.float32)
    transmission = np.clip((counts - np.float32(dark)) / np.float32(air - dark), 0, 1)
    return np.rint(tone(transmission, look) * 65535).astype(np.uint16)


@lru_cache(maxsize=16)
def window_table(look: Look) -> npt.NDArray[np.uint8]:
    """8-bit brightness of every 16-bit tone."""
    return bytes_of(windowed(_EVERY_TONE, look))


def equalised_table(look: Look, histogram: npt.NDArray[np.float32], dark: float, air: float) -> npt.NDArray[np.uint16]:
    """Tone of every count for a flat histogram of tones, half way between it and the plain tone.

    `histogram` is that of the 65,536 counts. Air takes no share, or the picture would be equalised for its margin.
    """
    plain = tone_table(look, dark, air)
    weights = histogram.copy()
    weights[int(np.clip(dark + 0.95 * (air - dark), 1, 65535)) :] = 0
    total = float(weights.sum())
    if not total:
        return plain
    flat = np.cumsum(weights, dtype=np.float64) / total * plain[int(min(max(air, 0), 65535))]
    return np.maximum.accumulate(np.rint((flat + plain) / 2)).astype(np.uint16)


def bytes_of(brightness: Brightness) -> npt.NDArray[np.uint8]:
    return np.rint(brightness * 255).astype(np.uint8)


def grey_pixels(values: npt.NDArray[np.uint8], is_inverse: bool) -> Packed:
    """Grey pixels of 8-bit values."""
    shown = (255 - values if is_inverse else values).astype(np.uint32)
    return (np.uint32(0xFF000000) | shown * np.uint32(0x010101)).view(np.int32)


@lru_cache(maxsize=16)
def paint_table(palette: str, strip: Strip, highlight: int | None, is_inverse: bool) -> Packed:
    """Pixel by index = 256 * material code + brightness."""
    ramp = np.arange(256, dtype=np.float32)
    if is_inverse:
        ramp = ramp[::-1]
    v = (ramp / 255)[None, :, None]
    numbers = ZEFF_FIRST + (np.arange(256, dtype=np.float32) - 1) * ((ZEFF_LAST - ZEFF_FIRST) / 254)
    hues = hues_of(palette, numbers)
    is_kept = _kept(numbers, strip)
    if highlight is not None:
        is_kept = np.abs(numbers - highlight) <= 0.5
        hues[is_kept] = HIGHLIGHT_RGB
    hue = hues[:, None, :]
    colours = np.where(v < 0.5, hue * v * 2, hue + (255 - hue) * np.maximum(v * 2 - 1, 0) ** WHITENING)
    grey = np.broadcast_to(255 * v, colours.shape)
    stripped = 255 * (STRIPPED_FROM + (1 - STRIPPED_FROM) * v)
    colours = np.where(is_kept[:, None, None], colours, stripped)
    colours[0] = grey[0]
    return _pack(colours).ravel()


def colour_table(look: Look) -> npt.NDArray[np.uint8]:
    """New value of every 8-bit value of a colour picture: gamma, window and inverse."""
    table = bytes_of(windowed(np.linspace(0, 1, 256, dtype=np.float32), look))
    return 255 - table if look.inverse else table


def hues_of(palette: str, numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, 3) red, green and blue from 0 to 255 of atomic numbers."""
    stops = palettes()[palette]
    return np.stack([np.interp(numbers, stops[:, 0], stops[:, i]) for i in (1, 2, 3)], axis=1).astype(np.float32)


@cache
def palettes() -> dict[str, npt.NDArray[np.float32]]:
    """Stops of each palette, (n, 4): Zeff, red, green, blue."""
    text = resources.files("imaging").joinpath("tables/palettes.toml").read_text(encoding="utf-8")
    return {name: np.array(entry["stops"], np.float32) for name, entry in tomllib.loads(text).items()}


def is_painted(look: Look) -> bool:
    """Whether a look of two energies shows material."""
    return look.mode is Mode.COLOUR or look.strip is not Strip.NONE or look.highlight is not None


def _kept(numbers: npt.NDArray[np.float32], strip: Strip) -> npt.NDArray[np.bool_]:
    match strip:
        case Strip.ORGANIC_ONLY:
            return numbers <= ORGANIC_TO
        case Strip.ORGANIC_STRIP:
            return numbers > ORGANIC_TO
        case Strip.INORGANIC_ONLY:
            return numbers >= METAL_FROM
        case Strip.INORGANIC_STRIP:
            return numbers < METAL_FROM
    return np.ones(numbers.shape, np.bool_)


def _pack(rgb: npt.NDArray[np.float32]) -> Packed:
    red, green, blue = (np.rint(rgb[..., i]).astype(np.uint32) for i in range(3))
    return (np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue).view(np.int32)
