"""Enhancements that look at a pixel's surroundings, on 16-bit tones of the size that is shown."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from imaging.look import Enhancement
from imaging.planes import counts_of

Tones = npt.NDArray[np.uint16]

GRID_PX = 32
"""Crops begin and end at multiples of this, so that a picture does not shimmer while it is dragged."""
EDGE_GAIN = 1.6
SCALE_GAINS = ((8, 1.1), (32, 0.7))
LOCAL_FLOOR = 0.035
LOCAL_SPREAD = 0.16


def filter_tones(tones: Tones, enhancement: Enhancement) -> Tones:
    """Tones with edges, all scales, or local contrast brought out; unchanged for the other enhancements."""
    match enhancement:
        case Enhancement.EDGE:
            return sharpen(tones)
        case Enhancement.SUPER:
            return bring_out_all_scales(tones)
        case Enhancement.LOCAL:
            return even_out(tones)
    return tones


def sharpen(tones: Tones) -> Tones:
    """Each pixel's difference to its 3 x 3 mean is added to it."""
    mean = cv2.blur(tones, (3, 3))
    return counts_of(cv2.addWeighted(tones, 1 + EDGE_GAIN, mean, -EDGE_GAIN, 0), tones.shape)


def bring_out_all_scales(tones: Tones) -> Tones:
    """Differences to the surroundings at three scales are added together."""
    result = sharpen(tones)
    for cell, gain in SCALE_GAINS:
        surroundings = _surroundings(tones, cell)
        detail = cv2.addWeighted(result, 1.0, tones, gain, 0, dtype=cv2.CV_32F)
        result = counts_of(cv2.addWeighted(detail, 1.0, surroundings, -gain, 0, dtype=cv2.CV_16U), tones.shape)
    return result


def even_out(tones: Tones) -> Tones:
    """Surroundings are brought to half brightness and to one spread, so that detail shows in thick and thin alike."""
    cell = 8
    small = _shrunk(tones, cell).astype(np.float32)
    mean = cv2.blur(small, (9, 9))
    spread = np.sqrt(np.maximum(cv2.blur(small * small, (9, 9)) - mean * mean, 0))
    gain = 65535 * LOCAL_SPREAD / (spread + 65535 * LOCAL_FLOOR)
    offset = (32768 + mean) / 2 - mean * gain
    rows, cols = tones.shape
    wide_gain = cv2.resize(gain.reshape(small.shape), (cols, rows), interpolation=cv2.INTER_LINEAR)
    wide_offset = cv2.resize(offset.reshape(small.shape), (cols, rows), interpolation=cv2.INTER_LINEAR)
    scaled = cv2.multiply(tones, wide_gain, dtype=cv2.CV_32F)
    return counts_of(cv2.add(scaled, wide_offset, dtype=cv2.CV_16U), tones.shape)


def _surroundings(tones: Tones, cell: int) -> Tones:
    small = cv2.blur(_shrunk(tones, cell), (3, 3))
    return counts_of(cv2.resize(small, (tones.shape[1], tones.shape[0]), interpolation=cv2.INTER_LINEAR), tones.shape)


def _shrunk(tones: Tones, cell: int) -> Tones:
    rows, cols = max(1, tones.shape[0] // cell), max(1, tones.shape[1] // cell)
    return counts_of(cv2.resize(tones, (cols, rows), interpolation=cv2.INTER_AREA), (rows, cols))
