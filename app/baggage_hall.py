"""Baggage at the hall (先期机检): stopped by its picture before its owner comes, met by its tag."""

from __future__ import annotations

from collections.abc import Sequence

from app.customs.baggage import Hall, judge_bag
from app.customs.notices import Notice, NoticeKind
from app.customs.parcel import Parcel
from app.customs.states import Action, State
from app.officers.rights import Right, Rights
from app.store.store import Store
from app.tracing import Tracing
from app.views import Decide

_REFERABLE = frozenset({State.ARRIVED, State.IMAGED, State.DOC_REVIEW})


class BaggageHall:
    """The hall's view of bags. `decide` is the station's own; bags move by it, with all its guards."""

    def __init__(self, store: Store, rights: Rights, tracing: Tracing, decide: Decide) -> None:
        self._store = store
        self._rights = rights
        self._tracing = tracing
        self._decide = decide

    def stop(self, parcel_id: int, *, officer: str, reason: str, note: str = "") -> Notice:
        """Have a bag stopped at the hall for what its picture shows, and referred to opening.

        `reason` is that of a referral (`reason.refer`). Its tag alarms wherever it is read.

        Raises:
            GuardError: the bag may not be referred now. RecallEmptyError: it has neither number nor code.
        """
        self._rights.require(officer, Right.INTERCEPT)
        bag = self._store.parcel(parcel_id)
        if bag.state in _REFERABLE:
            self._decide(parcel_id, Action.REFER, officer=officer, reason=reason, note=note)
        codes = list(dict.fromkeys(filter(None, (bag.number, *bag.codes))))
        return self._tracing.intercept(codes, note or reason, officer)

    def meet(self, tag: str, *, officer: str) -> Hall:
        """A tag was read at the hall; what it leads to is logged."""
        self._rights.require(officer, Right.COUNTERS)
        tag = tag.strip()
        hall = judge_bag(tag, self._store.find_code(tag), self._tracing.notices_on(tag))
        body = {"tag": tag, "verdict": hall.verdict.value, "officer": officer}
        self._store.add_event("bag_met", hall.bag.id if hall.bag else None, body)
        return hall

    def stopped(self) -> Sequence[tuple[Notice, Parcel | None]]:
        """The intercepts in force, the newest first, each with its bag where it is known."""
        notices = [
            each for each in self._tracing.notices() if each.kind is NoticeKind.INTERCEPT and each.lifted_at is None
        ]
        return [(notice, self._bag_of(notice)) for notice in notices]

    def lift(self, notice_id: str, *, officer: str) -> None:
        """End an intercept, because the bag was dealt with. Raises NoticeUnknownError."""
        self._tracing.lift(notice_id, officer)

    def _bag_of(self, notice: Notice) -> Parcel | None:
        found = self._store.recalls.named(notice.codes)
        return self._store.parcel(found[-1]) if found else None
