"""What comes from the Single Window into the store: messages, the declarations they make, the papers of a parcel."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.customs.documents import Inventory, Order, Return, Withdrawal
from app.customs.match import Case, match_return
from app.customs.parcel import Declaration
from app.exchange.ceb.message import Fault, FaultKind, Message, Record
from app.exchange.ceb.papers import (
    CANCELLATIONS,
    INVENTORIES,
    RETURNS,
    declaration_of,
    original_of,
    paper_of,
    return_of,
    source_of,
)
from app.exchange.ceb.read import read_message
from app.exchange.errors import ExchangeError, MessageBrokenError
from app.exchange.records import DONE, REFUSED, put_away
from app.store.messages import Kept, Received
from app.store.store import Store

_SETTLED_S = 5.0
"""A broken file younger than this may still be being written, and stays where it is."""

BATCH = 512
"""Records of a folder that are read before they are kept: some full transactions and a short one."""

_ORDERS = ("CEB311", "CEB303")
_TAGS = {"line": "gnum", "hs_code": "gcode", "name": "gname", "unit": "unit", "quantity": "qty"}


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was looked at: its message, or why it is none."""

    path: Path
    message: Message | None = None
    error: ExchangeError | None = None


def import_folder(store: Store, folder: Path) -> Iterator[Imported]:
    """Keep the messages in a folder's .xml files; each file goes to done/ once its records are on disk.

    A file that is no message goes to refused/. A power cut at any moment loses nothing: what is still in the folder
    is read again, and records that are in the store already are passed over.

    Raises:
        ExchangeFolderError: a file cannot be moved.
    """
    batch, count = list[Imported](), 0
    for path in sorted(each for each in folder.iterdir() if each.suffix.lower() == ".xml" and each.is_file()):
        try:
            message = read_message(path)
        except ExchangeError as error:
            if not isinstance(error, MessageBrokenError) or _is_settled(path):
                put_away(path, folder / REFUSED)
            yield Imported(path, error=error)
            continue
        if message.type in RETURNS:
            # The inventory that it is held against may be among the files before it.
            yield from _keep_files(store, folder, batch)
            batch, count = [], 0
            message = check_returns(store, message)
        batch.append(Imported(path, message))
        count += len(message.records)
        if count >= BATCH:
            yield from _keep_files(store, folder, batch)
            batch, count = [], 0
    yield from _keep_files(store, folder, batch)


def keep_messages(store: Store, messages: Iterable[Message]) -> int:
    """Keep every record of messages, and the declarations that inventories make; returns how many records were new.

    Orders that came before, or in the same messages, name the consignees.
    """
    kept = list(messages)
    orders = _orders(store, kept)
    return store.messages.add(
        (received, _declared(message.type, record, orders) or _withdrawn(store, message.type, record))
        for message in kept
        for received, record in zip(records_of(message), message.records, strict=True)
    )


def records_of(message: Message) -> list[Received]:
    """The records of a message as the store keeps them; a fault of the whole message is kept with each."""
    own: dict[str, list[dict[str, str]]] = {}
    for fault in message.faults:
        own.setdefault(fault.record, []).append(fault.to_json())
    return [
        Received(
            kind=message.type,
            guid=record.guid,
            fields=record.fields,
            lines=record.lines,
            number=record.fields.get("logisticsNo", ""),
            order_no=record.fields.get("orderNo", ""),
            inventory_no=record.fields.get("invtNo", ""),
            faults=[*own.get("", ()), *own.get(str(place), ())] if own else (),
        )
        for place, record in enumerate(message.records, 1)
    ]


