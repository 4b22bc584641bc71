"""8-bit colour or grey PNG, JPEG and BMP from legacy machines: kept as the colour picture that they are."""

from __future__ import annotations

import io
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
"""Pillow warns from half of a gigabyte on; check_pixels has refused by then."""


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
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_pixels(path, image.height, image.width)
            if image.mode in ("I;16", "I;16B", "I") and is_deep_png(data[:32]):
                return np.array(image, np.uint16)
            if is_deep_png(data[:32]) or image.mode not in COLOUR_MODES:
                raise FileUnsupportedError(path, f"its pixels are {image.mode}; 8-bit colour or 16-bit grey can be read.")
            return np.array(image.convert("RGB"), np.uint8)
    except FileError:
        raise
    except UnidentifiedImageError as error:
        raise FileTornError(path, "it begins like a picture but is none, or is cut off. Send it again.") from error
    except Exception as error:
        # A damaged picture makes the decoder raise almost anything; none of it is a bug of ours.
        raise FileTornError(path, "it is damaged or cut off. Send it again from the machine.") from error


def written_at(path: Path) -> datetime:
    """When a file was last written: the best guess of when a scan was made that does not say so itself."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
