"""The scripted officer: what `--auto` decides, through the same actions as a person, for tests and measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.customs.parcel import Lane, Parcel
from app.customs.states import Action, Offer


@dataclass(frozen=True, slots=True)
class Choice:
    """An action and the id of its reason, empty where none is needed."""

    action: Action
    reason: str = ""


BY_LANE = {
    Lane.RED: (Choice(Action.REFER, "suspicious_image"), Choice(Action.HOLD, "suspicious_image")),
    Lane.YELLOW: (Choice(Action.HOLD, "documents"), Choice(Action.REFER, "documents")),
    Lane.BLUE: (Choice(Action.RELEASE, "no_suspicion"), Choice(Action.HOLD, "documents")),
    Lane.GREEN: (Choice(Action.RELEASE, "no_suspicion"), Choice(Action.HOLD, "documents")),
}


def choose(parcel: Parcel, offers: Sequence[Offer]) -> Choice | None:
    """What the scripted officer does: opens red, holds yellow, releases the rest; None where nothing is allowed."""
    allowed = {offer.action for offer in offers if offer.is_allowed}
    return next((choice for choice in BY_LANE[parcel.lane] if choice.action in allowed), None)
