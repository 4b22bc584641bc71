"""The rows of waiting reasons, within a transaction of whoever decides or asks."""

from __future__ import annotations

from typing import Any

from app.customs.waiting import Waiting, WaitingKind
from app.store.database import Connection
from app.store.errors import WaitingUnknownError
from app.store.times import from_us


def every(connection: Connection, parcel_id: int) -> list[Waiting]:
    """All waiting reasons that a parcel ever had, oldest first; those of undone decisions left out."""
    rows = connection.execute(f"{_SELECT} WHERE w.parcel_id = ? AND {_STANDS} ORDER BY w.id", (parcel_id,))
    return [_waiting(row) for row in rows]


def open_on(connection: Connection, parcel_id: int) -> tuple[Waiting, ...]:
    """What a parcel waits for now, oldest first."""
    found = connection.execute("SELECT waiting_id FROM open_waitings WHERE parcel_id = ? ORDER BY 1", (parcel_id,))
    return tuple(find(connection, key) for (key,) in found.fetchall())


def find(connection: Connection, waiting_id: int) -> Waiting:
    """Raises WaitingUnknownError where there is none."""
    row = connection.execute(f"{_SELECT} WHERE w.id = ?", (waiting_id,)).fetchone()
    if row is None:
        raise WaitingUnknownError(f"There is no waiting reason {waiting_id}.", id=waiting_id)
    return _waiting(row)


def begin(
    connection: Connection,
    parcel_id: int,
    kind: WaitingKind,
    *,
    officer: str,
    note: str,
    since_us: int,
    due_us: int | None,
    decision_id: int | None,
    seq: int,
) -> list[Any]:
    """Write a waiting reason; returns its row as the event `seq` has to hold it."""
    values = (parcel_id, kind.value, officer, note, since_us, due_us, decision_id)
    key = connection.execute(
        "INSERT INTO waitings (parcel_id, kind, officer, note, since_us, due_us, decision_id, event_seq) "
        "VALUES (?,?,?,?,?,?,?,?)",
        (*values, seq),
    ).lastrowid
    connection.execute("INSERT INTO open_waitings VALUES (?, ?, ?, ?)", (key, parcel_id, kind.value, since_us))
    return [key, *values]


def settle(
    connection: Connection,
    waiting_id: int,
    *,
    outcome: str,
    officer: str,
    at_us: int,
    decision_id: int | None,
    seq: int,
) -> list[Any]:
    """End a waiting reason; returns the row as the event `seq` has to hold it."""
    values = (waiting_id, outcome, officer, at_us, decision_id)
    key = connection.execute(
        "INSERT INTO settlements (waiting_id, outcome, officer, settled_us, decision_id, event_seq) "
        "VALUES (?,?,?,?,?,?)",
        (*values, seq),
    ).lastrowid
    connection.execute("DELETE FROM open_waitings WHERE waiting_id = ?", (waiting_id,))
    return [key, *values]


def settle_kinds(
    connection: Connection, parcel_id: int, kinds: frozenset[WaitingKind], *, outcome: str, officer: str, at_us: int,
    decision_id: int, seq: int,
) -> list[list[Any]]:  # fmt: skip
    """End what a decision ends; returns the rows as the decision's event has to hold them."""
    return [
        settle(connection, waiting.id, outcome=outcome, officer=officer, at_us=at_us, decision_id=decision_id, seq=seq)
        for waiting in open_on(connection, parcel_id)
        if waiting.kind in kinds
    ]


def undo(connection: Connection, decision_id: int) -> None:
    """Follow the undoing of a decision: what it began is not open any more, what it ended is open again."""
    connection.execute(
        "DELETE FROM open_waitings WHERE waiting_id IN (SELECT id FROM waitings WHERE decision_id = ?)", (decision_id,)
    )
    connection.execute(
        "INSERT INTO open_waitings SELECT w.id, w.parcel_id, w.kind, w.since_us FROM settlements s "
        "JOIN waitings w ON w.id = s.waiting_id WHERE s.decision_id = ?",
        (decision_id,),
    )


OPEN_BY_HISTORY = """
    SELECT id, parcel_id, kind, since_us FROM waitings w
    WHERE NOT EXISTS (SELECT 1 FROM undos WHERE decision_id = w.decision_id)
    AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.waiting_id = w.id
        AND NOT EXISTS (SELECT 1 FROM undos WHERE decision_id = s.decision_id))
"""
"""What has to be open, from the rows that never change."""

_STANDS = "NOT EXISTS (SELECT 1 FROM undos WHERE decision_id = w.decision_id)"
_SELECT = (
    "SELECT w.id, w.parcel_id, w.kind, w.since_us, w.due_us, w.note, w.officer, s.settled_us, s.officer, s.outcome "
    "FROM waitings w LEFT JOIN settlements s ON s.id = (SELECT max(id) FROM settlements t WHERE t.waiting_id = w.id "
    "AND NOT EXISTS (SELECT 1 FROM undos WHERE decision_id = t.decision_id))"
)


def _waiting(row: tuple[Any, ...]) -> Waiting:
    key, parcel_id, kind, since_us, due_us, note, officer, settled_us, settled_by, outcome = row
    return Waiting(
        id=key,
        parcel_id=parcel_id,
        kind=WaitingKind(kind),
        since_at=from_us(since_us),
        due_at=None if due_us is None else from_us(due_us),
        note=note,
        officer=officer,
        settled_at=None if settled_us is None else from_us(settled_us),
        settled_by=settled_by or "",
        outcome=outcome or "",
    )
