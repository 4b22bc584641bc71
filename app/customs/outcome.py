"""What opening a parcel showed (查验结果), as far as detection is concerned: something, nothing, or never opened."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from app.customs.risk.whatif import HITS
from app.customs.states import Action

NOTHING = frozenset({Action.EXAM_NORMAL, Action.LAB_NORMAL, Action.DESTINATION_NORMAL})


class Outcome(StrEnum):
    """FOUND: officers found something in it. CLEAN: it was opened, and nothing was wrong. UNOPENED: nobody knows."""

    FOUND = "found"
    CLEAN = "clean"
    UNOPENED = "unopened"


def outcome_of(actions: Collection[Action]) -> Outcome:
    """What the decisions on a parcel that stand say; one find outweighs any number of clean looks."""
    if any(action in HITS for action in actions):
        return Outcome.FOUND
    return Outcome.CLEAN if any(action in NOTHING for action in actions) else Outcome.UNOPENED
