"""The filings of a store: every version kept, in batches that one event vouches for; read by key, name and day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from app.customs.filings import Book, Filing, Standing
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.search import after_prefix
from app.store.times import from_us, to_us

BATCH = 2000
"""Filings in one transaction."""

_KEYS = 500
_SORTED = 20_000
"""Names that are sorted for one page."""
_COLUMNS = "book, key, name, status, valid_from, valid_to, body"


@dataclass(frozen=True, slots=True)
class Counted:
    """What an import did, or would do: filings that are new, changed, and the same as before."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def plus(self, other: Counted) -> Counted:
        return Counted(self.new + other.new, self.changed + other.changed, self.same + other.same)


@dataclass(frozen=True, slots=True)
class Version:
    """A filing as it was at some time, and who brought it from where."""

    filing: Filing
    officer: str
    source: str
    imported_at: datetime


class Filings:
    """The filings of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def add(self, filings: Iterable[Filing], *, officer: str, source: str, now: datetime) -> Iterator[Counted]:
        """Keep what is new or changed; yields the count after each batch, which is on disk then.

        One that is the same as the newest version of its key is passed over.
        """
        count = Counted()
        for part in _batches(filings):
            with self._write() as writer:
                count = count.plus(_add(writer, part, officer=officer, source=source, now=now))
            yield count

    def preview(self, filings: Iterable[Filing]) -> Iterator[Counted]:
        """What `add` would do, without doing it."""
        count = Counted()
        for part in _batches(filings):
            with self._read() as reader:
                known = _newest(reader, part)
            count = count.plus(_compare(part, known)[0])
            yield count

    def find(self, book: Book, keys: Iterable[str], day: date) -> dict[str, Filing]:
        """The filings of keys in force on a day, by key; those that have none are left out."""
        found: dict[str, Filing] = {}
        with self._read() as reader:
            for key in dict.fromkeys(keys):
                row = reader.execute(
                    f"SELECT {_COLUMNS} FROM filings WHERE book = ? AND key = ? AND valid_from <= ? "
                    "AND (valid_to = '' OR valid_to >= ?) ORDER BY id DESC LIMIT 1",
                    (book.value, key, day.isoformat(), day.isoformat()),
                ).fetchone()
                if row is not None:
                    found[key] = _filing(row)
        return found

    def find_name(self, book: Book, name: str, day: date) -> Filing | None:
        """The filing in force on a day under exactly this name."""
        with self._read() as reader:
            keys = reader.execute(
                "SELECT DISTINCT key FROM filings WHERE book = ? AND name = ? AND name <> '' LIMIT 20",
                (book.value, name),
            ).fetchall()
        found = self.find(book, (key for (key,) in keys), day)
        return next((filing for filing in found.values() if filing.name == name), None)

    def page(self, book: Book, *, wanted: str = "", limit: int, after: str = "") -> list[Filing]:
        """The newest versions by key, those whose key or name begins so; `after` is the last key of the page before."""
        # Of two lower bounds SQLite would take the first and read everything between them.
        since = "key > ?2" if after >= wanted else "key >= ?2"
        sql = f"SELECT DISTINCT key FROM filings WHERE book = ?1 AND {since} AND key < ?3 ORDER BY key LIMIT ?4"
        end = after_prefix(wanted)
        with self._read() as reader:
            keys = {key for (key,) in reader.execute(sql, (book.value, max(after, wanted), end, limit))}
            if wanted:
                keys |= _named(reader, book, wanted, after, limit)
            rows = [_row(reader, book, key) for key in sorted(keys)[:limit]]
        return [_filing(row) for row in rows]

    def versions(self, book: Book, key: str) -> list[Version]:
        """Every version of a filing, the newest first."""
        sql = (
            f"SELECT {', '.join(f'f.{name}' for name in _COLUMNS.split(', '))}, i.officer, i.source, i.imported_us "
            "FROM filings f JOIN filing_imports i ON i.event_seq = f.event_seq WHERE f.book = ? AND f.key = ? "
            "ORDER BY f.id DESC"
        )
        with self._read() as reader:
            return [
                Version(_filing(row[:7]), row[7], row[8], from_us(row[9]))
                for row in reader.execute(sql, (book.value, key))
            ]

    def has_any(self, book: Book | None = None) -> bool:
        """Whether anything was ever filed, in a book or at all."""
        where, values = ("", ()) if book is None else ("WHERE book = ?", (book.value,))
        with self._read() as reader:
            return reader.execute(f"SELECT 1 FROM filing_imports {where} LIMIT 1", values).fetchone() is not None

    def counts(self) -> dict[Book, int]:
        """How many filings each book holds."""
        with self._read() as reader:
            found = reader.execute("SELECT book, sum(added) FROM filing_imports GROUP BY book")
            return {Book(book): n for book, n in found}


def digest_of(rows: Iterable[Sequence[Any]]) -> str:
    """The digest of a batch, from id and COLUMNS of its rows in order."""
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(canonical(list(row)).encode() + b"\n")
    return hashed.hexdigest()


def _batches(filings: Iterable[Filing]) -> Iterator[list[Filing]]:
    rest = iter(filings)
    while part := list(islice(rest, BATCH)):
        yield part


def _add(connection: Connection, part: Sequence[Filing], *, officer: str, source: str, now: datetime) -> Counted:
    count, fresh = _compare(part, _newest(connection, part))
    if not fresh:
        return count
    log, first = Log(connection), connection.execute("SELECT coalesce(max(id), 0) + 1 FROM filings").fetchone()[0]
    rows = [(first + place, *_values(filing)) for place, filing in enumerate(fresh)]
    connection.executemany(
        f"INSERT INTO filings (id, {_COLUMNS}, event_seq) VALUES (?,?,?,?,?,?,?,?,?)",
        [(*row, log.seq) for row in rows],
    )
    values = (fresh[0].book.value, source, officer, first, len(rows), count.new, digest_of(rows), to_us(now))
    key = connection.execute(
        "INSERT INTO filing_imports (book, source, officer, first_id, rows, added, digest, imported_us, event_seq) "
        "VALUES (?,?,?,?,?,?,?,?,?)",
        (*values, log.seq),
    ).lastrowid
    log.append("filed", None, {"import": [key, *values]})
    return count


def _compare(part: Sequence[Filing], known: dict[str, tuple[Any, ...]]) -> tuple[Counted, list[Filing]]:
    """What of a batch is new or changed; a key that comes twice in it is held against the first of them."""
    new = changed = same = 0
    fresh = []
    for filing in part:
        values = _values(filing)
        before = known.get(filing.key)
        if before == values:
            same += 1
            continue
        new, changed = (new + 1, changed) if before is None else (new, changed + 1)
        known[filing.key] = values
        fresh.append(filing)
    return Counted(new, changed, same), fresh


def _newest(connection: Connection, part: Sequence[Filing]) -> dict[str, tuple[Any, ...]]:
    """The newest row of each key of a batch, which is of one book."""
    keys = list(dict.fromkeys(filing.key for filing in part))
    found: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(keys), _KEYS):
        some = keys[start : start + _KEYS]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM filings WHERE id IN (SELECT max(id) FROM filings WHERE book = ? "
            f"AND key IN ({marks}) GROUP BY key)",
            (part[0].book.value, *some),
        )
        found |= {row[1]: row for row in rows}
    return found


def _named(connection: Connection, book: Book, wanted: str, after: str, limit: int) -> set[str]:
    """The first keys after one whose names begin so: few names are sorted, of many the first come soon by key."""
    values = (book.value, wanted, after_prefix(wanted), after, limit)
    named = "WHERE book = ?1 AND name <> '' AND name >= ?2 AND name < ?3"
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM filings {named} LIMIT {_SORTED + 1})", values[:3]
    ).fetchone()
    index = "filings_by_name" if count <= _SORTED else "filings_by_key"
    sql = f"SELECT DISTINCT key FROM filings INDEXED BY {index} {named} AND key > ?4 ORDER BY key LIMIT ?5"
    return {key for (key,) in connection.execute(sql, values)} if count else set()


def _row(connection: Connection, book: Book, key: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(
        f"SELECT {_COLUMNS} FROM filings WHERE book = ? AND key = ? ORDER BY id DESC LIMIT 1", (book.value, key)
    ).fetchone()
    return row


def _values(filing: Filing) -> tuple[str, ...]:
    return (
        filing.book.value,
        filing.key,
        filing.name,
        filing.standing.value,
        filing.valid_from.isoformat(),
        filing.valid_to.isoformat() if filing.valid_to else "",
        canonical(dict(filing.said)),
    )


def _filing(row: Sequence[Any]) -> Filing:
    book, key, name, status, valid_from, valid_to, body = row
    return Filing(
        Book(book), key, name, Standing(status), date.fromisoformat(valid_from),
        date.fromisoformat(valid_to) if valid_to else None, json.loads(body),
    )  # fmt: skip
