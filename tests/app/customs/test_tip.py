"""Scores of projected threats against values worked out by hand, and what may be projected into."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.customs.parcel import Capture, Finding, FindingKind, Kind, Lane, Parcel, Seen
from app.customs.states import Action, State
from app.customs.tip import ALARMING, Outcome, Quiet, Resolved, Tip, add_up, is_suited, judge, score

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def answer(
    outcome: Outcome, *, seconds: float = 3.0, officer: str = "li", kind: str = "blade", helped: bool = True
) -> Resolved:
    tip = Tip(1, 1, "s", officer, "mail", kind, f"{kind}-1", "{}", ((0, 0, 9, 9),), helped, False, NOON)
    return Resolved(tip, outcome, "refer", NOON + timedelta(seconds=seconds))


def test_sensitivity_is_the_distance_of_the_rates_in_deviations() -> None:
    shown = (
        [answer(Outcome.HIT)] * 80 + [answer(Outcome.MISS)] * 19 + [answer(Outcome.LATE)] + [answer(Outcome.VOID)] * 5
    )
    found = add_up(shown, "li", Quiet(passed=950, false_alarms=50))
    assert (found.shown, found.void, found.is_reliable) == (100, 5, True)
    assert (found.hit_rate, found.false_alarm_rate) == (0.8, 0.05)
    # z(80.5 / 101) = 0.8303, z(50.5 / 1001) = -1.6405
    assert found.d_prime == pytest.approx(2.471, abs=2e-3)
    assert found.d_a == pytest.approx((2 / 1.36) ** 0.5 * (0.8303 + 0.6 * 1.6405), abs=2e-3)


def test_rates_of_all_or_nothing_are_still_numbers_and_nothing_shown_is_none() -> None:
    sure = add_up([answer(Outcome.HIT)] * 10, "li", Quiet(passed=20))
    assert sure.d_prime == pytest.approx(3.64, abs=0.05)
    assert not sure.is_reliable
    empty = add_up([answer(Outcome.VOID)], "li", Quiet(passed=20))
    assert (empty.hit_rate, empty.d_prime, empty.median_s) == (None, None, None)
    assert add_up([answer(Outcome.HIT)], "li", Quiet()).d_prime is None


def test_scores_are_split_by_help_and_kind_and_late_answers_have_no_time() -> None:
    shown = [
        answer(Outcome.HIT, seconds=2), answer(Outcome.MISS, seconds=6, helped=False),
        answer(Outcome.LATE, seconds=60, kind="liquid"), answer(Outcome.HIT, officer="wang", seconds=1),
    ]  # fmt: skip
    found = score(shown, {"li": Quiet(8, 2)})
    named = {(each.officer, each.help, each.category): each for each in found}
    assert named["li", "", ""].median_s == 4
    assert (named["li", "with", ""].hits, named["li", "with", ""].late) == (1, 1)
    assert (named["li", "without", ""].misses, named["li", "without", ""].hits) == (1, 0)
    assert named["li", "", "liquid"].shown == 1
    assert named["wang", "", ""].quiet == Quiet()


def test_what_stops_a_parcel_is_a_hit_and_everything_else_a_miss() -> None:
    assert {action for action in Action if judge(action) is Outcome.HIT} == ALARMING
    assert judge(Action.RELEASE) is Outcome.MISS


def test_only_a_parcel_that_waits_for_its_first_look_and_for_nothing_more_is_suited() -> None:
    capture = Capture("s", "s.tif", "0" * 64, "belt", NOON)
    good = Parcel(1, Kind.PARCEL, "RR1", State.IMAGED, Lane.GREEN, NOON, captures=(capture,))
    assert is_suited(good, (Kind.PARCEL,))
    assert is_suited(replace(good, seen=(Seen("blade", 0.2, "hint", (0, 0, 1, 1)),)), (Kind.PARCEL,))
    for wrong in (
        replace(good, state=State.DOC_REVIEW),
        replace(good, captures=()),
        replace(good, kind=Kind.CONTAINER),
        replace(good, seen=(Seen("blade", 0.9, "sure", (0, 0, 1, 1)),)),
        *(replace(good, findings=(Finding(kind),)) for kind in (FindingKind.RECALLED, FindingKind.CONTROLLED)),
    ):
        assert not is_suited(wrong, (Kind.PARCEL,))
