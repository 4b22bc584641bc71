"""Moving files out of a folder without losing or overwriting any."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from imaging.errors import KnownError

_LONGEST_NAME = 200
"""Bytes of a name, so that an ending can be added on every file system."""


def move_aside(parts: Sequence[Path], folder: Path) -> Path:
    """Move files that belong together into a folder, under their own names or numbered ones; the first one's place.

    Raises:
        OSError: a file cannot be moved; the ones before it have been.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix = _free_suffix(parts, folder)
    for part in parts:
        target = folder / _numbered(part, suffix)
        try:
            part.rename(target)
        except OSError:
            # Another file system, perhaps. A link is moved as a link.
            shutil.move(part, target)
    return folder / _numbered(parts[0], suffix)


def write_reason(kept_at: Path, original: Path, error: KnownError) -> Path:
    """Write beside a file why it was put aside.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    reason = kept_at.with_name(f"{kept_at.name}.reason.txt")
    lines = (f"file: {original}", f"time: {datetime.now(UTC).isoformat()}", f"reason: {error.key}", str(error), "")
    reason.write_bytes("\n".join(lines).encode("utf-8", "backslashreplace"))
    return reason


def _free_suffix(parts: Sequence[Path], folder: Path) -> str:
    for number in count():
        suffix = f".{number}" if number else ""
        targets = [folder / _numbered(part, suffix) for part in parts]
        if not any(target.is_symlink() or target.exists() for target in targets):
            return suffix
    raise AssertionError("count() ends never")


def _numbered(part: Path, suffix: str) -> str:
    """The file's name with a number before its ending, cut where it is too long to take one."""
    stem, ending = part.stem, part.suffix
    while len(f"{stem}{suffix}{ending}".encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        if len(stem) > 1:
            stem = stem[:-1]
        else:
            ending = ending[:-1]
    return f"{stem}{suffix}{ending}"
