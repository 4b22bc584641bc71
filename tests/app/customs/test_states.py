"""Every state with every action: what the table allows, what the guards refuse, what the window is offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app import texts
from app.customs import errors
from app.customs.states import (
    FROZEN,
    LETS_GO,
    MOVES,
    REVIEWED,
    TERMINAL,
    Action,
    Facts,
    State,
    check_undo,
    find_move,
    next_state,
    offers,
)

FULL = Facts(officer="li", second_officer="wang", reason="no_suspicion", note="KL-1", return_state=State.IMAGED)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

facts = st.builds(
    Facts,
    officer=st.sampled_from(["li", "wang"]),
    second_officer=st.sampled_from(["", "li", "wang", "zhao"]),
    reason=st.sampled_from(["", " ", "no_suspicion", "image_unclear"]),
    note=st.sampled_from(["", "KL-1"]),
    return_state=st.none() | st.sampled_from(sorted(set(State) - FROZEN - {State.HELD})),
    detained_by=st.sampled_from(["", "li", "wang"]),
    open_orders=st.sampled_from([(), ("B1",)]),
    is_tax_due=st.booleans(),
    has_alarm=st.booleans(),
    is_image_cleared=st.booleans(),
)


def attempt(state: State, action: Action, known: Facts) -> State | errors.GuardError:
    try:
        return next_state(state, action, known)
    except errors.GuardError as error:
        return error


@given(st.sampled_from(State), st.sampled_from(Action), facts)
def test_a_move_ends_where_the_table_says_or_is_refused_by_name(state: State, action: Action, known: Facts) -> None:
    lines = [move for move in MOVES if move.action is action and state in move.before]
    outcome = attempt(state, action, known)
    if isinstance(outcome, errors.GuardError):
        assert texts.text(f"error.{outcome.key}", lang="zh_CN", **outcome.details)
        if not lines:
            assert type(outcome) is (errors.FrozenError if state in FROZEN else errors.MoveUnknownError)
        return
    after, (move,) = outcome, lines
    detour = State.DOC_REVIEW if move.after is State.RELEASED else move.after
    assert after in {move.after, detour, known.return_state if move.after is None else None}
    assert not move.needs_reason or known.reason.strip()
    assert not move.needs_document or known.note
    assert not move.needs_second_officer or known.second_officer not in ("", known.officer)
    assert known.second_officer != known.officer


@given(st.sampled_from(State), st.sampled_from(Action), facts)
def test_nothing_is_let_go_while_an_order_or_a_tax_is_open(state: State, action: Action, known: Facts) -> None:
    if not known.open_orders and not known.is_tax_due:
        known = replace(known, is_tax_due=True)
    # An order for the destination goes along under a condition; one for the port holds.
    known = replace(known, port_orders=known.open_orders)
    assume(known.return_state not in LETS_GO)  # where it was let go before it was held
    assert attempt(state, action, known) not in LETS_GO


@given(st.sampled_from(State), facts)
def test_an_alarm_is_released_unopened_only_by_who_says_that_he_looked(state: State, known: Facts) -> None:
    known = replace(known, has_alarm=True, is_image_cleared=False)
    is_released = attempt(state, Action.RELEASE, known) is State.RELEASED
    assert not is_released or known.reason in REVIEWED or state is State.EXAM_ABNORMAL


@given(st.sampled_from(sorted(TERMINAL)), st.sampled_from(Action), facts)
def test_a_finished_parcel_moves_no_more(state: State, action: Action, known: Facts) -> None:
    with pytest.raises(errors.FrozenError):
        next_state(state, action, known)


@given(st.sampled_from(State), facts)
def test_an_offer_that_is_allowed_works_once_everything_is_given(state: State, known: Facts) -> None:
    given_all = replace(known, officer="sun", second_officer="zhou", reason="no_suspicion", note="KL-2")
    for offer in offers(state, known):
        if offer.is_allowed and offer.action is not Action.LIFT_DETENTION:
            assert next_state(state, offer.action, given_all) is offer.after
        elif not offer.is_allowed:
            assert texts.catalogue("en")[offer.why_not]
            if offer.action is not Action.LIFT_DETENTION:
                with pytest.raises(errors.GuardError):
                    next_state(state, offer.action, given_all)


def test_every_move_of_the_table_works_with_everything_given() -> None:
    for move in MOVES:
        for state in move.before:
            assert next_state(state, move.action, FULL) is (move.after or State.IMAGED)


def test_the_table_has_one_line_for_a_state_and_action_and_uses_all_of_them() -> None:
    pairs = [(state, move.action) for move in MOVES for state in move.before]
    assert len(pairs) == len(set(pairs))
    assert {action for _, action in pairs} == set(Action)
    assert {move.after for move in MOVES} | {State.PRE_ADVISED, None} == {*State, None}


def test_every_state_but_the_finished_ones_has_a_way_out() -> None:
    for state in State:
        assert bool(offers(state, FULL)) is (state not in TERMINAL)


def test_a_second_picture_leaves_an_imaged_parcel_imaged() -> None:
    assert next_state(State.IMAGED, Action.CAPTURE_IMAGE, Facts()) is State.IMAGED


def test_a_release_with_an_open_order_goes_to_the_papers_and_not_out() -> None:
    ordered = replace(FULL, open_orders=("B7",))
    assert next_state(State.IMAGED, Action.RELEASE, ordered) is State.DOC_REVIEW
    assert next_state(State.EXAMINING, Action.EXAM_NORMAL, ordered) is State.DOC_REVIEW
    with pytest.raises(errors.OrderOpenError, match="settle it first"):
        next_state(State.DOC_REVIEW, Action.RELEASE, ordered)
    with pytest.raises(errors.OrderOpenError):
        next_state(State.HELD, Action.LIFT_HOLD, replace(ordered, return_state=State.RELEASED))


def test_the_detaining_officer_neither_lifts_nor_confirms_the_lifting() -> None:
    for names in (("li", "wang"), ("wang", "li")):
        known = replace(FULL, officer=names[0], second_officer=names[1], detained_by="li")
        with pytest.raises(errors.DetainingOfficerError):
            next_state(State.DETAINED, Action.LIFT_DETENTION, known)
    by_others = replace(FULL, officer="sun", second_officer="wang", detained_by="li")
    assert next_state(State.DETAINED, Action.LIFT_DETENTION, by_others) is State.EXAM_ABNORMAL
    (offer,) = offers(State.DETAINED, Facts(officer="li", detained_by="li"))
    assert (offer.is_allowed, offer.why_not) == (False, "error.detaining_officer")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"reason": " "}, errors.ReasonMissingError),
        ({"note": ""}, errors.DocumentMissingError),
        ({"second_officer": ""}, errors.SecondOfficerMissingError),
        ({"second_officer": "li"}, errors.SameOfficerError),
        ({"second_officer": " li "}, errors.SameOfficerError),
    ],
)
def test_a_detention_says_what_it_still_needs(changed: dict[str, str], error: type[errors.GuardError]) -> None:
    with pytest.raises(error):
        next_state(State.HELD, Action.DETAIN, replace(FULL, **changed))  # type: ignore[arg-type]


def test_an_alarm_makes_the_release_ask_for_a_reason() -> None:
    by_action = {offer.action: offer for offer in offers(State.IMAGED, Facts(has_alarm=True))}
    assert by_action[Action.RELEASE].needs_reason
    with pytest.raises(errors.ReviewMissingError):
        next_state(State.IMAGED, Action.RELEASE, Facts(officer="li", has_alarm=True))
    assert next_state(State.IMAGED, Action.RELEASE, Facts("li", reason="false_alarm", has_alarm=True)) in LETS_GO


@pytest.mark.parametrize(
    ("action", "second", "officer", "after_s", "why"),
    [
        (Action.RELEASE, "", "li", 30, None),
        (Action.RELEASE, "", "li", 31, "late"),
        (Action.RELEASE, "", "li", -1, "late"),
        (Action.RELEASE, "", "wang", 5, "officer"),
        (Action.DETAIN, "wang", "li", 5, "final"),
        (Action.CLOSE, "", "li", 5, "final"),
    ],
)
def test_undo_is_for_the_same_officer_and_a_short_time(
    action: Action, second: str, officer: str, after_s: int, why: str | None
) -> None:
    now = NOON + timedelta(seconds=after_s)
    if why is None:
        check_undo(action, second, "li", NOON, officer=officer, now=now, within_s=30)
        return
    with pytest.raises(errors.UndoRefusedError) as caught:
        check_undo(action, second, "li", NOON, officer=officer, now=now, within_s=30)
    assert caught.value.details["why"] == why


def test_find_move_tells_a_frozen_parcel_from_an_unknown_move() -> None:
    with pytest.raises(errors.FrozenError):
        find_move(State.DETAINED, Action.RELEASE)
    with pytest.raises(errors.MoveUnknownError):
        find_move(State.ARRIVED, Action.RELEASE)


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_states_and_actions_have_names_and_whatever_needs_a_reason_has_some_to_choose(lang: str) -> None:
    shown = texts.catalogue(lang)
    assert {f"state.{state}" for state in State} == {key for key in shown if key.startswith("state.")}
    assert {f"action.{action}" for action in Action} == {key for key in shown if key.startswith("action.")}
    for action in {move.action for move in MOVES if move.needs_reason}:
        assert any(key.startswith(f"reason.{action}.") for key in shown), action
    assert {f"reason.{Action.RELEASE}.{reason}" for reason in REVIEWED} <= set(shown)
