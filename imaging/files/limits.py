"""What a header may announce before anything is allocated."""

from __future__ import annotations

import contextlib
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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there in full or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; nothing is left behind.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk; systems that cannot open a folder (Windows) do this by themselves."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
