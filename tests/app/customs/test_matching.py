"""Codes find their scans by the time in the beam, whichever comes first."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs.matching import LONGEST, NEXT_WITHIN_S, Matcher, Sighting

T0 = datetime(2026, 11, 21, 8, tzinfo=UTC)
PATIENCE = timedelta(seconds=30)
BELT = "belt"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def matcher() -> Matcher:
    return Matcher()


def hand_in(matcher: Matcher, number: int, start_s: float, end_s: float, now_s: float | None = None) -> None:
    matcher.hand_in(str(number), BELT, at(start_s), at(end_s), end_s if now_s is None else now_s)


def claim(matcher: Matcher, number: int, now_s: float) -> list[str]:
    """The row of a scan is written: its codes are settled."""
    claimed = matcher.codes_of(str(number), now_s)
    for sighting in claimed:
        matcher.settle(sighting)
    matcher.enter(str(number), number)
    return [sighting.text for sighting in claimed]


def late(matcher: Matcher, now_s: float) -> list[tuple[int, str]]:
    return [(parcel_id, sighting.text) for parcel_id, sighting in matcher.late(now_s)]


def expired(matcher: Matcher, now_s: float) -> list[str]:
    return [sighting.text for sighting in matcher.expired(at(now_s), PATIENCE)]


def test_a_code_read_before_the_tunnel_waits_for_its_scan(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(0), lead=timedelta(seconds=2)))
    assert late(matcher, 0) == []
    hand_in(matcher, 1, 1.5, 3)
    assert claim(matcher, 1, 3) == ["A"]
    assert matcher.waiting == ()


def test_a_code_read_behind_the_tunnel_finds_its_scan(matcher: Matcher) -> None:
    for number, start_s in ((7, 1), (8, 4)):
        hand_in(matcher, number, start_s, start_s + 1)
        assert claim(matcher, number, start_s + 1) == []
    matcher.add_code(Sighting("A", at(3.5), lead=timedelta(seconds=-2)))
    assert late(matcher, 5) == [(7, "A")]


def test_a_code_stays_until_it_is_settled(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(1)))
    hand_in(matcher, 1, 0, 2)
    for _ in range(2):
        assert [each.text for each in matcher.codes_of("1", 2)] == ["A"]
    matcher.forget("1")
    assert matcher.codes_of("1", 2) == []
    assert [each.text for each in matcher.waiting] == ["A"]
    for _ in range(2):
        assert expired(matcher, 40) == ["A"]
    (sighting,) = matcher.waiting
    matcher.settle(sighting)
    assert expired(matcher, 40) == []


def test_between_two_scans_the_nearer_wins() -> None:
    matcher = Matcher(tolerance=timedelta(seconds=1))
    for number, start_s in ((1, 0), (2, 3)):
        hand_in(matcher, number, start_s, start_s + 2)
        claim(matcher, number, start_s + 2)
    matcher.add_code(Sighting("A", at(2.8)))
    assert late(matcher, 5) == [(2, "A")]


def test_what_was_in_the_beam_at_its_time_wins_over_a_nearer_middle(matcher: Matcher) -> None:
    for number, start_s, end_s in ((1, 0, 10), (2, 10.2, 10.6)):
        hand_in(matcher, number, start_s, end_s)
        claim(matcher, number, end_s)
    matcher.add_code(Sighting("A", at(9.9)))
    assert late(matcher, 11) == [(1, "A")]


def test_where_two_beams_overlap_the_nearer_middle_wins(matcher: Matcher) -> None:
    for number, start_s in ((1, 0), (2, 1.5)):
        hand_in(matcher, number, start_s, start_s + 2)
        claim(matcher, number, start_s + 2)
    matcher.add_code(Sighting("A", at(1.9)))
    assert late(matcher, 4) == [(2, "A")]


def test_two_codes_of_one_scan_come_in_the_order_they_were_read(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(1)))
    matcher.add_code(Sighting("B", at(1.2)))
    hand_in(matcher, 1, 0.5, 2)
    assert claim(matcher, 1, 2) == ["A", "B"]


def test_a_code_of_the_next_parcel_does_not_go_to_the_one_in_front(matcher: Matcher) -> None:
    """The label of the first cannot be read, the second's was read before the tunnel and lies in the first's tail."""
    matcher.add_code(Sighting("B", at(-0.85), lead=timedelta(seconds=2)))
    hand_in(matcher, 1, 0, 0.8)
    assert claim(matcher, 1, 1) == []
    assert late(matcher, 1) == []
    hand_in(matcher, 2, 1.1, 1.9)
    assert late(matcher, 2) == []
    assert claim(matcher, 2, 2) == ["B"]


def test_a_code_waits_for_a_nearer_scan_that_has_no_row_yet(matcher: Matcher) -> None:
    hand_in(matcher, 1, 0, 0.8)
    claim(matcher, 1, 1)
    hand_in(matcher, 2, 1.1, 1.9)
    matcher.add_code(Sighting("B", at(1.15)))
    assert late(matcher, 100) == []
    assert claim(matcher, 2, 2) == ["B"]


def test_a_code_waits_for_a_nearer_scan_that_has_only_begun(matcher: Matcher) -> None:
    hand_in(matcher, 1, 0, 0.8)
    claim(matcher, 1, 1)
    matcher.begin(BELT, at(1.1))
    matcher.add_code(Sighting("B", at(1.15)))
    assert late(matcher, 100) == []
    hand_in(matcher, 2, 1.1, 9, 9)
    assert claim(matcher, 2, 9) == ["B"]


def test_a_code_behind_the_last_scan_joins_it_soon_where_nothing_follows(matcher: Matcher) -> None:
    hand_in(matcher, 1, 0, 0.8)
    claim(matcher, 1, 1)
    matcher.add_code(Sighting("A", at(1)))
    assert late(matcher, 0.8 + NEXT_WITHIN_S - 0.1) == []
    assert expired(matcher, 100) == []
    assert late(matcher, 0.8 + NEXT_WITHIN_S) == [(1, "A")]


def test_a_code_behind_a_scan_joins_it_once_the_next_is_known_to_be_further(matcher: Matcher) -> None:
    hand_in(matcher, 1, 0, 0.8)
    claim(matcher, 1, 1)
    matcher.add_code(Sighting("A", at(0.9)))
    matcher.begin(BELT, at(1.2))
    assert late(matcher, 1.2) == [(1, "A")]


def test_a_code_behind_the_last_scan_joins_it_at_the_end_of_the_lane(matcher: Matcher) -> None:
    hand_in(matcher, 1, 0, 0.8)
    claim(matcher, 1, 1)
    matcher.add_code(Sighting("A", at(1)))
    assert late(matcher, math.inf) == [(1, "A")]


def test_a_code_is_handed_out_when_a_later_scan_has_passed(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(0)))
    assert expired(matcher, 1) == []
    hand_in(matcher, 1, 5, 6)
    claim(matcher, 1, 6)
    assert expired(matcher, 6) == ["A"]


def test_a_code_is_handed_out_when_no_scan_comes(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(0)))
    assert expired(matcher, 31) == ["A"]


def test_a_code_whose_scan_is_on_its_way_does_not_expire(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(0.5)))
    hand_in(matcher, 1, 0, 1)
    assert expired(matcher, 3600) == []
    hand_in(matcher, 2, 2, 3)
    claim(matcher, 2, 3)
    assert expired(matcher, 3600) == []
    assert claim(matcher, 1, 3600) == ["A"]


def test_a_code_does_not_expire_while_its_object_is_in_the_beam(matcher: Matcher) -> None:
    matcher.add_code(Sighting("A", at(0.5)))
    matcher.begin(BELT, at(0))
    assert expired(matcher, 45) == []
    hand_in(matcher, 1, 0, 50)
    assert claim(matcher, 1, 50) == ["A"]


@pytest.mark.parametrize("now_s", [31, LONGEST.total_seconds() + 1])
def test_a_scan_that_is_given_up_or_never_comes_holds_no_code(matcher: Matcher, now_s: float) -> None:
    matcher.add_code(Sighting("A", at(0.5)))
    matcher.begin(BELT, at(0))
    if now_s == 31:
        matcher.abandon(BELT)
    assert expired(matcher, now_s) == ["A"]


def test_a_clock_that_was_set_back_makes_no_code_expire_after_the_next_scan(matcher: Matcher) -> None:
    for number in range(8):
        hand_in(matcher, number, 3600 + 10 * number, 3601 + 10 * number)
        claim(matcher, number, 4000)
    hand_in(matcher, 8, 0, 1, 4000)
    claim(matcher, 8, 4000)
    matcher.add_code(Sighting("A", at(10)))
    assert expired(matcher, 10) == []


@given(st.lists(st.floats(0, 100), max_size=12), st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 5)), max_size=6))
def test_every_code_ends_exactly_once(reads: list[float], scans: list[tuple[float, float]]) -> None:
    matcher = Matcher()
    ended: list[str] = []
    for number, read in enumerate(reads):
        matcher.add_code(Sighting(str(number), at(read)))
    for number, (start, length) in enumerate(scans):
        hand_in(matcher, number, start, start + length)
        ended += claim(matcher, number, start + length)
    for _, sighting in matcher.late(math.inf):
        matcher.settle(sighting)
        ended.append(sighting.text)
    assert matcher.late(math.inf) == []
    ended += expired(matcher, 1000)
    assert sorted(ended) == sorted(str(number) for number in range(len(reads)))


@given(st.lists(st.tuples(st.floats(0.02, 3), st.floats(0.05, 3)), min_size=1, max_size=6), st.data(), st.booleans())
def test_a_code_in_the_beam_reaches_its_own_scan_whenever_it_is_read(
    parcels: list[tuple[float, float]], data: st.DataObject, is_early: bool
) -> None:
    """Gaps down to 20 ms lie far within the tolerance."""
    matcher, end_s, found = Matcher(), 0.0, {}
    times = []
    for gap_s, length_s in parcels:
        times.append((end_s + gap_s, end_s + gap_s + length_s))
        end_s = times[-1][1]
    codes = [Sighting(str(n), at(data.draw(st.floats(start, end)))) for n, (start, end) in enumerate(times)]
    codes = [code for n, code in enumerate(codes) if at(times[n][0]) <= code.in_beam_at <= at(times[n][1])]
    for code in codes if is_early else []:
        matcher.add_code(code)
    for number, (start, end) in enumerate(times):
        hand_in(matcher, number, start, end)
        found |= dict.fromkeys(claim(matcher, number, end), number)
    for code in [] if is_early else codes:
        matcher.add_code(code)
    found |= {text: number for number, text in late(matcher, math.inf)}
    assert found == {code.text: int(code.text) for code in codes}
