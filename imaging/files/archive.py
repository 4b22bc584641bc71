"""Archives: a zip of native scans, read one scan at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from imaging.errors import FileTooLargeError, FileTornError, FileUnsupportedError
from imaging.files import native
from imaging.files.limits import MAX_FILE_BYTES
from imaging.scan import Scan

MAX_ENTRIES = 100_000
PICTURES = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Entry:
    """One scan of an archive, not read yet."""

    archive: Path
    name: str
    """The picture's name inside the archive."""

    def read(self) -> Scan:
        """Read the scan.

        Raises:
            FileError: as native.read, or the entry unpacks to more than is allowed.
        """
        shown = self.archive / self.name
        with _opened(self.archive) as file:
            names = set(file.namelist())
            sidecar = str(PurePosixPath(self.name).with_suffix(".json"))
            if sidecar not in names:
                raise FileTornError(shown, "its sidecar is missing in the archive. Make the archive again.")
            sidecar_bytes = _unpack(file, sidecar, native.MAX_SIDECAR_BYTES, shown)
            return native.decode(shown, _unpack(file, self.name, MAX_FILE_BYTES, shown), sidecar_bytes)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, by content."""
    return zipfile.is_zipfile(path)


def iterate(path: Path | str) -> Iterator[Entry]:
    """The scans of an archive in the order of their names; each is read when asked.

    Raises:
        FileTornError: it is no zip, or is cut off.
        FileUnsupportedError: it has too many entries, or no scan.
    """
    path = Path(path)
    with _opened(path) as file:
        names = sorted(name for name in file.namelist() if PurePosixPath(name).suffix.lower() in PICTURES)
        if len(file.namelist()) > MAX_ENTRIES:
            raise FileUnsupportedError(path, f"it has more than {MAX_ENTRIES} entries. Split the archive.")
    if not names:
        raise FileUnsupportedError(path, "there is no scan in the archive. Check that it is the right one.")
    for name in names:
        yield Entry(path, name)


def write(scans: Iterator[Scan], path: Path | str) -> int:
    """Write scans into a new archive and return how many there were.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for scan in scans:
            name = f"{count:06d}_{scan.id}.tif"
            picture, sidecar = native.encode(scan, name)
            file.writestr(name, picture)
            file.writestr(name.removesuffix(".tif") + ".json", sidecar)
            count += 1
    return count


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileTornError(path, "it is no archive, or is cut off. Copy it again.") from error


def _unpack(file: zipfile.ZipFile, name: str, limit: int, shown: Path) -> bytes:
    """An entry's bytes; reading stops at the limit whatever the header says."""
    try:
        if file.getinfo(name).file_size > limit:
            raise _too_large(shown, limit)
        with file.open(name) as stream:
            data = stream.read(limit + 1)
    except FileTooLargeError:
        raise
    except Exception as error:
        # zipfile, zlib, lzma and bz2 have error classes of their own, all for damaged data.
        raise FileTornError(shown, "it is damaged in the archive. Copy the archive again.") from error
    if len(data) > limit:
        raise _too_large(shown, limit)
    return data


def _too_large(shown: Path, limit: int) -> FileTooLargeError:
    return FileTooLargeError(
        shown,
        f"it unpacks to more than {limit / 1e6:.0f} MB. It was not opened; check where it comes from.",
        megapixels=round(limit / 2e6),
        limit=round(limit / 2e6),
    )
