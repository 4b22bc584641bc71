"""Arrays of pixels as OpenCV takes and gives them, with their types and shapes kept."""

from __future__ import annotations

import threading
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]
"""(rows, cols) of counts or codes, or (rows, cols, 3) of colour."""

Value = TypeVar("Value", np.uint8, np.uint16, np.int32, np.float32)

_kept = threading.local()


def look_up(plane: Plane, table: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """The table's value for each pixel; the table has 65,536 entries for 16-bit pixels and 256 for 8-bit ones."""
    return np.asarray(cv2.LUT(plane, table)).reshape(plane.shape).astype(table.dtype, copy=False)


def paired(low_byte: cv2.typing.MatLike, high_byte: cv2.typing.MatLike) -> npt.NDArray[np.uint16]:
    """Two planes of bytes as one of 16-bit numbers, an index into a table of both."""
    shape = high_byte.shape[:2]
    return np.asarray(cv2.merge([np.asarray(low_byte).reshape(shape), high_byte])).view("<u2").reshape(shape)


def counts_of(found: cv2.typing.MatLike, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """What OpenCV returned, as counts of a shape that it may have dropped a side of length one from."""
    return np.asarray(found).reshape(shape).astype(np.uint16, copy=False)


def scratch(slot: int, like: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """A buffer of a shape, kept by thread and slot: fresh memory of this size costs more than the arithmetic on it."""
    kept = _kept.__dict__.setdefault("buffers", {})
    buffer = kept.get(slot)
    if buffer is None or buffer.size < like.size:
        buffer = kept[slot] = np.empty(like.size, np.uint16)
    return np.asarray(buffer[: like.size]).reshape(like.shape)
