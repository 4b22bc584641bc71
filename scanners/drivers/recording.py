"""What can be played back: the scans below a folder, one file, or an archive of native scans."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Protocol

from imaging import files
from imaging.errors import FileTooLargeError, FileTornError
from imaging.files import native
from imaging.files.limits import MAX_FILE_BYTES
from imaging.scan import Scan
from scanners.device import DeviceUnavailableError
from scanners.drivers.scan_files import find_scans


class Recording(Protocol):
    """Scans in their order."""

    @property
    def count(self) -> int: ...

    def path(self, number: int) -> Path:
        """Where a scan lies, for messages."""
        ...

    def read(self, number: int) -> Scan:
        """Read a scan.

        Raises:
            FileError: it cannot be read.
        """
        ...

    def close(self) -> None: ...


def open_recording(path: Path) -> Recording:
    """The recording at a path.

    Raises:
        DeviceUnavailableError: there is none, or no scan is in it.
    """
    try:
        recording: Recording = _Archive(path) if zipfile.is_zipfile(path) else _Files(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DeviceUnavailableError(f"{path} cannot be opened ({error}). Name another one.", path=str(path)) from error
    if recording.count == 0:
        recording.close()
        raise DeviceUnavailableError(f"{path} holds no scan that can be played. Name another one.", path=str(path))
    return recording


class _Files:
    """The scans below a folder, or a single file."""

    def __init__(self, path: Path) -> None:
        self._paths = [path] if path.is_file() else find_scans(path)

    @property
    def count(self) -> int:
        return len(self._paths)

    def path(self, number: int) -> Path:
        return self._paths[number]

    def read(self, number: int) -> Scan:
        return files.read(self._paths[number])

    def close(self) -> None:
        """Nothing is held."""


class _Archive:
    """Native scans in a zip archive, read without unpacking it anywhere."""

    def __init__(self, path: Path) -> None:
        self._place = path
        self._zip = zipfile.ZipFile(path)
        names = set(self._zip.namelist())
        pictures = (name for name in names if PurePosixPath(name).suffix.lower() in (".tif", ".tiff"))
        self._names = sorted(name for name in pictures if _sidecar_of(name) in names)

    @property
    def count(self) -> int:
        return len(self._names)

    def path(self, number: int) -> Path:
        return self._place / self._names[number]

    def read(self, number: int) -> Scan:
        name = self._names[number]
        sidecar = self._read_member(_sidecar_of(name), native.MAX_SIDECAR_BYTES)
        return native.decode(self.path(number), self._read_member(name, MAX_FILE_BYTES), sidecar)

    def close(self) -> None:
        self._zip.close()

    def _read_member(self, name: str, limit: int) -> bytes:
        """A file of the archive, of which no more is unpacked than is allowed, whatever its header says."""
        path = self._place / name
        data = b""
        try:
            is_too_large = self._zip.getinfo(name).file_size > limit
            if not is_too_large:
                with self._zip.open(name) as member:
                    data = member.read(limit + 1)
        except Exception as error:
            # Of a damaged archive zipfile and its decompressors raise a dozen classes with no common root.
            raise FileTornError(path, f"it is damaged in the archive ({error!r}). Copy the archive again.") from error
        if is_too_large or len(data) > limit:
            raise FileTooLargeError(path, f"it unpacks to more than {limit >> 20} MB. It was not opened.")
        return data


def _sidecar_of(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(".json"))
