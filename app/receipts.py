"""Receipts that the store's events cause: documents accepted when they arrive, decisions told to the enterprise."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from app.customs.matters import Area
from app.customs.parcel import Decision
from app.customs.states import Action, State
from app.exchange.ceb.message import Record
from app.exchange.ceb.papers import CHINA, INVENTORIES, RETURNS
from app.exchange.ceb.receipts import ACCEPTED, Outcome, answers, status_of, write_receipts
from app.exchange.ceb.write import write_message
from app.exchange.errors import MessageInvalidError
from app.exchange.records import send_out
from app.single_window import record_of
from app.store.audit import Event
from app.store.messages import Kept
from app.store.store import Store
from app.store.times import from_us

TARGET: Final = "ceb"
"""The outbox's name for receipts."""

MOST_RECORDS = 100
"""In one message."""

_EVENTS = 200
_REFUSED = "-1"
_OF_RETURN = {"accepted": "399", "refused": "100"}
"""What the counter decides on a return: concluded (海关审结) or rejected (海关退单)."""
_REJECTED, _CONCLUDED = "100", "399"
_TOO_LATE = "已查验、扣留、放行或结关，不予撤销"
_OF_WITHDRAWAL = {State.REJECTED: _CONCLUDED, State.RELEASED: _REJECTED}
"""A cancellation (撤单) is concluded where its parcel is rejected, and refused where it is released all the same."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file of receipts: its name is unique, and the same event always makes the same files."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told: a status, when it came to that, and a text."""

    status: str
    at: datetime
    info: str = ""


def send_receipts(store: Store, out: Path) -> Iterator[Path]:
    """Write the receipts of everything that happened since the last call, each file once and whole.

    Events are marked as sent when their files are on disk. After a power cut in between, the same files with the same
    content are written again.

    Raises:
        ExchangeFolderError: the folder cannot be written; nothing is marked that was not sent.
    """
    while events := store.pending(_EVENTS, target=TARGET):
        for event in events:
            for receipt in receipts_of(store, event):
                send_out(out / receipt.name, receipt.content)
                yield out / receipt.name
        store.mark_sent(events[-1].seq, target=TARGET)


def _printable(words: str) -> str:
    """Words as a receipt may hold them."""
    return "".join(letter for letter in words if letter.isprintable())[:1000]


def receipts_of(store: Store, event: Event) -> list[Receipt]:
    """The receipts that an event causes. A state that no status stands for, such as confiscated, causes none."""
    if event.kind == "received":
        return _acceptances(store, event)
    if event.kind == "withdrawn":
        return _refusals(store, event)
    if event.kind == "stepped":
        return _return_answers(store, event)
    if event.kind not in ("decided", "undone") or event.parcel_id is None:
        return []
    key = event.body["decision" if event.kind == "decided" else "undo"][0]
    history = store.history(event.parcel_id)
    place = next(place for place, decision in enumerate(history) if decision.id == key)
    return _tell(store, event, history[: place + 1])


def _return_answers(store: Store, event: Event) -> list[Receipt]:
    """The receipt of a return that came through the Single Window and was decided at its counter."""
    _, matter_id, deed, _, at_us, _, content, _ = event.body["step"]
    matter = store.matters.load(matter_id)
    status = _OF_RETURN.get(deed) if matter.area is Area.RETURN else None
    source, _, guid = matter.steps[0].reference.partition("/")
    if status is None or source != "ceb":
        return []
    found = [kept for kept in store.messages.find("guid", [guid]) if kept.record.kind in RETURNS]
    info = _printable(json.loads(content).get("reason", ""))
    return _answer(event, found[-1:], _Told(status, from_us(at_us), info)) if found else []


def _tell(store: Store, event: Event, history: Sequence[Decision]) -> list[Receipt]:
    """The receipts of a parcel's last decision, or of its undoing: of the declaration, and of a cancellation of it."""
    decision = history[-1]
    parcel = store.parcel(decision.parcel_id)
    source = parcel.declaration.source if parcel.declaration else ""
    told = _told(event, history) if source.partition("/")[0] in INVENTORIES else None
    receipts = _answer(event, _sent(store, source), told) if told else []
    if status := _OF_WITHDRAWAL.get(decision.after):
        answered = _sent(store, store.withdrawal_of(parcel.number))
        receipts += _answer(event, answered, _Told(ACCEPTED if event.kind == "undone" else status, event.at))
    return receipts


