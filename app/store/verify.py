"""Proves the log, and every row and picture that it vouches for; names what is not as it was written."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from app.store.audit import digest, first_hash
from app.store.checkpoints import origin_of
from app.store.database import Connection, Database, DatabaseError
from app.store.found import MOST, LogReport, Problem, Progress, Trust, say_nothing
from app.store.held import Held
from app.store.merkle import Tree
from app.store.migrations import guards
from app.store.verify_file import check_file, reading_anything
from app.store.verify_pictures import check_pictures
from app.store.vouched import Feed, RowsOutOfOrder, Said, tables

_BATCH = 2048
_CHANGE_NO_ROW = ("shown", "noted")
"""Kinds of events whose bodies are the caller's own."""

_Event = tuple[int, str, int | None, bytes | None, bytes, bytes]
"""seq, kind, parcel_id, row, hash, and the bytes that are hashed: a line of fields, then the body."""


def verify(
    database: Database, folder: Path | None, trust: Trust | None = None, *, progress: Progress = say_nothing
) -> LogReport:
    """Check everything; `folder` is where the pictures are, None leaves them out.

    The file's own structure and the counts are checked beside the log, on a connection of their own.
    """
    trust = trust or Trust()
    with ThreadPoolExecutor(1, "verify") as beside:
        of_file = beside.submit(check_file, database)
        report = _verify_log(database, trust, progress)
        problems = (*of_file.result(), *report.problems)
    report = replace(report, problems=problems)
    if folder is None:
        return report
    count, more = check_pictures(database, folder, trust.rules, progress)
    return replace(report, pictures=count, problems=(*report.problems, *more))


def verify_chain(database: Database, trust: Trust | None = None, *, progress: Progress = say_nothing) -> LogReport:
    """Check the events and their checkpoints alone, not the rows and pictures that they vouch for."""
    with database.read(from_disk=True) as reader:
        return _Verification(reader, trust or Trust(), progress).run(with_rows=False)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: millions of short lists in no cycle would be looked through in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _verify_log(database: Database, trust: Trust, progress: Progress) -> LogReport:
    try:
        with _uncollected(), database.read(from_disk=True) as reader:
            report = _Verification(reader, trust, progress).run()
        if report.is_ok:
            return report
    except RowsOutOfOrder:
        pass
    # A flipped bit may leave a text that is no UTF-8; its row shall be named, not the reading given up.
    with reading_anything(database) as reader:
        return _Verification(reader, trust, progress, is_sorting=True).run()


