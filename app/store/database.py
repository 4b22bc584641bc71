"""The SQLite file: one writer, a reader for each thread, checkpoints in the background."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.store.errors import (
    AlreadyKeptError,
    CipherMissingError,
    SqliteUnsafeError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreForeignError,
    StoreFullError,
    StoreReadOnlyError,
)
from app.store.sealed import DataKey, key_for

if TYPE_CHECKING:
    import sqlite3
else:
    # SQLCipher where the extra `encrypted` is installed, else the library that sqlite-utils picks. Two SQLite libraries
    # in one process drop each other's file locks, so nothing else may open the file.
    try:
        from sqlcipher3 import dbapi2 as sqlite3
    except ImportError:
        from sqlite_utils.utils import sqlite3

Connection = sqlite3.Connection
DatabaseError = sqlite3.DatabaseError
IntegrityError = sqlite3.IntegrityError
complete_statement = sqlite3.complete_statement
HAS_CIPHER = sqlite3.__name__.startswith("sqlcipher3")
APPLICATION_ID = 0x476A6E31
SAFE_SQLITE = (3, 51, 3)
"""The first version without the WAL-reset bug, by which 3.7.0 to 3.51.2 can corrupt a file."""

CHECKPOINT_S = 2.0
_BUSY_MS = 10_000
_CACHE_KIB = 4_000
# A bound for the case that the background cannot keep up; 20,000 pages are 80 MB.
_CHECKPOINT_PAGES = 20_000


def assert_safe_sqlite(version: tuple[int, ...] | None = None) -> None:
    """Refuse an SQLite library that can corrupt a file in WAL mode.

    Raises:
        SqliteUnsafeError: it is older than SAFE_SQLITE.
    """
    found = version or sqlite3.sqlite_version_info
    if found < SAFE_SQLITE:
        names = [".".join(map(str, v)) for v in (found, SAFE_SQLITE)]
        raise SqliteUnsafeError(
            f"SQLite {names[0]} can lose data; install SQLite {names[1]} or newer (pip install pysqlite3 on Linux, "
            "a newer Python elsewhere).",
            found=names[0],
            needed=names[1],
        )


class Database:
    """A store's file, open for one writer at a time and any number of reading threads.

    Raises:
        SqliteUnsafeError, StoreForeignError, StoreReadOnlyError, StoreDamagedError: when it opens.
    """

    def __init__(self, path: Path) -> None:
        assert_safe_sqlite()
        self.path = path
        self._turns = _Turns()
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._writer = _open_writer(path)
        self._stop = threading.Event()
        self._checkpoints: threading.Thread | None = None

    def start(self) -> None:
        """Begin to checkpoint in the background; on the commit path it would double the slow decisions."""
        try:
            connection = connect(self.path)
        except sqlite3.Error as error:
            raise known(error) from error
        self._checkpoints = threading.Thread(
            target=self._checkpoint, args=(connection,), name="store-checkpoint", daemon=True
        )
        self._checkpoints.start()

    @contextmanager
    def write(self, *, is_patient: bool = False) -> Iterator[Connection]:
        """One transaction on the writer; it is on disk when the block has ended, or has not happened.

        It begins immediate: one that reads first and writes later would fail at once if another writer came between.
        `is_patient` lets everybody else go first: declarations that come in by the thousand, before whom no officer
        should have to wait with his decision.

        Raises:
            StoreError: the kind says what is wrong with the file or the disk.
        """
        with self._turns.take(is_patient=is_patient):
            writer = self._writer
            try:
                writer.execute("BEGIN IMMEDIATE")
                yield writer
                writer.execute("COMMIT")
            except BaseException as error:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise known(error) from error
                raise

    @contextmanager
    def read(self, *, from_disk: bool = False) -> Iterator[Connection]:
        """One moment of the store, on this thread's own connection; `from_disk` forgets what was read before."""
        if from_disk:
            self._local.reader = None
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise known(error) from error

    def _reader(self) -> Connection:
        reader: _Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _Reader(self.path)
            self._readers.add(reader)
        return reader.connection

    def close(self) -> None:
        """Stop the checkpoints, bring everything into the main file and close every connection."""
        self._stop.set()
        if self._checkpoints is not None:
            self._checkpoints.join(timeout=10)
        for reader in list(self._readers):
            reader.connection.close()
        with self._turns.take():
            with suppress(sqlite3.DatabaseError):
                # On a full or failing disk the log stays beside the file, and is read at the next start.
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.close()

    def _checkpoint(self, connection: Connection) -> None:
        try:
            while not self._stop.wait(CHECKPOINT_S):
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.DatabaseError:
                    # Busy, full or damaged: nothing is lost, the log only grows until the next turn, and the next
                    # write or read meets the same fault and tells the officer.
                    continue
        finally:
            connection.close()


