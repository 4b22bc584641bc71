"""The rows of control orders and their hits, within a transaction of whoever brings or changes a parcel."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.customs.orders import ENDS, ControlOrder, Done, Hit, Level, Part, Step, Target, Work, Worked, lane_of
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, Kind, Lane
from app.customs.risk.rule import STRICTNESS
from app.customs.states import LETS_GO, TERMINAL, Action, State
from app.store import declarations, parcels, scans
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.errors import AlreadyKeptError, OrderUnknownError
from app.store.times import from_us, to_us

ACKNOWLEDGE_S = 600
"""Within which a hit has to be acknowledged: statistics count ten minutes."""

_COLUMNS = (
    "id, issuer, level, work, destination_work, instruction, target, has_conditions, valid_from_us, valid_to_us, "
    "issued_us, received_us, source"
)
_IN_FORCE = "NOT EXISTS (SELECT 1 FROM revoked_orders r WHERE r.order_id = o.id)"


def insert(connection: Connection, order: ControlOrder, *, source: str, now_us: int, seq: int) -> list[Any]:
    """Write an order; returns its row as its event has to hold it."""
    values = [
        order.id, order.issuer, order.level.value, order.work.value, order.destination_work.value, order.instruction,
        canonical(asdict(order.target)), int(order.target.has_conditions), to_us(order.valid_from),
        to_us(order.valid_to), to_us(order.issued_at), now_us, source,
    ]  # fmt: skip
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO control_orders ({_COLUMNS}, event_seq) VALUES ({marks}, ?)", (*values, seq))
    connection.executemany(
        "INSERT INTO order_numbers VALUES (?, ?, ?)",
        [(number, order.id, seq) for number in sorted(set(order.target.numbers))],
    )
    return values


def load(connection: Connection, order_id: str) -> ControlOrder | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM control_orders WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else order_of(row)


def order_of(row: tuple[Any, ...]) -> ControlOrder:
    """An order from its COLUMNS."""
    key, issuer, level, work, destination_work, instruction, target, _, from_, to, issued, *_ = row
    named = {name: tuple(values) for name, values in json.loads(target).items()}
    return ControlOrder(
        key, issuer, Level(level), Work(work), Target(**named), from_us(from_), from_us(to), from_us(issued),
        instruction, Work(destination_work),
    )  # fmt: skip


def follow(connection: Connection, parcel_id: int) -> None:
    """Hit a parcel by every order that means it now, and keep its findings and lane in step with its open hits.

    Called in the transaction that brought the parcel or changed what it is known by, so that nothing can be released
    in between.
    """
    row = parcels.load_row(connection, parcel_id)
    if State(row["state"]) in LETS_GO | TERMINAL:
        return
    now_us = time.time_ns() // 1000
    log = Log(connection)
    added = [
        hit
        for order in _meaning(connection, row, now_us)
        for hit in _hit(connection, order, order.parts(), parcel_id, now_us=now_us, seq=log.seq)
    ]
    show(connection, log, row, "order_hit", {"hits": added} if added else {})


def hit_at_destination(
    connection: Connection, log: Log, row: parcels.Row, orders: Sequence[ControlOrder], now_us: int
) -> None:
    """Hit a parcel that was taken over with the orders that are to be carried out here."""
    added = [
        hit
        for order in orders
        for hit in _hit(
            connection, order, [part for part in order.parts() if part[0] is Part.DESTINATION], row["id"],
            now_us=now_us, seq=log.seq, is_here=True,
        )
    ]  # fmt: skip
    show(connection, log, row, "order_hit", {"hits": added} if added else {})


def show(connection: Connection, log: Log, row: parcels.Row, event: str, body: dict[str, object]) -> None:
    """Bring a parcel's findings and lane in step with its open hits, and write the event where anything changed."""
    hits = open_on(connection, row["id"])
    findings = parcels.merged(
        parcels.without(row["findings"], FindingKind.CONTROLLED),
        [Finding(FindingKind.CONTROLLED, hit.order.id) for hit in hits],
    )
    lane = max((Lane(row["lane"]), *(lane_of(hit.work) for hit in hits)), key=STRICTNESS.index)
    changes: dict[str, object] = {}
    if findings != row["findings"]:
        changes["findings"] = findings
    if lane.value != row["lane"]:
        changes["lane"] = lane.value
    if body or changes:
        parcels.change(connection, log, row, event, body, **changes)


def open_on(connection: Connection, parcel_id: int) -> list[Hit]:
    """The hits on a parcel about which something is still to be done, oldest first."""
    found = connection.execute("SELECT hit_id FROM open_hits WHERE parcel_id = ? ORDER BY hit_id", (parcel_id,))
    return [find(connection, key) for (key,) in found.fetchall()]