class _Verification:
    """One walk along the log, with the rows of every table beside it.

    Rows are read in the order of their keys, which is that of their events unless somebody changed them; `is_sorting`
    takes them in any order, which costs memory.
    """

    def __init__(self, connection: Connection, trust: Trust, progress: Progress, *, is_sorting: bool = False) -> None:
        self._connection = connection
        self._progress = progress
        self._is_sorting = is_sorting
        self._problems: list[Problem] = []
        self._rows = 0
        self._head = ""
        self._tree = Tree()
        self._signed = Held(connection, trust, origin_of(connection))
        self._end, most = _scalars(connection, "SELECT (SELECT max(seq) FROM events), (SELECT max(id) FROM parcels)")
        self._last = array("q", bytes(8 * (min(self._end, most) + 1)))
        """The last event that changed each parcel; a parcel has one event at least, so no more fit honestly."""

    def run(self, *, with_rows: bool = True) -> LogReport:
        """Raises RowsOutOfOrder where rows have to be sorted."""
        for step in (self._walk, self._parcels, self._guards) if with_rows else (self._walk_alone,):
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

    def _walk_alone(self) -> None:
        for _ in self._chain():
            pass

    def _walk(self) -> None:
        feeds = [Feed(self._connection, kept, is_sorting=self._is_sorting) for kept in tables(self._connection)]
        by_kind: dict[str, list[Feed]] = {}
        for feed in feeds:
            for kind in feed.kept.kinds:
                by_kind.setdefault(kind, []).append(feed)
        for events in self._chain():
            for event in events:
                self._read_event(event, by_kind.get(event[1], ()))
            for feed in feeds:
                self._compare(feed, events[-1][0])
        for feed in feeds:
            for row in feed.rest():
                self._add("row_added", feed.name(row))

    def _chain(self) -> Iterator[list[_Event]]:
        """Events in their order, some at a time, each held against the one before."""
        meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        previous, expected = first_hash(meta.get("store_id", ""), meta.get("station", "")), 1
        cursor = self._connection.execute(_EVENTS)
        while events := cursor.fetchmany(_BATCH):
            for seq, _, _, _, hashed, told in events:
                if seq != expected or sha256(previous + told).digest() != hashed:
                    self._name_event(seq, expected)
                previous, expected = hashed, seq + 1
            self._sign([event[4] for event in events])
            self._progress("events", expected - 1, self._end)
            yield events
        self._head = f"{expected - 1} {previous.hex()}"
        self._progress("events", self._end, self._end)

    def _name_event(self, seq: int, expected: int) -> None:
        """An event that does not fit the hash before it and its own."""
        if seq != expected:
            # What came before this one is gone, so only its place can be told to be wrong.
            self._add("event_missing", f"events {expected} to {seq - 1}")
        else:
            self._add("event_altered", f"event {seq}")
        if seq != expected or seq == 1:
            self._add("chain_broken", f"event {seq}")

    def _sign(self, hashes: list[bytes]) -> None:
        """Grow the tree, and hold it against each checkpoint on the way."""
        while hashes:
            count = max(1, self._signed.next_size - self._tree.size)
            self._tree.extend(hashes[:count])
            self._signed.compare(self._tree)
            hashes = hashes[count:]

    def _read_event(self, event: _Event, told: Sequence[Feed]) -> None:
        seq, kind, parcel_id, row, _, text = event
        is_changing = row is not None
        if row is None:
            is_changing = kind not in _CHANGE_NO_ROW and b'"row":' in text
        elif kind in _CHANGE_NO_ROW or parcel_id is None or row.hex().encode() not in text:
            self._add("event_altered", f"event {seq}")
        if told or (is_changing and row is None):
            try:
                body = from_json(text[text.index(b"\n") + 1 :])
                is_changing = is_changing and "row" in body
                for feed in told:
                    feed.expect(seq, parcel_id or 0, body)
            except (ValueError, KeyError, TypeError, IndexError):
                self._add("event_altered", f"event {seq}")
                return
        if is_changing and parcel_id is not None:
            if 0 < parcel_id < len(self._last):
                self._last[parcel_id] = seq
            else:
                self._add("row_missing", f"parcels {parcel_id} (event {seq})")

    def _compare(self, feed: Feed, until: int) -> None:
        """Hold the rows up to an event against what the events say."""
        rows = feed.take(until)
        self._rows += len(rows)
        said, wanted = feed.kept.read_all(rows), feed.wanted
        feed.wanted = Said()
        if said == wanted:
            return
        expected, read = wanted.by_event(), said.by_event()
        found = {seq: list(group) for seq, group in groupby(rows, itemgetter(0))}
        for seq in sorted({*expected, *found}):
            self._compare_event(feed, seq, found.get(seq, []), read.get(seq, []), expected.get(seq, []))

    def _compare_event(
        self, feed: Feed, seq: int, rows: list[tuple[Any, ...]], said: list[Any], expected: list[Any]
    ) -> None:
        for row, each, should in zip(rows, said, expected, strict=False):
            if each != should:
                self._add("row_altered", feed.name(row))
        for row in rows[len(expected) : len(said)]:
            self._add("row_added", feed.name(row))
        if len(said) < len(expected):
            self._add("row_missing", f"{feed.kept.table} (event {seq})")

    def _parcels(self) -> None:
        """Each parcel's row is the one of the last event that changed it."""
        last, total = self._last, len(self._last)
        cursor = self._connection.execute(_PARCELS)
        while rows := cursor.fetchmany(_BATCH):
            self._rows += len(rows)
            for *row, vouched in rows:
                key = row[0]
                known = last[key] if 0 < key < total else 0
                # The quicker JSON writes some numbers otherwise than the one that was hashed.
                if known != row[-1] or (sha256(to_json(row)).digest() != vouched and digest(row) != vouched):
                    self._add("row_altered", f"parcels {key}")
                if known:
                    last[key] = 0
            self._progress("parcels", rows[-1][0], total)
        for key, seq in enumerate(last):
            if seq:
                self._add("row_missing", f"parcels {key} (event {seq})")

    def _guards(self) -> None:
        for name, sql in guards(self._connection):
            if sql is not None:
                self._add("guard_missing", name)


def _scalars(connection: Connection, sql: str) -> tuple[int, ...]:
    return tuple(value or 0 for value in connection.execute(sql).fetchone())


_EVENTS = """
    SELECT seq, kind, parcel_id, row, hash, CAST(
        seq || ' ' || at_us || ' ' || monotonic_us || ' ' || boot || ' ' || hlc || ' ' || kind || ' '
        || coalesce(parcel_id, '-') || char(10) || body AS BLOB)
    FROM log ORDER BY seq
"""

_PARCELS = """
    SELECT p.*, coalesce(e.row, CASE WHEN json_valid(e.body) THEN unhex(e.body ->> '$.row') END)
    FROM parcels p LEFT JOIN events e ON e.seq = p.event_seq ORDER BY p.id
"""
