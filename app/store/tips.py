"""Projected threats in the store: shown, resolved, their rates; rows that are only added, each with its event."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.customs.errors import TipOpenError, TipOverError
from app.customs.risk.whatif import HITS
from app.customs.states import State
from app.customs.tip import ALARMING, Ending, Outcome, Quiet, Rate, Resolved, Tip
from app.store import parcels
from app.store.audit import Log
from app.store.database import Connection
from app.store.errors import ParcelChangedError
from app.store.times import from_us, to_us

MOST_QUIET: Final = 200_000
"""Decisions that are looked through for false alarms, the last ones."""
_COLUMNS = (
    "id, parcel_id, scan_id, officer, lane, category, threat, placement, boxes, is_helped, is_boxed, shown_us"
)  # fmt: skip
_RESULTS = f"SELECT {_COLUMNS}, outcome, why, resolved_us, is_located FROM tips JOIN tip_results ON tip_id = id"


class Tips:
    """The projected threats of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def show(self, tip: Tip, *, version: int) -> Tip:
        """Keep that a threat is before an officer now; returns it with its number.

        Raises:
            ParcelChangedError: the parcel is not the one it was drawn for, or does not wait for a first look any more.
        """
        with self._write() as writer:
            row = parcels.load_row(writer, tip.parcel_id)
            if row["version"] != version or row["state"] != State.IMAGED or _was_touched(writer, tip.parcel_id):
                raise ParcelChangedError("The parcel changed since it was shown; look at it again.", id=tip.parcel_id)
            log = Log(writer)
            values = (
                tip.parcel_id, tip.scan_id, tip.officer, tip.lane, tip.category, tip.threat, tip.placement,
                json.dumps(tip.boxes), int(tip.is_helped), int(tip.is_boxed), to_us(tip.shown_at),
            )  # fmt: skip
            key = writer.execute(
                "INSERT INTO tips (parcel_id, scan_id, officer, lane, category, threat, placement, boxes, is_helped, "
                "is_boxed, shown_us, event_seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (*values, log.seq),
            ).lastrowid
            assert key is not None
            log.append("tip_shown", tip.parcel_id, {"tip": [key, *values]})
        return replace(tip, id=key)

    def resolve(
        self, tip_id: int, outcome: Outcome, why: str, *, at: datetime, is_located: bool | None = None
    ) -> Resolved:
        """Keep what became of a projected picture.

        Raises:
            TipOverError: it was resolved before.
        """
        with self._write() as writer:
            return _resolve(writer, tip_id, outcome, why, at=at, is_located=is_located)

    def end_open(self, why: Ending, *, at: datetime, parcel_id: int | None = None) -> list[Resolved]:
        """End what is before officers now, of one parcel or of all, so that it measures nobody."""
        with self._read() as reader:
            found = [tip.id for tip in _open(reader) if parcel_id in (None, tip.parcel_id)]
        if not found:
            return []
        with self._write() as writer:
            return [_resolve(writer, tip.id, Outcome.VOID, why, at=at) for tip in _open(writer) if tip.id in found]

    def is_free(self, parcel_id: int) -> bool:
        """Whether a parcel was never decided on and never had a threat in its picture."""
        with self._read() as reader:
            return not _was_touched(reader, parcel_id)

    def resolved(self, first: datetime, end: datetime, officer: str = "") -> list[Resolved]:
        """What was shown in a span and is resolved, oldest first; of one officer or of all."""
        sql = f"{_RESULTS} WHERE shown_us >= ? AND shown_us < ? AND ? IN ('', officer) ORDER BY id"
        with self._read() as reader:
            return [_resolved(row) for row in reader.execute(sql, (to_us(first), to_us(end), officer))]

    def result(self, tip_id: int) -> Resolved:
        """What became of one that is over."""
        with self._read() as reader:
            return _resolved(reader.execute(f"{_RESULTS} WHERE id = ?", (tip_id,)).fetchone())

    def counters(self) -> dict[str, tuple[int, int, int]]:
        """How often each threat was shown, hit and missed; void ones are shown only."""
        sql = (
            "SELECT threat, count(*), coalesce(sum(outcome = 'hit'), 0), "
            "coalesce(sum(outcome IN ('miss', 'late')), 0) FROM tips LEFT JOIN tip_results ON tip_id = id GROUP BY 1"
        )
        with self._read() as reader:
            return {threat: (shown, hit, missed) for threat, shown, hit, missed in reader.execute(sql)}

    def quiet(self, first: datetime, end: datetime) -> dict[str, Quiet]:
        """By officer, the real pictures that he decided on first and that had no threat projected for him."""
        with self._read() as reader:
            rows = reader.execute(_QUIET, (MOST_QUIET, to_us(first), to_us(end))).fetchall()
        found: dict[str, Quiet] = {}
        for officer, passed, false_alarms in rows:
            found[officer] = Quiet(passed, false_alarms)
        return found

    def set_rate(self, rate: Rate) -> None:
        assert rate.set_at is not None
        with self._write() as writer:
            log = Log(writer)
            values = (rate.lane, rate.officer, rate.share, rate.set_by, to_us(rate.set_at))
            key = writer.execute(
                "INSERT INTO tip_rates (lane, officer, share, set_by, set_us, event_seq) VALUES (?,?,?,?,?,?)",
                (*values, log.seq),
            ).lastrowid
            log.append("tip_rate_set", None, {"tip_rate": [key, *values]})

    def rates(self) -> list[Rate]:
        """The rates that hold, in the order in which they were set."""
        sql = (
            "SELECT lane, officer, share, set_by, set_us FROM tip_rates WHERE id IN "
            "(SELECT max(id) FROM tip_rates GROUP BY lane, officer) ORDER BY id"
        )
        with self._read() as reader:
            return [Rate(lane, officer, share, by, from_us(us)) for lane, officer, share, by, us in reader.execute(sql)]


