"""The row of a parcel: making it, changing it under the log's eyes, reading it whole."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict, cast

from app.customs.documents import Withdrawal
from app.customs.parcel import Capture, Finding, FindingKind, Kind, Lane, Parcel, Seen
from app.customs.states import TERMINAL, WAITING, WITHDRAWABLE, State
from app.store import declarations, search, selections, waiting_rows
from app.store.audit import Log, canonical, digest
from app.store.database import Connection
from app.store.errors import ParcelChangedError, ParcelUnknownError
from app.store.hours import tally
from app.store.times import from_us, to_us

_GONE = TERMINAL | {State.RELEASED, State.COND_RELEASED}


class Row(TypedDict):
    """A row of the table `parcels`, in the order of its columns."""

    id: int
    kind: str
    number: str
    arrived_us: int
    state: str
    return_state: str | None
    lane: str
    lane_reasons: str
    findings: str
    declaration_id: int | None
    goods: str
    top_label: str
    top_score: float
    has_alarm: int
    is_cleared: int
    detained_by: str
    trace_id: str | None
    is_waiting: int
    version: int
    event_seq: int


COLUMNS = tuple(Row.__annotations__)
_INSERT = f"INSERT INTO parcels VALUES ({', '.join('?' * len(COLUMNS))})"


def register(
    connection: Connection,
    number: str,
    kind: Kind,
    *,
    codes: Sequence[str],
    arrived_at: datetime,
    findings: Sequence[Finding],
    is_drill: bool = False,
) -> Row:
    """The parcel that stands here with this number, or a new one where none does.

    A number that left within the last 12 months and comes again makes a new parcel, marked as repeated.
    """
    log = Log(connection)
    earlier = _earlier(connection, number, to_us(arrived_at))
    if earlier is not None and earlier["state"] not in _GONE:
        if fresh := _fresh_codes(connection, earlier["id"], codes):
            add_codes(connection, earlier["id"], fresh)
        return earlier
    return create(
        connection, log, number, kind, codes=codes, arrived_at=arrived_at, findings=findings, is_drill=is_drill
    )


def create(
    connection: Connection,
    log: Log,
    number: str,
    kind: Kind,
    *,
    codes: Sequence[str],
    arrived_at: datetime,
    findings: Sequence[Finding],
    is_drill: bool = False,
) -> Row:
    """Register an arrival (运抵登记): a new parcel, with its declaration where there is one."""
    arrived_us, seq = to_us(arrived_at), log.seq
    declaration_id = declarations.newest(connection, number, arrived_us)
    noticed = list(findings)
    if number and declaration_id is None:
        noticed.append(Finding(FindingKind.NO_DECLARATION))
    noticed += _withdrawn(connection, number, declaration_id)
    if _earlier(connection, number, arrived_us) is not None:
        noticed.append(Finding(FindingKind.REPEATED_NUMBER))
    row = Row(
        id=connection.execute("SELECT coalesce(max(id), 0) + 1 FROM parcels").fetchone()[0],
        kind=kind.value,
        number=number,
        arrived_us=arrived_us,
        state=State.ARRIVED.value,
        return_state=None,
        lane=Lane.GREEN.value,
        lane_reasons="[]",
        findings=merged("[]", noticed),
        declaration_id=declaration_id,
        goods=declarations.summary(connection, declaration_id),
        top_label="",
        top_score=0.0,
        has_alarm=0,
        is_cleared=0,
        detained_by="",
        trace_id=None,
        is_waiting=int(State.ARRIVED in WAITING),
        version=1,
        event_seq=seq,
    )
    connection.execute(_INSERT, tuple(row.values()))
    _count(connection, [(1, row["state"])])
    _insert_codes(connection, row["id"], codes, seq)
    search.index(connection, row["id"], f"{number} {row['goods']}")
    body: dict[str, object] = {"number": number, "kind": kind.value, "codes": list(codes)}
    if is_drill:
        body["is_drill"] = True
    log.append("registered", row["id"], body, digest(row.values()))
    tally(connection, arrived_us, "registered")
    return row


def change(connection: Connection, log: Log, row: Row, event: str, body: dict[str, object], **changes: object) -> int:
    """Change a parcel's row and write the event that vouches for it; returns the event's number.

    `row` is brought up to date, and its fingerprint goes into the event.
    """
    if changes.get("state", row["state"]) != row["state"]:
        _count(connection, [(-1, row["state"]), (1, str(changes["state"]))])
    if "state" in changes:
        changes["is_waiting"] = int(changes["state"] in WAITING)
    changes["version"], changes["event_seq"] = row["version"] + 1, log.seq
    columns = ", ".join(f"{column} = ?" for column in changes)
    connection.execute(f"UPDATE parcels SET {columns} WHERE id = ?", (*changes.values(), row["id"]))
    cast(dict[str, object], row).update(changes)
    if "goods" in changes or "number" in changes:
        search.index(connection, row["id"], f"{row['number']} {row['goods']}")
    if "lane" in changes:
        reasons = json.loads(row["lane_reasons"])
        body |= selections.write(connection, row["id"], row["lane"], reasons, log.seq)
    return log.append(event, row["id"], body, digest(row.values()))


def add_codes(connection: Connection, parcel_id: int, codes: Sequence[str], number: str = "") -> Row:
    """Add codes that were read later; `number` names a parcel that had none, and finds its declaration."""
    log, row = Log(connection), load_row(connection, parcel_id)
    fresh = _fresh_codes(connection, parcel_id, codes)
    changes: dict[str, object] = {"findings": without(row["findings"], FindingKind.NO_CODE)}
    if number and not row["number"]:
        key = declarations.newest(connection, number, row["arrived_us"])
        changes |= {"number": number, "declaration_id": key, "goods": declarations.summary(connection, key)}
        more = [Finding(FindingKind.NO_DECLARATION)] if key is None else []
        changes["findings"] = merged(str(changes["findings"]), [*more, *_withdrawn(connection, number, key)])
    _insert_codes(connection, parcel_id, fresh, log.seq)
    change(connection, log, row, "codes_added", {"codes": fresh, "number": row["number"] or number}, **changes)
    return row


def identify(
    connection: Connection,
    parcel_id: int,
    *,
    number: str,
    codes: Sequence[str],
    findings: Sequence[Finding],
    lane: Lane,
    lane_reasons: Sequence[str],
    expected_version: int,
) -> Row:
    """Give a parcel its number anew, for what was read or declared later; all its findings and its lane are set anew.

    Raises:
        ParcelChangedError: it is not the version that is expected.
    """
    log, row = Log(connection), load_row(connection, parcel_id)
    if row["version"] != expected_version:
        raise ParcelChangedError("The parcel changed meanwhile; look at it again.", id=parcel_id)
    key = declarations.newest(connection, number, row["arrived_us"])
    fresh = _fresh_codes(connection, parcel_id, codes)
    _insert_codes(connection, parcel_id, fresh, log.seq)
    change(
        connection,
        log,
        row,
        "identified",
        {"number": number, "before": row["number"], "codes": fresh},
        number=number,
        declaration_id=key,
        goods=declarations.summary(connection, key),
        findings=merged("[]", [*findings, *_withdrawn(connection, number, key)]),
        lane=lane.value,
        lane_reasons=canonical(list(lane_reasons)),
    )
    return row


def attach(connection: Connection, number: str, declaration_id: int) -> int | None:
    """Give a declaration that came late to the parcel that stands here with its number; returns that parcel."""
    row = _earlier(connection, number, time.time_ns() // 1000)
    if row is None or row["state"] in TERMINAL:
        return None
    change(
        connection,
        Log(connection),
        row,
        "declaration_attached",
        {"declaration": declaration_id},
        declaration_id=declaration_id,
        goods=declarations.summary(connection, declaration_id),
        findings=without(row["findings"], FindingKind.NO_DECLARATION, FindingKind.WITHDRAWN),
    )
    return row["id"]


def withdraw(connection: Connection, withdrawn: Sequence[Withdrawal]) -> None:
    """Keep what senders took back, and mark the parcels that stand here where the law still allows it."""
    log, now_us = Log(connection), time.time_ns() // 1000
    standing = [_earlier(connection, each.number, now_us) for each in withdrawn]
    kept = []
    for each, row in zip(withdrawn, standing, strict=True):
        outcome = "early" if row is None else "marked" if State(row["state"]) in WITHDRAWABLE else "refused"
        values = (each.number, each.source, each.reason, outcome, now_us)
        key = connection.execute(
            "INSERT INTO withdrawals (number, source, reason, outcome, received_us, event_seq) VALUES (?,?,?,?,?,?)",
            (*values, log.seq),
        ).lastrowid
        kept.append([key, *values])
    log.append("withdrawn", None, {"withdrawals": kept})
    for each, row in zip(withdrawn, standing, strict=True):
        if row is not None and State(row["state"]) in WITHDRAWABLE:
            row = load_row(connection, row["id"])  # noqa: PLW2901  two of them may mean one parcel
            findings = merged(row["findings"], [Finding(FindingKind.WITHDRAWN, each.reason)])
            change(connection, log, row, "marked", {"withdrawn": each.source}, findings=findings)


def withdrawal_of(connection: Connection, number: str) -> str:
    found = connection.execute(
        "SELECT source FROM withdrawals WHERE number = ? AND outcome <> 'refused' ORDER BY id DESC LIMIT 1", (number,)
    ).fetchone()
    return found[0] if found else ""


def _withdrawn(connection: Connection, number: str, declaration_id: int | None) -> list[Finding]:
    """That a number's declaration was taken back before its parcel came; one that was declared anew stands."""
    found = connection.execute(
        "SELECT w.reason FROM withdrawals w LEFT JOIN declarations d ON d.id = ? WHERE w.number = ? "
        "AND w.received_us >= coalesce(d.received_us, 0) ORDER BY w.id DESC LIMIT 1",
        (declaration_id, number),
    ).fetchone()
    return [Finding(FindingKind.WITHDRAWN, found[0])] if found and number else []


