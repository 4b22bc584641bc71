"""Release in batch at the station: a consignment is looked at first, then every clear parcel is decided by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.customs.batch import Excluded, WhyNot, exclude, find_release
from app.customs.errors import GreenDelayedError
from app.customs.parcel import Kind, Lane, Parcel, QueueFilter
from app.customs.states import Action, State, offers
from app.officers.rights import Right, Rights
from app.papers import Papers
from app.store.store import Store
from app.views import Decided
from imaging.errors import KnownError

MOST = 2000
"""Parcels in one batch: more could not be looked through before."""

REASON = "consignment_clear"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a release in batch would do. `bill` is the consignment's number, "" for the green ones of the queue."""

    bill: str
    clear: tuple[Parcel, ...]
    excluded: tuple[Excluded, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every parcel of the consignment is clear."""
        return bool(self.clear) and not self.excluded


@dataclass(frozen=True, slots=True)
class Released:
    """What a release in batch did; `refused` changed or were refused after the preview."""

    decided: tuple[Decided, ...]
    refused: tuple[Excluded, ...]


class Batches:
    """`decide` decides on one parcel, as an officer's key does; `expect_due` raises where its release is delayed."""

    def __init__(
        self,
        store: Store,
        rights: Rights,
        papers: Papers,
        *,
        decide: Callable[..., Decided],
        expect_due: Callable[[Parcel, Action, datetime], None],
    ) -> None:
        self._store = store
        self._rights = rights
        self._papers = papers
        self._decide = decide
        self._expect_due = expect_due

    def preview(self, bill: str = "", *, limit: int = MOST) -> Preview:
        """Look through a consignment by its bill (总运单), or through what waits in the green lane."""
        found = [self._judge(self._store.parcel(key)) for key in self._parcels(bill, limit)]
        clear = tuple(each for each in found if isinstance(each, Parcel))
        return Preview(bill, clear, tuple(each for each in found if isinstance(each, Excluded)))

    def release(self, preview: Preview, *, officer: str) -> Released:
        """Release what the preview showed as clear, each in a transaction of its own, and log the batch as one event.

        Raises:
            OfficerError: the officer may not release.
        """
        self._rights.require(officer, Right.SCREEN)
        decided: list[Decided] = []
        refused: list[Excluded] = []
        for parcel in preview.clear:
            try:
                decided.append(
                    self._decide(
                        parcel.id, Action.RELEASE, officer=officer, reason=REASON, note=preview.bill,
                        seen_version=parcel.version,
                    )
                )  # fmt: skip
            except KnownError as error:
                refused.append(Excluded(parcel, WhyNot.REFUSED, error.key, error))
        left = [[each.parcel.id, each.why.value, each.detail] for each in (*preview.excluded, *refused)]
        body = {"bill": preview.bill, "released": [each.decision.id for each in decided], "excluded": left}
        self._store.add_event("batch_released", None, body | {"officer": officer})
        return Released(tuple(decided), tuple(refused))

    def _parcels(self, bill: str, limit: int) -> Sequence[int]:
        if bill:
            return self._store.messages.parcels_of_bill(bill, limit)
        wanted = QueueFilter(states=(State.IMAGED,), lanes=(Lane.GREEN,), kinds=(Kind.PARCEL,))
        return [row.id for row in self._store.queue(wanted, limit)]

    def _judge(self, parcel: Parcel) -> Parcel | Excluded:
        state, facts = self._store.facts(parcel.id)
        papers = self._papers.of(parcel)
        why = exclude(parcel, find_release(offers(state, facts)), papers.match if papers else None)
        if why is not None:
            return why
        try:
            self._expect_due(parcel, Action.RELEASE, datetime.now(UTC))
        except GreenDelayedError as error:
            return Excluded(parcel, WhyNot.REFUSED, error.key, error)
        return parcel
