"""Photographs from files: JPEG and PNG of bounded size, looked at before anything is unpacked."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from app.exchange.errors import PhotographBrokenError
from imaging.scan import Colour

MAX_BYTES = 32 << 20
MAX_MEGAPIXELS = 100
_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png"}


def read_photograph(path: Path) -> bytes:
    """A file as it is.

    Raises:
        PhotographBrokenError: it cannot be read, is no JPEG or PNG, or too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise photograph_broken(path.name, str(error)) from error
    suffix_of(content, path.name)
    return content


def suffix_of(content: bytes, source: str) -> str:
    """`.jpg` or `.png`.

    Raises:
        PhotographBrokenError: it is neither, or too large.
    """
    suffix = next((suffix for head, suffix in _SUFFIXES.items() if content.startswith(head)), "")
    if not suffix or len(content) > MAX_BYTES or not _is_picture(content):
        raise photograph_broken(source, "it is no JPEG or PNG, or too large")
    return suffix


def decode_photograph(content: bytes) -> Colour:
    """The picture, RGB and upright, of what `read_photograph` has let through."""
    decoded = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def photograph_broken(name: str, why: str) -> PhotographBrokenError:
    return PhotographBrokenError(f"The photograph {name} is not taken: {why}.", name=name, why=why)


def _is_picture(content: bytes) -> bool:
    """Whether a decoder reads it; its size is looked at in its head first, so that none too large is unpacked."""
    try:
        with Image.open(io.BytesIO(content)) as head:
            if head.width * head.height > MAX_MEGAPIXELS * 1_000_000:
                return False
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    except (OSError, ValueError, cv2.error, Image.DecompressionBombError):
        return False
    return decoded is not None