def has_finding(row: Row, kind: FindingKind) -> bool:
    return any(finding.kind is kind for finding in findings_of(row["findings"]))


def load_row(connection: Connection, parcel_id: int) -> Row:
    """Raises ParcelUnknownError where there is none."""
    found = connection.execute("SELECT * FROM parcels WHERE id = ?", (parcel_id,)).fetchone()
    if found is None:
        raise ParcelUnknownError(f"There is no parcel {parcel_id} in the store.", id=parcel_id)
    return cast(Row, dict(zip(COLUMNS, found, strict=True)))


def load(connection: Connection, parcel_id: int) -> Parcel:
    """A parcel with everything that hangs on it; `seen` is what the last capture's last screening found."""
    row = load_row(connection, parcel_id)
    captures, seen = _captures(connection, parcel_id)
    codes = connection.execute("SELECT text FROM codes WHERE parcel_id = ? ORDER BY id", (parcel_id,))
    key, back = row["declaration_id"], row["return_state"]
    return Parcel(
        id=row["id"],
        kind=Kind(row["kind"]),
        number=row["number"],
        state=State(row["state"]),
        lane=Lane(row["lane"]),
        arrived_at=from_us(row["arrived_us"]),
        codes=tuple(text for (text,) in codes),
        lane_reasons=tuple(json.loads(row["lane_reasons"])),
        declaration=None if key is None else declarations.load(connection, key),
        captures=captures,
        seen=seen,
        findings=findings_of(row["findings"]),
        return_state=None if back is None else State(back),
        trace_code=row["trace_id"],
        version=row["version"],
        waiting=waiting_rows.open_on(connection, parcel_id),
    )


