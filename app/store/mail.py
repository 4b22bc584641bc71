"""Cases of mail items: each deed is one transaction of its step, the parcel's moves and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from app.customs.matters import Area, Matter, Step
from app.customs.parcel import Parcel
from app.customs.postal import OF_MAIL, MailCase, MailStep, moves_for, read_case
from app.customs.states import Action
from app.customs.waiting import WaitingKind
from app.store import decisions, matters, parcels, waiting_rows
from app.store.audit import Log
from app.store.database import Connection
from app.store.decisions import Verdict
from app.store.errors import AlreadyKeptError
from app.store.times import to_us

Make = Callable[[Parcel, MailCase], MailStep]


@dataclass(frozen=True, slots=True)
class _Acted:
    """Who acts when, and until when what he asks for has time."""

    actor: str
    at: datetime
    due_at: datetime


class Mail:
    """The mail cases of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def take(
        self,
        parcel_id: int,
        make: Make,
        *,
        actor: str,
        at: datetime,
        due_at: datetime,
        reference: str = "",
    ) -> MailCase:
        """Do what `make` says of a parcel's case as it stands at that moment; it may refuse by raising.

        `due_at` ends the time of what the parcel begins to wait for, `reference` is the id of the message it follows.

        Raises:
            ParcelUnknownError: there is no such parcel. GuardError: the parcel cannot move there.
            AlreadyKeptError: the message was taken before; nothing changed.
        """
        with self._write() as writer:
            parcel = parcels.load(writer, parcel_id)
            _refuse_known(writer, reference)
            step = make(parcel, _case(writer, parcel))
            _keep(writer, parcel, Step(step.deed.value, actor, at, "", step.body, reference))
            acted = _Acted(actor, at, due_at)
            _move(writer, parcel, step, acted)
            _wait(writer, parcel_id, step, acted)
            return _case(writer, parcels.load(writer, parcel_id))

    def case(self, parcel_id: int) -> MailCase:
        """How a parcel's case stands; an empty one where nothing happened. Raises ParcelUnknownError."""
        with self._read() as reader:
            return _case(reader, parcels.load(reader, parcel_id))

    def steps(self, parcel_id: int) -> tuple[Step, ...]:
        """What happened in a parcel's case, oldest first."""
        with self._read() as reader:
            matter = _matter(reader, parcel_id)
            return matter.steps if matter else ()


def _case(connection: Connection, parcel: Parcel) -> MailCase:
    matter = _matter(connection, parcel.id)
    waits = [waiting.kind for waiting in parcel.waiting if waiting.kind in OF_MAIL]
    return read_case(matter.steps if matter else (), waits, _before_return(connection, parcel))


def _before_return(connection: Connection, parcel: Parcel) -> dict[WaitingKind, str]:
    """What an open request for return took the place of: what ended in the moment in which it began."""
    asked = next((each for each in parcel.waiting if each.kind is WaitingKind.RETURN_REQUEST), None)
    every = waiting_rows.every(connection, parcel.id) if asked else ()
    before: dict[WaitingKind, str] = {}
    while asked:
        ended = [each for each in every if each.settled_at == asked.since_at and each.id < asked.id]
        before |= {each.kind: each.note for each in ended if each.kind in OF_MAIL}
        asked = next((each for each in ended if each.kind is WaitingKind.RETURN_REQUEST), None)
    before.pop(WaitingKind.RETURN_REQUEST, None)
    return before


def _matter(connection: Connection, parcel_id: int) -> Matter | None:
    key = matters.find_of_parcel(connection, parcel_id, Area.MAIL)
    return None if key is None else matters.load(connection, key)


def _keep(connection: Connection, parcel: Parcel, step: Step) -> None:
    key = matters.find_of_parcel(connection, parcel.id, Area.MAIL)
    if key is None:
        matters.open_one(connection, (Area.MAIL.value, parcel.number or str(parcel.id), "", parcel.id), step)
    else:
        matters.add(connection, key, step)


def _refuse_known(connection: Connection, reference: str) -> None:
    """A message that comes again is known, whether or not its deed would still fit."""
    found = connection.execute("SELECT 1 FROM steps WHERE reference = ? AND reference <> ''", (reference,)).fetchone()
    if found:
        raise AlreadyKeptError(f"The message {reference} was taken before.", detail=reference)


def _move(connection: Connection, parcel: Parcel, step: MailStep, acted: _Acted) -> None:
    waits = {waiting.kind for waiting in parcel.waiting}
    moves = (step.move,) if step.move else moves_for(parcel.state, step.wait, waits)
    reasons: Mapping[Action, str] = {
        Action.REQUIRE_PARTY: step.wait.value if step.wait else "",
        Action.RETURN: "addressee_request",
    }
    note = step.note_of(step.wait) if step.wait else step.note
    for move in moves:
        verdict = Verdict(move, acted.actor, acted.at, reason=reasons.get(move, ""), note=note, due_at=acted.due_at)
        decisions.decide(connection, parcel.id, verdict)


def _wait(connection: Connection, parcel_id: int, step: MailStep, acted: _Acted) -> None:
    """Let the parcel wait for what the step says and for nothing else of the mail's reasons."""
    opened = {each.kind: each for each in waiting_rows.open_on(connection, parcel_id) if each.kind in OF_MAIL}
    for kind, waiting in opened.items():
        if kind not in step.waits:
            log, row = Log(connection), parcels.load_row(connection, parcel_id)
            settled = waiting_rows.settle(
                connection, waiting.id, outcome=step.deed.value, officer=acted.actor, at_us=to_us(acted.at),
                decision_id=None, seq=log.seq,
            )  # fmt: skip
            parcels.change(connection, log, row, "waiting_settled", {"settlements": [settled]})
    for kind in sorted(step.waits - opened.keys()):
        log, row = Log(connection), parcels.load_row(connection, parcel_id)
        begun = waiting_rows.begin(
            connection, parcel_id, kind, officer=acted.actor, note=step.note_of(kind), since_us=to_us(acted.at),
            due_us=to_us(acted.due_at), decision_id=None, seq=log.seq,
        )  # fmt: skip
        parcels.change(connection, log, row, "waiting_begun", {"waiting": begun})
