"""The departure refund desk (离境退税): a form by its code, its goods one by one, verified or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from app.customs.dated import local_day
from app.customs.matters import Area, Entry, Matter
from app.customs.refund import FormFault, RefundForm, RefundRefusedError, check_form, form_from_json, form_to_json
from app.measured import Measured
from app.officers.rights import Right, Rights
from app.store.errors import MatterUnknownError
from app.store.store import Store
from app.tables import Tables

OPEN = "open"


class Deed(StrEnum):
    """What happens to a form."""

    RECEIVED = "received"
    VERIFIED = "verified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RefundView:
    """A form as it is looked at. `seen` is how many pieces of each line are there, `faults` what stands against it."""

    matter: Matter
    form: RefundForm
    seen: Mapping[int, int]
    faults: tuple[FormFault, ...]

    @property
    def outcome(self) -> str:
        """How it ended; empty while it is open."""
        last = self.matter.steps[-1].kind
        return "" if last == Deed.RECEIVED else last


class RefundDesk:
    """The departure refund desk of a station. May be used from any thread."""

    def __init__(self, store: Store, rights: Rights, tables: Tables, measured: Measured) -> None:
        self._store = store
        self._rights = rights
        self._rules = tables.refunds
        self._measured = measured

    def receive(self, form: RefundForm, *, officer: str) -> Matter:
        """Take a form that came by file. Raises AlreadyKeptError where it was taken before."""
        self._rights.require(officer, Right.COUNTERS)
        return self._store.matters.open(
            Area.REFUND,
            form.number,
            Entry(Deed.RECEIVED, OPEN, form_to_json(form)),
            actor=officer,
            at=datetime.now(UTC),
            reference=f"form/{form.number}",
        )

    def scan(self, code: str) -> RefundView:
        """The form with a code. Raises MatterUnknownError."""
        with self._measured.timing("refund_scan"):
            matter = self._store.matters.find(Area.REFUND, code.strip())
            if matter is None:
                raise MatterUnknownError(f"No refund form is known by {code}.", id=code)
            return self._look(matter, {})

    def look(self, matter_id: int, seen: Mapping[int, int]) -> RefundView:
        """A form again, with the pieces that were seen so far."""
        return self._look(self._store.matters.load(matter_id), seen)

    def counts(self) -> dict[str, int]:
        return self._store.matters.counts(Area.REFUND)

    def queue(self, *, limit: int = 200, after: tuple[datetime, int] | None = None) -> Sequence[RefundView]:
        """Forms that nobody has dealt with, the oldest first."""
        return [self._look(matter, {}) for matter in self._store.matters.page(Area.REFUND, limit=limit, after=after)]

    def verify(self, matter_id: int, seen: Mapping[int, int], *, officer: str) -> RefundView:
        """Verify (验核) a form whose goods were all seen.

        Raises:
            RefundRefusedError: something stands against it, or it is settled.
        """

        def make(matter: Matter) -> Entry:
            view = self._look(matter, seen)
            if view.faults:
                raise RefundRefusedError("Something stands against this form; refuse it with a reason.", "faults")
            return Entry(Deed.VERIFIED, "", {"seen": {str(line): count for line, count in seen.items()}})

        return self._settle(matter_id, make, seen, officer)

    def refuse(self, matter_id: int, reason: str, seen: Mapping[int, int], *, officer: str) -> RefundView:
        """Refuse a form with a reason; what stands against it now is kept beside it."""

        def make(matter: Matter) -> Entry:
            if not reason.strip():
                raise RefundRefusedError("A refusal needs a reason.", "no_reason")
            faults = [
                [fault.kind, fault.line, fault.found, fault.expected] for fault in self._look(matter, seen).faults
            ]
            return Entry(Deed.REFUSED, "", {"reason": reason, "faults": faults})

        return self._settle(matter_id, make, seen, officer)

    def _settle(
        self, matter_id: int, make: Callable[[Matter], Entry], seen: Mapping[int, int], officer: str
    ) -> RefundView:
        self._rights.require(officer, Right.COUNTERS)

        def once(matter: Matter) -> Entry:
            if not matter.stand:
                raise RefundRefusedError("This form is settled.", "settled")
            return make(matter)

        self._store.matters.lead_on(matter_id, once, actor=officer, at=datetime.now(UTC))
        return self.look(matter_id, seen)

    def _look(self, matter: Matter, seen: Mapping[int, int]) -> RefundView:
        form = form_from_json(matter.steps[0].body)
        verified = matter.last(Deed.VERIFIED)
        if verified:
            seen = {int(line): count for line, count in verified.body["seen"].items()}
        today = local_day(datetime.now(UTC))
        faults = check_form(form, seen, today, self._rules, is_settled=not matter.stand)
        return RefundView(matter, form, seen, faults)