def findings_of(text: str) -> tuple[Finding, ...]:
    return tuple(Finding(FindingKind(kind), detail) for kind, detail in json.loads(text))


def merged(text: str, more: Iterable[Finding]) -> str:
    """Findings as the row holds them, with more of them, none twice."""
    kept = {(finding.kind.value, finding.detail): None for finding in (*findings_of(text), *more)}
    return canonical([list(finding) for finding in kept])


def without(text: str, *kinds: FindingKind) -> str:
    """Findings as the row holds them, without those that are settled."""
    return canonical([[kind, detail] for kind, detail in json.loads(text) if kind not in kinds])


def _captures(connection: Connection, parcel_id: int) -> tuple[tuple[Capture, ...], tuple[Seen, ...]]:
    captures: list[Capture] = []
    last: int | None = None
    for scan_id, path, sha256, device, taken_us, screening, model, ms, sidecar in connection.execute(
        "SELECT c.scan_id, path, c.sha256, device, taken_us, s.id, s.model, s.ms, coalesce(d.sha256, '') "
        "FROM captures c LEFT JOIN screenings s ON s.id = (SELECT max(id) FROM screenings WHERE capture_id = c.id) "
        "LEFT JOIN sidecars d ON d.scan_id = c.scan_id WHERE c.parcel_id = ? ORDER BY c.id",
        (parcel_id,),
    ):
        captures.append(Capture(scan_id, path, sha256, device, from_us(taken_us), model or "", ms, sidecar))
        last = screening
    return tuple(captures), seen_in(connection, [last]).get(last, ()) if last is not None else ()