def hits_of(connection: Connection, parcel_id: int) -> list[Hit]:
    """All hits that a parcel ever had."""
    found = connection.execute("SELECT id FROM order_hits WHERE parcel_id = ? ORDER BY id", (parcel_id,))
    return [find(connection, key) for (key,) in found.fetchall()]


def find(connection: Connection, hit_id: int) -> Hit:
    """Raises OrderUnknownError where there is no such hit."""
    row = connection.execute(
        "SELECT h.id, h.parcel_id, p.number, h.part, h.work, h.hit_us, h.due_us, h.order_id FROM order_hits h "
        "JOIN parcels p ON p.id = h.parcel_id WHERE h.id = ?",
        (hit_id,),
    ).fetchone()
    order = None if row is None else load(connection, row[7])
    if order is None:
        raise OrderUnknownError(f"There is no hit {hit_id} of a control order.", id=hit_id)
    key, parcel_id, number, part, work, hit_us, due_us, _ = row
    done = connection.execute(
        "SELECT step, officer, at_us, second_officer, result, note FROM order_steps WHERE hit_id = ? ORDER BY id",
        (hit_id,),
    )
    return Hit(
        id=key,
        order=order,
        parcel_id=parcel_id,
        number=number,
        part=Part(part),
        work=Work(work),
        hit_at=from_us(hit_us),
        due_at=None if due_us is None else from_us(due_us),
        done=tuple(
            Done(Step(step), who, from_us(at), second, said, note) for step, who, at, second, said, note in done
        ),
    )


def take_step(connection: Connection, hit: Hit, done: Done, *, seq: int) -> list[Any]:
    """Write a step; returns its row as its event has to hold it."""
    values = (
        hit.id, done.step.value, done.officer, done.second_officer, done.result, done.note, to_us(done.at),
    )  # fmt: skip
    key = connection.execute(
        "INSERT INTO order_steps (hit_id, step, officer, second_officer, result, note, at_us, event_seq) "
        "VALUES (?,?,?,?,?,?,?,?)",
        (*values, seq),
    ).lastrowid
    if done.step in ENDS:
        connection.execute("DELETE FROM open_hits WHERE hit_id = ?", (hit.id,))
    return [key, *values]


def take_over(
    connection: Connection,
    number: str,
    kind: Kind,
    *,
    codes: Sequence[str],
    arrived_at: datetime,
    declaration: Declaration | None,
    findings: Sequence[Finding],
    captures: Sequence[Capture],
    orders: Sequence[ControlOrder],
) -> int:
    """Make the parcel that comes under seal. It stays in the queue, for here it waits for its destination's check."""
    if declaration is not None:
        declarations.add(connection, [declaration])
    row = parcels.create(
        connection, Log(connection), number, kind, codes=codes, arrived_at=arrived_at, findings=findings
    )
    parcel_id = row["id"]
    for capture in captures:
        scans.record(
            connection, parcel_id, capture, number=number, kind=kind, codes=(), findings=(), seen=(), model="",
            detect_ms=None, lane=Lane.GREEN, lane_reasons=(), arrived_at=arrived_at, is_drill=False,
        )  # fmt: skip
    row = parcels.load_row(connection, parcel_id)
    parcels.change(connection, Log(connection), row, "taken_over", {}, state=State.COND_RELEASED.value)
    parcels.change(connection, Log(connection), row, "taken_over", {}, is_waiting=1)
    now_us = time.time_ns() // 1000
    for order in orders:
        if load(connection, order.id) is None:
            log = Log(connection)
            values = insert(connection, order, source="sealed", now_us=now_us, seq=log.seq)
            log.append("order_received", None, {"order": values, "numbers": sorted(set(order.target.numbers))})
    hit_at_destination(connection, Log(connection), row, orders, now_us)
    return parcel_id


def hand_over(
    connection: Connection, parcel_id: int, way: str, *, place: str, digest: str, officer: str, now: datetime
) -> None:
    """Write that a sealed record went or came, and the event that vouches for it."""
    if connection.execute("SELECT 1 FROM handovers WHERE digest = ? AND way = ?", (digest, way)).fetchone():
        raise AlreadyKeptError("This sealed record was taken before.", detail=digest[:16])
    log, row = Log(connection), parcels.load_row(connection, parcel_id)
    values = (parcel_id, way, place, digest, officer, to_us(now))
    key = connection.execute(
        "INSERT INTO handovers (parcel_id, way, place, digest, officer, at_us, event_seq) VALUES (?,?,?,?,?,?,?)",
        (*values, log.seq),
    ).lastrowid
    parcels.change(connection, log, row, "handed_over", {"handover": [key, *values]})


