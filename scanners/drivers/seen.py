"""Which contents and files a folder has delivered already; on disk, so that neither memory nor a restart matters."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS content (digest BLOB PRIMARY KEY, scan_id TEXT, name TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS content_scan ON content (scan_id);
CREATE TABLE IF NOT EXISTS file (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Seen:
    """A small database; one thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin a new one beside a damaged one.

        Raises:
            OSError: it cannot be written where it should be.
        """
        try:
            self._open(path)
        except sqlite3.OperationalError as error:
            raise OSError(f"{path}: {error}") from error
        except sqlite3.DatabaseError:
            self._base.close()
            path.replace(path.with_name(path.name + ".damaged"))
            for ending in ("-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            self._open(path)

    def _open(self, path: Path) -> None:
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.executescript(_TABLES)
        self._has_files = bool(self._base.execute("SELECT EXISTS (SELECT 1 FROM file)").fetchone()[0])

    def close(self) -> None:
        self._base.close()

    def first_of(self, digest: bytes, scan_id: str | None = None) -> str | None:
        """The name of the file that brought this content, or this scan, before."""
        row = self._base.execute(
            "SELECT name FROM content WHERE digest = ? UNION ALL SELECT name FROM content WHERE scan_id = ? LIMIT 1",
            (digest, scan_id),
        ).fetchone()
        return None if row is None else str(row[0])

    def add_content(self, digest: bytes, scan_id: str | None, name: str) -> None:
        with contextlib.suppress(sqlite3.IntegrityError):
            self._base.execute("INSERT INTO content VALUES (?, ?, ?)", (digest, scan_id, _plain(name).decode()))

    def has_file(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Whether the file was remembered as it is now; asked of every file at every look, and mostly of none."""
        if not self._has_files:
            return False
        row = self._base.execute("SELECT size, mtime_ns FROM file WHERE path = ?", (_plain(path),)).fetchone()
        return bool(row == (size, mtime_ns))

    def add_file(self, path: Path, size: int, mtime_ns: int) -> None:
        self._has_files = True
        self._base.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", (_plain(path), size, mtime_ns))


def _plain(name: Path | str) -> bytes:
    """A name as bytes; names that are not text keep their odd bytes, escaped."""
    return str(name).encode("utf-8", "backslashreplace")