def check_returns(store: Store, message: Message) -> Message:
    """A message of returns, with a fault for each line that asks for other or more goods than were declared.

    Only what is in the store can be held against it: a return whose inventory is not there passes.
    """
    faults = list(message.faults)
    for place, record in enumerate(message.records, 1):
        applied = return_of(record)
        original = _original(store, applied)
        for found in match_return(applied, original) if original else ():
            line = next(at for at, each in enumerate(applied.lines, 1) if each.number == found.line)
            path = f"InvtRefund[{place}]/InvtRefundList[{line}]/{_TAGS[found.field]}"
            kind = FaultKind.TOO_MUCH if found.field == "quantity" else FaultKind.UNLIKE_ORIGINAL
            faults.append(Fault(kind, path, found.first_value, found.second_value))
    return replace(message, faults=tuple(faults))


def record_of(kept: Kept) -> Record:
    """A record as it was read, from the store."""
    return Record(kept.record.fields, tuple(kept.record.lines))


def case_of(store: Store, number: str) -> Case:
    """The papers that are there for a parcel's number, the newest of each kind."""
    found = store.messages.find("number", [number])
    orders = [kept.record.order_no for kept in found]
    found += store.messages.find("order_no", orders)
    case = Case()
    for kept in sorted(found, key=lambda each: each.id):
        # An order may travel in several parcels; their waybills and inventories are not this one's.
        if kept.record.number in ("", number) and (paper := paper_of(kept.record.kind, record_of(kept))):
            case = case.with_document(paper)
    return case


def _original(store: Store, applied: Return) -> Inventory | None:
    """The inventory that a return is of: by its number, or by the waybill it came with."""
    by_number = store.messages.find("inventory_no", [applied.inventory_no])
    by_waybill = store.messages.find("number", [applied.number])
    found = [kept for kept in (*by_waybill, *by_number) if kept.record.kind in INVENTORIES]
    return original_of(record_of(found[-1])) if found else None


def _keep_files(store: Store, folder: Path, batch: Sequence[Imported]) -> Iterator[Imported]:
    keep_messages(store, [each.message for each in batch if each.message])
    for each in batch:
        put_away(each.path, folder / DONE)
        yield each


def _is_settled(path: Path) -> bool:
    """Whether nobody writes the file any more; one that has gone or cannot be opened is left to whoever has it."""
    try:
        return time.time() - path.stat().st_mtime > _SETTLED_S
    except OSError:
        return False


def _orders(store: Store, messages: Sequence[Message]) -> dict[str, Order]:
    """The orders of these messages' inventories, by number."""
    records = [(message.type, record) for message in messages for record in message.records]
    wanted = [record.fields.get("orderNo", "") for kind, record in records if kind in INVENTORIES]
    came = [(kept.record.kind, record_of(kept)) for kept in store.messages.find("order_no", wanted)]
    papers = [paper_of(kind, record) for kind, record in (*came, *records) if kind in _ORDERS]
    return {paper.order_no: paper for paper in papers if isinstance(paper, Order)}


def _declared(kind: str, record: Record, orders: dict[str, Order]) -> Declaration | None:
    """What an inventory declares; None for other records, for drafts (暂存), and for what the sender takes back."""
    fields = record.fields
    if kind not in INVENTORIES or not fields.get("logisticsNo"):
        return None
    if record.is_draft or record.is_deletion:
        return None
    return declaration_of(kind, record, order=orders.get(fields.get("orderNo", "")))


def _withdrawn(store: Store, kind: str, record: Record) -> Withdrawal | None:
    """What a cancellation (撤销申请单) or a deleted inventory takes back; None for other records and for drafts."""
    fields = record.fields
    is_deleted = kind in INVENTORIES and record.is_deletion
    if record.is_draft or not (is_deleted or kind in CANCELLATIONS):
        return None
    number = fields.get("logisticsNo", "")
    if not number:
        # An export's cancellation says only which inventory it means.
        found = store.messages.find("inventory_no", [fields.get("invtNo", "")])
        number = next((kept.record.number for kept in found if kept.record.kind in INVENTORIES), "")
    return Withdrawal(number, source_of(kind, record), fields.get("reason", "")) if number else None
