"""Control orders (布控) at the station: received from a folder, acknowledged, carried out, lifted, answered once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.customs.orders import ControlOrder, Done, Hit, Result, Step
from app.exchange.errors import ExchangeError
from app.exchange.orders import OrderRecord, RevocationRecord, answer_of, read_orders
from app.exchange.records import DONE, REFUSED, files_in, put_away, send_out
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.errors import StoreError
from app.store.orders import Listed, Received
from app.store.store import Store
from imaging.errors import KnownError

TARGET: Final = "orders"
"""The outbox's name for what issuers of orders are told."""

_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one order of a file: taken, known already, or refused; `hits` are the parcels that it hit."""

    path: Path
    order_id: str = ""
    is_new: bool = False
    hits: tuple[int, ...] = ()
    error: KnownError | None = None


class ControlOrders:
    """The station's view of control orders. May be used from any thread; `on_changed` is told of every parcel."""

    def __init__(self, store: Store, post: Post, rights: Rights, *, on_changed: Callable[[int], None]) -> None:
        self._store = store
        self._post = post
        self._rights = rights
        self._on_changed = on_changed

    def hits(self, *, limit: int, before: int | None = None, is_open: bool = True) -> list[Hit]:
        """Parcels that orders mean, the newest first: those about which something is to be done, or all."""
        return self._store.orders.page(limit=limit, before=before, is_open=is_open)

    def hits_of(self, parcel_id: int) -> list[Hit]:
        return self._store.orders.hits_of(parcel_id)

    def orders(self, *, limit: int, before: tuple[datetime, str] | None = None) -> list[Listed]:
        """Orders, those received last first."""
        return self._store.orders.orders(limit=limit, before=before)

    def counts(self) -> tuple[int, int]:
        """How many hits are open, and how many of those wait for their acknowledgement."""
        return self._store.orders.counts()

    def import_folder(self, folder: Path, *, officer: str) -> Iterator[Brought]:
        """Take the orders and revocations in a folder's files; a file goes to done/, or to refused/ with any fault.

        Raises:
            ExchangeFolderError: the folder cannot be read, or a file cannot be moved. OfficerError.
        """
        self._rights.require(officer, Right.ORDERS_RECEIVE)
        for path in files_in(folder):
            try:
                records = read_orders(path)
            except ExchangeError as error:
                put_away(path, folder / REFUSED)
                yield Brought(path, error=error)
                continue
            results = [self._bring(record, path) for record in records]
            put_away(path, folder / (REFUSED if any(each.error for each in results) else DONE))
            yield from results

    def acknowledge(self, hit_id: int, *, officer: str) -> Hit:
        """Say that an order was seen (确认接收). Raises GuardError, OfficerError."""
        self._rights.require(officer, Right.ORDERS_EXECUTE)
        return self._step(hit_id, Done(Step.ACKNOWLEDGED, officer, datetime.now(UTC)))

    def execute(self, hit_id: int, result: Result, *, note: str = "", officer: str) -> Hit:
        """Say what carrying out an order showed (反馈). Raises GuardError, OfficerError."""
        self._rights.require(officer, Right.ORDERS_EXECUTE)
        return self._step(hit_id, Done(Step.EXECUTED, officer, datetime.now(UTC), result=result.value, note=note))

    def lift(self, hit_id: int, *, reason: str, officer: str, second_officer: str, second_pin: str = "") -> Hit:
        """Lift an order from a parcel (解除布控) with a superior's approval. Raises GuardError, OfficerError."""
        self._rights.require(officer, Right.ORDERS_EXECUTE)
        if second_officer:
            second_officer = self._rights.approve(second_officer, second_pin, first=officer, right=Right.ORDERS_LIFT)
        return self._step(hit_id, Done(Step.LIFTED, officer, datetime.now(UTC), second_officer, note=reason))

    def send_answers(self, out: Path, *, officer: str) -> Iterator[Path]:
        """Write what the issuers are to be told since the last call, each file once and whole.

        Raises:
            ExchangeFolderError: the folder cannot be written; nothing is marked that was not sent. OfficerError.
        """
        self._rights.require(officer, Right.ORDERS_EXECUTE)
        while events := self._store.pending(_EVENTS, target=TARGET):
            for event in events:
                if event.kind == "order_step":
                    _, hit_id, step, *_ = event.body["step"]
                    hit = self._store.orders.hit(hit_id)
                    answer = answer_of(hit, Step(step), office=self._post.office, station=self._post.station)
                    path = out / f"{hit.order.id}-{event.seq:010d}.json"
                    send_out(path, answer.model_dump_json(indent=1).encode())
                    yield path
            self._store.mark_sent(events[-1].seq, target=TARGET)

    def _bring(self, record: OrderRecord | RevocationRecord, path: Path) -> Brought:
        try:
            if isinstance(record, RevocationRecord):
                hits = self._store.orders.revoke(
                    record.id, issuer=record.issuer, reason=record.reason, now=datetime.now(UTC)
                )
                for parcel_id in hits:
                    self._on_changed(parcel_id)
                return Brought(path, record.id, is_new=True, hits=hits)
            received = self._receive(record.to_order(), path.name)
            return Brought(path, record.id, received.is_new, received.hit_parcels)
        except StoreError as error:
            return Brought(path, record.id, error=error)

    def _receive(self, order: ControlOrder, source: str) -> Received:
        received = self._store.orders.receive(order, source=source)
        for parcel_id in received.hit_parcels:
            self._on_changed(parcel_id)
        return received

    def _step(self, hit_id: int, done: Done) -> Hit:
        hit = self._store.orders.step(hit_id, done)
        self._on_changed(hit.parcel_id)
        return hit
