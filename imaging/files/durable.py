"""Files and folders that are there in full after a power cut, or not at all."""

from __future__ import annotations

import binascii
import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644
_NEW_BINARY = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would change line ends


@dataclass(frozen=True, slots=True)
class Seal:
    """What is done to content before it is written and after it was read; nothing, where a store is not encrypted."""

    put_on: Callable[[bytes], bytes] = bytes
    take_off: Callable[[bytes], bytes] = bytes

    def line(self, content: bytes) -> bytes:
        """Content as a line of a file to which lines are added; what is sealed is in base64 there."""
        sealed = self.put_on(content)
        return content + b"\n" if sealed == content else binascii.b2a_base64(sealed)


NO_SEAL = Seal()


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
    """Write beside, sync, then rename over: after a power cut there is the old file or the new one.

    `mode` is set when the file is created, so a private file is never readable in between (Windows keeps the folder's
    access list instead).

    Raises:
        OSError: the disk is full, or the folder cannot be written to; nothing is left behind.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, _NEW_BINARY, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they outlast a power cut: a synced file in a lost folder is lost."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


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
