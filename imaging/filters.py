"""Enhancements that look at a pixel's surroundings, on 16-bit tones of the size that is shown."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from imaging.look import Enhancement
from imaging.planes import counts_of, scratch
from imaging.scan import Box

Tones = npt.NDArray[np.uint16]

FILTERED = frozenset({Enhancement.EDGE, Enhancement.SUPER, Enhancement.LOCAL})
GRID_PX = 32
"""What is filtered begins and ends at multiples of this, so that the cells of all boxes of a picture are the same."""
REACH_PX = 64
"""How far a pixel's surroundings go at most: five cells of local contrast, to whole cells of the widest scale."""
EDGE_GAIN = 1.6
CELL_PX = 8
WIDE_CELLS = 4
NEAR_GAIN, FAR_GAIN = 1.1, 0.7
WIDE_GAIN = NEAR_GAIN + FAR_GAIN
LOCAL_FLOOR = 0.035
LOCAL_SPREAD = 0.16
LOCAL_KEPT = 0.7
GAIN_UNIT = 8192


def filter_tones(tones: Tones, enhancement: Enhancement) -> Tones:
    """Tones with edges, all scales, or local contrast brought out; unchanged for the other enhancements.

    What is returned is written over by the thread's next call.
    """
    match enhancement:
        case Enhancement.EDGE:
            return sharpen(tones)
        case Enhancement.SUPER:
            return bring_out_all_scales(tones)
        case Enhancement.LOCAL:
            return even_out(tones)
    return tones


def surroundings(box: Box, shape: tuple[int, int]) -> tuple[Box, tuple[slice, slice], tuple[int, int]]:
    """What must be filtered to get a box of a picture of (rows, cols) as if the whole had been filtered.

    That is a larger box inside the picture, the place of the box in it, and the rows and columns by which the
    picture's last ones must be repeated to fill the grid.
    """
    left, top, right, bottom = box
    rows, cols = shape
    first_x, first_y = (max(side // GRID_PX * GRID_PX - REACH_PX, 0) for side in (left, top))
    last_x, last_y = (
        min(-(-side // GRID_PX) * GRID_PX + REACH_PX, -(-size // GRID_PX) * GRID_PX)
        for side, size in ((right, cols), (bottom, rows))
    )
    inner = (slice(top - first_y, bottom - first_y), slice(left - first_x, right - first_x))
    around = (first_x, first_y, min(last_x, cols), min(last_y, rows))
    return around, inner, (last_y - around[3], last_x - around[2])


def sharpen(tones: Tones) -> Tones:
    """Each pixel's difference to its 3 x 3 mean is added to it."""
    mean = cv2.blur(tones, (3, 3), scratch(0, tones))
    return counts_of(cv2.addWeighted(tones, 1 + EDGE_GAIN, mean, -EDGE_GAIN, 0, scratch(1, tones)), tones.shape)


def bring_out_all_scales(tones: Tones) -> Tones:
    """Each pixel's differences to its surroundings at three scales are added to it."""
    near = _shrunk(tones, CELL_PX)
    far = cv2.resize(_shrunk(near, WIDE_CELLS), (near.shape[1], near.shape[0]), interpolation=cv2.INTER_LINEAR)
    wide = cv2.addWeighted(cv2.blur(near, (3, 3)), NEAR_GAIN / WIDE_GAIN, far, FAR_GAIN / WIDE_GAIN, 0)
    gain = EDGE_GAIN + WIDE_GAIN
    mean = cv2.blur(tones, (3, 3), scratch(0, tones))
    spread = _spread(counts_of(wide, near.shape), scratch(1, tones))
    around = cv2.addWeighted(mean, EDGE_GAIN / gain, spread, WIDE_GAIN / gain, 0, scratch(0, tones))
    return counts_of(cv2.addWeighted(tones, 1 + gain, around, -gain, 0, scratch(1, tones)), tones.shape)


def even_out(tones: Tones) -> Tones:
    """Surroundings are brought nearer to each other and to one spread: detail shows in thick and thin alike.

    That is tone * gain - mean * (gain - LOCAL_KEPT) + 1 - LOCAL_KEPT, so that air stays white; in 16-bit steps, both
    products an eighth of themselves on the way.
    """
    small = _shrunk(tones, CELL_PX).astype(np.float32)
    mean = np.asarray(cv2.blur(small, (9, 9))).reshape(small.shape)
    squares = np.asarray(cv2.blur(small * small, (9, 9))).reshape(small.shape)
    spread = np.sqrt(np.maximum(squares - mean * mean, 0)) / 65535
    gain = np.maximum(LOCAL_SPREAD / (spread + LOCAL_FLOOR), LOCAL_KEPT)
    gains = _spread(np.asarray(np.rint(gain * GAIN_UNIT), np.uint16), scratch(0, tones))
    products = cv2.multiply(tones, gains, gains, scale=1 / (8 * GAIN_UNIT))
    shift = np.asarray(np.rint(np.minimum(mean * (gain - LOCAL_KEPT) / 8, 65535)), np.uint16)
    shifts = _spread(shift, scratch(1, tones))
    return counts_of(cv2.addWeighted(products, 8, shifts, -8, 65535 * (1 - LOCAL_KEPT), shifts), tones.shape)


def _spread(small: Tones, out: Tones) -> Tones:
    return counts_of(cv2.resize(small, out.shape[1::-1], out, interpolation=cv2.INTER_LINEAR), out.shape)


def _shrunk(tones: Tones, cell: int) -> Tones:
    rows, cols = max(1, tones.shape[0] // cell), max(1, tones.shape[1] // cell)
    return counts_of(cv2.resize(tones, (cols, rows), interpolation=cv2.INTER_AREA), (rows, cols))
