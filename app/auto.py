"""The scripted officer: what `--auto` decides, through the same actions as a person, for tests and measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.customs.parcel import Lane, Parcel
from app.customs.states import Action, Offer, State


@dataclass(frozen=True, slots=True)
class Step:
    """An action with all that it may need; `note` is the document's number where one is asked for."""

    action: Action
    reason: str = ""
    note: str = ""
    has_second_officer: bool = False


HOLD = Step(Action.HOLD, "awaiting_information")
BY_LANE = {
    Lane.RED: Step(Action.REFER, "suspected_prohibited"),
    Lane.YELLOW: HOLD,
    Lane.BLUE: Step(Action.RELEASE, "no_suspicion"),
    Lane.GREEN: Step(Action.RELEASE, "no_suspicion"),
}
BY_STATE = {
    State.ARRIVED: HOLD,
    State.DOC_REVIEW: HOLD,
    State.REFERRED: Step(Action.OPEN),
    State.EXAM_ABNORMAL: Step(Action.DETAIN, "prohibited_goods", note="DEMO-0001", has_second_officer=True),
}


def choose(parcel: Parcel, offers: Sequence[Offer]) -> Step | None:
    """What the scripted officer does: opens red, holds yellow, releases the rest; detains what he finds when opening.

    None where his first choice is not allowed and not even a hold is.
    """
    allowed = {offer.action for offer in offers if offer.is_allowed}
    return next((step for step in (_first_choice(parcel), HOLD) if step.action in allowed), None)


def _first_choice(parcel: Parcel) -> Step:
    if parcel.state is State.EXAMINING:
        is_found = any(seen.level == "sure" for seen in parcel.seen)
        return Step(Action.EXAM_ABNORMAL, "not_declared") if is_found else Step(Action.EXAM_NORMAL, "as_declared")
    return BY_STATE.get(parcel.state) or BY_LANE[parcel.lane]
