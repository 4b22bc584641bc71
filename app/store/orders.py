"""The control orders of a store: received, looked at, acknowledged, carried out, lifted; parcels handed over sealed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.customs.orders import ENDS, ControlOrder, Done, Hit, Part, Step, check_step
from app.customs.parcel import Capture, Declaration, Finding, Kind
from app.store import decisions, order_rows, parcels
from app.store.audit import Log
from app.store.database import Connection
from app.store.decisions import Verdict
from app.store.errors import AlreadyKeptError, OrderUnknownError
from app.store.times import from_us, to_us


@dataclass(frozen=True, slots=True)
class Received:
    """What a received order did: nothing where it was known already, else the parcels here that it hit."""

    order: ControlOrder
    is_new: bool
    hit_parcels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """An order as the list of orders shows it."""

    order: ControlOrder
    received_at: datetime
    is_revoked: bool
    hits: int
    open_hits: int


@dataclass(frozen=True, slots=True)
class Handover:
    """A sealed record that went or came: `way` is sent, taken, closing or closed; `digest` is that of the record."""

    parcel_id: int
    way: str
    place: str
    digest: str
    officer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A parcel that comes under seal from another station, with the orders that are to be carried out here."""

    number: str
    kind: Kind
    codes: tuple[str, ...]
    arrived_at: datetime
    declaration: Declaration | None
    findings: tuple[Finding, ...]
    captures: tuple[Capture, ...]
    orders: tuple[ControlOrder, ...]


