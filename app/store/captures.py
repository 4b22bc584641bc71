"""Pictures as files below the store's folder, by the day they were kept; the rows hold path and sha256."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.customs.parcel import Capture, Finding, Kind
from app.store import sealed
from app.store.errors import StoreError, StoreFullError, StoreReadOnlyError
from imaging.errors import FileAlteredError, FileTornError
from imaging.files import native
from imaging.files.durable import make_folder
from imaging.scan import Scan

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_SUFFIX = ".tif"
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_DAY_FOLDERS = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"
_DAYS = 7
"""Days with pictures that every search for orphans goes through; a clock that was wrong is no reason to miss one."""
_ORIGIN = "guanjian.origin"
"""Where a description holds it, beside what the file of the machine said."""
_MAX_ORIGIN = 64 << 10


@dataclass(frozen=True, slots=True)
class Origin:
    """What a scan's row depends on besides the scan: the settings of its device then, and what was found on the way."""

    driver: str
    lane: str
    carries: Kind
    findings: tuple[Finding, ...] = ()


_ORIGINS = TypeAdapter(Origin)


def keep(scan: Scan, folder: Path, origin: Origin | None = None) -> Capture:
    """Write a scan's picture so that a power cut leaves all of it or nothing, and say where it is.

    Its description says the `origin` too, in case no row is written before the power goes.

    Raises:
        StoreFullError, StoreReadOnlyError: the disk does not take it.
    """
    if not _SAFE_ID.match(scan.id):
        raise StoreError("A scan's id must be letters, digits, dots, dashes.", detail=scan.id[:100])
    path = folder / today() / f"{scan.id}{_SUFFIX}"
    try:
        make_folder(path.parent)
        sha256 = _write(_with_origin(scan, origin), path, folder.parent)
    except OSError as error:
        raise _known(error) from error
    return _describe(scan, path, folder, sha256)


def adopt(path: Path, folder: Path) -> tuple[Scan, Capture, Origin | None]:
    """Read a picture that is there without a row, and describe it; early versions kept none with its origin.

    Raises:
        FileError: it is damaged, or its description is that of another.
    """
    try:
        kept = _read(path)
        kept.device.encode()
        sha256 = sha256_of(path)
    except (OSError, UnicodeError, OverflowError) as error:
        raise FileTornError(path, f"it cannot be read ({error}).") from error
    if kept.id != path.stem:
        raise FileAlteredError(path, "the description beside it is that of another picture")
    scan = _with_origin(kept, None)
    return scan, _describe(scan, path, folder, sha256), _origin_of(kept)


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
    return _with_origin(_read(path), None)


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


def _with_origin(scan: Scan, origin: Origin | None) -> Scan:
    """The scan with this origin and no other: a file from another store may bring its own."""
    extra = {key: value for key, value in scan.extra.items() if key != _ORIGIN}
    return replace(scan, extra=extra if origin is None else extra | {_ORIGIN: json.dumps(asdict(origin))})


def _origin_of(kept: Scan) -> Origin | None:
    """None where the description has none, or none that can be understood: its picture counts all the same."""
    told = kept.extra.get(_ORIGIN, "")
    try:
        return _ORIGINS.validate_json(told) if len(told) <= _MAX_ORIGIN else None
    except ValidationError:
        return None


def orphans(folder: Path, unrecorded: Callable[[Sequence[str]], Iterable[str]], since: str = "") -> list[Path]:
    """Whole pictures with files that no row tells of: the power went between picture and row.

    Looks through the newest days, and through all from `since` on, a day's folder as "2026/11/22"; no file is opened.
    `unrecorded` says which of these scans have no row.
    """
    days = sorted((day for day in folder.glob(_DAY_FOLDERS) if day.is_dir()), reverse=True)
    looked_at = [day for place, day in enumerate(days) if place < _DAYS or (since and day_of(day, folder) >= since)]
    found: dict[str, Path] = {}  # a scan that was kept twice is one
    for day in looked_at:
        ids = [path.stem for path in day.glob(f"*{_SUFFIX}") if _SAFE_ID.match(path.stem)]
        for scan_id in unrecorded(ids):
            path = day / f"{scan_id}{_SUFFIX}"
            if native.sidecar_of(path).is_file():
                found.setdefault(scan_id, path)
    return sorted(found.values())


def today() -> str:
    """The folder in which a picture is kept now."""
    return f"{datetime.now(UTC):%Y/%m/%d}"


def day_of(day: Path, folder: Path) -> str:
    """A day's folder as `orphans` takes it."""
    return day.relative_to(folder).as_posix()


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
