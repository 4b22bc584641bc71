"""What a header may announce before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from imaging.errors import FileTooLargeError, FileTornError

MAX_PIXELS = 100_000_000
"""Pixels of one view: four times the largest container scan."""
MAX_FILE_BYTES = 1 << 30
MAX_PAGES = 4


def check_pixels(path: Path, rows: int, cols: int) -> None:
    """Refuse a view that is too large, or has no pixel.

    Raises:
        FileTooLargeError, FileTornError
    """
    if rows < 1 or cols < 1:
        raise FileTornError(path, f"its header says {rows} x {cols} pixels. Send it again from the machine.")
    if rows * cols > MAX_PIXELS:
        megapixels = rows * cols / 1e6
        raise FileTooLargeError(
            path,
            f"its header announces {megapixels:.0f} megapixels, {MAX_PIXELS / 1e6:.0f} are allowed. "
            "It was not opened; check where it comes from.",
            megapixels=round(megapixels),
            limit=round(MAX_PIXELS / 1e6),
        )


def read_bytes(path: Path) -> bytes:
    """A whole file, so that no decoder can ask for more than there is.

    Raises:
        FileTooLargeError: it has more than MAX_FILE_BYTES.
        FileTornError: it is empty, is no file or cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise FileTooLargeError(
                    path,
                    f"it has {size / 1e6:.0f} MB, {MAX_FILE_BYTES / 1e6:.0f} are allowed. Check where it comes from.",
                    megapixels=round(size / 2e6),
                    limit=round(MAX_PIXELS / 1e6),
                )
            data = file.read(size)
    except OSError as error:
        raise FileTornError(path, f"it cannot be read ({error.strerror}). Check the file and its rights.") from error
    if not data:
        raise FileTornError(path, "it is empty. Send it again from the machine.")
    return data
