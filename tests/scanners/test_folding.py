"""Repetitions of a code are told from new codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scanners.barcode import Code, Reading
from scanners.folding import Fold

_BEGUN_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def reading(text: str, at_s: float, symbology: str = "Code128", is_doubtful: bool = False) -> Reading:
    code = Code(symbology, text, is_doubtful=is_doubtful)
    return Reading(code, "reader", _BEGUN_AT + timedelta(seconds=at_s))


def test_a_code_that_stays_in_view_is_one_reading() -> None:
    fold = Fold(2.0)
    assert [fold.is_new(reading("RR473124829GB", at_s)) for at_s in (0, 1.9, 3.8, 5.7)] == [True, False, False, False]
    assert fold.is_new(reading("RR473124829GB", 7.7))


def test_other_codes_are_new_and_symbologies_do_not_count() -> None:
    fold = Fold(2.0)
    assert fold.is_new(reading("RR473124829GB", 0))
    assert fold.is_new(reading("EA123456785CN", 0.1))
    assert not fold.is_new(reading("RR473124829GB", 0.2, "QRCode"))


def test_a_sure_reading_follows_a_doubtful_one_once() -> None:
    fold = Fold(2.0)
    doubts = [True, True, False, False, True]
    taken = [fold.is_new(reading("12345678", 0.1 * i, is_doubtful=doubt)) for i, doubt in enumerate(doubts)]
    assert taken == [True, False, True, False, False]


def test_a_clock_that_begins_anew() -> None:
    fold = Fold(2.0)
    assert fold.is_new(reading("RR473124829GB", 3600))
    assert fold.is_new(reading("RR473124829GB", 0))
    assert not fold.is_new(reading("RR473124829GB", 1))


def test_readers_that_tell_late_are_folded_and_move_no_window_back() -> None:
    fold = Fold(2.0)
    assert fold.is_new(reading("RR473124829GB", 10))
    assert not fold.is_new(reading("RR473124829GB", 8.5))
    assert not fold.is_new(reading("RR473124829GB", 11.5))


def test_no_window_folds_nothing() -> None:
    fold = Fold(0)
    assert all(fold.is_new(reading("RR473124829GB", 0)) for _ in range(3))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.01, 5)), max_size=40))
def test_a_reading_is_new_exactly_after_a_pause(steps: list[tuple[str, float]]) -> None:
    fold, at_s, last = Fold(2.0), 0.0, dict[str, datetime]()
    for text, step_s in steps:
        at_s += step_s
        seen = reading(text, at_s)
        is_due = text not in last or seen.read_at - last[text] >= timedelta(seconds=2)
        assert fold.is_new(seen) is is_due
        last[text] = seen.read_at


def test_what_is_over_is_forgotten() -> None:
    fold = Fold(2.0)
    for number in range(1000):
        fold.is_new(reading(str(number), number))
    assert len(fold._seen) <= 2
