"""The keyboard wedge: a reader's keys are taken, a person's are always given back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.device import FaultKind
from scanners.drivers.keyboard_wedge import KeyboardWedge, WedgeSettings


def make_wedge(**options: Any) -> KeyboardWedge:
    wedge = KeyboardWedge("wedge", WedgeSettings(**options))
    wedge.open()
    return wedge


def type_keys(wedge: KeyboardWedge, keys: list[tuple[str, float]]) -> tuple[str, list[str]]:
    """Type as a window would pass it on: what reaches the focused field, and the codes. Keys are (text, gap in s)."""
    field, codes, at_s = "", [], 100.0
    due_s: float | None = None
    for text, gap_s in keys:
        at_s += gap_s
        if due_s is not None and due_s < at_s:
            field += wedge.expire(due_s)
        keys_ = wedge.feed(text, at_s)
        field += keys_.release + ("" if keys_.is_withheld else text)
        if keys_.code:
            codes.append(keys_.code.code.text)
        due_s = at_s + wedge.hold_s + 0.001 if keys_.is_withheld else None
    return field + wedge.expire(at_s + 10), codes


def as_reader(text: str, gap_s: float = 0.005) -> list[tuple[str, float]]:
    return [(text[0], 1.0), *((key, gap_s) for key in text[1:])]


@pytest.mark.parametrize("end", ["\r", "\n", "\t"])
def test_a_code_is_taken_and_nothing_reaches_the_field(end: str) -> None:
    wedge = make_wedge()
    assert type_keys(wedge, as_reader("RR473124829GB" + end)) == ("", ["RR473124829GB"])
    reading = wedge.read(0)
    assert reading is not None
    assert (reading.code.text, reading.reader) == ("RR473124829GB", "wedge")
    assert wedge.read(0) is None


@given(st.lists(st.tuples(st.sampled_from("abz19 \r\t关"), st.floats(0.0351, 2)), min_size=1, max_size=30))
def test_a_person_is_never_swallowed(keys: list[tuple[str, float]]) -> None:
    wedge = make_wedge()
    assert type_keys(wedge, keys) == ("".join(text for text, _ in keys), [])


@given(st.lists(st.tuples(st.sampled_from("ab1"), st.sampled_from([0.01, 0.034, 0.2])), min_size=1, max_size=30))
def test_rolling_fingers_are_given_back_in_their_order(keys: list[tuple[str, float]]) -> None:
    wedge = make_wedge()
    assert type_keys(wedge, keys) == ("".join(text for text, _ in keys), [])


def test_typing_then_a_code_then_typing() -> None:
    person = [(key, 0.15) for key in "note "]
    wedge = make_wedge()
    field, codes = type_keys(wedge, [*person, *as_reader("EA123456785CN\r"), *[(key, 0.12) for key in "ok\r"]])
    assert (field, codes) == ("note ok\r", ["EA123456785CN"])


def test_a_few_fast_keys_are_a_persons() -> None:
    assert type_keys(make_wedge(), as_reader("ok\r")) == ("ok\r", [])


def test_a_slow_reader_with_a_prefix() -> None:
    wedge = make_wedge(prefix="~#", suffix="!")
    keys = as_reader("~#RR473124829GB!", 0.09)
    assert type_keys(wedge, keys) == ("", ["RR473124829GB"])
    assert type_keys(wedge, as_reader("RR473124829GB\r")) == ("RR473124829GB\r", [])
    assert type_keys(wedge, [("~", 1.0), ("x", 0.3), ("~", 0.3), ("~", 0.1), ("#", 0.1)]) == ("~x~~#", [])


@given(st.text(st.sampled_from("~#a1"), max_size=12), st.floats(0.01, 0.5))
def test_with_a_prefix_a_person_is_never_swallowed(text: str, gap_s: float) -> None:
    wedge = make_wedge(prefix="~#")
    assert type_keys(wedge, [(key, gap_s) for key in text]) == (text, [])


def test_shift_and_held_keys() -> None:
    wedge = make_wedge()
    keys = [part for key in "RR47\x1d1" for part in (("", 0.002), (key, 0.004))]
    assert type_keys(wedge, [*keys, ("\r", 0.004)]) == ("", ["RR47\x1d1"])
    held = [wedge.feed("a", 200 + i * 0.03, is_repeat=i > 0) for i in range(1000)]
    assert sum(len(keys.release) + (not keys.is_withheld) for keys in held) == 1000


@pytest.mark.parametrize("text", ["\u202eRR473124829GB", "x" * 600, "RR4731\x1b[2J", "x" * 100_000])
def test_hostile_codes_are_refused_and_leak_nothing(text: str) -> None:
    wedge = make_wedge()
    field, codes = type_keys(wedge, as_reader(text + "\r"))
    assert (field, codes) == ("", [])
    assert [fault.kind for fault in wedge.status().faults] == [FaultKind.CODE_REFUSED]
    type_keys(wedge, as_reader("RR473124829GB\r"))
    assert not wedge.status().faults


def test_aim_identifier_is_split_and_a_closed_wedge_lets_keys_pass() -> None:
    wedge = make_wedge()
    type_keys(wedge, as_reader("]C10106901234567892\r"))
    reading = wedge.read(0)
    assert reading is not None
    assert (reading.code.aim, reading.code.symbology, reading.code.text) == ("]C1", "Code128", "0106901234567892")
    wedge.close()
    assert not wedge.feed("a", 1.0).is_withheld
