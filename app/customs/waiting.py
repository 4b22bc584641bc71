"""Waiting reasons (等待事由): what a parcel waits for from somebody outside the post, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.customs.states import TERMINAL, Action, State


class WaitingKind(StrEnum):
    """What is waited for. The first seven are the functions of the mail platform (“一站式”办理平台).

    A request for the refund of a tax (退税) may outlast the parcel.
    """

    SUPPLEMENT_DECLARATION = "supplement_declaration"
    DECLARATION_REVIEW = "declaration_review"
    TAX_PAYMENT = "tax_payment"
    TAX_REVIEW = "tax_review"
    DOCUMENTS = "documents"
    RETURN_REQUEST = "return_request"
    REFUND_REQUEST = "refund_request"
    LABORATORY = "laboratory"
    OTHER = "other"


OWING = frozenset({WaitingKind.TAX_PAYMENT, WaitingKind.TAX_REVIEW})
"""While one of these is open, a tax is due and nothing is released."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reason to wait. It hangs on the parcel, is never its state, and several may be open at once.

    `outcome` says how it ended, once `settled_at` is set.
    """

    id: int
    parcel_id: int
    kind: WaitingKind
    since_at: datetime
    due_at: datetime | None = None
    note: str = ""
    officer: str = ""
    settled_at: datetime | None = None
    settled_by: str = ""
    outcome: str = ""

    def is_overdue(self, now: datetime) -> bool:
        return self.settled_at is None and self.due_at is not None and self.due_at < now


def kind_begun(action: Action, reason: str) -> WaitingKind | None:
    """What a decision begins to wait for; None where it waits for nothing."""
    if action is Action.SAMPLE:
        return WaitingKind.LABORATORY
    if action is not Action.REQUIRE_PARTY:
        return None
    return WaitingKind(reason) if reason in set(WaitingKind) else WaitingKind.OTHER


def kinds_ended(action: Action, after: State) -> frozenset[WaitingKind]:
    """What is no longer waited for after a decision."""
    if after in TERMINAL or after is State.RELEASED:
        return frozenset(WaitingKind) - {WaitingKind.REFUND_REQUEST}
    if action in (Action.LAB_NORMAL, Action.LAB_ABNORMAL):
        return frozenset({WaitingKind.LABORATORY})
    if action is Action.PARTY_DONE:
        return frozenset(WaitingKind) - {WaitingKind.LABORATORY}
    return frozenset()