class Orders:
    """The control orders of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def receive(self, order: ControlOrder, *, source: str) -> Received:
        """Keep an order and hit the parcels here that it means; the same order again does nothing.

        Raises:
            AlreadyKeptError: another order has this id.
        """
        with self._write() as writer:
            known = order_rows.load(writer, order.id)
            if known is not None:
                if known != order:
                    raise AlreadyKeptError(f"Another order has the id {order.id} already.", detail=order.id)
                return Received(order, is_new=False)
            log = Log(writer)
            values = order_rows.insert(writer, order, source=source, now_us=time.time_ns() // 1000, seq=log.seq)
            log.append("order_received", None, {"order": values, "numbers": sorted(set(order.target.numbers))})
            for parcel_id in order_rows.standing(writer, order):
                order_rows.follow(writer, parcel_id)
            found = writer.execute("SELECT DISTINCT parcel_id FROM order_hits WHERE order_id = ?", (order.id,))
            return Received(order, is_new=True, hit_parcels=tuple(sorted(key for (key,) in found)))

    def revoke(self, order_id: str, *, issuer: str, reason: str, now: datetime) -> tuple[int, ...]:
        """End an order as its issuer says; its open hits end too. Returns the parcels; () where it was revoked before.

        Raises:
            OrderUnknownError: there is no such order of this issuer.
        """
        with self._write() as writer:
            order = order_rows.load(writer, order_id)
            if order is None or order.issuer != issuer:
                raise OrderUnknownError(f"There is no order {order_id} of {issuer}.", id=order_id)
            if writer.execute("SELECT 1 FROM revoked_orders WHERE order_id = ?", (order_id,)).fetchone():
                return ()
            log, values = Log(writer), (order_id, issuer, reason, to_us(now))
            writer.execute("INSERT INTO revoked_orders VALUES (?, ?, ?, ?, ?)", (*values, log.seq))
            log.append("order_revoked", None, {"revoked": list(values)})
            hits = [hit for hit in self._of_order(writer, order_id) if hit.ended is None]
            for hit in hits:
                _step(writer, hit, Done(Step.REVOKED, issuer, now, note=reason))
            return tuple(hit.parcel_id for hit in hits)

    def step(self, hit_id: int, done: Done) -> Hit:
        """Take a step about a hit.

        Raises:
            OrderUnknownError: there is no such hit. GuardError: the step is not possible now, and what is missing.
        """
        with self._write() as writer:
            hit = order_rows.find(writer, hit_id)
            check_step(hit, done, order_rows.worked(writer, hit))
            _step(writer, hit, done)
            return order_rows.find(writer, hit_id)

    def hand_over(
        self, parcel_id: int, way: str, *, place: str, digest: str, officer: str, now: datetime
    ) -> None:  # fmt: skip
        """Log that a sealed record of a parcel went to another station or came from one."""
        with self._write() as writer:
            order_rows.hand_over(writer, parcel_id, way, place=place, digest=digest, officer=officer, now=now)

    def handovers(self, parcel_id: int) -> list[Handover]:
        """The sealed records of a parcel, oldest first."""
        with self._read() as reader:
            rows = reader.execute(f"{_HANDOVERS} WHERE parcel_id = ? ORDER BY id", (parcel_id,))
            return [_handover(row) for row in rows]

    def handover(self, digest: str, way: str) -> Handover | None:
        """The sealed record with a digest."""
        with self._read() as reader:
            row = reader.execute(f"{_HANDOVERS} WHERE digest = ? AND way = ?", (digest, way)).fetchone()
            return None if row is None else _handover(row)

    def take_over(self, taken: TakenOver, *, place: str, digest: str, officer: str, now: datetime) -> int:
        """Enter a parcel that came under seal: conditionally released, its pictures kept, its orders open here.

        Raises:
            AlreadyKeptError: it was taken over before.
        """
        with self._write() as writer:
            parcel_id = order_rows.take_over(
                writer, taken.number, taken.kind, codes=taken.codes, arrived_at=taken.arrived_at,
                declaration=taken.declaration, findings=taken.findings, captures=taken.captures, orders=taken.orders,
            )  # fmt: skip
            order_rows.hand_over(writer, parcel_id, "taken", place=place, digest=digest, officer=officer, now=now)
            return parcel_id

    def take_closing(
        self,
        parcel_id: int,
        verdicts: Sequence[Verdict],
        settle: Callable[[Hit], Done],
        *,
        place: str,
        digest: str,
        officer: str,
        now: datetime,
    ) -> None:
        """Enter how a parcel that went under seal ended: its destination's open hits are settled and it is moved.

        Raises:
            AlreadyKeptError: the closing was taken before. GuardError: a move is refused, and nothing was entered.
        """
        with self._write() as writer:
            order_rows.hand_over(writer, parcel_id, "closed", place=place, digest=digest, officer=officer, now=now)
            for hit in order_rows.open_on(writer, parcel_id):
                if hit.part is Part.DESTINATION:
                    _step(writer, hit, settle(hit))
            for verdict in verdicts:
                decisions.decide(writer, parcel_id, verdict)

    def hit(self, hit_id: int) -> Hit:
        """Raises OrderUnknownError."""
        with self._read() as reader:
            return order_rows.find(reader, hit_id)

    def hits_of(self, parcel_id: int) -> list[Hit]:
        """All hits that a parcel ever had, oldest first."""
        with self._read() as reader:
            return order_rows.hits_of(reader, parcel_id)

    def page(self, *, limit: int, before: int | None = None, is_open: bool = True) -> list[Hit]:
        """Hits, the newest first: the open ones, or all; `before` is the id of the last one of the page before."""
        table = "open_hits" if is_open else "order_hits"
        key = "hit_id" if is_open else "id"
        sql = f"SELECT {key} FROM {table} WHERE {key} < ? ORDER BY {key} DESC LIMIT ?"
        with self._read() as reader:
            found = reader.execute(sql, (before if before is not None else 1 << 62, limit)).fetchall()
            return [order_rows.find(reader, hit_id) for (hit_id,) in found]

    def orders(self, *, limit: int, before: tuple[datetime, str] | None = None) -> list[Listed]:
        """Orders, those received last first; `before` is time and id of the last one of the page before."""
        at_us, key = (to_us(before[0]), before[1]) if before else (1 << 62, "")
        sql = (
            "SELECT id, received_us, EXISTS (SELECT 1 FROM revoked_orders WHERE order_id = o.id), "
            "(SELECT count(*) FROM order_hits h WHERE h.order_id = o.id), "
            "(SELECT count(*) FROM order_hits h JOIN open_hits ON hit_id = h.id WHERE h.order_id = o.id) "
            "FROM control_orders o WHERE (received_us, id) < (?, ?) ORDER BY received_us DESC, id DESC LIMIT ?"
        )
        with self._read() as reader:
            found = []
            for order_id, received_us, is_revoked, hits, open_hits in reader.execute(sql, (at_us, key, limit)):
                order = order_rows.load(reader, order_id)
                assert order is not None
                found.append(Listed(order, from_us(received_us), bool(is_revoked), hits, open_hits))
            return found

    def counts(self) -> tuple[int, int]:
        """How many hits are open, and how many of them wait for their acknowledgement."""
        with self._read() as reader:
            found: tuple[int, int] = reader.execute(
                "SELECT count(*), coalesce(sum(NOT EXISTS (SELECT 1 FROM order_steps s WHERE s.hit_id = o.hit_id)), 0) "
                "FROM open_hits o"
            ).fetchone()
            return found

    @staticmethod
    def _of_order(connection: Connection, order_id: str) -> Sequence[Hit]:
        found = connection.execute("SELECT id FROM order_hits WHERE order_id = ? ORDER BY id", (order_id,)).fetchall()
        return [order_rows.find(connection, key) for (key,) in found]


_HANDOVERS = "SELECT parcel_id, way, place, digest, officer, at_us FROM handovers"


def _handover(row: tuple[Any, ...]) -> Handover:
    parcel_id, way, place, digest, officer, at_us = row
    return Handover(parcel_id, way, place, digest, officer, from_us(at_us))


def _step(connection: Connection, hit: Hit, done: Done) -> None:
    log, row = Log(connection), parcels.load_row(connection, hit.parcel_id)
    values = order_rows.take_step(connection, hit, done, seq=log.seq)
    if done.step in ENDS:
        order_rows.show(connection, log, row, "order_step", {"step": values})
    else:
        parcels.change(connection, log, row, "order_step", {"step": values})
