"""Codes find their scans by the time in the beam, whichever comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.customs.matching import Matcher, Passage, Sighting

T0 = datetime(2026, 11, 21, 8, tzinfo=UTC)
PATIENCE = timedelta(seconds=30)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_code_read_before_the_tunnel_waits_for_its_scan() -> None:
    matcher = Matcher()
    assert matcher.add_code(Sighting("A", at(0), lead=timedelta(seconds=2))) is None
    assert [each.text for each in matcher.claim(at(1.5), at(3))] == ["A"]
    assert matcher.claim(at(1.5), at(3)) == []


def test_a_code_read_behind_the_tunnel_finds_its_scan() -> None:
    matcher = Matcher()
    passage = Passage(7, at(1), at(2))
    matcher.add_passage(passage)
    matcher.add_passage(Passage(8, at(4), at(5)))
    assert matcher.add_code(Sighting("A", at(3.5), lead=timedelta(seconds=-2))) == passage


def test_between_two_scans_the_nearer_middle_wins() -> None:
    matcher = Matcher(tolerance=timedelta(seconds=1))
    matcher.add_passage(Passage(1, at(0), at(2)))
    matcher.add_passage(Passage(2, at(3), at(5)))
    found = matcher.add_code(Sighting("A", at(2.8)))
    assert found is not None
    assert found.parcel_id == 2


def test_two_codes_of_one_scan_come_in_the_order_they_were_read() -> None:
    matcher = Matcher()
    matcher.add_code(Sighting("A", at(1)))
    matcher.add_code(Sighting("B", at(1.2)))
    assert [each.text for each in matcher.claim(at(0.5), at(2))] == ["A", "B"]


def test_a_code_is_handed_back_when_a_later_scan_has_passed() -> None:
    matcher = Matcher()
    matcher.add_code(Sighting("A", at(0)))
    assert matcher.expired(at(1), PATIENCE) == []
    matcher.add_passage(Passage(1, at(5), at(6)))
    assert [each.text for each in matcher.expired(at(6), PATIENCE)] == ["A"]
    assert matcher.expired(at(6), PATIENCE) == []


def test_a_code_is_handed_back_when_no_scan_comes() -> None:
    matcher = Matcher()
    matcher.add_code(Sighting("A", at(0)))
    assert [each.text for each in matcher.expired(at(31), PATIENCE)] == ["A"]


@given(st.lists(st.floats(0, 100), max_size=12), st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 5)), max_size=6))
def test_every_code_ends_exactly_once(reads: list[float], scans: list[tuple[float, float]]) -> None:
    matcher = Matcher()
    ended: list[str] = []
    for number, read in enumerate(reads):
        if matcher.add_code(Sighting(str(number), at(read))):
            ended.append(str(number))
    for number, (start, length) in enumerate(scans):
        ended += [each.text for each in matcher.claim(at(start), at(start + length))]
        matcher.add_passage(Passage(number, at(start), at(start + length)))
    ended += [each.text for each in matcher.expired(at(1000), PATIENCE)]
    assert sorted(ended) == sorted(str(number) for number in range(len(reads)))