def refuse_open(connection: Connection, parcel_id: int) -> None:
    """
    Raises:
        TipOpenError: an officer has a projected threat in this parcel's picture before him now.
    """
    found = connection.execute(
        "SELECT 1 FROM tips WHERE parcel_id = ? AND id NOT IN (SELECT tip_id FROM tip_results)", (parcel_id,)
    ).fetchone()
    if found:
        raise TipOpenError(
            "This parcel's picture is before an officer with a projected threat in it; nothing can be decided on it "
            "until he is done.",
            id=parcel_id,
        )


_QUIET = f"""
    WITH firsts AS (
        SELECT d.officer, d.parcel_id, d.action FROM decisions d
        WHERE d.id > (SELECT coalesce(max(id), 0) FROM decisions) - ? AND d.before = 'imaged'
        AND d.decided_us >= ? AND d.decided_us < ?
        AND d.id = (SELECT min(o.id) FROM decisions o WHERE o.parcel_id = d.parcel_id
                    AND o.id NOT IN (SELECT decision_id FROM undos))
        AND NOT EXISTS (SELECT 1 FROM tips t WHERE t.parcel_id = d.parcel_id AND t.officer = d.officer)),
    judged AS (
        SELECT officer, action IN ({", ".join(f"'{action}'" for action in sorted(ALARMING))}) AS is_alarm,
            EXISTS (SELECT 1 FROM decisions l WHERE l.parcel_id = firsts.parcel_id
                    AND l.action IN ('exam_normal', 'lab_normal')
                    AND l.id NOT IN (SELECT decision_id FROM undos)) AS is_clear,
            EXISTS (SELECT 1 FROM decisions l WHERE l.parcel_id = firsts.parcel_id
                    AND l.action IN ({", ".join(f"'{action}'" for action in sorted(HITS))})
                    AND l.id NOT IN (SELECT decision_id FROM undos)) AS is_find
        FROM firsts)
    SELECT officer, sum(NOT is_alarm AND NOT is_find), sum(is_alarm AND is_clear AND NOT is_find) FROM judged GROUP BY 1
"""


def _was_touched(connection: Connection, parcel_id: int) -> bool:
    return any(
        connection.execute(f"SELECT 1 FROM {table} WHERE parcel_id = ? LIMIT 1", (parcel_id,)).fetchone()
        for table in ("tips", "decisions")
    )


def _open(connection: Connection) -> list[Tip]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM tips WHERE id NOT IN (SELECT tip_id FROM tip_results)")
    return [_tip(row) for row in rows.fetchall()]


def _resolve(
    connection: Connection, tip_id: int, outcome: Outcome, why: str, *, at: datetime, is_located: bool | None = None
) -> Resolved:
    if connection.execute("SELECT 1 FROM tip_results WHERE tip_id = ?", (tip_id,)).fetchone():
        raise TipOverError("This projected picture was resolved before.", id=tip_id)
    tip = _tip(connection.execute(f"SELECT {_COLUMNS} FROM tips WHERE id = ?", (tip_id,)).fetchone())
    log = Log(connection)
    values = (tip_id, outcome.value, str(why), None if is_located is None else int(is_located), to_us(at))
    connection.execute("INSERT INTO tip_results VALUES (?,?,?,?,?,?)", (*values, log.seq))
    log.append("tip_resolved", tip.parcel_id, {"tip_result": list(values)})
    return Resolved(tip, outcome, str(why), at, is_located)


def _tip(row: tuple[Any, ...]) -> Tip:
    key, parcel_id, scan_id, officer, lane, category, threat, placement, boxes, is_helped, is_boxed, shown_us = row
    found = tuple((left, top, right, bottom) for left, top, right, bottom in json.loads(boxes))
    return Tip(
        key, parcel_id, scan_id, officer, lane, category, threat, placement, found, bool(is_helped), bool(is_boxed),
        from_us(shown_us),
    )  # fmt: skip


def _resolved(row: tuple[Any, ...]) -> Resolved:
    *tip, outcome, why, resolved_us, is_located = row
    located = None if is_located is None else bool(is_located)
    return Resolved(_tip(tuple(tip)), Outcome(outcome), why, from_us(resolved_us), located)
