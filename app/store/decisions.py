"""What officers decide: one transaction of state, decision, label, count and event; rows that are only added."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.customs.errors import UndoRefusedError
from app.customs.parcel import Decision, FindingKind
from app.customs.risk.whatif import HITS
from app.customs.states import LETS_GO, REVIEWED, Action, Facts, State, check_undo, next_state
from app.customs.waiting import OWING, kind_begun, kinds_ended
from app.store import finds, order_rows, parcels, tips, waiting_rows
from app.store.audit import Log
from app.store.database import Connection, IntegrityError
from app.store.errors import AlreadyKeptError, ParcelChangedError, ParcelUnknownError
from app.store.hours import tally, tally_each
from app.store.times import from_us, to_us

_KEEPS_LABEL = LETS_GO | {State.CLOSED, State.HELD}


@dataclass(frozen=True, slots=True)
class TraceLabel:
    """The label of a released parcel: its unique trace code and what its QR says."""

    trace_id: str
    payload: str


@dataclass(frozen=True, slots=True)
class TraceFound:
    """A trace code as the store knows it; `is_void` once its release was undone or the parcel taken back in."""

    trace_id: str
    parcel_id: int
    decision_id: int
    payload: str
    released_at: datetime
    is_void: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an officer says of a parcel. `expected_version` is the parcel's version that he saw.

    `due_at` ends the time of what the decision begins to wait for. `trace` is kept only where the verdict lets the
    parcel go and it has no label that is good. `annotations` is what the officer drew, as JSON; it lives in the event
    alone, whose hash vouches for it.
    """

    action: Action
    officer: str
    decided_at: datetime
    reason: str = ""
    note: str = ""
    second_officer: str = ""
    expected_version: int | None = None
    trace: TraceLabel | None = None
    annotations: str = ""
    due_at: datetime | None = None


def facts_of(
    connection: Connection,
    row: parcels.Row,
    *,
    officer: str = "",
    second_officer: str = "",
    reason: str = "",
    note: str = "",
    now: datetime,
) -> Facts:
    """What the guards need to know about a parcel, what hangs on it at a moment, and who acts on it."""
    back = row["return_state"]
    open_orders, port_orders = order_rows.blocking(connection, row["id"], now)
    return Facts(
        officer=officer,
        second_officer=second_officer,
        reason=reason,
        note=note,
        return_state=None if back is None else State(back),
        detained_by=row["detained_by"],
        open_orders=open_orders,
        port_orders=port_orders,
        is_withdrawn=parcels.has_finding(row, FindingKind.WITHDRAWN),
        is_tax_due=any(one.kind in OWING for one in waiting_rows.open_on(connection, row["id"])),
        has_alarm=bool(row["has_alarm"]),
        is_image_cleared=bool(row["is_cleared"]),
    )


def decide(connection: Connection, parcel_id: int, verdict: Verdict) -> Decision:
    """Move a parcel by an officer's decision.

    Raises:
        GuardError: the table or a guard refuses it.
        ParcelChangedError: the parcel is not the one that the officer saw.
        AlreadyKeptError: the trace code was given before.
    """
    row = parcels.load_row(connection, parcel_id)
    if verdict.expected_version not in (None, row["version"]):
        raise ParcelChangedError("The parcel changed since it was shown; look at it again.", id=parcel_id)
    tips.refuse_open(connection, parcel_id)
    facts = facts_of(
        connection,
        row,
        officer=verdict.officer,
        second_officer=verdict.second_officer,
        reason=verdict.reason,
        note=verdict.note,
        now=verdict.decided_at,
    )
    before = State(row["state"])
    after = next_state(before, verdict.action, facts)
    return _write(connection, row, verdict, before, after)


