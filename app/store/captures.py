"""Pictures as files below the store's folder, by the day they were kept; the rows hold path and sha256."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from app.customs.parcel import Capture
from app.store import sealed
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
        sha256 = _write(scan, path, folder.parent)
    except OSError as error:
        raise _known(error) from error
    return _describe(scan, path, folder, sha256)


def adopt(path: Path, folder: Path) -> tuple[Scan, Capture]:
    """Read a picture that is there without a row, and describe it.

    Raises:
        FileError: it is damaged.
    """
    scan = _read(path)
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
    return _read(path)


sha256_of = sealed.hash_of


def _write(scan: Scan, path: Path, store: Path) -> str:
    """As `native.write`, encrypted where the store is: the description last, a picture without it was cut off."""
    picture, description = native.encode(scan, path.name)
    native.sidecar_of(path).unlink(missing_ok=True)
    sealed.write_file(path, picture, store)
    sealed.write_file(native.sidecar_of(path), description, store)
    return hashlib.sha256(picture).hexdigest()


def _read(path: Path) -> Scan:
    """As `native.read`, whether it is encrypted or not."""
    sidecar = native.sidecar_of(path)
    if not sidecar.is_file():
        raise FileTornError(path, "its sidecar is missing: writing was cut off. Send it again from the machine.")
    return native.decode(path, sealed.read_file(path), sealed.read_file(sidecar))


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
