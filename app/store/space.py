"""Room on the disk: a reserve that is given up when it is full, and a warning before it is."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

BALLAST_BYTES = 16 << 20
LOW_BYTES = 2 << 30
_BLOCK = b"\x5a" * (1 << 20)


@dataclass(frozen=True, slots=True)
class Space:
    """Room on the store's disk. `is_low` comes in time to act; without the reserve the disk was full already."""

    is_low: bool
    has_reserve: bool


class Ballast:
    """A file that takes up room until the disk is full: even to delete, SQLite has to write first."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self.path = path
        self.size = size

    def fill(self) -> None:
        """Take the room up again, where there is plenty of it."""
        if self.path.is_file() and self.path.stat().st_size >= self.size:
            return
        if shutil.disk_usage(self.path.parent).free < 4 * self.size:
            return
        with self.path.open("wb") as file:
            for start in range(0, self.size, len(_BLOCK)):
                file.write(_BLOCK[: self.size - start])

    def release(self) -> None:
        self.path.unlink(missing_ok=True)

    def space(self) -> Space:
        free = shutil.disk_usage(self.path.parent).free
        return Space(free < LOW_BYTES, self.path.is_file())