def undo(connection: Connection, decision_id: int, *, officer: str, now: datetime, within_s: float) -> Decision:
    """Take back a parcel's last decision; the decision stays and says when it was undone, its label is void.

    Raises:
        UndoRefusedError: it is too late, another officer decided, or something came after.
    """
    decision, second_officer, back = _load(connection, decision_id)
    row, log = parcels.load_row(connection, decision.parcel_id), Log(connection)
    if decision.undone_at is not None or row["state"] != decision.after or _last(connection, row["id"]) != decision_id:
        raise UndoRefusedError("Only a parcel's last decision can be undone.", why="last")
    check_undo(
        decision.action, second_officer, decision.officer, decision.decided_at, officer=officer, now=now,
        within_s=within_s,
    )  # fmt: skip
    undone_us = to_us(now)
    connection.execute("INSERT INTO undos VALUES (?, ?, ?, ?)", (decision_id, officer, undone_us, log.seq))
    changes: dict[str, object] = {"state": decision.before.value, "return_state": back}
    if decision.action is Action.RELEASE and decision.reason in REVIEWED:
        changes["is_cleared"] = 0
    label = _label_before(connection, row["id"], decision_id)
    if label != row["trace_id"]:
        changes["trace_id"] = label
    body: dict[str, object] = {"undo": [decision_id, officer, undone_us]}
    waiting_rows.undo(connection, decision_id)
    parcels.change(connection, log, row, "undone", body, **changes)
    tally(connection, undone_us, "undone")
    if decision.action in HITS:
        finds.follow(connection, row["id"])
    return _load(connection, decision_id)[0]


def _label_before(connection: Connection, parcel_id: int, decision_id: int) -> str | None:
    """The label that was in force before a decision, by those before it that stand."""
    label: str | None = None
    for trace_id, after in connection.execute(
        "SELECT d.trace_id, d.after FROM decisions d LEFT JOIN undos u ON u.decision_id = d.id "
        "WHERE d.parcel_id = ? AND d.id < ? AND u.decision_id IS NULL ORDER BY d.id",
        (parcel_id, decision_id),
    ):
        if trace_id is not None:
            label = trace_id
        elif State(after) not in _KEEPS_LABEL:
            label = None
    return label


def history(connection: Connection, parcel_id: int) -> list[Decision]:
    """All decisions on a parcel, oldest first, undone ones too."""
    rows = connection.execute(f"{_SELECT} WHERE d.parcel_id = ? ORDER BY d.id", (parcel_id,))
    return [_decision(values) for values in rows]


def find_trace(connection: Connection, trace_id: str) -> TraceFound | None:
    found = connection.execute(
        "SELECT d.parcel_id, d.id, l.payload, d.decided_us, p.trace_id IS NOT l.trace_id FROM labels l "
        "JOIN decisions d ON d.id = l.decision_id JOIN parcels p ON p.id = d.parcel_id WHERE l.trace_id = ?",
        (trace_id,),
    ).fetchone()
    if found is None:
        return None
    parcel_id, decision_id, payload, released_us, is_void = found
    return TraceFound(trace_id, parcel_id, decision_id, payload, from_us(released_us), bool(is_void))


def last_trace_id(connection: Connection, prefix: str) -> str | None:
    found: tuple[str | None] = connection.execute(
        "SELECT max(trace_id) FROM labels WHERE trace_id >= ? AND trace_id < ?", (prefix, f"{prefix}~")
    ).fetchone()
    return found[0]


