"""The returns counter (退货): applications, their originals, the goods scanned piece by piece, and what is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from app.customs.dated import local_day
from app.customs.matters import Area, Entry, Matter
from app.customs.parcel import ArchiveFilter, Parcel
from app.customs.returns import (
    Application,
    Disposition,
    Original,
    ReturnFault,
    ReturnRefusedError,
    application_from_json,
    application_to_json,
    check_dispositions,
    check_goods,
    check_papers,
)
from app.customs.states import LETS_GO, State
from app.exchange.ceb.message import Record
from app.exchange.ceb.papers import INVENTORIES, RETURNS, original_of
from app.exchange.returns import application_of, standing
from app.officers.rights import Right, Rights
from app.single_window import record_of
from app.store.errors import MatterUnknownError
from app.store.messages import Kept
from app.store.store import Store
from app.tables import Tables

_OUT = LETS_GO | {State.CLOSED}
_MOST_SAME = 20


class Stand(StrEnum):
    """Where an application stands."""

    AWAITING_GOODS = "awaiting_goods"
    TO_DECIDE = "to_decide"


class Deed(StrEnum):
    """What happens to an application."""

    APPLIED = "applied"
    SCANNED = "scanned"
    TAKEN_BACK = "taken_back"
    MARKED = "marked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReturnView:
    """An application as an officer looks at it: what it asks for, what went out, what was scanned, what is wrong.

    `out` is the parcel that was released, `back` the one that came, where this station knows them.
    """

    matter: Matter
    application: Application
    original: Original | None
    scanned: tuple[str, ...]
    faults: tuple[ReturnFault, ...]
    out: Parcel | None = None
    back: Parcel | None = None

    @property
    def outcome(self) -> str:
        """How it ended; empty while it is open."""
        last = self.matter.steps[-1].kind
        return last if last in (Deed.ACCEPTED, Deed.REFUSED) else ""


class ReturnsOffice:
    """The returns counter of a station. May be used from any thread."""

    def __init__(self, store: Store, rights: Rights, tables: Tables) -> None:
        self._store = store
        self._rights = rights
        self._rules = tables.returns

    # What is there

    def queue(
        self, stands: Sequence[Stand] = (), *, limit: int = 200, after: tuple[datetime, int] | None = None
    ) -> list[ReturnView]:
        """Open applications, the oldest first; `after` is time and id of the last one of the page before."""
        found = self._store.matters.page(Area.RETURN, [each.value for each in stands], limit=limit, after=after)
        return [self._look(matter) for matter in found]

    def counts(self) -> dict[str, int]:
        return self._store.matters.counts(Area.RETURN)

    def find(self, code: str) -> ReturnView:
        """The application for a code: the number on the parcel that came back, or that of the inventory.

        An open one comes first. Where none is open, the newest that came through the Single Window and was not taken
        yet is opened now; else it is the last one that was settled.

        Raises:
            MatterUnknownError: there is none. ReturnRefusedError: it is a draft, or its sender deleted it.
        """
        code = code.strip()
        matters = self._store.matters.every(Area.RETURN, code)
        still_open = [matter for matter in matters if matter.stand]
        return self.view((still_open[-1] if still_open else self._open_next(code, matters)).id)

    def view(self, matter_id: int) -> ReturnView:
        """Raises MatterUnknownError."""
        seen = self._look(self._store.matters.load(matter_id))
        out, back = self._parcels(seen)
        return ReturnView(seen.matter, seen.application, seen.original, seen.scanned, seen.faults, out, back)

    # What the officer does

    def apply(self, application: Application, *, officer: str) -> Matter:
        """Take an application that came by file.

        Raises:
            AlreadyKeptError: it was taken before.
        """
        self._rights.require(officer, Right.RETURNS)
        return self._open(application, actor=officer)

    def scan(self, matter_id: int, code: str, *, officer: str) -> ReturnView:
        """A piece of the goods was scanned."""
        return self._lead(matter_id, Entry(Deed.SCANNED, Stand.TO_DECIDE, {"code": code.strip()}), officer)

    def take_back(self, matter_id: int, code: str, *, officer: str) -> ReturnView:
        """A piece was scanned by mistake."""
        return self._lead(matter_id, Entry(Deed.TAKEN_BACK, Stand.TO_DECIDE, {"code": code.strip()}), officer)

    def mark(self, matter_id: int, line: int, *, is_defective: bool, officer: str) -> ReturnView:
        """Say whether a line's goods are defective, as they are seen to be."""
        body = {"line": line, "is_defective": is_defective}
        return self._lead(matter_id, Entry(Deed.MARKED, Stand.TO_DECIDE, body), officer)

    def accept(self, matter_id: int, chosen: Mapping[int, Disposition], *, officer: str) -> ReturnView:
        """Accept a return without faults; `chosen` says for each line what becomes of its goods.

        Raises:
            ReturnRefusedError: something is wrong with it, or a line's goods have no way, or a wrong one.
        """

        def make(matter: Matter) -> Entry:
            seen = self._look(matter)
            if seen.faults or not seen.scanned:
                code = "faults" if seen.faults else "nothing_scanned"
                raise ReturnRefusedError("Something is wrong with this return, or nothing was scanned.", code)
            check_dispositions(seen.application, chosen)
            return Entry(Deed.ACCEPTED, "", {"dispositions": {str(line): way for line, way in chosen.items()}})

        return self._lead(matter_id, make, officer)

    def refuse(self, matter_id: int, reason: str, *, officer: str) -> ReturnView:
        """Refuse a return; the faults that it has now are kept with the reason."""

        def make(matter: Matter) -> Entry:
            if not reason.strip():
                raise ReturnRefusedError("A refusal needs a reason.", "no_reason")
            faults = [
                [each.kind, each.line, each.found, each.expected, each.rule] for each in self._look(matter).faults
            ]
            return Entry(Deed.REFUSED, "", {"reason": reason, "faults": faults})

        return self._lead(matter_id, make, officer)

    def _lead(self, matter_id: int, entry: Entry | Callable[[Matter], Entry], officer: str) -> ReturnView:
        self._rights.require(officer, Right.RETURNS)

        def make(matter: Matter) -> Entry:
            if not matter.stand:
                raise ReturnRefusedError("This return is settled.", "settled")
            return entry if isinstance(entry, Entry) else entry(matter)

        self._store.matters.lead_on(matter_id, make, actor=officer, at=datetime.now(UTC))
        return self.view(matter_id)

    def _open(self, application: Application, *, actor: str) -> Matter:
        return self._store.matters.open(
            Area.RETURN,
            application.number,
            Entry(Deed.APPLIED, Stand.AWAITING_GOODS, {"application": application_to_json(application)}),
            actor=actor,
            at=datetime.now(UTC),
            other_key=application.inventory_no,
            reference=application.reference,
        )

    # How it is held together

    def _look(self, matter: Matter) -> ReturnView:
        application = _application(matter)
        original = self._original(application, matter.id)
        scanned = _scanned(matter)
        if scanned:
            first = next(step for step in matter.steps if step.kind == Deed.SCANNED)
            arrived_on = local_day(first.at)
            faults = check_goods(application, original, scanned, arrived_on, self._rules)
        else:
            faults = check_papers(application, original, self._rules)
        return ReturnView(matter, application, original, scanned, faults)

    def _original(self, application: Application, matter_id: int) -> Original | None:
        kept = self._inventory(application.inventory_no)
        if kept is None:
            return None
        inventory = original_of(record_of(kept))
        out = self._released(inventory.number)
        returned: Counter[int] = Counter()
        for other in self._store.matters.every(Area.RETURN, application.inventory_no):
            if other.id != matter_id and other.last(Deed.ACCEPTED):
                returned.update(_application(other).quantities)
        return Original(inventory, self._released_on(out) if out else None, returned)

    def _inventory(self, inventory_no: str) -> Kept | None:
        found = self._store.messages.find("inventory_no", [inventory_no])
        inventories = [kept for kept in found if kept.record.kind in INVENTORIES]
        return inventories[-1] if inventories else None

    def _released(self, number: str) -> Parcel | None:
        """The parcel that went out with a number, the last one where there were several."""
        rows = self._store.archive(ArchiveFilter(code=number), _MOST_SAME) if number else []
        out = next((row for row in rows if row.number == number and row.state in _OUT), None)
        return self._store.parcel(out.id) if out else None

    def _released_on(self, parcel: Parcel) -> date | None:
        history = self._store.history(parcel.id)
        released = [each.decided_at for each in history if each.after is State.RELEASED and each.undone_at is None]
        return local_day(released[-1]) if released else None

    def _parcels(self, seen: ReturnView) -> tuple[Parcel | None, Parcel | None]:
        out = self._released(seen.original.inventory.number) if seen.original else None
        back = self._store.find_number(seen.application.number)
        return out, None if back is None or (out and back.id == out.id) else back

    def _open_next(self, code: str, settled: Sequence[Matter]) -> Matter:
        found = [*self._store.messages.find("number", [code]), *self._store.messages.find("inventory_no", [code])]
        kept = sorted({each.id: each for each in found}.values(), key=lambda each: each.id)
        records = [(each.record.kind, record_of(each)) for each in kept if each.record.kind in RETURNS]
        taken = {matter.steps[0].reference for matter in settled}
        for kind, record in reversed(standing(records)):
            said = self._read(kind, record)
            if said is not None and said.reference not in taken:
                return self._open(said, actor="single-window")
        if settled:
            return settled[-1]
        last = records[-1][1] if records else None
        if last is not None and last.is_draft:
            raise ReturnRefusedError(f"The application of {code} is a draft, not declared yet.", "draft", id=code)
        if last is not None and last.is_deletion:
            raise ReturnRefusedError(f"The application of {code} was deleted by its sender.", "deleted", id=code)
        raise MatterUnknownError(f"No application for a return is known by {code}.", id=code)

    def _read(self, kind: str, record: Record) -> Application | None:
        original = self._inventory(record.fields.get("invtNo", ""))
        fields = record_of(original).fields if original else {}
        office = record.fields.get("customsCode", "")
        return application_of(
            kind,
            record,
            mode=fields.get("tradeMode", ""),
            is_original_office=not original or office in ("", fields.get("customsCode", "")),
        )


def _application(matter: Matter) -> Application:
    """What was applied for, with what the officer marked since."""
    application = application_from_json(matter.steps[0].body["application"])
    marks = {step.body["line"]: step.body["is_defective"] for step in matter.steps if step.kind == Deed.MARKED}
    return application.with_marks(marks) if marks else application


def _scanned(matter: Matter) -> tuple[str, ...]:
    """The codes that were scanned and not taken back, in their order."""
    codes: list[str] = []
    for step in matter.steps:
        if step.kind == Deed.SCANNED:
            codes.append(step.body["code"])
        elif step.kind == Deed.TAKEN_BACK and step.body["code"] in codes:
            codes.remove(step.body["code"])
    return tuple(codes)
