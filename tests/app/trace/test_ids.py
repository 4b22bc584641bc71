from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trace.errors import TraceIdCheckError, TraceIdShapeError
from app.trace.ids import MAX_SERIAL, TraceId, is_trace_id, parse_trace_id

ids = st.builds(
    TraceId,
    office=st.integers(0, 9999).map(lambda n: f"{n:04d}"),
    year=st.integers(2000, 9999),
    serial=st.integers(1, MAX_SERIAL),
)


def test_has_the_documented_form() -> None:
    made = TraceId("5301", 2026, 12345)
    assert str(made) == "T530120260000123455"
    assert made.display == "T5301-2026-000012345-5"


@given(ids)
def test_reads_back_what_it_writes(made: TraceId) -> None:
    assert parse_trace_id(str(made)) == made
    assert parse_trace_id(f" {made.display.lower()} ") == made


@given(ids, st.integers(1, 18), st.integers(1, 9))
def test_every_wrong_digit_is_found(made: TraceId, place: int, shift: int) -> None:
    text = str(made)
    wrong = f"{text[:place]}{(int(text[place]) + shift) % 10}{text[place + 1 :]}"
    with pytest.raises(TraceIdCheckError) as caught:
        parse_trace_id(wrong)
    assert caught.value.details["trace_id"] == wrong


@given(ids, st.integers(1, 17))
def test_every_swap_of_neighbours_is_found(made: TraceId, place: int) -> None:
    text = str(made)
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assert is_trace_id(swapped) is (swapped == text)


@pytest.mark.parametrize(
    "text",
    ["", "T", "X530120260000123455", "T53012026000012345", "T5301202600001234555", "T５３０１20260000123455",
     "T530120260000123455\n", "T530120260000123455\x00", "T" + "-" * 100_000, "'; DROP TABLE parcels; --"],
)  # fmt: skip
def test_other_text_is_no_trace_id(text: str) -> None:
    with pytest.raises(TraceIdShapeError):
        parse_trace_id(text)


@pytest.mark.parametrize(
    ("office", "year", "serial"),
    [("530", 2026, 1), ("53O1", 2026, 1), ("5301", 1999, 1), ("5301", 2026, 0), ("5301", 2026, MAX_SERIAL + 1)],
)
def test_parts_out_of_range_are_refused(office: str, year: int, serial: int) -> None:
    with pytest.raises(TraceIdShapeError):
        TraceId(office, year, serial)
