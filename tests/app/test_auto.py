"""The scripted officer always has an allowed first choice, so that a run ends with everything decided."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.auto import choose
from app.customs.parcel import Kind, Lane, Parcel, Seen
from app.customs.states import WAITING, Action, Facts, State, next_state, offers

AT = datetime(2026, 11, 21, tzinfo=UTC)
SURE = Seen("firearm", 0.9, "sure", (0, 0, 5, 5))


def parcel(state: State, lane: Lane = Lane.GREEN, *seen: Seen) -> Parcel:
    return Parcel(1, Kind.PARCEL, "RR123456785CN", state, lane, AT, seen=seen)


@pytest.mark.parametrize("state", WAITING)
@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("has_alarm", [False, True])
def test_his_choice_passes_every_guard(state: State, lane: Lane, has_alarm: bool) -> None:
    subject = parcel(state, lane, *([SURE] if has_alarm else []))
    step = choose(subject, offers(state, Facts(officer="a", has_alarm=has_alarm)))
    assert step is not None
    given = Facts(
        officer="a",
        second_officer="b" if step.has_second_officer else "",
        reason=step.reason,
        note=step.note,
        has_alarm=has_alarm,
    )
    assert next_state(state, step.action, given) is not state


def test_red_is_opened_yellow_held_green_released() -> None:
    choices = {lane: choose(parcel(State.IMAGED, lane), offers(State.IMAGED, Facts(officer="a"))) for lane in Lane}
    actions = {lane: step.action for lane, step in choices.items() if step}
    assert actions == {
        Lane.RED: Action.REFER, Lane.YELLOW: Action.HOLD, Lane.BLUE: Action.RELEASE, Lane.GREEN: Action.RELEASE
    }  # fmt: skip


def test_what_he_finds_when_opening_is_detained() -> None:
    step = choose(parcel(State.EXAMINING, Lane.RED, SURE), offers(State.EXAMINING, Facts(officer="a")))
    assert step is not None
    assert step.action is Action.EXAM_ABNORMAL


def test_what_is_finished_is_left_alone() -> None:
    assert choose(parcel(State.CLOSED), offers(State.CLOSED, Facts(officer="a"))) is None
