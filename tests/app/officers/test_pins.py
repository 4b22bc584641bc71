"""Which PINs are refused, and how they are kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.officers.errors import LoginInvalidError, PinWeakError
from app.officers.lockout import LOCKED_AFTER, LONGEST_S, wait_s
from app.officers.pins import Hashing, check_login, check_pin, plain
from tests.app.officers.conftest import LIGHT


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("", "length"),
        ("12345", "length"),
        ("x" * 65, "length"),
        ("abc\x00def", "sign"),
        (" k7wolf", "sign"),
        ("chenhai1", "login"),
        ("henhai", "login"),
        ("123456", "run"),
        ("87654321", "run"),
        ("defghij", "run"),
        ("111111", "repeat"),
        ("121212", "repeat"),
        ("abcabc", "repeat"),
        ("147258", "popular"),
        ("Password", "popular"),
        ("900101", "date"),
        ("19900228", "date"),
        ("２３４５６７", "run"),
    ],
)
def test_a_pin_that_is_easy_to_guess_is_refused_and_says_why(pin: str, why: str) -> None:
    with pytest.raises(PinWeakError) as refused:
        check_pin(pin, "chenhai")
    assert refused.value.details["why"] == why


@pytest.mark.parametrize("pin", ["k7-wolf", "830274", "991399", "红旗渠八号院", "19901399", "21500101"])
def test_a_pin_that_takes_more_than_a_few_guesses_is_taken(pin: str) -> None:
    check_pin(pin, "chenhai")


@pytest.mark.parametrize("login", ["", "a", "Chen", "chen hai", "-chen", "陈海", "x" * 33, "chen\n", "chen'--"])
def test_a_login_name_that_could_be_misread_is_refused(login: str) -> None:
    with pytest.raises(LoginInvalidError):
        check_login(login)


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_only_the_same_pin_is_right_and_it_is_not_in_what_is_kept(pin: str, other: str) -> None:
    kept = LIGHT.keep(pin)
    assert kept.startswith("$argon2id$")
    assert LIGHT.is_pin(pin, kept)
    assert LIGHT.is_pin(other, kept) == (plain(other) == plain(pin))


def test_the_same_pin_is_kept_differently_each_time_and_a_badge_always_alike_in_one_store() -> None:
    assert LIGHT.keep("k7-wolf") != LIGHT.keep("k7-wolf")
    one, other = b"a" * 16, b"b" * 16
    assert LIGHT.keep_badge("GJ-000001", one) == LIGHT.keep_badge("GJ-000001", one)
    assert LIGHT.keep_badge("GJ-000001", one) != LIGHT.keep_badge("GJ-000001", other)
    assert "000001" not in LIGHT.keep_badge("GJ-000001", one)


@pytest.mark.parametrize("kept", ["", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_what_is_no_hash_of_a_pin_fits_none(kept: str) -> None:
    assert not LIGHT.is_pin("k7-wolf", kept)


def test_by_default_a_guess_costs_memory_and_time_whether_there_is_an_account_or_not() -> None:
    hashing = Hashing()
    assert hashing.keep("k7-wolf").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    begun = time.process_time()
    assert not hashing.is_pin("k7-wolf", "")
    assert time.process_time() - begun > 0.02


def test_waits_grow_and_have_an_end() -> None:
    waits = [wait_s(failures) for failures in range(40)]
    assert waits == sorted(waits)
    assert waits[:2] == [0, 0]
    assert waits[LOCKED_AFTER] == 15 * 60
    assert waits[LOCKED_AFTER + 1] == 30 * 60
    assert waits[-1] == LONGEST_S
