"""Windows of a picture, put into a model's input tensor, and boxes put back into the picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.heads.signature import Feed, Fit, Floats
from models.inputs import Planes

TILE_PX = 1056
"""The longest side of a tile; larger ones cost more a pixel, because they fall out of the processor's cache."""
TILE_OVERLAP_PX = 160
LARGEST_WHOLE_PX = 1_600_000
"""A picture of more px than this goes through a graph of free size in tiles."""
LONGEST_FOR_FIXED = 4
"""A picture longer than this many inputs of a fixed size is tiled, not squeezed."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture (left, top, right, bottom) and the (rows, cols) to which it is brought for the model."""

    box: tuple[int, int, int, int]
    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a window lies in the input tensor: picture px = window + (tensor px - offset) * ratio."""

    window: Window
    offset: tuple[int, int]
    size: tuple[int, int]

    def to_picture(self, boxes: Floats) -> Floats:
        """Boxes of the tensor in px of the picture, cut at the window's edges."""
        left, top, right, bottom = self.window.box
        ratio_x, ratio_y = (right - left) / self.window.cols, (bottom - top) / self.window.rows
        placed = boxes.astype(np.float32, copy=True)
        placed[:, 0::2] = np.clip((placed[:, 0::2] - self.offset[0]) * ratio_x + left, left, right)
        placed[:, 1::2] = np.clip((placed[:, 1::2] - self.offset[1]) * ratio_y + top, top, bottom)
        return placed


def plan_windows(shape: tuple[int, int], feed: Feed, scales: tuple[tuple[float, float], ...]) -> list[Window]:
    """Which parts of a picture of `shape` go to the model, at which sizes.

    `scales` are (row, column) factors for a graph of free size; one of fixed size takes whole pictures, or tiles of
    its own size where the picture is very long.
    """
    rows, cols = shape
    if feed.size is not None:
        if max(rows / feed.size[0], cols / feed.size[1]) <= LONGEST_FOR_FIXED:
            return [Window((0, 0, cols, rows), rows, cols)]
        return _tiles(shape, (1.0, 1.0), feed.size)
    windows = []
    for scale in scales:
        if rows * scale[0] * cols * scale[1] <= LARGEST_WHOLE_PX:
            windows.append(Window((0, 0, cols, rows), _at_least_one(rows * scale[0]), _at_least_one(cols * scale[1])))
        else:
            windows += _tiles(shape, scale, (TILE_PX, TILE_PX))
    return windows


def group_windows(windows: Iterable[tuple[int, Window]], most: int) -> Iterator[list[tuple[int, Window]]]:
    """Windows, each with the number of its look, in groups of one look and size that go to the model at once."""
    for _, group in groupby(windows, lambda each: (each[0], each[1].rows, each[1].cols)):
        alike = list(group)
        yield from (alike[start : start + most] for start in range(0, len(alike), most))


def choose_scales(
    shape: tuple[int, int],
    mm_per_px: tuple[float | None, float | None],
    trained_mm_per_px: float | None,
    unknown_long_px: Sequence[int],
) -> tuple[tuple[float, float], ...]:
    """The factors at which a picture is looked at: one where its mm per px is known, else one for each long side.

    A picture is never enlarged.
    """
    if trained_mm_per_px is None:
        return ((1.0, 1.0),)
    if mm_per_px[0] is not None and mm_per_px[1] is not None:
        return ((min(1.0, mm_per_px[0] / trained_mm_per_px), min(1.0, mm_per_px[1] / trained_mm_per_px)),)
    factors = {min(1.0, length / max(shape)) for length in unknown_long_px}
    return tuple((factor, factor) for factor in sorted(factors, reverse=True))


def fill(planes: Planes, window: Window, feed: Feed) -> tuple[npt.NDArray[Any], Placement]:
    """The input tensor of one window, and where the window lies in it."""
    left, top, right, bottom = window.box
    part = planes[:, top:bottom, left:right]
    if feed.size is None:
        size = (_multiple(window.rows, feed.stride), _multiple(window.cols, feed.stride))
        rows, cols = window.rows, window.cols
    else:
        size = feed.size
        rows, cols = size if feed.fit is Fit.STRETCH else _fitted(part.shape[1:], size)
    offset = (0, 0)
    if feed.fit is Fit.CENTRE and feed.size is not None:
        offset = ((size[1] - cols) // 2, (size[0] - rows) // 2)
    tensor = np.empty((1, len(planes), *size), dtype=np.float32)
    _pad(tensor[0], (offset[0], offset[1], offset[0] + cols, offset[1] + rows), feed.pad)
    target = tensor[0, :, offset[1] : offset[1] + rows, offset[0] : offset[0] + cols]
    for plane, place in zip(part, target, strict=True):
        place[...] = _resize(plane, rows, cols)
    return _normalise(tensor, feed), Placement(Window(window.box, rows, cols), offset, size)


def _pad(planes: Floats, content: tuple[int, int, int, int], value: float) -> None:
    """Fill what lies round the content (left, top, right, bottom)."""
    left, top, right, bottom = content
    for part in (planes[:, :top], planes[:, bottom:], planes[:, top:bottom, :left], planes[:, top:bottom, right:]):
        part[...] = value


def _normalise(tensor: Floats, feed: Feed) -> npt.NDArray[Any]:
    if feed.is_bgr:
        tensor = np.ascontiguousarray(tensor[:, ::-1])
    if feed.scale != 1.0:
        tensor *= feed.scale
    if feed.mean:
        tensor -= np.array(feed.mean, dtype=np.float32)[:, None, None]
        tensor /= np.array(feed.std, dtype=np.float32)[:, None, None]
    result: npt.NDArray[Any] = tensor if feed.has_batch else tensor[0]
    return result.astype(np.float16) if feed.dtype == "float16" else result


def _resize(plane: Floats, rows: int, cols: int) -> Floats:
    if plane.shape == (rows, cols):
        return plane
    shrinks = rows <= plane.shape[0] and cols <= plane.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (cols, rows), interpolation=method), dtype=np.float32)


def _fitted(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[int, int]:
    ratio = min(size[0] / shape[0], size[1] / shape[1])
    return min(_at_least_one(shape[0] * ratio), size[0]), min(_at_least_one(shape[1] * ratio), size[1])


def _tiles(shape: tuple[int, int], scale: tuple[float, float], size: tuple[int, int]) -> list[Window]:
    """Overlapping tiles that cover a picture; each is `size` px after scaling, less only where the picture is."""
    spans = [_spans(length, factor, side) for length, factor, side in zip(shape, scale, size, strict=True)]
    return [
        Window(
            (left, top, right, bottom),
            _at_least_one((bottom - top) * scale[0]),
            _at_least_one((right - left) * scale[1]),
        )
        for top, bottom in spans[0]
        for left, right in spans[1]
    ]


def _spans(length: int, factor: float, side: int) -> list[tuple[int, int]]:
    """As few spans as cover a length, as short as they can be, all of one length and evenly spread."""
    if math.floor(side / factor) >= length:
        return [(0, length)]
    overlap = min(TILE_OVERLAP_PX, side // 4)
    count = math.ceil((length * factor - overlap) / (side - overlap))
    span = min(math.ceil((length + (count - 1) * overlap / factor) / count), math.floor(side / factor))
    starts = np.linspace(0, length - span, count).round().astype(int).tolist()
    return [(start, start + span) for start in starts]


def _multiple(length: int, stride: int) -> int:
    return math.ceil(length / stride) * stride


def _at_least_one(length: float) -> int:
    return max(1, round(length))
