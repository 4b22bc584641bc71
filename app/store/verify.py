"""Proves the log, and every row and picture that it vouches for; names what is not as it was written."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from app.store import order_rows
from app.store.audit import digest, first_hash
from app.store.checkpoints import origin_of
from app.store.database import Connection, Database, DatabaseError
from app.store.found import MOST, LogReport, Problem, Progress, Trust, say_nothing
from app.store.held import Held
from app.store.matters import OPEN_BY_STEPS
from app.store.merkle import Tree
from app.store.migrations import guards
from app.store.verify_pictures import check_pictures
from app.store.vouched import Feed, Kept, tables
from app.store.waiting_rows import OPEN_BY_HISTORY

_STEP = 2048
_CHANGE_NO_ROW = ("shown", "noted")
"""Kinds of events whose bodies are the caller's own."""


def verify(
    database: Database, folder: Path | None, trust: Trust | None = None, *, progress: Progress = say_nothing
) -> LogReport:
    """Check everything; `folder` is where the pictures are, None leaves them out.

    The file's own structure and the counts are checked beside the log, on a connection of their own.
    """
    trust = trust or Trust()
    with ThreadPoolExecutor(1, "verify") as beside:
        of_file = beside.submit(_check_file, database)
        with database.read(from_disk=True) as reader:
            report = _Verification(reader, trust, progress).run()
        if not report.is_ok:
            # A flipped bit may leave a text that is no UTF-8; its event shall be named, not the reading given up.
            with _reading_anything(database) as reader:
                report = _Verification(reader, trust, progress).run()
        problems = (*of_file.result(), *report.problems)
    report = replace(report, problems=problems)
    if folder is None:
        return report
    count, more = check_pictures(database, folder, trust.rules, progress)
    return replace(report, pictures=count, problems=(*report.problems, *more))


@contextmanager
def _reading_anything(database: Database) -> Iterator[Connection]:
    """Reads texts that are no UTF-8 too, which takes longer."""
    with database.read(from_disk=True) as reader:
        reader.text_factory = lambda text: text.decode(errors="replace")
        try:
            yield reader
        finally:
            reader.text_factory = str


class _Verification:
    """One walk along the log, with the rows of every table beside it."""

    def __init__(self, connection: Connection, trust: Trust, progress: Progress) -> None:
        self._connection = connection
        self._progress = progress
        self._problems: list[Problem] = []
        self._rows = 0
        self._head = ""
        self._tree = Tree()
        self._signed = Held(connection, trust, origin_of(connection))
        self._end, most = _scalars(connection, "SELECT (SELECT max(seq) FROM events), (SELECT max(id) FROM parcels)")
        self._last = array("q", bytes(8 * (min(self._end, most) + 1)))
        """The last event that changed each parcel; a parcel has one event at least, so no more fit honestly."""

    def run(self) -> LogReport:
        for step in (self._walk, self._parcels, self._guards):
            try:
                step()
            except DatabaseError as error:
                self._add("file_damaged", str(error))
        for problem in self._signed.finish(self._tree):
            self._add(problem.what, problem.where)
        return LogReport(
            self._tree.size, self._rows, 0, self._head, tuple(self._problems), self._signed.good, self._signed.covered
        )

    def _add(self, what: str, where: str) -> None:
        if len(self._problems) < MOST:
            self._problems.append(Problem(what, where))

    def _walk(self) -> None:
        feeds = [Feed(self._connection, kept) for kept in tables(self._connection)]
        by_kind: dict[str, list[Feed]] = {}
        for feed in feeds:
            for kind in feed.kept.kinds:
                by_kind.setdefault(kind, []).append(feed)
        for seq, kind, parcel_id, text in self._chain():
            told = by_kind.get(kind, ())
            if told or (kind not in _CHANGE_NO_ROW and '"row":' in text):
                self._check_event(seq, parcel_id, kind, text, told)
            if seq % _STEP == 0:
                self._progress("events", seq, self._end)
        for feed in feeds:
            for row in feed.rest():
                self._add("row_added", _name(feed.kept, row))
        self._progress("events", self._end, self._end)

    def _chain(self) -> Iterator[tuple[int, str, int | None, str]]:
        meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        previous, expected = first_hash(meta.get("store_id", ""), meta.get("station", "")), 1
        for seq, kind, parcel_id, text, before, hashed, told in self._connection.execute(_EVENTS):
            if seq != expected:
                self._add("event_missing", f"events {expected} to {seq - 1}")
            elif before != previous:
                self._add("chain_broken", f"event {seq}")
            if sha256(before + told).digest() != hashed:
                self._add("event_altered", f"event {seq}")
            previous, expected = hashed, seq + 1
            self._tree.append(hashed)
            self._signed.compare(self._tree)
            yield seq, kind, parcel_id, text
        self._head = f"{expected - 1} {previous.hex()}"

    def _check_event(self, seq: int, parcel_id: int | None, kind: str, text: str, told: list[Feed] | tuple[()]) -> None:
        try:
            body = from_json(text)
            wanted = [feed.kept.expect(parcel_id or 0, body) for feed in told]
        except (ValueError, KeyError, TypeError, IndexError):
            self._add("event_altered", f"event {seq}")
            body, wanted = {}, [[] for _ in told]
        if parcel_id is not None and kind not in _CHANGE_NO_ROW and "row" in body:
            if 0 < parcel_id < len(self._last):
                self._last[parcel_id] = seq
            else:
                self._add("row_missing", f"parcels {parcel_id} (event {seq})")
        for feed, expected in zip(told, wanted, strict=True):
            if expected or feed.next_seq <= seq:
                self._compare(feed, seq, expected)

    def _compare(self, feed: Feed, seq: int, expected: list[list[Any]]) -> None:
        found, strays = feed.take(seq)
        self._rows += len(found) + len(strays)
        said = feed.kept.read_all([row[2:] for row in found])
        if not strays and said == expected:
            return
        for row in strays:
            self._add("row_added", _name(feed.kept, row))
        for row, each, should in zip(found, said, expected, strict=False):
            if each != should:
                self._add("row_altered", _name(feed.kept, row))
        for row in found[len(expected) : len(said)]:
            self._add("row_added", _name(feed.kept, row))
        if len(said) < len(expected):
            self._add("row_missing", f"{feed.kept.table} (event {seq})")

    def _parcels(self) -> None:
        """Each parcel's row is the one of the last event that changed it."""
        for *row, vouched in self._connection.execute(_PARCELS):
            self._rows += 1
            key, seq = row[0], row[-1]
            known = self._last[key] if 0 < key < len(self._last) else 0
            if known != seq or vouched != digest(row):
                self._add("row_altered", f"parcels {key}")
            if known:
                self._last[key] = 0
            if key % _STEP == 0:
                self._progress("parcels", key, len(self._last))
        for key, seq in enumerate(self._last):
            if seq:
                self._add("row_missing", f"parcels {key} (event {seq})")

    def _guards(self) -> None:
        for name, sql in guards(self._connection):
            if sql is not None:
                self._add("guard_missing", name)


