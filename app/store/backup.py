"""Backups of a store: the file by SQLite's online backup, pictures once by their hash; restoring, and trying it out.

A backup's folder holds `pictures/` and `photographs/` for all its backups, and one folder a backup with
`store.sqlite` and `manifest.json`. Nothing in it is ever changed, so a backup that was made stays good.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.store import captures
from app.store.audit import Log
from app.store.database import Connection, Database, connect
from app.store.errors import BackupAlteredError, BackupError, BackupNoneError, BackupTargetError, StoreMissingError
from app.store.found import LogReport, Progress, Trust, say_nothing
from app.store.migrations import migrate
from app.store.photograph_files import FOLDER as PHOTOGRAPHS
from app.store.sealed import KEY_FILE
from app.store.verify import verify
from imaging.files import native
from imaging.files.durable import PRIVATE, write_whole

FORMAT = "guanjian-backup"
_MANIFEST = "manifest.json"
_FILE = "store.sqlite"
_NOTES = "checkpoints.notes"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; `head` is the end of its log, `sha256` that of its store file."""

    made_at: str
    events: int
    head: str
    pictures: int
    sha256: str
    format: str = FORMAT
    version: int = 1


def back_up(store: Path, target: Path, trust: Trust, *, progress: Progress = say_nothing) -> tuple[Path, LogReport]:
    """Back a store's folder up while it is in use; returns the backup's folder and what verifying it found.

    Pictures are copied after the file, for every row that the copy has: a picture is on disk before its row. One that
    was removed by rule between the two makes the file be copied again. Each copied picture is read back.

    Raises:
        BackupError: a picture is missing or altered, or the place cannot be written. StoreError: there is no store, or
            its copy is damaged.
    """
    if not (store / _FILE).is_file():
        raise StoreMissingError(f"There is no store in {store}. Check --data.", folder=str(store))
    try:
        target.mkdir(parents=True, exist_ok=True)
        folder = target / f".{datetime.now(UTC):%Y%m%dT%H%M%S%f}.part"
        folder.mkdir()
        try:
            return _fill(store, target, folder, trust, progress)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise BackupError(f"The backup cannot be written: {error.strerror}.", detail=str(error)) from error


def backups(target: Path) -> list[Path]:
    """The whole backups in a folder, the oldest first."""
    return sorted(path.parent for path in target.glob(f"*/{_MANIFEST}") if not path.parent.name.startswith("."))


def find_store(target: Path) -> Path:
    """The store's file of the newest backup in a folder, or of `target` where it is a backup itself.

    Raises:
        BackupError: there is no backup, or the file is not what was written.
    """
    folder = target if (target / _MANIFEST).is_file() else next(reversed(backups(target)), None)
    if folder is None:
        raise BackupNoneError(f"There is no whole backup in {target}; give its folder.", folder=str(target))
    if captures.sha256_of(folder / _FILE) != _read_manifest(folder).sha256:
        raise BackupAlteredError(f"The store file of backup {folder.name} was altered.", name=folder.name)
    return folder / _FILE


def restore(
    target: Path, data: Path, trust: Trust, *, is_drill: bool = False, progress: Progress = say_nothing
) -> LogReport:
    """Put the newest backup of a folder into an empty data folder and verify it; `target` may be one backup too.

    The store's file comes last, so that half a restore is no store. A drill may link pictures instead of copying
    them and leaves no event.

    Raises:
        BackupError: there is no backup, it is not what was written, or a store is there already.
    """
    folder = find_store(target).parent
    if (data / _FILE).exists():
        raise BackupTargetError(f"There is a store in {data} already; restore into an empty folder.", folder=str(data))
    manifest = _read_manifest(folder)
    try:
        data.mkdir(parents=True, exist_ok=True)
        part = data / f"{_FILE}.part"
        _copy_key(folder, data)
        shutil.copyfile(folder / _FILE, part)
        _put_back(part, folder.parent / "pictures", data / "captures", is_linked=is_drill, progress=progress)
        _put_photographs_back(part, folder.parent / PHOTOGRAPHS, data / PHOTOGRAPHS)
        if (folder / _NOTES).is_file():
            (data / "checkpoints").mkdir(exist_ok=True)
            shutil.copyfile(folder / _NOTES, data / "checkpoints" / "restored.notes")
        _sync(part)
        part.replace(data / _FILE)
    except OSError as error:
        raise BackupError(f"The backup cannot be restored: {error.strerror}.", detail=str(error)) from error
    with closing(Database(data / _FILE)) as database:
        migrate(database, data / "backups")
        report = verify(database, data / "captures", trust, progress=progress)
        if not is_drill:
            with database.write() as writer:
                Log(writer).append("noted", None, {"noted": "restored", "backup": folder.name, "head": manifest.head})
    return report