_INSERT = (
    "INSERT INTO decisions (parcel_id, action, before, after, return_state, officer, second_officer, reason, note, "
    "decided_us, trace_id, event_seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)


def _write(connection: Connection, row: parcels.Row, verdict: Verdict, before: State, after: State) -> Decision:
    log, decided_us = Log(connection), to_us(verdict.decided_at)
    trace = verdict.trace if after in LETS_GO and row["trace_id"] is None else None
    trace_id = None if trace is None else trace.trace_id
    values = (
        row["id"],
        verdict.action.value,
        before.value,
        after.value,
        row["return_state"],
        verdict.officer,
        verdict.second_officer,
        verdict.reason,
        verdict.note,
        decided_us,
        trace_id,
    )
    key = connection.execute(_INSERT, (*values, log.seq)).lastrowid
    assert key is not None
    body: dict[str, object] = {"decision": [key, *values]}
    if verdict.annotations:
        body["annotations"] = verdict.annotations
    body |= _follow_waiting(connection, row["id"], verdict, after, decision_id=key, seq=log.seq)
    if trace is not None:
        _keep_label(connection, trace, key, log.seq)
        body["label"] = [trace.trace_id, key, payload_hash(trace.payload)]
    parcels.change(connection, log, row, "decided", body, **_changes(verdict, before, after, trace_id))
    tally_each(connection, decided_us, (verdict.action.value,) if trace is None else (verdict.action.value, "labels"))
    if verdict.action in HITS:
        finds.follow(connection, row["id"])
    return Decision(
        id=key,
        parcel_id=row["id"],
        action=verdict.action,
        before=before,
        after=after,
        officer=verdict.officer,
        reason=verdict.reason,
        note=verdict.note,
        decided_at=from_us(decided_us),
        trace_code=trace_id,
        annotations=verdict.annotations,
        second_officer=verdict.second_officer,
    )


def _changes(verdict: Verdict, before: State, after: State, trace_id: str | None) -> dict[str, object]:
    changes: dict[str, object] = {"state": after.value}
    if after is State.HELD:
        changes["return_state"] = before.value
    elif before is State.HELD:
        changes["return_state"] = None
    if after is State.DETAINED:
        changes["detained_by"] = verdict.officer
    if verdict.action is Action.RELEASE and verdict.reason in REVIEWED:
        changes["is_cleared"] = 1
    if trace_id is not None:
        changes["trace_id"] = trace_id
    elif after not in _KEEPS_LABEL:
        changes["trace_id"] = None
    return changes


def _follow_waiting(
    connection: Connection, parcel_id: int, verdict: Verdict, after: State, *, decision_id: int, seq: int
) -> dict[str, object]:
    """End and begin what the parcel waits for by a decision; returns what the decision's event says of it."""
    at_us = to_us(verdict.decided_at)
    ended = waiting_rows.settle_kinds(
        connection, parcel_id, kinds_ended(verdict.action, after), outcome=verdict.reason or verdict.action.value,
        officer=verdict.officer, at_us=at_us, decision_id=decision_id, seq=seq,
    )  # fmt: skip
    said: dict[str, object] = {"settlements": ended} if ended else {}
    kind = kind_begun(verdict.action, verdict.reason)
    if kind is not None:
        said["waiting"] = waiting_rows.begin(
            connection, parcel_id, kind, officer=verdict.officer, note=verdict.note, since_us=at_us,
            due_us=None if verdict.due_at is None else to_us(verdict.due_at), decision_id=decision_id, seq=seq,
        )  # fmt: skip
    return said


def payload_hash(payload: str) -> str:
    """A label's payload as the log holds it."""
    return hashlib.sha256(payload.encode()).hexdigest()


def _keep_label(connection: Connection, trace: TraceLabel, decision_id: int, seq: int) -> None:
    try:
        connection.execute("INSERT INTO labels VALUES (?, ?, ?, ?)", (trace.trace_id, decision_id, trace.payload, seq))
    except IntegrityError as error:
        raise AlreadyKeptError(f"Trace code {trace.trace_id} was given before.", detail=trace.trace_id) from error


def _last(connection: Connection, parcel_id: int) -> int | None:
    found = connection.execute(
        "SELECT max(id) FROM decisions WHERE parcel_id = ? AND id NOT IN (SELECT decision_id FROM undos)", (parcel_id,)
    ).fetchone()
    last: int | None = found[0]
    return last


_SELECT = (
    "SELECT d.id, d.parcel_id, d.action, d.before, d.after, d.officer, d.reason, d.note, d.decided_us, d.trace_id, "
    "u.undone_us, CASE WHEN json_valid(e.body) THEN coalesce(e.body ->> '$.annotations', '') ELSE '' END, "
    "d.second_officer, d.return_state FROM decisions d LEFT JOIN events e ON e.seq = d.event_seq "
    "LEFT JOIN undos u ON u.decision_id = d.id"
)


def _load(connection: Connection, decision_id: int) -> tuple[Decision, str, str | None]:
    """A decision, its second officer, and the state to return to that the parcel had before it."""
    values = connection.execute(f"{_SELECT} WHERE d.id = ?", (decision_id,)).fetchone()
    if values is None:
        raise ParcelUnknownError(f"There is no decision {decision_id} in the store.", id=decision_id)
    return _decision(values), values[12], values[13]


def _decision(values: tuple[Any, ...]) -> Decision:
    key, parcel_id, action, before, after, officer, reason, note, decided_us, trace_id, undone_us, drawn = values[:12]
    return Decision(
        id=key,
        parcel_id=parcel_id,
        action=Action(action),
        before=State(before),
        after=State(after),
        officer=officer,
        reason=reason,
        note=note,
        decided_at=from_us(decided_us),
        trace_code=trace_id,
        undone_at=None if undone_us is None else from_us(undone_us),
        annotations=drawn,
        second_officer=values[12],
    )
