"""Codes at a belt reach their parcels, whatever fails or takes long meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from threading import Thread
from time import monotonic

import pytest

from app import belt_codes, retrying
from app.belt_codes import CodesNotKeptError
from app.customs.parcel import Finding, FindingKind
from app.store.errors import StoreBusyError, StoreFullError
from imaging.errors import KnownError
from scanners.xray import ScanAborted, ScanStarted
from tests.flow.conftest import T0, Desk, wait_until
from tests.flow.test_models import Holds

CODES = ("RR123456785CN", "EE876543216CN", "SF1000000000001")
LATER = T0 + timedelta(seconds=60)


@pytest.fixture(autouse=True)
def retry_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "RETRY_S", 0.01)


def fail_once(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, error: KnownError) -> None:
    write, errors = getattr(desk.station._store, name), iter([error])

    def fail(*arguments: object, **named: object) -> object:
        for each in errors:
            raise each
        return write(*arguments, **named)

    monkeypatch.setattr(desk.station._store, name, fail)


def numbers(desk: Desk) -> list[str]:
    return sorted(row.number for row in desk.watched.rows.values())


@pytest.mark.parametrize("error", [StoreFullError("full"), StoreBusyError("busy")])
@pytest.mark.parametrize("is_end", [False, True])
def test_codes_that_nobody_scanned_survive_a_write_that_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: KnownError, is_end: bool
) -> None:
    for at, code in enumerate(CODES):
        desk.read(at, code)
    fail_once(desk, monkeypatch, "register", error)
    if is_end:
        desk.station._intake.end_lane("mail")
    else:
        desk.station._intake.codes.expire("mail", LATER)
    assert numbers(desk) == sorted(CODES)
    assert desk.watched.errors == [error]


def test_a_code_that_joins_late_survives_a_write_that_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.scan(0)
    fail_once(desk, monkeypatch, "identify", StoreBusyError("busy"))
    desk.read(0.9, CODES[0])
    assert numbers(desk) == [CODES[0]]


def test_a_scan_keeps_its_codes_when_its_row_goes_only_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.read(0.5, CODES[0])
    fail_once(desk, monkeypatch, "record_scan", StoreBusyError("busy"))
    desk.scan(0)
    assert numbers(desk) == [CODES[0]]


def test_a_scan_whose_row_fails_for_good_loses_no_code(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.read(0.5, CODES[0])
    fail_once(desk, monkeypatch, "record_scan", KnownError("it broke"))
    desk.scan(0)
    desk.station._intake.end_lane("mail")
    assert numbers(desk) == [CODES[0]]
    assert FindingKind.NO_SCAN in desk.newest.findings


def test_what_fails_with_one_code_costs_neither_the_others_nor_the_code(desk: Desk) -> None:
    failing = iter([KnownError("it broke")])

    def mark(codes: Sequence[str]) -> tuple[Finding, ...]:
        if CODES[0] in codes:
            for each in failing:
                raise each
        return ()

    desk.station._intake.assessing.marks_on = mark
    for at, code in enumerate(CODES):
        desk.read(at, code)
    for _ in range(3):
        desk.station._intake.codes.expire("mail", LATER)
    assert numbers(desk) == sorted(CODES[1:])
    assert [str(error) for error in desk.watched.errors] == ["it broke"]
    desk.station._intake.end_lane("mail")
    assert numbers(desk) == sorted(CODES)


def test_codes_that_found_no_row_before_the_stop_are_told_by_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object, **__: object) -> None:
        raise StoreFullError("full")

    for name in ("record_scan", "register"):
        monkeypatch.setattr(desk.station._store, name, fill)
    desk.read(0.5, CODES[0])
    desk.read(30, CODES[1])
    desk.station._intake.stop_waiting()
    scan = desk.scan(0)
    desk.station._intake.stop()
    (error,) = [each for each in desk.watched.errors if isinstance(each, CodesNotKeptError)]
    assert error.details["codes"] == f"{CODES[0]}, {CODES[1]}"
    (orphan,) = desk.station._store.orphans()
    assert desk.station._store.adopt(orphan)[0].id == scan.id


def test_readers_go_on_while_a_scan_waits_for_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write, is_full = desk.station._store.record_scan, [True]

    def fill(*arguments: object, **named: object) -> object:
        if is_full:
            raise StoreFullError("full")
        return write(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.station._store, "record_scan", fill)
    monkeypatch.setattr(retrying, "RETRY_S", 0.2)
    belt = Thread(target=desk.scan, args=(0,))
    belt.start()
    wait_until(lambda: bool(desk.watched.errors))
    reader = Thread(target=desk.read, args=(0.5, CODES[0]), daemon=True)
    reader.start()
    reader.join(5)
    is_held_back = reader.is_alive()
    is_full.clear()
    belt.join(20)
    assert not is_held_back
    assert numbers(desk) == [CODES[0]]


@pytest.fixture
def slow(desk: Desk) -> Iterator[Holds]:
    detector = Holds("slow 1")
    desk.station.use_detector(detector)
    yield detector
    detector.may_answer.set()


def test_a_code_of_the_next_parcel_does_not_go_to_the_one_in_front(desk: Desk) -> None:
    """The label of the first cannot be read; that of the second lies in the tail of the first, by the clock."""
    desk.read(1.3, CODES[0])
    desk.scan(0)
    in_front = desk.newest.id
    desk.scan(1.2)
    assert desk.watched.rows[in_front].number != CODES[0]
    assert desk.newest.number == CODES[0]
    assert len(desk.watched.rows) == 2


def test_a_code_read_while_its_scan_is_being_screened_does_not_go_to_the_one_in_front(desk: Desk, slow: Holds) -> None:
    slow.may_answer.set()
    desk.scan(0)
    in_front = desk.newest.id
    slow.may_answer.clear()
    slow.asked.clear()
    belt = Thread(target=desk.scan, args=(1.2,))
    belt.start()
    assert slow.asked.wait(20)
    desk.read(1.3, CODES[0])
    slow.may_answer.set()
    belt.join(20)
    assert desk.watched.rows[in_front].number != CODES[0]
    assert desk.newest.number == CODES[0]


def test_a_code_behind_the_last_scan_joins_it_though_nothing_follows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.scan(0)
    desk.read(1.2, CODES[0])
    desk.station._intake.codes.expire("mail", LATER)
    assert numbers(desk) != [CODES[0]]
    late = monotonic() + 10
    monkeypatch.setattr(belt_codes, "monotonic", lambda: late)
    desk.station._intake.codes.expire("mail", LATER)
    assert numbers(desk) == [CODES[0]]


def test_a_code_behind_the_last_scan_joins_it_at_the_end_of_the_lane(desk: Desk) -> None:
    desk.scan(0)
    desk.read(1.2, CODES[0])
    desk.station._intake.end_lane("mail")
    assert numbers(desk) == [CODES[0]]


def test_a_code_does_not_expire_while_its_scan_is_looked_at(desk: Desk, slow: Holds) -> None:
    desk.read(0.5, CODES[0])
    belt = Thread(target=desk.scan, args=(0,))
    belt.start()
    assert slow.asked.wait(20)
    desk.station._intake.codes.expire("mail", LATER)
    slow.may_answer.set()
    belt.join(20)
    assert numbers(desk) == [CODES[0]]


def test_a_code_does_not_expire_while_its_object_is_in_the_beam(desk: Desk) -> None:
    desk.read(0.5, CODES[0])
    desk.station._arrivals.take_xray(desk.belt, ScanStarted("long", T0, (40,)))
    desk.station._intake.codes.expire("mail", LATER)
    desk.scan(0)
    assert numbers(desk) == [CODES[0]]


def test_a_code_whose_scan_was_broken_off_becomes_a_parcel_of_its_own(desk: Desk) -> None:
    desk.read(0.5, CODES[0])
    desk.station._arrivals.take_xray(desk.belt, ScanStarted("broken", T0, (40,)))
    desk.station._arrivals.take_xray(desk.belt, ScanAborted("broken", KnownError("it stopped")))
    desk.station._intake.codes.expire("mail", LATER)
    assert numbers(desk) == [CODES[0]]


def test_a_clock_that_was_set_back_makes_no_code_expire_after_the_next_scan(desk: Desk) -> None:
    for at in range(3):
        desk.scan(3600 + 10 * at)
    desk.scan(0)
    desk.read(10, CODES[0])
    desk.station._intake.codes.expire("mail", T0 + timedelta(seconds=10))
    desk.scan(9.5)
    assert desk.newest.number == CODES[0]