def _check_file(database: Database) -> list[Problem]:
    """The structure of the file, references between tables, and the counts that are kept."""
    problems: list[Problem] = []
    with _reading_anything(database) as reader:
        for step in (_structure, _counts):
            try:
                problems += step(reader)
            except DatabaseError as error:
                problems.append(Problem("file_damaged", str(error)))
    return problems[:MOST]


def _structure(connection: Connection) -> Iterator[Problem]:
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Problem("file_damaged", said)
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem("row_missing", f"{parent} of {table} {row}")


def _counts(connection: Connection) -> Iterator[Problem]:
    for hour, what in connection.execute(
        f"WITH true AS ({_TRUE_HOURS}) "
        "SELECT hour, what FROM (SELECT * FROM true EXCEPT SELECT * FROM hours) UNION "
        "SELECT hour, what FROM (SELECT * FROM hours EXCEPT SELECT * FROM true)"
    ):
        yield Problem("count_wrong", f"hours {hour} {what}")
    for state, n, true in connection.execute(
        "WITH true AS (SELECT state, count(*) AS n FROM parcels GROUP BY state) "
        "SELECT s.state, s.n, coalesce(t.n, 0) FROM states s LEFT JOIN true t ON t.state = s.state "
        "WHERE s.n <> coalesce(t.n, 0)"
    ):
        yield Problem("count_wrong", f"states {state}: {n}, not {true}")
    for table, columns, true in (
        ("open_hits", "hit_id AS id, parcel_id", order_rows.OPEN_BY_HISTORY),
        ("open_waitings", "waiting_id AS id, parcel_id, kind, since_us", OPEN_BY_HISTORY),
        ("open_matters", "matter_id AS id, area, stand, since_us", OPEN_BY_STEPS),
    ):
        for (key,) in connection.execute(
            f"WITH true AS ({true}), kept AS (SELECT {columns} FROM {table}) SELECT id FROM "
            "(SELECT * FROM true EXCEPT SELECT * FROM kept) UNION SELECT id FROM "
            "(SELECT * FROM kept EXCEPT SELECT * FROM true)"
        ):
            yield Problem("count_wrong", f"{table} {key}")


def _name(kept: Kept, row: tuple[Any, ...]) -> str:
    return f"{kept.table} {row[1]} (event {row[0]})"


def _scalars(connection: Connection, sql: str) -> tuple[int, ...]:
    return tuple(value or 0 for value in connection.execute(sql).fetchone())


_EVENTS = """
    SELECT seq, kind, parcel_id, body, previous, hash, CAST(
        seq || ' ' || at_us || ' ' || monotonic_us || ' ' || boot || ' ' || hlc || ' ' || kind || ' '
        || coalesce(parcel_id, '-') || char(10) || body AS BLOB)
    FROM events ORDER BY seq
"""
"""Each event, and the bytes that `audit.event_hash` hashes after the hash of the event before."""

_PARCELS = """
    SELECT p.*, CASE WHEN json_valid(e.body) THEN json_extract(e.body, '$.row') END
    FROM parcels p LEFT JOIN events e ON e.seq = p.event_seq ORDER BY p.id
"""

_TRUE_HOURS = """
    SELECT decided_us / 3600000000 AS hour, action AS what, count(*) AS n FROM decisions GROUP BY 1, 2
    UNION ALL SELECT decided_us / 3600000000, 'labels', count(*) FROM decisions JOIN labels ON id = decision_id
        GROUP BY 1
    UNION ALL SELECT undone_us / 3600000000, 'undone', count(*) FROM undos GROUP BY 1
    UNION ALL SELECT taken_us / 3600000000, 'scans', count(*) FROM captures GROUP BY 1
    UNION ALL SELECT arrived_us / 3600000000, 'registered', count(*) FROM parcels GROUP BY 1
    UNION ALL SELECT received_us / 3600000000, 'declared', count(*) FROM declarations GROUP BY 1
"""
