"""The event log: gapless, each event bound by hash to the one before it. It is also what is sent to the hub."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.store.database import Connection
from app.store.times import from_us

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LAST = (
    "SELECT seq, hash, at_us + ahead_us, (SELECT id FROM boots WHERE boot = ?) FROM events ORDER BY seq DESC LIMIT 1"
)
_NO_ROW = '"row":""'
"""Stands in a stored body for the fingerprint that the event's column `row` holds."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the log. `hlc` is the hybrid clock in us: it never goes back, even where the wall clock does."""

    seq: int
    at: datetime
    monotonic_us: int
    boot: str
    hlc: int
    kind: str
    parcel_id: int | None
    body: Mapping[str, Any]
    hash: bytes


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: the same value always gives the same text."""
    return _ENCODER.encode(value)


def digest(values: Iterable[object]) -> bytes:
    """A row's fingerprint, as it goes into the event that wrote the row."""
    return hashlib.sha256(_ENCODER.encode(list(values)).encode()).digest()


def stored_body(body: Mapping[str, object], row: bytes | None) -> tuple[str, str]:
    """An event's body as it is kept and as it is hashed; `row` is the fingerprint that the latter has in it."""
    if row is None:
        text = canonical(body)
        return text, text
    kept = canonical({**body, "row": ""})
    return kept, kept.replace(_NO_ROW, f'"row":"{row.hex()}"')


def event_hash(previous: bytes, fields: Sequence[object]) -> bytes:
    """SHA-256 over the hash of the event before, one line of the fields that cannot hold a line, and the body.

    `fields` are seq, at_us, monotonic_us, boot, hlc, kind, parcel_id ("-" where there is none) and body.
    """
    seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body = fields
    about = "-" if parcel_id is None else parcel_id
    line = f"{seq} {at_us} {monotonic_us} {boot} {hlc} {kind} {about}\n{body}"
    return hashlib.sha256(previous + line.encode()).digest()


def first_hash(store_id: str, station: str) -> bytes:
    """What stands before the first event: no two stores begin alike."""
    return hashlib.sha256(f"guanjian log 1\n{store_id}\n{station}".encode()).digest()


class Log:
    """The end of the log within one transaction; read from the file each time, so that several programs may write.

    `seq` is the number that the next event will have: rows written with it say which event vouches for them.
    """

    __slots__ = ("_boot", "_connection", "_hlc", "_previous", "seq")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        last = connection.execute(_LAST, (BOOT,)).fetchone()
        if last is None:
            meta = dict(connection.execute("SELECT name, value FROM meta"))
            last = (0, first_hash(meta["store_id"], meta["station"]), 0, None)
        self.seq: int = last[0] + 1
        self._previous: bytes = last[1]
        self._hlc: int = last[2]
        self._boot: int = last[3] or keep_boot(connection)

    def append(self, kind: str, parcel_id: int | None, body: Mapping[str, object], row: bytes | None = None) -> int:
        """Write the next event, with the fingerprint of the parcel's row where it changed it; returns its number."""
        seq, (kept, text) = self.seq, stored_body(body, row)
        at_us, monotonic_us = time.time_ns() // 1000, running_us()
        self._hlc = max(self._hlc + 1, at_us)
        hashed = event_hash(self._previous, (seq, at_us, monotonic_us, BOOT, self._hlc, kind, parcel_id, text))
        self._connection.execute(
            _INSERT, (seq, at_us, monotonic_us, self._boot, self._hlc - at_us, kind, parcel_id, kept, row, hashed)
        )
        self._previous = hashed
        self.seq += 1
        return seq


def read_events(
    connection: Connection, where: str = "", values: tuple[object, ...] = (), limit: int = -1
) -> Iterator[Event]:
    """Events in their order; `where` is SQL that begins with WHERE."""
    for seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hashed in connection.execute(
        "SELECT seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash "
        f"FROM log {where} ORDER BY seq LIMIT ?",
        (*values, limit),
    ):
        yield Event(seq, from_us(at_us), monotonic_us, boot, hlc, kind, parcel_id, json.loads(body), hashed)


def keep_boot(connection: Connection) -> int:
    """The number that this start of the machine has in the store's table of them."""
    connection.execute("INSERT OR IGNORE INTO boots (boot) VALUES (?)", (BOOT,))
    key: int = connection.execute("SELECT id FROM boots WHERE boot = ?", (BOOT,)).fetchone()[0]
    return key


def running_us() -> int:
    """A clock that nobody sets; it begins with the machine, and within one start of it goes on alike everywhere."""
    return time.monotonic_ns() // 1000


def _boot_id() -> str:
    """Which start of the machine this is: monotonic times compare only within one."""
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.is_file() else str(uuid.uuid4())


BOOT: Final = _boot_id()
