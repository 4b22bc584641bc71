"""Proves the log, and every row and picture that it vouches for; names what is not as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from app.store import captures, declarations, messages
from app.store.audit import digest, event_hash, first_hash
from app.store.database import Connection, Database, DatabaseError
from app.store.decisions import payload_hash
from app.store.migrations import guards

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `what` is a text key below "log.", `where` names it.

    `what` is one of event_altered, event_missing, chain_broken, row_altered, row_missing, row_added, count_wrong,
    picture_altered, picture_missing, guard_missing, file_damaged.
    """

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a verification found: how much was checked, the end of the log, and what is wrong."""

    events: int
    rows: int
    pictures: int
    head: str
    problems: tuple[Problem, ...]

    @property
    def is_ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Kept:
    """How the rows of a table follow from the events that wrote them."""

    table: str
    key: str
    columns: str
    kinds: tuple[str, ...]
    expect: Callable[[int, dict[str, Any]], list[list[Any]]]
    read: Callable[[list[Any]], list[Any]] = field(default=lambda row: row)


def verify(database: Database, folder: Path | None) -> LogReport:
    """Check everything; `folder` is where the pictures are, None leaves them out."""
    with database.read(from_disk=True) as reader:
        # A flipped bit may leave a text that is no UTF-8; its event shall be named, not the reading given up.
        reader.text_factory = _readable
        try:
            report = _Verification(reader).run()
        finally:
            reader.text_factory = str
    if folder is None:
        return report
    count, problems = check_pictures(database, folder)
    return replace(report, pictures=count, problems=(*report.problems, *problems))


class _Verification:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._problems: list[Problem] = []
        self._rows = 0
        self._events = 0
        self._head = ""

    def run(self) -> LogReport:
        steps: tuple[Callable[[], None], ...] = (
            self._file, self._chain, self._guards, self._kept, self._parcels, self._counts,
        )  # fmt: skip
        for step in steps:
            try:
                step()
            except DatabaseError as error:
                self._add("file_damaged", str(error))
        return LogReport(self._events, self._rows, 0, self._head, tuple(self._problems))

    def _add(self, what: str, where: str) -> None:
        if len(self._problems) < _MOST:
            self._problems.append(Problem(what, where))

    def _file(self) -> None:
        for (said,) in self._connection.execute("PRAGMA integrity_check(20)"):
            if said != "ok":
                self._add("file_damaged", said)
        for table, row, parent, _ in self._connection.execute("PRAGMA foreign_key_check"):
            self._add("row_missing", f"{parent} of {table} {row}")

    def _chain(self) -> None:
        meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        previous, expected = first_hash(meta.get("store_id", ""), meta.get("station", "")), 1
        for *fields, before, hashed in self._connection.execute("SELECT * FROM events ORDER BY seq"):
            seq = fields[0]
            if seq != expected:
                self._add("event_missing", f"events {expected} to {seq - 1}")
            elif before != previous:
                self._add("chain_broken", f"event {seq}")
            if event_hash(before, fields) != hashed:
                self._add("event_altered", f"event {seq}")
            previous, expected = hashed, seq + 1
            self._events += 1
        self._head = f"{expected - 1} {previous.hex()}"

    def _guards(self) -> None:
        for name, sql in guards(self._connection):
            if sql is not None:
                self._add("guard_missing", name)

    def _kept(self) -> None:
        fingerprint = declarations.fingerprint
        declared = _Kept(
            "declarations", "id", "id, hex(digest)", ("declared",),
            lambda _, body: [[key, said, said] for key, said in body["declarations"]],
            lambda row: [row[0], row[1].lower(), fingerprint(self._connection, row[0])],
        )  # fmt: skip
        for kept in (*_TABLES, declared):
            for seq, expected, actual in _merged(self._events_of(kept), self._rows_of(kept)):
                self._compare(kept, seq, expected, actual)

    def _compare(self, kept: _Kept, seq: int, expected: list[list[Any]] | None, actual: list[list[Any]]) -> None:
        rows = [kept.read(row[1:]) for row in actual]
        self._rows += len(rows)
        named = [f"{kept.table} {row[0]} (event {seq})" for row in actual]
        if expected is None:
            for name in named:
                self._add("row_added", name)
            return
        for name, row, should in zip(named, rows, expected, strict=False):
            if row != should:
                self._add("row_altered", name)
        for name in named[len(expected) :]:
            self._add("row_added", name)
        if len(rows) < len(expected):
            self._add("row_missing", f"{kept.table} (event {seq})")

    def _events_of(self, kept: _Kept) -> Iterator[tuple[int, list[list[Any]]]]:
        marks = ", ".join("?" * len(kept.kinds))
        sql = f"SELECT seq, parcel_id, body FROM events WHERE kind IN ({marks}) ORDER BY seq"
        for seq, parcel_id, text in self._connection.execute(sql, kept.kinds):
            try:
                yield seq, kept.expect(parcel_id, json.loads(text))
            except (ValueError, KeyError, TypeError):
                self._add("event_altered", f"event {seq}")
                yield seq, []

    def _rows_of(self, kept: _Kept) -> Iterator[tuple[int, list[list[Any]]]]:
        sql = f"SELECT event_seq, {kept.key}, {kept.columns} FROM {kept.table} ORDER BY event_seq, {kept.key}"
        for seq, rows in groupby(self._connection.execute(sql), key=lambda row: int(row[0])):
            yield seq, [list(row[1:]) for row in rows]

    def _parcels(self) -> None:
        newest = "SELECT max(seq) FROM events WHERE parcel_id = p.id AND kind NOT IN ('shown', 'noted')"
        for number, *row in self._connection.execute(f"SELECT ({newest}), p.* FROM parcels p"):
            self._rows += 1
            found = self._connection.execute("SELECT body FROM events WHERE seq = ?", (row[-1],)).fetchone()
            if found is None or number != row[-1] or _member(found[0], "row") != digest(row):
                self._add("row_altered", f"parcels {row[0]}")
        for key, seq in self._connection.execute(
            "SELECT parcel_id, seq FROM events WHERE kind = 'registered' AND parcel_id NOT IN (SELECT id FROM parcels)"
        ):
            self._add("row_missing", f"parcels {key} (event {seq})")

    def _counts(self) -> None:
        for hour, what in self._connection.execute(
            f"WITH true AS ({_TRUE_HOURS}) "
            "SELECT hour, what FROM (SELECT * FROM true EXCEPT SELECT * FROM hours) UNION "
            "SELECT hour, what FROM (SELECT * FROM hours EXCEPT SELECT * FROM true)"
        ):
            self._add("count_wrong", f"hours {hour} {what}")
        for state, n, true in self._connection.execute(
            "SELECT state, n, (SELECT count(*) FROM parcels p WHERE p.state = s.state) AS true FROM states s "
            "WHERE n <> true"
        ):
            self._add("count_wrong", f"states {state}: {n}, not {true}")


def check_pictures(database: Database, folder: Path) -> tuple[int, list[Problem]]:
    """Hash every picture; returns how many there are and what is wrong.

    Rows are read a page at a time: one long read would keep the write-ahead log from being reused for hours.
    """
    count, last, problems = 0, 0, list[Problem]()
    while True:
        with database.read() as reader:
            sql = "SELECT id, path, sha256 FROM captures WHERE id > ? ORDER BY id LIMIT 500"
            page = reader.execute(sql, (last,)).fetchall()
        if not page:
            return count, problems[:_MOST]
        for last, path, sha256 in page:  # noqa: B007
            count += 1
            file = folder / path
            if not file.is_file():
                problems.append(Problem("picture_missing", path))
            elif captures.sha256_of(file) != sha256:
                problems.append(Problem("picture_altered", path))


def _readable(text: bytes) -> str:
    return text.decode(errors="replace")


def _labels(_: int, body: dict[str, Any]) -> list[list[Any]]:
    return [body["label"]] if "label" in body else []


def _screenings(_: int, body: dict[str, Any]) -> list[list[Any]]:
    return [body["screening"]] if "screening" in body else []


_TABLES = (
    _Kept(
        "decisions", "id",
        "id, parcel_id, action, before, after, return_state, officer, second_officer, reason, note, decided_us, "
        "trace_id", ("decided",), lambda _, body: [body["decision"]],
    ),
    _Kept(
        "labels", "trace_id", "trace_id, decision_id, payload", ("decided",), _labels,
        lambda row: [row[0], row[1], payload_hash(row[2])],
    ),
    _Kept("undos", "decision_id", "decision_id, officer, undone_us", ("undone",), lambda _, body: [body["undo"]]),
    _Kept(
        "captures", "id", "parcel_id, scan_id, path, sha256, device, taken_us", ("scanned",),
        lambda parcel_id, body: [[parcel_id, *body["capture"]]],
    ),
    _Kept("screenings", "id", "id, capture_id, model, ms", ("scanned", "screened"), _screenings),
    _Kept(
        "detections", "id", "screening_id, label, score, level, x0, y0, x1, y1, view", ("scanned", "screened"),
        lambda _, body: [[body["screening"][0], *box] for box in body.get("seen", ())],
    ),
    _Kept(
        "codes", "id", "parcel_id, text", ("registered", "codes_added", "identified"),
        lambda parcel_id, body: [[parcel_id, text] for text in body["codes"]],
    ),
    _Kept(
        "messages", "id", f"id, hex(digest), {messages.COLUMNS}", ("received",),
        lambda _, body: [[key, said, said] for key, said in body["messages"]], messages.read_back,
    ),
)  # fmt: skip

_TRUE_HOURS = """
    SELECT decided_us / 3600000000 AS hour, action AS what, count(*) AS n FROM decisions GROUP BY 1, 2
    UNION ALL SELECT decided_us / 3600000000, 'labels', count(*) FROM decisions JOIN labels ON id = decision_id
        GROUP BY 1
    UNION ALL SELECT undone_us / 3600000000, 'undone', count(*) FROM undos GROUP BY 1
    UNION ALL SELECT taken_us / 3600000000, 'scans', count(*) FROM captures GROUP BY 1
    UNION ALL SELECT arrived_us / 3600000000, 'registered', count(*) FROM parcels GROUP BY 1
    UNION ALL SELECT received_us / 3600000000, 'declared', count(*) FROM declarations GROUP BY 1
"""


def _merged(
    events: Iterable[tuple[int, list[list[Any]]]], rows: Iterable[tuple[int, list[list[Any]]]]
) -> Iterator[tuple[int, list[list[Any]] | None, list[list[Any]]]]:
    """Pairs what events promise with what the table holds; both come by rising number, so memory stays flat."""
    row_groups = iter(rows)
    group = next(row_groups, None)
    for seq, expected in events:
        while group is not None and group[0] < seq:
            yield group[0], None, group[1]
            group = next(row_groups, None)
        if group is not None and group[0] == seq:
            yield seq, expected, group[1]
            group = next(row_groups, None)
        else:
            yield seq, expected, []
    while group is not None:
        yield group[0], None, group[1]
        group = next(row_groups, None)


def _member(text: str, name: str) -> object:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None
