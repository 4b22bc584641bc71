"""8-bit colour or grey PNG, JPEG and BMP from legacy machines: kept as the colour picture that they are."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from imaging.errors import FileError, FileTornError, FileUnsupportedError
from imaging.files.limits import MAX_PIXELS, check_pixels, read_bytes
from imaging.scan import Scan, View

FORMATS = ("PNG", "JPEG", "BMP")
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
MAGIC = (PNG_MAGIC, b"\xff\xd8\xff", b"BM")
COLOUR_MODES = ("1", "L", "P", "LA", "RGB", "RGBA", "YCbCr")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
"""Pillow warns from 89 megapixels on by itself; size_of has refused by then."""


def recognises(path: Path, head: bytes) -> bool:
    del path
    return head.startswith(MAGIC) and not is_deep_png(head)


def is_deep_png(head: bytes) -> bool:
    """Whether a PNG has 16 bits a channel."""
    return head.startswith(PNG_MAGIC) and head[24:25] == b"\x10"


def read(path: Path) -> Scan:
    """Read a picture as a scan of one colour view.

    Raises:
        FileError: damaged, too large, or of another kind.
    """
    pixels = decode(path, read_bytes(path))
    if pixels.dtype != np.uint8:
        raise FileUnsupportedError(path, "it has 16 bits a pixel and is no colour picture.")
    return Scan((View(colour=pixels.astype(np.uint8, copy=False)),), started_at=written_at(path), source=path.name)


def decode(path: Path, data: bytes) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Pixels of a PNG, JPEG or BMP: (rows, cols, 3) 8-bit RGB, or (rows, cols) 16-bit grey.

    Raises:
        FileError: damaged, too large, or of another kind.
    """
    announced = size_of(data)
    if announced is None:
        raise FileTornError(path, "its header is damaged or cut off. Send it again from the machine.")
    check_pixels(path, *announced)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_pixels(path, image.height, image.width)
            if image.mode in ("I;16", "I;16B", "I") and is_deep_png(data[:32]):
                return np.array(image, np.uint16)
            if is_deep_png(data[:32]) or image.mode not in COLOUR_MODES:
                raise FileUnsupportedError(path, f"its pixels are {image.mode}; 8-bit colour or 16-bit grey is read.")
            # Pillow warns where the transparency of a palette is dropped in one step.
            plain = image.convert("RGBA") if image.mode == "P" and "transparency" in image.info else image
            return np.array(plain.convert("RGB"), np.uint8)
    except FileError:
        raise
    except UnidentifiedImageError as error:
        raise FileTornError(path, "it begins like a picture but is none, or is cut off. Send it again.") from error
    except Exception as error:
        # A damaged picture makes the decoder raise almost anything; none of it is a bug of ours.
        raise FileTornError(path, "it is damaged or cut off. Send it again from the machine.") from error


def size_of(data: bytes) -> tuple[int, int] | None:
    """Rows and columns that the header of a PNG, BMP or JPEG announces; None where there are none."""
    if data.startswith(PNG_MAGIC) and len(data) >= 24:
        cols, rows = struct.unpack_from(">II", data, 16)
        return rows, cols
    if data.startswith(b"BM") and len(data) >= 26:
        is_old = data[14:18] == b"\x0c\x00\x00\x00"
        cols, rows = struct.unpack_from("<HH" if is_old else "<ii", data, 18)
        return abs(rows), abs(cols)
    if data.startswith(b"\xff\xd8"):
        frame = jpeg_frame(data, 2)
        return frame[1:3] if frame else None
    return None


def jpeg_frame(data: bytes, at: int) -> tuple[int, int, int, int] | None:
    """Bits, rows, columns and components of the first JPEG frame header from the marker at `at` on."""
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            rows, cols = struct.unpack_from(">HH", data, at + 5)
            return data[at + 4], rows, cols, data[at + 9]
        at += 1 if marker == 0xFF else 2 + size
    return None


def written_at(path: Path) -> datetime:
    """When a file was last written: the best guess of when a scan was made that does not say so itself."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
