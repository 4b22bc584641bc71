"""NumPy .npy files of (rows, cols, 2) 16-bit counts, [..., 0] high and [..., 1] low energy; never pickles."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from imaging.errors import FileTornError, FileUnsupportedError
from imaging.files.limits import check_pixels, read_bytes
from imaging.files.picture import written_at
from imaging.scan import Scan, View

MAX_HEADER_BYTES = 4096


def recognises(path: Path, head: bytes) -> bool:
    del path
    return head.startswith(npy.MAGIC_PREFIX)


def read(path: Path) -> Scan:
    """Read a dual-energy array, or a single-energy one of (rows, cols).

    Raises:
        FileError: damaged, too large, or another kind of array.
    """
    data = read_bytes(path)
    shape, is_fortran, dtype, offset = _read_header(path, data)
    if dtype.kind != "u" or dtype.itemsize != 2 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 2)):
        raise FileUnsupportedError(path, f"it holds {dtype} {shape}; 16-bit counts (rows, cols, 2) are wanted.")
    check_pixels(path, shape[0], shape[1])
    if len(data) - offset != int(np.prod(shape)) * 2:
        raise FileTornError(path, "it is longer or shorter than its header says. Send it again from the machine.")
    array = np.frombuffer(data, dtype, offset=offset).reshape(shape, order="F" if is_fortran else "C")
    planes = [array] if array.ndim == 2 else [array[:, :, 0], array[:, :, 1]]
    counts = [np.array(plane, np.uint16, order="C") for plane in planes]
    view = View(high=counts[0], low=counts[1] if len(counts) == 2 else None)
    return Scan((view,), started_at=written_at(path), source=path.name)


def _read_header(path: Path, data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise FileUnsupportedError(path, f"it is a .npy of version {version}; 1.0 and 2.0 can be read.")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read(stream, max_header_size=MAX_HEADER_BYTES)
    except FileUnsupportedError:
        raise
    except Exception as error:
        # The header is a Python literal: a damaged one raises from the parser whatever the parser likes.
        raise FileTornError(path, "its header is damaged or cut off. Send it again from the machine.") from error
    return shape, is_fortran, dtype, stream.tell()
