"""Decisions at a station: who may, what is signed with it, what takes it back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from app.customs.errors import GuardError
from app.customs.parcel import Decision
from app.customs.states import LETS_GO, MOVES, UNDECIDED, Action, State
from app.duty import Duty
from app.hub.records import Due
from app.labelling import Labelling
from app.measured import Measured
from app.officers.rights import RIGHT_FOR, KnownOfficers, Right
from app.risk_office import RiskOffice
from app.settings import Settings
from app.store.decisions import TraceLabel, Verdict
from app.store.hub import Answer
from app.store.store import Store
from app.tracing import Tracing
from app.views import Decided

log = structlog.get_logger()

LETTING_GO = frozenset(move.action for move in MOVES if move.after in LETS_GO)


class Deciding:
    """One decision at a time, from any thread; it is on disk when its call returns.

    `on_decided` is told of every one after its commit, `on_reopened` where a parcel waits for an officer once more.
    """

    def __init__(
        self,
        store: Store,
        labelling: Labelling,
        settings: Settings,
        rights: KnownOfficers | Duty,
        *,
        risk: RiskOffice,
        tracing: Tracing,
        measured: Measured,
        on_decided: Callable[[Decision], None],
        on_reopened: Callable[[], None],
    ) -> None:
        self._store = store
        self._labelling = labelling
        self._settings = settings
        self._rights = rights
        self._risk = risk
        self._tracing = tracing
        self._measured = measured
        self._on_decided = on_decided
        self._on_reopened = on_reopened
        self._turn = threading.Lock()

    def decide(
        self,
        parcel_id: int,
        action: Action,
        *,
        officer: str,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        second_pin: str = "",
        seen_version: int | None = None,
        annotations: str = "",
        due_at: datetime | None = None,
        shown: Mapping[str, object] | None = None,
    ) -> Decided:
        """Decide on a parcel; `annotations` is what the officer drew, as JSON, `shown` what he had before him.

        `second_officer` is the login name or badge of an officer who stands beside the first, with his own PIN.

        `due_at` ends the time of what the decision begins to wait for; the settings' days where none is given.

        What lets it go gets a signed trace code in the same transaction.

        Raises:
            OfficerError: an officer may not do it, or the second one's secret is refused.
            GuardError: the table or a guard refuses it, and says what is missing.
            ParcelChangedError: the parcel is not the one that the officer saw.
            StoreFullError: nothing was decided; there is room now, try again.
        """
        right = RIGHT_FOR[action]
        self._rights.require(officer, right)
        if second_officer:
            second_officer = self._rights.approve(second_officer, second_pin, first=officer, right=right)
        now = datetime.now(UTC)
        with self._turn, self._measured.timing("decision_commit"):
            trace = self._sign(parcel_id, action, now)
            decision = self._store.decide(
                parcel_id,
                action,
                officer=officer,
                decided_at=now,
                reason=reason,
                note=note,
                second_officer=second_officer,
                expected_version=seen_version,
                trace=trace,
                annotations=annotations,
                due_at=due_at or self._end_of_waiting(now),
                shown=shown,
            )
        self._measured.count("decisions")
        log.info("decided", decision=decision.id, parcel=parcel_id, after=decision.after, trace=decision.trace_code)
        self._follow(decision.before, decision.after)
        parcel = self._store.parcel(parcel_id)
        self._on_decided(decision)
        return Decided(decision, parcel, now + timedelta(seconds=self._settings.work.undo_s))

    def decide_for_hub(self, due: Due) -> Answer:
        """Decide as an officer elsewhere said; his rights were asked where he sits, everything else is asked here."""
        said, now = due.verdict, datetime.now(UTC)
        action, trace, refusal = Action(said.action), None, None
        with self._turn:
            try:
                trace = self._sign(due.parcel_id, action, now)
            except GuardError as error:
                refusal = error
            verdict = Verdict(
                action, said.officer, now, said.reason, said.note, said.second_officer, said.seen_version, trace=trace,
                annotations=said.annotations, due_at=self._end_of_waiting(now),
            )  # fmt: skip
            answer = self._store.hub.apply(said.key, due.parcel_id, due.seat, verdict, refusal)
        if answer.decision:
            self._follow(answer.decision.before, answer.decision.after)
        log.info("decided elsewhere", parcel=due.parcel_id, seat=due.seat, outcome=answer.outcome)
        return answer

    def undo(self, decision_id: int, *, officer: str) -> Decided:
        """Take the last decision on a parcel back.

        Raises:
            UndoRefusedError: too late, not his, or something came after. OfficerError: he may not undo.
        """
        self._rights.require(officer, Right.UNDO)
        now = datetime.now(UTC)
        with self._turn:
            decision = self._store.undo(decision_id, officer=officer, now=now, within_s=self._settings.work.undo_s)
        self._follow(decision.after, decision.before)
        self._measured.count("undone")
        self._on_decided(decision)
        return Decided(decision, self._store.parcel(decision.parcel_id), None)

    def _sign(self, parcel_id: int, action: Action, now: datetime) -> TraceLabel | None:
        """The label of what an action lets go."""
        if action not in LETTING_GO:
            return None
        parcel = self._store.parcel(parcel_id)
        self._risk.expect_delay_over(parcel, action, now)
        inventory_no = self._tracing.inventory_no(parcel)
        last = self._store.last_trace_id(f"T{self._settings.post.office}{now.year}")
        return self._labelling.sign(parcel, action, last, now, inventory_no=inventory_no)

    def _end_of_waiting(self, now: datetime) -> datetime:
        return now + timedelta(days=self._settings.work.waiting_days)

    def _follow(self, before: State, after: State) -> None:
        """Where a decision has a parcel wait once more, what was declared in between is still to be followed."""
        if after in UNDECIDED and before not in UNDECIDED:
            self._on_reopened()
