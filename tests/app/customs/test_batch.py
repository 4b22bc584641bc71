"""What is clear for a release in batch, and the reason why each other parcel is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.customs.batch import WhyNot, exclude, find_release
from app.customs.match import Case, match
from app.customs.parcel import Finding, FindingKind, Kind, Lane, Parcel, Seen
from app.customs.states import Facts, State, offers
from app.customs.waiting import Waiting, WaitingKind

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLEAR = Parcel(1, Kind.PARCEL, "A", State.IMAGED, Lane.GREEN, NOON)
CHANGES: list[tuple[dict[str, object], WhyNot, str]] = [
    ({"state": State.DOC_REVIEW}, WhyNot.STATE, "doc_review"),
    ({"state": State.ARRIVED}, WhyNot.STATE, "arrived"),
    ({"waiting": (Waiting(1, 1, WaitingKind.TAX_PAYMENT, NOON),)}, WhyNot.WAITING, "tax_payment"),
    ({"findings": (Finding(FindingKind.UNSCREENED),)}, WhyNot.FINDING, "unscreened"),
    ({"findings": (Finding(FindingKind.CONTROLLED, "B1"),)}, WhyNot.FINDING, "controlled"),
    ({"seen": (Seen("knife", 0.3, "hint", (0, 0, 1, 1)),)}, WhyNot.DETECTION, "knife"),
    ({"lane": Lane.BLUE}, WhyNot.LANE, "blue"),
]


def test_what_is_imaged_screened_and_green_is_clear() -> None:
    assert exclude(CLEAR, find_release(offers(CLEAR.state, Facts())), None) is None


@pytest.mark.parametrize(("changes", "why", "detail"), CHANGES)
def test_anything_else_says_why_not(changes: dict[str, object], why: WhyNot, detail: str) -> None:
    parcel = replace(CLEAR, **changes)  # type: ignore[arg-type]
    excluded = exclude(parcel, find_release(offers(parcel.state, Facts())), None)
    assert excluded is not None
    assert (excluded.why, excluded.detail) == (why, detail)


def test_papers_that_are_not_all_there_exclude() -> None:
    excluded = exclude(CLEAR, find_release(offers(CLEAR.state, Facts())), match(Case()))
    assert excluded is not None
    assert excluded.why is WhyNot.PAPERS


@pytest.mark.parametrize("facts", [{"is_tax_due": True}, {"has_alarm": True}, {"is_withdrawn": True}])
def test_a_release_that_asks_for_more_is_not_given_in_batch(facts: dict[str, bool]) -> None:
    excluded = exclude(CLEAR, find_release(offers(CLEAR.state, Facts(officer="li", **facts))), None)
    assert excluded is not None
    assert excluded.why is WhyNot.NOT_OFFERED