def _refusals(store: Store, event: Event) -> list[Receipt]:
    """Cancellations that came too late: their parcels are under examination, detained, or gone."""
    refused = [source for _, _, source, _, outcome, _ in event.body["withdrawals"] if outcome == "refused"]
    told = _Told(_REJECTED, event.at, _TOO_LATE)
    return [receipt for source in refused for receipt in _answer(event, _sent(store, source), told)]


def _sent(store: Store, source: str) -> list[Kept]:
    """The record that a source names; empty where the store has none."""
    kind, _, guid = source.partition("/")
    return [kept for kept in store.messages.find("guid", [guid]) if kept.record.kind == kind][-1:]


def _acceptances(store: Store, event: Event) -> list[Receipt]:
    """Receipts of documents that were declared and not only stored as drafts."""
    groups: dict[str, list[Kept]] = defaultdict(list)
    for kept in store.messages.load([key for key, _ in event.body["messages"]]):
        if answers(kept.record.kind) and kept.record.fields.get("appStatus") == "2":
            groups[kept.record.kind].append(kept)
    parts = [group[at : at + MOST_RECORDS] for group in groups.values() for at in range(0, len(group), MOST_RECORDS)]
    return [receipt for part in parts for receipt in _answer(event, part, _Told(ACCEPTED, event.at))]


def _told(event: Event, history: Sequence[Decision]) -> _Told | None:
    """What the last decision or its undoing leads to, None where that has no status."""
    decision = history[-1]
    if event.kind == "undone":
        assert decision.undone_at is not None
        earlier = [each for each in history[:-1] if each.undone_at is None]
        status = status_of(decision.before, earlier[-1].reason if earlier else "")
        return _Told(status or ACCEPTED, decision.undone_at)
    status = status_of(decision.after, decision.reason)
    if decision.action is Action.LIFT_HOLD:
        # Back where nothing but the acceptance had been told.
        status = status or ACCEPTED
    # Notes are the officers' own, but a rejection has to say why.
    note = decision.note if decision.after is State.REJECTED else ""
    info = _printable(note)
    return None if status is None else _Told(status, decision.decided_at, info)


def _answer(event: Event, answered: Sequence[Kept], told: _Told) -> list[Receipt]:
    """One file of receipts; a document that lacks what a receipt has to name is answered by a refusal (CEB900)."""
    if not answered:
        return []
    kind, first = answered[0].record.kind, answered[0].id
    guid = _guid(event, f"{kind}/{first}")
    outcomes = [
        Outcome(told.status, told.at, _guid(event, f"{kind}/{kept.id}/record"), told.info, _pre_no(kept))
        for kept in answered
    ]
    documents = [record_of(kept) for kept in answered]
    try:
        content = write_receipts(kind, guid, list(zip(documents, outcomes, strict=True)))
        return [Receipt(f"{answers(kind)}_{event.seq:010d}_{guid}.xml", content)]
    except MessageInvalidError as error:
        if len(answered) > 1:
            return [receipt for kept in answered for receipt in _answer(event, [kept], told)]
        refusal = Record(
            {
                "guid": _guid(event, f"{kind}/{first}/refused"),
                "returnStatus": _REFUSED,
                "returnInfo": str(error.details["detail"]),
                "returnTime": outcomes[0].time,
                "oriCopMsgId": answered[0].record.guid[:255],
                "oriMessageType": f"{kind}Message",
            }
        )
        return [Receipt(f"CEB900_{event.seq:010d}_{guid}.xml", write_message("CEB900", guid, [refusal]))]


def _guid(event: Event, what: str) -> str:
    """A guid that follows from the event, whose hash is unique among all stores."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event.hash.hex()}/{what}")).upper()


def _pre_no(kept: Kept) -> str:
    """A number for a document that came without one: B, the day of arrival, its number in the store."""
    return f"B{kept.received_at.astimezone(CHINA):%Y%m%d}{kept.id % 10**9:09d}"
