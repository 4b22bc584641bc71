"""Messages from other systems as they came in: what a declaration rests on, and what receipts answer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from pydantic_core import to_json

from app.customs.documents import Withdrawal
from app.customs.parcel import Declaration
from app.customs.states import LETS_GO, TERMINAL
from app.store import declarations, order_rows, parcels
from app.store.audit import Log, canonical
from app.store.database import Connection, blob
from app.store.times import from_us

COLUMNS = "kind, guid, number, order_no, inventory_no, body, faults"
_SELECT = f"SELECT {COLUMNS}, id, received_us FROM messages"
_MOST_KEYS = 500
"""In one question; SQLite's own limit is far higher."""

By = Literal["guid", "number", "order_no", "inventory_no"]


@dataclass(frozen=True, slots=True)
class Received:
    """A record of a message: its fields and lines by their tags, and as JSON values what was wrong with it.

    `number`, `order_no` and `inventory_no` are what it is found by, "" where it says nothing of the kind.
    """

    kind: str
    guid: str
    fields: dict[str, str]
    lines: Sequence[dict[str, str]] = ()
    number: str = ""
    order_no: str = ""
    inventory_no: str = ""
    faults: Any = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with its number in the store."""

    id: int
    received_at: datetime
    record: Received


class Messages:
    """The messages of a store. `write` and `read` open its transactions, `at_once` says how many records in one."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
        at_once: Callable[[], int],
    ) -> None:
        self._write = write
        self._read = read
        self._at_once = at_once

    def add(self, batch: Iterable[tuple[Received, Declaration | Withdrawal | None]]) -> int:
        """Keep records and what they declare or take back, `at_once` in a transaction; returns how many were new.

        A record that came before, the same in everything, is passed over: a message may come twice.
        """
        count, rest = 0, iter(batch)
        while part := list(islice(rest, self._at_once())):
            with self._write() as writer:
                fresh = _add(writer, [record for record, _ in part])
                declared = [said for _, said in part if isinstance(said, Declaration)]
                _attach(writer, declarations.add(writer, declared))
                withdrawn = [said for record, said in part if isinstance(said, Withdrawal) and record.guid in fresh]
                if withdrawn:
                    parcels.withdraw(writer, withdrawn)
                count += len(fresh)
        return count

    def find(self, by: By, values: Iterable[str]) -> list[Kept]:
        """Records with one of these values, oldest first."""
        wanted = [value for value in dict.fromkeys(values) if value]
        found: list[Kept] = []
        with self._read() as reader:
            for start in range(0, len(wanted), _MOST_KEYS):
                part = wanted[start : start + _MOST_KEYS]
                marks = ", ".join("?" * len(part))
                # The second condition lets SQLite use an index that leaves out empty values.
                rows = reader.execute(f"{_SELECT} WHERE {by} IN ({marks}) AND {by} <> '' ORDER BY id", part)
                found += map(_kept, rows)
        return sorted(found, key=lambda kept: kept.id)

    def load(self, ids: Sequence[int]) -> list[Kept]:
        """Records by their numbers in the store, in that order."""
        with self._read() as reader:
            return [_kept(reader.execute(f"{_SELECT} WHERE id = ?", (key,)).fetchone()) for key in ids]

    def parcels_of_bill(self, bill: str, limit: int) -> list[int]:
        """The parcels that stand here and whose inventories name a bill (总运单), in the order of their arrival."""
        gone = [state.value for state in LETS_GO | TERMINAL]
        sql = (
            "SELECT DISTINCT p.id FROM messages m JOIN parcels p ON p.number = m.number WHERE m.kind IN "
            "('CEB621', 'CEB603') AND m.body ->> '$.fields.billNo' = ? AND m.number <> '' "
            f"AND p.state NOT IN ({', '.join('?' * len(gone))}) ORDER BY p.id LIMIT ?"
        )
        with self._read() as reader:
            return [key for (key,) in reader.execute(sql, (bill, *gone, limit))]

    def count(self) -> int:
        with self._read() as reader:
            return int(reader.execute("SELECT count(*) FROM messages").fetchone()[0])


def fingerprint(values: Iterable[str]) -> bytes:
    """The digest that a row should have, from its COLUMNS."""
    return hashlib.sha256("\x1f".join(values).encode()).digest()[:16]


def read_back(row: list[Any]) -> list[Any]:
    """What verification compares: number, digest as written, digest as it should be; `row` is id, digest, COLUMNS."""
    return [row[0], row[1].lower(), fingerprint(row[2:]).hex()]


def _add(connection: Connection, records: Sequence[Received]) -> list[str]:
    """Keep the records that are not there yet, and the event that vouches for them; returns their guids."""
    rows = {fingerprint(values): values for values in map(_values, records)}
    marks = ", ".join("?" * len(records))
    guids = [record.guid for record in records]
    for (digest,) in connection.execute(f"SELECT digest FROM messages WHERE guid IN ({marks})", guids).fetchall():
        rows.pop(digest, None)
    if not rows:
        return []
    log, now_us = Log(connection), time.time_ns() // 1000
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()[0]
    connection.executemany(
        f"INSERT INTO messages (id, digest, {COLUMNS}, received_us, event_seq) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        [(key, blob(digest), *values, now_us, log.seq) for key, (digest, values) in enumerate(rows.items(), first)],
    )
    added = [[key, digest.hex()] for key, digest in enumerate(rows, first)]
    log.append("received", None, {"messages": added})
    return [values[1] for values in rows.values()]


def attach(connection: Connection, number: str, declaration_id: int) -> None:
    """Give a declaration to the parcel that stands here with its number, which may be what a control order means."""
    parcel_id = parcels.attach(connection, number, declaration_id)
    if parcel_id is not None:
        order_rows.follow(connection, parcel_id)


def _attach(connection: Connection, added: Sequence[tuple[str, int]]) -> None:
    """Give declarations to the parcels that stand here already; most come before their parcels."""
    marks = ", ".join("?" * len(added))
    numbers = [number for number, _ in added]
    rows = connection.execute(f"SELECT DISTINCT number FROM parcels WHERE number IN ({marks})", numbers)
    standing = {number for (number,) in rows.fetchall()}
    for number, key in added:
        if number in standing:
            attach(connection, number, key)


def _values(record: Received) -> tuple[str, ...]:
    return (
        record.kind,
        record.guid,
        record.number,
        record.order_no,
        record.inventory_no,
        to_json({"fields": record.fields, "lines": record.lines}).decode(),
        canonical(record.faults) if record.faults else "[]",
    )


def _kept(row: tuple[Any, ...]) -> Kept:
    kind, guid, number, order_no, inventory_no, body, faults, key, received_us = row
    said = json.loads(body)
    record = Received(kind, guid, said["fields"], said["lines"], number, order_no, inventory_no, json.loads(faults))
    return Kept(key, from_us(received_us), record)