def seen_in(connection: Connection, screenings: Sequence[int]) -> dict[int, tuple[Seen, ...]]:
    """What each screening found, in the order in which it was kept; one that found nothing is left out."""
    marks = ", ".join("?" * len(screenings))
    found: dict[int, list[Seen]] = {}
    for key, label, score, level, x0, y0, x1, y1, view in connection.execute(
        "SELECT screening_id, label, score, level, x0, y0, x1, y1, view FROM detections "
        f"WHERE screening_id IN ({marks}) ORDER BY id",
        list(screenings),
    ):
        found.setdefault(key, []).append(Seen(label, score, level, (x0, y0, x1, y1), view))
    return {key: tuple(seen) for key, seen in found.items()}


def _count(connection: Connection, steps: Sequence[tuple[int, str]]) -> None:
    """Keep the number of parcels in each state, which at ten million parcels is too slow to count."""
    connection.executemany(
        "INSERT INTO states VALUES (?2, ?1) ON CONFLICT (state) DO UPDATE SET n = n + excluded.n", steps
    )


def _earlier(connection: Connection, number: str, arrived_us: int) -> Row | None:
    """The last parcel with this number in the 12 months before an arrival."""
    found = connection.execute(
        "SELECT id FROM parcels WHERE number = ? AND arrived_us > ? ORDER BY arrived_us DESC LIMIT 1",
        (number, arrived_us - declarations.YEAR_US),
    ).fetchone()
    return load_row(connection, found[0]) if found and number else None


def _insert_codes(connection: Connection, parcel_id: int, codes: Sequence[str], seq: int) -> None:
    connection.executemany(
        "INSERT INTO codes (parcel_id, text, event_seq) VALUES (?, ?, ?)", [(parcel_id, text, seq) for text in codes]
    )


def _fresh_codes(connection: Connection, parcel_id: int, codes: Sequence[str]) -> list[str]:
    held = {text for (text,) in connection.execute("SELECT text FROM codes WHERE parcel_id = ?", (parcel_id,))}
    return [text for text in dict.fromkeys(codes) if text not in held]
