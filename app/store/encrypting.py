"""Encrypts a store that is plain: its pictures where they lie, then its file in one step; it can be begun again.

Order: key file (pending), pictures, encrypted copy of the store's file, its rename over the plain one, key file's
rename. Until the last step the pending key file keeps everybody else from opening the store; whenever the power goes,
the same command goes on from there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from app.store import sealed
from app.store.database import APPLICATION_ID, HAS_CIPHER, Connection, DatabaseError, known, open_with
from app.store.errors import (
    CipherMissingError,
    EncryptedAlreadyError,
    EncryptionUnfinishedError,
    StoreDamagedError,
)
from app.store.found import Progress, say_nothing
from app.store.places import NESTED, SEALED
from app.store.sealed import KEY_FILE, PENDING, DataKey, Kind, home_of
from imaging.files.durable import make_folder, sync_folder, write_whole

LINES = ".jsonl"
"""Files to which lines are added."""
_PLAIN = b"SQLite format 3\x00"


def check_finished(folder: Path, *, wanted: bool = False) -> None:
    """
    Raises:
        EncryptionUnfinishedError: the encryption was interrupted, or is `wanted` and was never made.
    """
    home = home_of(folder)
    if (home / PENDING).is_file() or (wanted and not (home / KEY_FILE).is_file()):
        raise EncryptionUnfinishedError(
            f"The store in {folder.name} is not wholly encrypted, as it is to be; run `guanjian encryption enable`.",
            folder=folder.name,
        )


def enable(folder: Path, file_name: str, kind: Kind, passphrase: str = "", *, progress: Progress = say_nothing) -> None:
    """Encrypt a store that nobody has open, or prepare an empty folder for one; after a power cut, go on.

    Copies that migrations left in the folder, and small pictures of the window, are removed: they are plain. In a store
    that is encrypted, files that an older version left in plain are.

    Raises:
        CipherMissingError, EncryptedAlreadyError, WeakPassphraseError, KeyringMissingError.
        StoreBusyError: the station still runs. StoreLockedError: it was begun with another passphrase.
    """
    if not HAS_CIPHER:
        raise CipherMissingError(
            'Encryption needs one more package: pip install "guanjian[encrypted]".', name=file_name
        )
    if (folder / KEY_FILE).is_file():
        if not _seal_files(folder, sealed.unlock(folder / KEY_FILE), progress):
            raise EncryptedAlreadyError(f"The store in {folder.name} is encrypted already.", folder=folder.name)
        return
    make_folder(folder)
    pending = folder / PENDING
    if pending.is_file():
        key = sealed.unlock(pending, passphrase or None)
    else:
        key = sealed.make_key(pending, kind, passphrase)
    try:
        for store in (folder / NESTED / file_name, folder / file_name):
            if store.is_file() and _is_plain(store):
                _encrypt(store, key, progress)
    except DatabaseError as error:
        raise known(error) from error
    pending.rename(folder / KEY_FILE)
    sync_folder(folder)


def _encrypt(store: Path, key: DataKey, progress: Progress) -> None:
    part = store.with_name(f"{store.name}.part")
    part.unlink(missing_ok=True)
    with closing(open_with(store, None)) as plain:
        # Leaving the write-ahead log fails while anybody else has the file open, and nobody comes in afterwards.
        plain.execute("PRAGMA busy_timeout=2000")
        plain.execute("PRAGMA locking_mode=EXCLUSIVE")
        plain.execute("PRAGMA journal_mode=DELETE").fetchone()
        plain.execute("BEGIN EXCLUSIVE")
        plain.execute("COMMIT")
        _seal_files(store.parent, key, progress)
        plain.execute("ATTACH DATABASE ? AS sealed KEY ?", (str(part), f"x'{key.of_database.hex()}'"))
        plain.execute("SELECT sqlcipher_export('sealed')")
        plain.execute(f"PRAGMA sealed.application_id={APPLICATION_ID}")
        before = _counts(plain)
        plain.execute("DETACH DATABASE sealed")
        with closing(open_with(part, key)) as copy:
            if _counts(copy) != before or copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise StoreDamagedError("The encrypted copy is not the store; nothing was replaced.", detail=part.name)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    for left in (store.parent / "backups").glob("*.sqlite"):
        left.unlink()
    shutil.rmtree(store.parent / "thumbs", ignore_errors=True)
    part.replace(store)
    sync_folder(store.parent)
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            store.with_name(store.name + suffix).unlink()


def _seal_files(folder: Path, key: DataKey, progress: Progress) -> int:
    """How many files were plain."""
    files, sealed_now = list(_files(folder)), 0
    for count, path in enumerate(files, start=1):
        content = path.read_bytes()
        if not sealed.is_sealed(content):
            write_whole(path, key.seal_lines(content) if path.suffix == LINES else key.seal(content))
            sealed_now += 1
        progress("encrypt", count, len(files))
    return sealed_now


def _files(folder: Path) -> Iterator[Path]:
    for name in SEALED:
        yield from (path for path in (folder / name).rglob("*") if path.is_file())


def _counts(connection: Connection) -> list[tuple[str, int]]:
    read = connection.execute
    names = [name for (name,) in read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return [(name, read(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names]


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PLAIN)) in (_PLAIN, b"")
