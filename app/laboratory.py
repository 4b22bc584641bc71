"""Samples that went to a laboratory (取样送检): taken, waited for, answered; each moves its parcel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.customs.matters import Area, Entry, Matter
from app.customs.samples import (
    Result,
    Sample,
    check_result,
    check_sample,
    sample_from_json,
    sample_number,
    sample_to_json,
)
from app.customs.states import Action, State
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.errors import MatterUnknownError
from app.store.store import Store
from app.views import Decide

AT_LABORATORY = "at_laboratory"
TAKEN, REPORTED = "taken", "reported"


class Laboratory:
    """The samples of a station. `decide` is the station's own; the parcel moves by it, with all its guards."""

    def __init__(self, store: Store, rights: Rights, post: Post, decide: Decide) -> None:
        self._store = store
        self._rights = rights
        self._office = post.office
        self._decide = decide

    def queue(self, *, limit: int = 200, after: tuple[datetime, int] | None = None) -> Sequence[Sample]:
        """Samples without a result, those first that were taken first."""
        return [_sample(matter) for matter in self._store.matters.page(Area.SAMPLE, limit=limit, after=after)]

    def place_of(self, sample: Sample) -> tuple[datetime, int]:
        """Where a sample stands in the queue, for the page after it."""
        matter = self._find(sample.number)
        return matter.since_at, matter.id

    def find(self, number: str) -> Sample:
        """A sample by its own number or its parcel's, the newest. Raises MatterUnknownError."""
        return _sample(self._find(number))

    def of_parcel(self, parcel_id: int) -> Sample | None:
        """The newest sample of a parcel, for its printed note."""
        matter = self._store.matters.of_parcel(parcel_id, Area.SAMPLE)
        return _sample(matter) if matter else None

    def take(
        self,
        parcel_id: int,
        *,
        laboratory: str,
        question: str,
        due_at: datetime,
        officer: str,
        quantity: str = "",
        seal_no: str = "",
    ) -> Sample:
        """Take a sample of what is being examined; its parcel waits for the laboratory from now on.

        Raises:
            SampleRefusedError: something is missing. GuardError: the parcel is not under examination.
        """
        self._rights.require(officer, Right.EXAMINE)
        now = datetime.now(UTC)
        check_sample(laboratory, question, now, due_at)
        parcel = self._store.parcel(parcel_id)
        earlier = self._store.matters.every(Area.SAMPLE, parcel.number or str(parcel_id))
        number = sample_number(self._office, now, parcel_id, len(earlier))
        if parcel.state is not State.AWAITING_LAB:
            self._decide(parcel_id, Action.SAMPLE, officer=officer, reason=question, note=number, due_at=due_at)
        sample = Sample(
            number, parcel_id, parcel.number, laboratory, question, quantity, seal_no, taken_at=now, due_at=due_at
        )
        self._store.matters.open(
            Area.SAMPLE,
            number,
            Entry(TAKEN, AT_LABORATORY, sample_to_json(sample)),
            actor=officer,
            at=now,
            other_key=parcel.number or str(parcel_id),
            parcel_id=parcel_id,
        )
        return sample

    def report(
        self, number: str, *, report_no: str, is_normal: bool, officer: str, finding: str = "", reason: str = ""
    ) -> Sample:
        """Record the laboratory's result; with the last one of its parcel the parcel moves on.

        `reason` is that of an abnormal result (`reason.lab_abnormal`). The result stands even where the parcel cannot
        move, because an order or another sample is open.

        Raises:
            SampleRefusedError: something is missing, or it has a result. GuardError: the parcel did not move.
        """
        self._rights.require(officer, Right.EXAMINE)
        matter = self._find(number)

        def make(standing: Matter) -> Entry:
            check_result(_sample(standing), report_no, finding, reason, is_normal=is_normal)
            body = {"report_no": report_no, "is_normal": is_normal, "finding": finding, "reason": reason}
            return Entry(REPORTED, "", body)

        sample = _sample(self._store.matters.lead_on(matter.id, make, actor=officer, at=datetime.now(UTC)))
        self._move(sample, officer)
        return sample

    def _move(self, sample: Sample, officer: str) -> None:
        """Let the parcel go on once all its samples are answered: one abnormal result makes it abnormal."""
        key = sample.parcel_number or str(sample.parcel_id)
        matters = [each for each in self._store.matters.every(Area.SAMPLE, key) if each.parcel_id == sample.parcel_id]
        results = [each.result for each in map(_sample, matters) if each.result]
        is_waiting = self._store.parcel(sample.parcel_id).state is State.AWAITING_LAB
        if len(results) < len(matters) or not is_waiting:
            return
        worst = next((each for each in results if not each.is_normal), results[-1])
        action = Action.LAB_NORMAL if worst.is_normal else Action.LAB_ABNORMAL
        note = f"{sample.number} {worst.report_no}"
        self._decide(sample.parcel_id, action, officer=officer, reason=worst.reason, note=note)

    def _find(self, number: str) -> Matter:
        matter = self._store.matters.find(Area.SAMPLE, number.strip())
        if matter is None:
            raise MatterUnknownError(f"No sample is known by {number}.", id=number)
        return matter


def _sample(matter: Matter) -> Sample:
    step = matter.last(REPORTED)
    return sample_from_json(matter.steps[0].body, Result(**step.body, reported_at=step.at) if step else None)
