"""Files that become scans: one module a format, found by content and never by name alone.

A maker's own format is added by a package that registers an entry point in the group `guanjian.scan_readers`: a module
or an object with the two functions of `Reader`. Such readers are asked first, where the post trusts their package.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

import structlog

from imaging import plugins
from imaging.errors import FileMissingError, FileTornError, FileUnsupportedError, PluginRefusedError
from imaging.files import dicos, native, numpy_array, pair, picture
from imaging.scan import Scan

log = structlog.get_logger()
GROUP = "guanjian.scan_readers"
HEAD_BYTES = 4096


class Reader(Protocol):
    """A format: does a file begin like one, and read it."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether the first HEAD_BYTES (and the companions beside the file) are of this format."""
        ...

    def read(self, path: Path) -> Scan:
        """Read a file.

        Raises:
            FileError: it is torn, too large, altered or of a kind that this format does not support.
        """
        ...


BUILT_IN: tuple[Reader, ...] = (native, dicos, numpy_array, pair, picture)


def read(path: Path | str) -> Scan:
    """Read any file that a reader knows, by its content.

    Raises:
        FileError: the file is missing, empty, torn, too large, altered, or no reader knows it.
    """
    path = Path(path)
    head = read_head(path)
    for reader in readers():
        if reader.recognises(path, head):
            return reader.read(path)
    raise FileUnsupportedError(path, "no reader knows this kind of file. Check that it is an X-ray picture.")


@cache
def readers() -> tuple[Reader, ...]:
    """The readers of trusted packages, by name, then ours; one that is not trusted is logged and left out."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found.append(cast(Reader, plugins.load(point)))
        except PluginRefusedError as error:
            log.warning("reader of scans not used", why=str(error))
    return (*found, *BUILT_IN)


def read_head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        FileMissingError: there is none.
        FileTornError: it is empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise FileMissingError(path, "there is no such file. Check its name and folder.") from error
    except OSError as error:
        raise FileTornError(path, f"it cannot be read ({error.strerror}). Check the file and its rights.") from error
    if not head:
        raise FileTornError(path, "it is empty. Send it again from the machine.")
    return head