def _fill(store: Path, target: Path, folder: Path, trust: Trust, progress: Progress) -> tuple[Path, LogReport]:
    _copy_key(store, folder)
    for left in range(_TRIES - 1, -1, -1):
        _copy_file(store / _FILE, folder / _FILE, progress)
        count, missing = _keep_pictures(folder / _FILE, store / "captures", target / "pictures", progress)
        _keep_photographs(folder / _FILE, store / PHOTOGRAPHS, target / PHOTOGRAPHS)
        if not missing:
            break
        if not left:
            raise BackupError(f"Picture {missing} is missing from the store; verify it.", detail=missing)
    notes = [file.read_text("utf-8") for file in sorted((store / "checkpoints").glob("*.notes"))]
    if notes:
        (folder / _NOTES).write_text("\n".join(notes), "utf-8", newline="\n")
    with closing(Database(folder / _FILE)) as database:
        report = replace(verify(database, None, trust, progress=progress), pictures=count)  # each was read back
    with closing(connect(folder / _FILE)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    _sync(folder / _FILE)
    made_at = datetime.now(UTC).isoformat()
    manifest = Manifest(made_at, report.events, report.head, count, captures.sha256_of(folder / _FILE))
    (folder / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
    _sync(folder / _MANIFEST)
    done = target / folder.name.removeprefix(".").removesuffix(".part")
    folder.rename(done)
    return done, report


def copy_store(target: Path, data: Path) -> None:
    """Put only the file of the newest backup into a folder, with its key. Raises BackupError, OSError."""
    found = find_store(target)
    _copy_key(found.parent, data)
    shutil.copyfile(found, data / _FILE)


def _copy_key(source: Path, target: Path) -> None:
    """The key file goes with an encrypted store; only its passphrase or keyring opens it."""
    if (source / KEY_FILE).is_file():
        write_whole(target / KEY_FILE, (source / KEY_FILE).read_bytes(), mode=PRIVATE)


def _copy_file(source: Path, target: Path, progress: Progress) -> None:
    """In one step: in steps it would begin anew with every commit of the station."""
    target.unlink(missing_ok=True)
    progress("copy", 0, 1)
    with closing(connect(source)) as reading, closing(connect(target)) as writing:
        reading.backup(writing)
    progress("copy", 1, 1)


def _keep_pictures(file: Path, source: Path, pool: Path, progress: Progress) -> tuple[int, str]:
    """Copy what the pool does not have yet; returns how many pictures there are, and one that is missing, or ""."""
    count = 0
    with closing(connect(file)) as connection:
        rows = _pictures(connection)
        for count, (path, sha256, described) in enumerate(rows, start=1):
            progress("keep", count, len(rows))
            kept, sidecar = _in_pool(pool, sha256), _sidecar_in_pool(pool, sha256, described)
            try:
                if not sidecar.is_file():
                    _copy_sidecar(native.sidecar_of(source / path), sidecar, described)
                if not kept.is_file():
                    _copy(source / path, kept, sha256)
            except FileNotFoundError:
                return count, path
    return count, ""


def _keep_photographs(file: Path, source: Path, kept: Path) -> None:
    """Copy the photographs that are not kept yet; no rule removes them, so one that is missing is damage."""
    for path, sha256 in _photographs(file):
        if not (kept / path).is_file():
            if not (source / path).is_file():
                raise BackupError(f"Photograph {path} is missing from the store; verify it.", detail=path)
            _copy(source / path, kept / path, sha256)


def _put_photographs_back(file: Path, kept: Path, target: Path) -> None:
    for path, sha256 in _photographs(file):
        if not (target / path).resolve().is_relative_to(target.resolve()):
            raise BackupError(f"A row names a photograph outside of the folder: {path!r}.", detail=path)
        if not (kept / path).is_file():
            raise BackupError(f"Photograph {path} is missing from the backup.", detail=path)
        _copy(kept / path, target / path, sha256)


def _photographs(file: Path) -> list[tuple[str, str]]:
    with closing(connect(file)) as connection:
        known = "SELECT name FROM sqlite_schema WHERE name IN ('photographs', 'identity_pictures')"
        tables = [name for (name,) in connection.execute(known)]  # the store of an older version has fewer
        found = [connection.execute(f"SELECT path, sha256 FROM {table} ORDER BY id").fetchall() for table in tables]
        return [row for rows in found for row in rows]


def _copy_sidecar(source: Path, target: Path, sha256: str) -> None:
    """Copy a description; one that the log does not vouch for may be missing."""
    if sha256:
        _copy(source, target, sha256)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        _sync(target)


def _copy(source: Path, target: Path, sha256: str) -> None:
    """Copy a file and read it back: what is in the pool under its hash is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, part)
    _sync(part)
    if captures.sha256_of(part) != sha256:
        part.unlink()
        raise BackupError(f"Picture {source.name} is not the one that was kept; verify the store.", detail=source.name)
    part.replace(target)


def _put_back(file: Path, pool: Path, target: Path, *, is_linked: bool, progress: Progress) -> None:
    with closing(connect(file)) as connection:
        rows = _pictures(connection)
    for count, (path, sha256, described) in enumerate(rows, start=1):
        kept, place = _in_pool(pool, sha256), target / path
        sidecar = _sidecar_in_pool(pool, sha256, described)
        if not place.resolve().is_relative_to(target.resolve()):
            raise BackupError(f"A row names a picture outside of the folder: {path!r}.", detail=path)
        if not kept.is_file():
            raise BackupError(f"Picture {path} is missing from the backup.", detail=path)
        place.parent.mkdir(parents=True, exist_ok=True)
        for one, other in ((sidecar, native.sidecar_of(place)), (kept, place)):
            if one.is_file():
                _link_or_copy(one, other, is_linked=is_linked)
        progress("put_back", count, len(rows))


def _link_or_copy(source: Path, target: Path, *, is_linked: bool) -> None:
    if is_linked:
        try:
            os.link(source, target)
        except OSError:
            pass  # another disk, or one without links: copied below
        else:
            return
    shutil.copyfile(source, target)
    _sync(target)


def _pictures(connection: Connection) -> list[tuple[str, str, str]]:
    """Path and hash of every picture that was not removed by rule, and the hash of its description where it is known.

    The store of a backup may be an older one, without some of the tables.
    """
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    described, beside = "''", ""
    if "sidecars" in there:
        described, beside = "coalesce(d.sha256, '')", "LEFT JOIN sidecars d ON d.scan_id = c.scan_id"
    where = "WHERE id NOT IN (SELECT capture_id FROM removals)" if "removals" in there else ""
    sql = f"SELECT path, c.sha256, {described} FROM captures c {beside} {where} ORDER BY id"
    return connection.execute(sql).fetchall()


def _in_pool(pool: Path, sha256: str) -> Path:
    return pool / sha256[:2] / f"{sha256}.tif"


def _sidecar_in_pool(pool: Path, sha256: str, described: str) -> Path:
    """A description by its own hash where the log has it, else beside its picture."""
    return pool / described[:2] / f"{described}.json" if described else native.sidecar_of(_in_pool(pool, sha256))


def _read_manifest(folder: Path) -> Manifest:
    try:
        manifest = Manifest(**json.loads((folder / _MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"The backup {folder.name} has no readable manifest.", detail=str(error)) from error
    if (manifest.format, manifest.version) != (FORMAT, 1):
        raise BackupError(f"The backup {folder.name} comes from another version.", detail=folder.name)
    return manifest


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