def blocking(connection: Connection, parcel_id: int, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The orders in force that are open on a parcel, and those of them that are to be carried out before it goes on."""
    hits = [hit for hit in open_on(connection, parcel_id) if hit.order.valid_from <= now]
    every = tuple(dict.fromkeys(hit.order.id for hit in hits))
    return every, tuple(dict.fromkeys(hit.order.id for hit in hits if hit.part is Part.PORT))


def worked(connection: Connection, hit: Hit) -> Worked:
    """What was done with a hit's parcel; decisions that were undone do not count."""
    done = {
        action
        for (action,) in connection.execute(
            "SELECT DISTINCT action FROM decisions d WHERE parcel_id = ? "
            "AND NOT EXISTS (SELECT 1 FROM undos WHERE decision_id = d.id)",
            (hit.parcel_id,),
        )
    }

    def has(table: str) -> bool:
        return bool(connection.execute(f"SELECT 1 FROM {table} WHERE parcel_id = ?", (hit.parcel_id,)).fetchone())

    return Worked(has("captures"), Action.OPEN in done or has("examinations"), Action.SAMPLE in done)


def standing(connection: Connection, order: ControlOrder) -> list[int]:
    """The parcels here that an order may mean; whether it does is for `follow` to say."""
    if not order.target.has_conditions:
        sql = "SELECT id FROM parcels WHERE number = ?1 UNION SELECT parcel_id FROM codes WHERE text = ?1"
        return sorted({key for number in order.target.numbers for (key,) in connection.execute(sql, (number,))})
    states = [state.value for state in State if state not in LETS_GO | TERMINAL]
    marks = ", ".join("?" * len(states))
    return [key for (key,) in connection.execute(f"SELECT id FROM parcels WHERE state IN ({marks})", states)]


OPEN_BY_HISTORY = f"""
    SELECT id, parcel_id FROM order_hits h WHERE NOT EXISTS (SELECT 1 FROM order_steps s WHERE s.hit_id = h.id
        AND s.step IN ({", ".join(f"'{step}'" for step in sorted(ENDS))}))
"""
"""What has to be open, from the rows that never change."""


def _meaning(connection: Connection, row: parcels.Row, now_us: int) -> list[ControlOrder]:
    """The orders that mean a parcel and have not ended; one whose time is to come hits already, and bars later."""
    codes = connection.execute("SELECT text FROM codes WHERE parcel_id = ?", (row["id"],)).fetchall()
    numbers = [number for number in dict.fromkeys((row["number"], *(text for (text,) in codes))) if number]
    by_number = "SELECT order_id FROM order_numbers WHERE number = ?"
    named = {key for number in numbers for (key,) in connection.execute(by_number, (number,))}
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM control_orders o WHERE valid_to_us >= ? AND has_conditions = 1 AND {_IN_FORCE}",
        (now_us,),
    ).fetchall()
    for key in sorted(named):
        found += connection.execute(
            f"SELECT {_COLUMNS} FROM control_orders o WHERE id = ? AND valid_to_us >= ? AND {_IN_FORCE}", (key, now_us)
        ).fetchall()
    declared = _declaration(connection, row) if found else None
    rules = json.loads(row["lane_reasons"])
    return [order for each in found if (order := order_of(each)).target.means(numbers, declared, rules)]


def _declaration(connection: Connection, row: parcels.Row) -> Declaration | None:
    key = row["declaration_id"]
    return None if key is None else declarations.load(connection, key)


def _hit(
    connection: Connection,
    order: ControlOrder,
    parts: Sequence[tuple[Part, Work]],
    parcel_id: int,
    *,
    now_us: int,
    seq: int,
    is_here: bool = False,
) -> list[list[Any]]:
    """Hit a parcel by the parts of an order that have not hit it before; only what is done here has its time."""
    added = []
    for part, work in parts:
        held = connection.execute(
            "SELECT 1 FROM order_hits WHERE parcel_id = ? AND order_id = ? AND part = ?", (parcel_id, order.id, part)
        ).fetchone()
        if held:
            continue
        due_us = max(now_us, to_us(order.valid_from)) + ACKNOWLEDGE_S * 1_000_000
        values = (order.id, parcel_id, part.value, work.value, now_us, due_us if is_here or part is Part.PORT else None)
        key = connection.execute(
            "INSERT INTO order_hits (order_id, parcel_id, part, work, hit_us, due_us, event_seq) "
            "VALUES (?,?,?,?,?,?,?)",
            (*values, seq),
        ).lastrowid
        connection.execute("INSERT INTO open_hits VALUES (?, ?)", (key, parcel_id))
        added.append([key, *values])
    return added
