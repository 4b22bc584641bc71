"""From a view to the channels that a model was trained on: the same code makes training and station pictures."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import References, attenuation_table, references, repair
from imaging.material import MEV_FROM_KV, Beam, MaterialTable, beam_of, zeff_of_code
from imaging.scan import Colour, Generator, View, ViewKind
from models.card import InputKind
from models.detector import ViewUnsuitedError

Planes = npt.NDArray[np.float32]

THICKEST = 8.0
"""Attenuation that becomes 1 in the first channel."""
GREY_CHROMA = 14
"""Difference of the strongest and weakest colour channel (of 255) up to which a pixel says nothing of its material."""
GREY_PICTURE = 0.02
"""A picture with a smaller part of coloured pixels is black and white."""
DISPLAY_POWER = 0.6
"""sqrt(attenuation) is close to the darkness of a displayed picture to this power; fitted on several palettes."""
HUES = (0, 18, 30, 42, 70, 110, 150, 185, 240, 300, 360)
ZEFFS = (6.5, 6.8, 7.4, 9.0, 11.0, 13.0, 16.0, 19.0, 25.0, 26.0, 6.5)
"""Hue in degrees -> Zeff that machines show in it: orange organic, green mixed, blue metal."""


def read_planes(view: View, kind: InputKind, generator: Generator | None = None) -> Planes:
    """The channels of a view, (channels, rows, cols) from 0 to 1, at the view's own pixels.

    ATTEN_ZEFF: sqrt(attenuation / 8) and Zeff (0 unknown, else 5 to 30 spread over 1/255 to 1); of a colour picture
    both are estimates from its brightness and hue; of one energy, of a black and white picture and at MeV the second
    channel is 0. LOW_HIGH: transmissions. GRAY: brightness, thick is dark. RGB_PSEUDO: the standard colours.

    Raises:
        ViewUnsuitedError: the model needs two energies and the view has not got them.
    """
    if kind is InputKind.ATTEN_ZEFF:
        return _atten_zeff(view, generator)
    if kind is InputKind.LOW_HIGH:
        return _low_high(view)
    if kind is InputKind.GRAY:
        return _grey(view)
    return _rgb(view, generator)


def estimate_from_colour(colour: Colour, background: float | None = None) -> Planes:
    """Attenuation and Zeff channels of a pseudo-colour picture, from its darkness and hue; an estimate, no measurement.

    Darkness is counted from the picture's `background`, its brightest colour where that is not told.
    """
    mean = cv2.transform(colour, np.full((1, 3), 1 / 3, dtype=np.float32))
    background = max(background or float(np.percentile(mean[::3, ::3], 99)), 1.0)
    darkness = np.clip(1 - np.arange(256, dtype=np.float32) / background, 0, 1)
    first = cv2.LUT(mean, darkness**DISPLAY_POWER).reshape(mean.shape)
    red, green, blue = cv2.split(colour)
    chroma = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    is_coloured = np.asarray(chroma) > GREY_CHROMA
    if is_coloured.mean() < GREY_PICTURE:
        return np.stack([first, np.zeros_like(first)])
    hue = cv2.cvtColor(colour, cv2.COLOR_RGB2HSV)[:, :, 0]
    second = cv2.LUT(np.ascontiguousarray(hue), _zeff_of_hue()).reshape(hue.shape)
    return np.stack([first, np.where(is_coloured, second, np.float32(0))])


def _atten_zeff(view: View, generator: Generator | None) -> Planes:
    if view.colour is not None:
        return estimate_from_colour(view.colour)
    view = repair(view)
    assert view.high is not None
    planes = np.empty((2, *view.shape), dtype=np.float32)
    known, beam = references(view), beam_of(view, generator)
    of_high, of_low, materials = _tables(known, beam)
    attenuation = cv2.LUT(view.high, of_high).reshape(view.shape)
    if view.low is not None:
        cv2.addWeighted(attenuation, 0.5, cv2.LUT(view.low, of_low).reshape(view.shape), 0.5, 0, dst=attenuation)
    np.minimum(attenuation, 1, out=attenuation)
    cv2.sqrt(attenuation, planes[0])
    if view.low is not None and beam.kv < MEV_FROM_KV:
        codes = materials.look_up(_smooth(view.high), _smooth(view.low))
        np.multiply(codes, np.float32(1 / 255), out=planes[1])
    else:
        planes[1] = 0
    return planes


@lru_cache(maxsize=8)
def _tables(known: References, beam: Beam) -> tuple[Planes, Planes, MaterialTable]:
    """Attenuation / 8 of every count at high and at low energy, and the material codes."""
    of_high = attenuation_table(known.air_high, known.dark) / THICKEST
    of_low = attenuation_table(known.air_low, known.dark) / THICKEST
    return of_high, of_low, MaterialTable.of(known, beam)


def _low_high(view: View) -> Planes:
    if view.kind is not ViewKind.DUAL:
        raise ViewUnsuitedError("The model needs two energies; this picture does not have them.", kind=view.kind.value)
    view = repair(view)
    assert view.high is not None
    assert view.low is not None
    known = references(view)
    low = cv2.LUT(view.low, np.exp(-attenuation_table(known.air_low, known.dark)))
    high = cv2.LUT(view.high, np.exp(-attenuation_table(known.air_high, known.dark)))
    return np.stack([low.reshape(view.shape), high.reshape(view.shape)])


def _grey(view: View) -> Planes:
    if view.colour is not None:
        return np.asarray(view.colour.mean(axis=2, dtype=np.float32) / 255)[None]
    return 1 - _atten_zeff(view, None)[:1]


def _smooth(counts: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """A 3 by 3 mean: the ratio of two energies is noisier than either."""
    return np.asarray(cv2.blur(counts, (3, 3)), dtype=np.uint16)


def _zeff_of_hue() -> Planes:
    """The second channel's value of OpenCV's 8-bit hue (degrees / 2)."""
    degrees = np.arange(256, dtype=np.float32) * 2
    first, last = zeff_of_code(1), zeff_of_code(255)
    assert first is not None
    assert last is not None
    codes = 1 + 254 * (np.interp(degrees, HUES, ZEFFS) - first) / (last - first)
    return np.asarray(np.rint(codes) / 255, dtype=np.float32)


def _rgb(view: View, generator: Generator | None) -> Planes:
    if view.colour is not None:
        return np.asarray(np.ascontiguousarray(view.colour.transpose(2, 0, 1)) / 255, dtype=np.float32)
    darkness, numbers = _atten_zeff(view, generator)
    codes = np.rint(numbers * 255).astype(np.uint8)
    tints = cv2.LUT(cv2.merge([codes] * 3), _tints())
    saturation = np.minimum(darkness * 3, 1)[..., None]
    picture = (1 - np.float32(0.9) * darkness[..., None]) * (1 - saturation * (1 - tints))
    return np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)


def _tints() -> Planes:
    """Colour of each material code, (256, 1, 3) from 0 to 1; code 0 is grey."""
    zeffs = np.array([zeff_of_code(code) or 0.0 for code in range(256)])
    stops = (5.0, 8.5, 10.0, 13.0, 17.0, 19.0, 30.0)
    red = np.interp(zeffs, stops, (1.0, 1.0, 0.85, 0.35, 0.15, 0.1, 0.05))
    green = np.interp(zeffs, stops, (0.6, 0.55, 0.7, 0.8, 0.6, 0.45, 0.3))
    blue = np.interp(zeffs, stops, (0.2, 0.1, 0.15, 0.25, 0.6, 0.95, 0.9))
    tints = np.stack([red, green, blue], axis=1).astype(np.float32)
    tints[0] = 1.0
    return np.asarray(tints[:, None, :], dtype=np.float32)
