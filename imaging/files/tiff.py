"""TIFF pages, checked by their headers before any is decoded."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

from imaging.errors import FileError, FileTornError, FileUnsupportedError
from imaging.files.limits import MAX_PAGES, check_pixels

MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
OWN_MARK = "guanjian.scan"
ROWS_PER_STRIP = 64
DECODERS = 2

Page = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]

logging.getLogger("tifffile").setLevel(logging.CRITICAL)
"""It logs each oddity of a damaged file that it then raises about, or that we refuse by ourselves."""


def is_tiff(head: bytes) -> bool:
    return head[:4] in MAGIC


def is_own(data: bytes) -> bool:
    """Whether encode_pages wrote it."""
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            return bool(file.pages.first.description == OWN_MARK)
    except Exception:
        # As below: whatever a damaged file raises, it is not known to be ours.
        return False


def read_pages(path: Path, data: bytes) -> list[Page]:
    """Decode all pages: 16-bit grey (rows, cols), 8-bit grey as (rows, cols), or 8-bit colour (rows, cols, 3).

    Raises:
        FileError: damaged, too large, or pages of another kind.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            pages = file.pages
            if len(pages) > MAX_PAGES:
                raise FileUnsupportedError(path, f"it has {len(pages)} pages, {MAX_PAGES} at most make a scan.")
            return [_read_page(path, pages[index], data) for index in range(len(pages))]
    except FileError:
        raise
    except Exception as error:
        # A damaged TIFF makes the decoders raise almost anything; none of it is a bug of ours.
        raise FileTornError(path, "it is damaged or cut off. Send it again from the machine.") from error


def encode_pages(pages: Sequence[Page], *, compressed: bool = True) -> bytes:
    """Pages as a TIFF without loss: ZSTD with horizontal differences, in strips that decode side by side."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {}
    if compressed:
        options = {"compression": "zstd", "compressionargs": {"level": 1}, "predictor": True}
        options |= {"rowsperstrip": ROWS_PER_STRIP}
    with tifffile.TiffWriter(buffer, bigtiff=sum(page.nbytes for page in pages) > 2**31) as writer:
        for page in pages:
            photometric = "rgb" if page.ndim == 3 else "minisblack"
            writer.write(
                page, photometric=photometric, metadata=None, description=OWN_MARK, maxworkers=DECODERS, **options
            )
    return buffer.getvalue()


def _read_page(path: Path, page: Any, data: bytes) -> Page:
    shape = tuple(int(side) for side in page.shape)
    dtype = np.dtype(page.dtype) if page.dtype is not None else None
    if len(shape) < 2:
        raise FileTornError(path, f"a page of it is {shape}. Send it again from the machine.")
    check_pixels(path, shape[0], shape[1])
    is_grey = len(shape) == 2 and dtype in (np.dtype(np.uint16), np.dtype(np.uint8))
    is_colour = len(shape) == 3 and shape[2] in (3, 4) and dtype == np.dtype(np.uint8) and page.planarconfig == 1
    if not (is_grey or is_colour):
        raise FileUnsupportedError(path, f"its pixels are {dtype} {shape}; 16-bit grey or 8-bit colour can be read.")
    _check_segments(path, page)
    array = _plain(page, data, shape)
    if array is None:
        array = _packed(page, data, shape)
    if array is None:
        array = page.asarray(maxworkers=DECODERS)
    if array.shape != shape:
        raise FileTornError(path, "its pixels do not fill the picture. Send it again from the machine.")
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        array = np.iinfo(array.dtype).max - array
    return np.ascontiguousarray(array[:, :, :3] if is_colour else array, dtype=array.dtype.newbyteorder("="))


def _plain(page: Any, data: bytes, shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """The pixels of an uncompressed page where they lie in the file, without a copy."""
    dtype = np.dtype(page.parent.byteorder + page.dtype.char)
    if not page.is_contiguous or page.predictor != 1 or page.fillorder != 1:
        return None
    count = int(np.prod(shape))
    return np.frombuffer(data, dtype, count, int(page.dataoffsets[0])).reshape(shape)


def _packed(page: Any, data: bytes, shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """The pixels of a page as `encode_pages` packs them, each strip decoded to where it belongs; None for any other.

    Tifffile takes nearly twice as long, most of it to move what it has decoded.
    """
    is_ours = (
        page.compression == tifffile.COMPRESSION.ZSTD
        and page.predictor == tifffile.PREDICTOR.HORIZONTAL
        and page.parent.byteorder == "<"
        and len(shape) == 2
        and not page.is_tiled
    )
    if not is_ours:
        return None
    array = np.empty(shape, np.dtype(page.dtype).newbyteorder("="))
    tall = int(page.rowsperstrip)
    view: Any = memoryview(data)

    def decode(number: int) -> None:
        rows = array[number * tall : (number + 1) * tall]
        offset, count = page.dataoffsets[number], page.databytecounts[number]
        differences = imagecodecs.zstd_decode(view[offset : offset + count], out=rows.nbytes)
        imagecodecs.delta_decode(np.frombuffer(differences, array.dtype).reshape(rows.shape), axis=-1, out=rows)

    with ThreadPoolExecutor(DECODERS, "strips") as pool:
        list(pool.map(decode, range(-(-shape[0] // tall))))
    return array


def _check_segments(path: Path, page: Any) -> None:
    """Refuse strips or tiles that lie outside of the file, are missing, or are larger than the picture allows."""
    end = page.parent.filehandle.size
    offsets, counts = page.dataoffsets, page.databytecounts
    expected = int(np.prod(page.chunked))
    if len(offsets) != len(counts) or len(offsets) < expected:
        raise FileTornError(path, "parts of the picture are missing. Send it again from the machine.")
    if any(o <= 0 or c <= 0 or o + c > end for o, c in zip(offsets, counts, strict=True)):
        raise FileTornError(path, "it is cut off. Send it again from the machine.")
    if page.is_tiled:
        check_pixels(path, int(page.tilelength), int(page.tilewidth))