class _Turns:
    """Whose turn it is to write. A plain lock goes to whoever asks first, often the thread that just had it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting = 0

    @contextmanager
    def take(self, *, is_patient: bool = False) -> Iterator[None]:
        with self._changed:
            self._waiting += not is_patient
            try:
                self._changed.wait_for(lambda: not self._is_taken and not (is_patient and self._waiting))
            finally:
                self._waiting -= not is_patient
            self._is_taken = True
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()


class _Reader:
    """A thread's connection; it goes when its thread goes."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path)
        self.connection.execute("PRAGMA query_only=ON")


def connect(path: Path) -> Connection:
    """A connection that may be handed between threads; its owner sees to it that one at a time uses it.

    Raises:
        StoreLockedError: the store is encrypted and its passphrase missing or wrong. KeyFileError, CipherMissingError.
    """
    return open_with(path, key_for(path.parent))


def open_with(path: Path, key: DataKey | None) -> Connection:
    """As `connect`, with the key that is given; None: the file is plain. Raises CipherMissingError."""
    if key is not None and not HAS_CIPHER:
        raise CipherMissingError(
            'An encrypted store needs one more package: pip install "guanjian[encrypted]".', name=path.name
        )
    connection = sqlite3.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000, cached_statements=256
    )
    try:
        if key is not None:
            connection.execute("PRAGMA cipher_log_level=NONE")  # it would write to the terminal what is raised anyway
            connection.execute(f"PRAGMA key=\"x'{key.of_database.hex()}'\"")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA recursive_triggers=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    except UnicodeDecodeError as error:
        # SQLite quotes what it found of the schema, and Python cannot make a message of it.
        connection.close()
        raise StoreDamagedError(f"{_ADVICE[StoreDamagedError]} ({error}).", detail=str(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def blob(value: bytes) -> bytearray:
    """Bytes for a row of thousands; of `bytes` the library asks each time how to adapt them, which takes longer."""
    return bytearray(value)


def known(error: sqlite3.Error) -> StoreError:
    """The store's own error for what SQLite raised."""
    code = getattr(error, "sqlite_errorcode", None)
    kind: type[StoreError] = _KINDS.get(0 if code is None else code & 0xFF, StoreError)
    return kind(f"{_ADVICE.get(kind, 'The store failed')} ({error}).", detail=str(error))


_KINDS: dict[int, type[StoreError]] = {
    3: StoreReadOnlyError,  # PERM
    5: StoreBusyError,  # BUSY
    6: StoreBusyError,  # LOCKED
    8: StoreReadOnlyError,  # READONLY
    10: StoreDamagedError,  # IOERR
    11: StoreDamagedError,  # CORRUPT
    13: StoreFullError,  # FULL
    14: StoreReadOnlyError,  # CANTOPEN
    19: AlreadyKeptError,  # CONSTRAINT
    26: StoreForeignError,  # NOTADB
}
_ADVICE: dict[type[StoreError], str] = {
    StoreReadOnlyError: "The store cannot be written; check the folder's rights and the disk",
    StoreBusyError: "Another program keeps the store locked; close it",
    StoreDamagedError: "The store is damaged or its disk fails; stop, and restore the last backup",
    StoreFullError: "The disk is full; make room, decisions go on for a while",
    AlreadyKeptError: "The store has this already, or refuses it by its rules",
    StoreForeignError: "The file is no store of Guanjian",
}


def _open_writer(path: Path) -> Connection:
    try:
        connection = connect(path)
    except sqlite3.Error as error:
        raise known(error) from error
    try:
        found = int(_scalar(connection, "PRAGMA application_id"))
        is_empty = int(_scalar(connection, "SELECT count(*) FROM sqlite_schema")) == 0
        if found != APPLICATION_ID and not (found == 0 and is_empty):
            raise StoreForeignError(f"{path.name} is a database, but no store of Guanjian.", detail=path.name)
        if found == 0:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        if _scalar(connection, "PRAGMA journal_mode=WAL") != "wal":
            raise StoreReadOnlyError(f"{path.name} cannot keep a write-ahead log on this disk.", detail=path.name)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise known(error) from error
        raise
    return connection


def _scalar(connection: Connection, sql: str) -> Any:
    return connection.execute(sql).fetchone()[0]
