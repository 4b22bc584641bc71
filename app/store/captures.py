"""Pictures as files below the store's folder, by the day they were kept; the rows hold path and sha256."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from app.customs.parcel import Capture
from app.store.errors import StoreError, StoreFullError, StoreReadOnlyError
from imaging.errors import FileAlteredError, FileTornError
from imaging.files import native
from imaging.files.durable import make_folder
from imaging.scan import Scan

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_SUFFIX = ".tif"
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


def keep(scan: Scan, folder: Path) -> Capture:
    """Write a scan's picture so that a power cut leaves all of it or nothing, and say where it is.

    Raises:
        StoreFullError, StoreReadOnlyError: the disk does not take it.
    """
    if not _SAFE_ID.match(scan.id):
        raise StoreError("A scan's id must be letters, digits, dots, dashes.", detail=scan.id[:100])
    path = folder / f"{datetime.now(UTC):%Y/%m/%d}" / f"{scan.id}{_SUFFIX}"
    try:
        make_folder(path.parent)
        sha256 = native.write(scan, path)
    except OSError as error:
        raise _known(error) from error
    return _describe(scan, path, folder, sha256)


def adopt(path: Path, folder: Path) -> tuple[Scan, Capture]:
    """Read a picture that is there without a row, and describe it.

    Raises:
        FileError: it is damaged.
    """
    scan = native.read(path)
    return scan, _describe(scan, path, folder, sha256_of(path))


def load(capture: Capture, folder: Path) -> Scan:
    """Read a kept picture back.

    Raises:
        FileTornError: the file is gone or damaged.
        FileAlteredError: it is not the picture that was kept, or its description is not.
    """
    path = folder / capture.path
    if not path.is_file():
        raise FileTornError(path, "the picture is missing")
    if sha256_of(path) != capture.sha256:
        raise FileAlteredError(path, "the picture is not the one that was kept")
    sidecar = native.sidecar_of(path)
    if capture.sidecar_sha256 and sidecar.is_file() and sha256_of(sidecar) != capture.sidecar_sha256:
        raise FileAlteredError(sidecar, "the description of the picture is not the one that was kept")
    return native.read(path)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def orphans(folder: Path, known: Iterable[str], *, days: int = 2) -> list[Path]:
    """Whole pictures of the last days with files that no row tells of: the power went between picture and row."""
    held = set(known)
    newest = sorted((day for day in folder.glob("*/*/*") if day.is_dir()), reverse=True)[:days]
    found = [path for day in newest for path in day.glob(f"*{_SUFFIX}") if native.sidecar_of(path).is_file()]
    return sorted(path for path in found if path.relative_to(folder).as_posix() not in held)


def _describe(scan: Scan, path: Path, folder: Path, sha256: str) -> Capture:
    return Capture(
        scan.id,
        path.relative_to(folder).as_posix(),
        sha256,
        scan.device,
        scan.finished_at or scan.started_at,
        sidecar_sha256=sha256_of(native.sidecar_of(path)),
    )


def _known(error: OSError) -> StoreError:
    if error.errno in _FULL:
        return StoreFullError(
            "The disk is full; the picture was not kept. Make room, then scan again.", detail=str(error)
        )
    return StoreReadOnlyError("The folder of pictures cannot be written; check its rights.", detail=str(error))
