"""Guanjian's own scans: a multi-page 16-bit TIFF, and beside it a JSON with everything that is not a pixel.

The JSON holds the picture's sha256 and is written last: a picture without it was cut off while being written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import FileAlteredError, FileError, FileTornError, FileUnsupportedError, ScanInvalidError
from imaging.files import tiff
from imaging.files.durable import write_whole
from imaging.files.limits import read_bytes
from imaging.scan import Generator, Scan, Truth, View

FORMAT = "guanjian.scan"
MARK = f'"{FORMAT}"'.encode()
MARK_WITHIN_BYTES = 200
VERSION = 1
MAX_SIDECAR_BYTES = 8 << 20
VIEW_FIELDS = ("name", "mm_per_row", "mm_per_col", "air_low", "air_high", "dark")
CHANNELS = ("high", "low", "colour")


def recognises(path: Path, head: bytes) -> bool:
    """A TIFF with a sidecar of ours beside it, or such a sidecar."""
    if path.suffix.lower() == ".json":
        return MARK in head
    if not tiff.is_tiff(head) or not sidecar_of(path).is_file():
        return False
    with sidecar_of(path).open("rb") as file:
        return MARK in file.read(MARK_WITHIN_BYTES)


def sidecar_of(path: Path) -> Path:
    return path.with_suffix(".json")


def write(scan: Scan, path: Path | str, *, compressed: bool = True) -> str:
    """Write a scan to `path` (.tif) and its sidecar beside it, and return the sha256 of the picture.

    When it returns, both are on disk; when it fails or power is lost, there is no sidecar, so no scan. Uncompressed
    files open about twice as fast.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() not in (".tif", ".tiff"):
        path = path.with_name(path.name + ".tif")
    picture, sidecar = encode(scan, path.name, compressed=compressed)
    sidecar_of(path).unlink(missing_ok=True)
    write_whole(path, picture)
    write_whole(sidecar_of(path), sidecar)
    return hashlib.sha256(picture).hexdigest()


def read(path: Path) -> Scan:
    """Read a scan by the path of its picture or of its sidecar.

    Raises:
        FileAlteredError: the picture is not the one that the sidecar was written for.
        FileError: torn, too large or of a later version.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        sidecar = _parse_sidecar(path, read_bytes(path))
        name = _text(path, sidecar["picture"], "file")
        if Path(name).name != name or name in ("", ".", ".."):
            raise FileUnsupportedError(path, "its sidecar names a picture in another folder. It was not opened.")
        path = path.with_name(name)
    else:
        if not sidecar_of(path).is_file():
            raise FileTornError(path, "its sidecar is missing: writing was cut off. Send it again from the machine.")
        sidecar = _parse_sidecar(path, read_bytes(sidecar_of(path)))
    return _build(path, read_bytes(path), sidecar)


def encode(scan: Scan, name: str, *, compressed: bool = True) -> tuple[bytes, bytes]:
    """The picture and the sidecar of a scan as bytes; `name` is the picture's file name."""
    pages: list[tiff.Page] = []
    views: list[dict[str, Any]] = []
    for view in scan.views:
        channels = [(c, a) for c in CHANNELS if (a := getattr(view, c)) is not None]
        pages += [array for _, array in channels]
        views.append({"channels": [c for c, _ in channels]} | {f: getattr(view, f) for f in VIEW_FIELDS})
    picture = tiff.encode_pages(pages, compressed=compressed)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "picture": {"file": name, "sha256": hashlib.sha256(picture).hexdigest()},
        "id": scan.id,
        "device": scan.device,
        "started_at": scan.started_at.isoformat(),
        "finished_at": scan.finished_at.isoformat() if scan.finished_at else None,
        "belt_speed_mm_s": scan.belt_speed_mm_s,
        "generator": asdict(scan.generator) if scan.generator else None,
        "codes": list(scan.codes),
        "views": views,
        "truth": [asdict(truth) for truth in scan.truth],
        "source": scan.source,
        "extra": dict(scan.extra),
    }
    return picture, json.dumps(content, ensure_ascii=False, indent=1).encode()


def decode(path: Path, picture: bytes, sidecar: bytes) -> Scan:
    """A scan from the bytes of both files, as from an archive; `path` is for messages.

    Raises:
        FileError: as `read`.
    """
    return _build(path, picture, _parse_sidecar(path, sidecar))


def _build(path: Path, picture: bytes, sidecar: dict[str, Any]) -> Scan:
    expected = _text(path, sidecar["picture"], "sha256")
    with ThreadPoolExecutor(1, "sha256") as pool:
        digest = pool.submit(lambda: hashlib.sha256(picture).hexdigest())
        try:
            pages = tiff.read_pages(path, picture)
        except FileError as error:
            if digest.result() == expected:
                raise
            raise _altered(path) from error
        if digest.result() != expected:
            raise _altered(path)
    try:
        return _scan_of(pages, sidecar)
    except (KeyError, TypeError, ValueError, AttributeError, ScanInvalidError) as error:
        raise FileTornError(path, f"its sidecar does not describe a scan ({error}). Send it again.") from error


def _altered(path: Path) -> FileAlteredError:
    return FileAlteredError(
        path, "the picture is not the one that was recorded: it was changed or damaged afterwards. Keep it as evidence."
    )


def _parse_sidecar(path: Path, data: bytes) -> dict[str, Any]:
    if len(data) > MAX_SIDECAR_BYTES:
        raise FileUnsupportedError(path, "its sidecar is too large to be one.")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileTornError(path, "its sidecar is damaged or cut off. Send it again from the machine.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("picture"), dict):
        raise FileUnsupportedError(path, "the JSON beside it does not describe a scan.")
    if content.get("version") != VERSION:
        raise FileUnsupportedError(
            path, f"it was written by another version ({content.get('version')}). Update the station."
        )
    return content


def _text(path: Path, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise FileTornError(path, f"its sidecar has no {key}. Send it again from the machine.")
    return value


def _scan_of(pages: list[tiff.Page], sidecar: dict[str, Any]) -> Scan:
    remaining = iter(pages)
    views = []
    for entry in sidecar["views"]:
        arrays: dict[str, Any] = {c: next(remaining, None) for c in entry["channels"] if c in CHANNELS}
        numbers: dict[str, Any] = {field: _number(entry[field]) for field in VIEW_FIELDS if field != "name"}
        views.append(View(name=str(entry["name"]), **arrays, **numbers))
    if next(remaining, None) is not None:
        raise ValueError("there are more pages than channels")
    finished, generator = sidecar["finished_at"], sidecar["generator"]
    return Scan(
        views=tuple(views),
        device=str(sidecar["device"]),
        started_at=datetime.fromisoformat(sidecar["started_at"]),
        finished_at=datetime.fromisoformat(finished) if finished else None,
        belt_speed_mm_s=_number(sidecar["belt_speed_mm_s"]),
        generator=Generator(**generator) if generator else None,
        codes=tuple(str(code) for code in sidecar["codes"]),
        truth=tuple(_truth_of(entry) for entry in sidecar["truth"]),
        source=sidecar["source"] if sidecar["source"] is None else str(sidecar["source"]),
        extra={str(key): str(value) for key, value in sidecar["extra"].items()},
        id=str(sidecar["id"]),
    )


def _truth_of(entry: dict[str, Any]) -> Truth:
    left, top, right, bottom = (int(side) for side in entry["box"])
    return Truth(label=str(entry["label"]), box=(left, top, right, bottom), view=int(entry["view"]))


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
