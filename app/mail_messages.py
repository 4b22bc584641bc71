"""Files to and from the mail platform: what the log tells the consignees, and what their answers do to the cases."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.customs import postal
from app.customs.matters import Area
from app.customs.parcel import Parcel
from app.customs.postal import PLATFORM, Deed, MailCase, MailStep
from app.customs.states import State
from app.customs.tax import fen_of
from app.customs.waiting import WaitingKind
from app.exchange.errors import AnswerInvalidError, ExchangeError
from app.exchange.platform.answers import articles_of, read_answers
from app.exchange.platform.schema import Answer, AnswerKind, Request, RequestKind
from app.exchange.records import DONE, REFUSED, files_in, put_away, send_out
from app.mail_office import MailOffice
from app.store.audit import Event
from app.store.errors import AlreadyKeptError, ParcelUnknownError
from app.store.store import Store
from app.store.times import from_us
from app.texts import LANGUAGES, text
from imaging.errors import KnownError

TARGET: Final = "platform"
"""The outbox's name for what goes to the platform."""

_EVENTS = 200
_WANTED = {
    WaitingKind.SUPPLEMENT_DECLARATION.value: RequestKind.DECLARATION_WANTED,
    WaitingKind.DOCUMENTS.value: RequestKind.DOCUMENTS_WANTED,
}
_TOLD = {
    Deed.UPHELD.value: RequestKind.TAX_UPHELD,
    Deed.REFUNDED.value: RequestKind.REFUNDED,
    Deed.REFUND_REFUSED.value: RequestKind.REFUND_REFUSED,
    Deed.RETURN_GRANTED.value: RequestKind.RETURN_GRANTED,
    Deed.RETURN_REFUSED.value: RequestKind.RETURN_REFUSED,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of a file: taken, known already, or refused with why; a file that cannot be read has no answer."""

    path: Path
    answer: Answer | None = None
    error: KnownError | None = None


def send_requests(store: Store, out: Path, place: str) -> Iterator[Path]:
    """Write what is to be told the platform since the last call, each file once and whole; `place` is this station.

    Raises:
        ExchangeFolderError: the folder cannot be written; nothing is marked that was not sent.
    """
    while events := store.pending(_EVENTS, target=TARGET):
        for event in events:
            for request in requests_of(store, event, place):
                path = out / f"{request.id}.json"
                _write(path, request)
                yield path
        store.mark_sent(events[-1].seq, target=TARGET)


def requests_of(store: Store, event: Event, place: str) -> list[Request]:
    """What an event tells the platform, with the notice to the consignee in every language."""
    if event.parcel_id is None:
        return []
    told = _asked(event) or _stepped(store, event) or _released(store, event)
    if told is None:
        return []
    parcel = store.parcel(event.parcel_id)
    request = Request(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, event.hash.hex())),
        case=f"{place}/{parcel.id}",
        item=parcel.number or str(parcel.id),
        at=event.at,
        **told,
    )
    return [request.model_copy(update={"notice": {lang: _notice(request, lang) for lang in LANGUAGES}})]


def import_answers(office: MailOffice, folder: Path, place: str) -> Iterator[Answered]:
    """Take the answers in a folder's files; a file goes to done/, or to refused/ where any of its answers is refused.

    A power cut loses nothing: what is still in the folder is read again, and an answer that was taken is passed over.

    Raises:
        ExchangeFolderError: the folder cannot be read, or a file cannot be moved.
    """
    for path in files_in(folder):
        try:
            answers = read_answers(path)
        except ExchangeError as error:
            put_away(path, folder / REFUSED)
            yield Answered(path, error=error)
            continue
        results = [Answered(path, answer, _take(office, answer, place)) for answer in answers]
        put_away(path, folder / (REFUSED if any(each.error for each in results) else DONE))
        yield from results


def _take(office: MailOffice, answer: Answer, place: str) -> KnownError | None:
    """Do what an answer says; returns why it is refused."""
    try:
        parcel_id = _parcel_of(office, answer, place)
        office.take(parcel_id, _deed(answer), actor=PLATFORM, reference=f"platform/{answer.id}")
    except AlreadyKeptError:
        return None
    except KnownError as error:
        return error
    return None


def _parcel_of(office: MailOffice, answer: Answer, place: str) -> int:
    if not answer.case:
        return office.find(answer.item)
    where, _, key = answer.case.rpartition("/")
    if where != place or not (key.isascii() and key.isdecimal()) or len(key) > 18:
        raise AnswerInvalidError(f"The case {answer.case} is not of this station.", place=answer.id, detail="case")
    parcel = office.view(int(key)).parcel
    if parcel.number != answer.item:
        raise ParcelUnknownError(f"The case {answer.case} is not that of {answer.item}.", id=answer.item)
    return parcel.id


def _deed(answer: Answer) -> Callable[[Parcel, MailCase], MailStep]:
    match answer.kind:
        case AnswerKind.DECLARED:
            return lambda _, case: postal.declare(case, articles_of(answer))
        case AnswerKind.DOCUMENTS_SENT:
            return lambda _, case: postal.send_documents(case, answer.documents)
        case AnswerKind.PAID:
            return lambda _, case: postal.pay(case, fen_of(answer.amount or ""), answer.receipt)
        case AnswerKind.DISPUTED:
            return lambda _, case: postal.dispute(case, answer.reason)
        case AnswerKind.RETURN_ASKED:
            return lambda parcel, _: postal.ask_return(parcel.state, answer.reason)


def _asked(event: Event) -> dict[str, Any] | None:
    """A declaration or documents are asked for, by a case or by a decision at the desk."""
    if event.kind not in ("decided", "waiting_begun") or "waiting" not in event.body:
        return None
    _, _, kind, _, note, _, due_us, _ = event.body["waiting"]
    if kind not in _WANTED:
        return None
    return {"kind": _WANTED[kind], "note": note[:1000], "due_at": _time(due_us)}


def _stepped(store: Store, event: Event) -> dict[str, Any] | None:
    if event.kind != "stepped" or event.parcel_id is None:
        return None
    _, matter_id, kind, _, _, _, content, _ = event.body["step"]
    if store.matters.load(matter_id).area is not Area.MAIL:
        return None
    body: Mapping[str, Any] = json.loads(content)
    fen = None if body.get("fen") is None else _amount(body["fen"])
    if kind == Deed.ASSESSED:
        told = RequestKind.TAX_DUE if body["fen"] else RequestKind.NO_TAX
        return {"kind": told, "amount": fen, "estimate": body["estimate"], "note": body["reason"]}
    return {"kind": _TOLD[kind], "note": body.get("reason", ""), "amount": fen} if kind in _TOLD else None


def _released(store: Store, event: Event) -> dict[str, Any] | None:
    """An item that had a case is released."""
    if event.kind != "decided" or event.parcel_id is None or event.body["decision"][4] != State.RELEASED:
        return None
    return {"kind": RequestKind.RELEASED} if store.mail.steps(event.parcel_id) else None


def _notice(request: Request, lang: str) -> str:
    """The consignee's text, as the platform sends it on."""
    due = f"{request.due_at:%Y-%m-%d}" if request.due_at else ""
    words = text(f"mail.notice.{request.kind}", lang=lang, item=request.item, amount=request.amount or "", due=due)
    return f"{words} {request.note}".strip()


def _amount(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _time(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _write(path: Path, request: Request) -> None:
    content = json.dumps(request.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=1)
    send_out(path, content.encode())
