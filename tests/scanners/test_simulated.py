"""Simulated machines: seeded, at a line rate, with faults that are seen; readers that read what passes."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import ValidationError
from stdnum import iso6346

from imaging.files import native
from scanners.barcode import Reading
from scanners.device import DeviceError, DeviceLostError, DeviceState, DeviceUnavailableError, FaultKind
from scanners.simulated import machine
from scanners.simulated.barcode import ReaderSettings, SimulatedReader
from scanners.simulated.belt import BeltSettings, SimulatedBelt
from scanners.simulated.content import container_number, open_content, s10_number
from scanners.simulated.faults import MACHINE_FAULTS, PlannedFault
from scanners.xray import (
    LABELS,
    LINES_LOST,
    PARTIAL,
    Lines,
    ScanAborted,
    ScanFinished,
    ScanStarted,
    SourceEnded,
    XrayEvent,
)
from tests.scanners.rigs import make_belt, make_scan, read_all, reopen


def _run(belt: SimulatedBelt, limit_s: float = 10.0) -> tuple[list[XrayEvent], set[FaultKind], int]:
    """All events of a counted belt, the faults that its status showed, and how often it was lost."""
    events: list[XrayEvent] = []
    shown: set[FaultKind] = set()
    lost = 0
    deadline = time.monotonic() + limit_s
    belt.open()
    while not (events and isinstance(events[-1], SourceEnded)):
        assert time.monotonic() < deadline
        try:
            event = belt.read(0.2)
        except DeviceLostError:
            lost += 1
            shown |= {fault.kind for fault in belt.status().faults}
            reopen(belt)
            continue
        shown |= {fault.kind for fault in belt.status().faults}
        if event is not None:
            events.append(event)
    belt.close()
    return events, shown, lost


def test_same_seed_same_parcels_new_ids() -> None:
    runs = [[e.scan for e in _run(make_belt(speed="max", count=3))[0] if isinstance(e, ScanFinished)] for _ in "ab"]
    for first, second in zip(*runs, strict=True):
        assert np.array_equal(first.views[1].high, second.views[1].high)
        assert first.extra[LABELS] == second.extra[LABELS]
        assert first.id != second.id
        assert first.device == "belt"
        assert first.belt_speed_mm_s == 400


def test_lines_come_at_the_line_rate() -> None:
    belt = make_belt(speed_mm_s=400, gap_s=(0.0, 0.0), count=1)
    belt.open()
    read_all(belt, ScanStarted)
    began = time.monotonic()
    events = read_all(belt, ScanFinished)
    belt.close()
    took_s = time.monotonic() - began
    lines = sum(len(event.high) for event in events if isinstance(event, Lines) and event.view == 0)
    assert lines == 120
    # 120 lines of 1 mm at 400 mm/s
    assert 0.25 < took_s < 2


def test_count_ends_the_source_once() -> None:
    belt = make_belt(speed="max", count=2)
    belt.open()
    events = read_all(belt, SourceEnded)
    assert sum(isinstance(event, ScanFinished) for event in events) == 2
    assert belt.read(0.05) is None
    belt.close()


@pytest.mark.parametrize("speed", [5, "max"])
def test_planned_faults_are_seen_and_pass(speed: Any) -> None:
    plan = [PlannedFault(kind=kind, parcel=n, line=48, lasts_s=0.3) for n, kind in enumerate(MACHINE_FAULTS)]
    events, shown, lost = _run(make_belt(speed=speed, count=5, faults=plan))
    assert shown == set(MACHINE_FAULTS)
    assert lost == 1
    ends = [event for event in events if isinstance(event, ScanFinished | ScanAborted)]
    assert [type(end) for end in ends] == [ScanFinished, ScanFinished, ScanAborted, ScanAborted, ScanFinished]
    first, second = (end.scan for end in ends[:2] if isinstance(end, ScanFinished))
    assert LINES_LOST not in first.extra
    assert second.extra[LINES_LOST].startswith("48-63")
    assert not second.views[0].high[:, 48:64].any()
    for end, kind in zip(ends[2:4], ("generator_off", "disconnected"), strict=True):
        assert isinstance(end, ScanAborted)
        assert end.partial is not None
        assert end.partial.extra[PARTIAL] == kind
        assert end.partial.id == end.scan_id
        assert end.partial.views[0].shape == (48, 48)


def test_lost_lines_are_a_gap_in_the_stream() -> None:
    belt = make_belt(speed="max", count=1, faults=[PlannedFault(kind=FaultKind.LINES_LOST, parcel=0, line=32)])
    firsts = [event.first for event in _run(belt)[0] if isinstance(event, Lines) and event.view == 0]
    assert firsts == [0, 16, 48, 64, 80, 96, 112]


def test_stalled_belt_goes_on_where_it_stood() -> None:
    belt = make_belt(speed=5)
    belt.open()
    read_all(belt, Lines)
    belt.inject(FaultKind.BELT_STALLED)
    assert belt.status().state is DeviceState.FAULT
    stalled = [belt.read(0.1) for _ in range(3)]
    assert not any(stalled)
    belt.clear(FaultKind.BELT_STALLED)
    end = read_all(belt, ScanFinished)[-1]
    belt.close()
    assert isinstance(end, ScanFinished)
    assert LINES_LOST not in end.scan.extra


def test_a_pulled_cable_wakes_the_reader_and_refuses_to_open() -> None:
    belt = make_belt(gap_s=(60.0, 60.0))
    belt.open()
    threading.Timer(0.1, belt.inject, [FaultKind.DISCONNECTED]).start()
    began = time.monotonic()
    assert belt.read(5.0) is None
    assert time.monotonic() - began < 4
    with pytest.raises(DeviceLostError):
        belt.read(0.1)
    belt.close()
    with pytest.raises(DeviceUnavailableError):
        belt.open()
    belt.clear(FaultKind.DISCONNECTED)
    belt.open()
    belt.close()


def test_faults_of_other_devices_are_refused() -> None:
    with pytest.raises(ValueError, match="folder_missing"):
        make_belt().inject(FaultKind.FOLDER_MISSING)
    with pytest.raises(ValidationError):
        PlannedFault(kind=FaultKind.FLOODED, parcel=0)
    with pytest.raises(ValidationError):
        BeltSettings(speed_mm_s=20)


def test_content_from_a_folder_gets_new_labels_in_the_second_round(tmp_path: Path) -> None:
    for number in range(3):
        native.write(make_scan(number), tmp_path / f"{number}.tif")
    make = open_content(str(tmp_path), "parcel", seed=4)
    labels = [make(number).extra[LABELS] for number in range(9)]
    assert len(set(labels)) == 9
    assert labels == [open_content(str(tmp_path), "parcel", seed=4)(number).extra[LABELS] for number in range(9)]
    with pytest.raises(DeviceUnavailableError):
        open_content(str(tmp_path / "none"), "parcel", seed=0)


def test_shipped_samples_pass_in_a_seeded_order_with_their_labels() -> None:
    make, again, other = (open_content("samples", "parcel", seed) for seed in (1, 1, 2))
    labels = [[content(number).extra[LABELS] for number in range(4)] for content in (make, again, other)]
    assert labels[0] == labels[1] != labels[2]
    assert len(set(labels[0])) == 4


@pytest.mark.slow
@pytest.mark.parametrize("rays", ["parallel", "fan"])
def test_live_phantoms_pass_with_two_views(rays: Literal["parallel", "fan"]) -> None:
    belt = SimulatedBelt("belt", BeltSettings(content="phantoms", views=2, speed="max", count=2, rays=rays))
    belt.open()
    scans = [event.scan for event in read_all(belt, SourceEnded, 100) if isinstance(event, ScanFinished)]
    belt.close()
    assert [len(scan.views) for scan in scans] == [2, 2]
    assert [scan.extra.get("geometry", "parallel") for scan in scans] == [rays, rays]
    assert scans[0].extra[LABELS] != scans[1].extra[LABELS]


def test_a_broken_sample_is_told_and_the_belt_goes_on(tmp_path: Path) -> None:
    for number in range(2):
        native.write(make_scan(number), tmp_path / f"{number}.tif")
    torn = tmp_path / "0.tif"
    belt = SimulatedBelt("belt", BeltSettings(content=str(tmp_path), speed="max", count=2, gap_s=(0, 0)))
    belt.open()
    torn.write_bytes(torn.read_bytes()[:-50])
    events: list[XrayEvent] = []
    errors: list[DeviceError] = []
    while not (events and isinstance(events[-1], SourceEnded)):
        try:
            if (event := belt.read(0.5)) is not None:
                events.append(event)
        except DeviceLostError as error:
            errors.append(error)
            reopen(belt)
    belt.close()
    assert len(errors) == 1
    assert sum(isinstance(event, ScanFinished) for event in events) == 1


def test_numbers_have_valid_check_digits() -> None:
    chance = random.Random(3)
    for _ in range(200):
        assert iso6346.is_valid(container_number(chance))
        number = s10_number(chance)
        total = sum(w * int(d) for w, d in zip((8, 6, 4, 2, 3, 5, 9, 7), number[2:10], strict=True))
        assert int(number[10]) == {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def _run_lane(name: str, count: int, speed: Any, **chances: Any) -> tuple[list[Any], int]:
    """A belt and a reader, a thread each, as in the station; what they delivered in the order of their times."""
    belt = make_belt(speed=speed, count=count, lane=name)
    reader = SimulatedReader("reader", ReaderSettings(lane=name, **chances))
    happened: list[Any] = []
    lock = threading.Lock()

    def read_codes() -> None:
        reader.open()
        try:
            while True:
                reading = reader.read(0.5)
                if reading is not None:
                    with lock:
                        happened.append(reading)
        except DeviceLostError:
            return

    thread = threading.Thread(target=read_codes)
    thread.start()
    belt.open()
    while not isinstance(event := belt.read(1.0), SourceEnded):
        if isinstance(event, ScanStarted | ScanFinished):
            with lock:
                happened.append(event)
    belt.close()
    reader.close()
    thread.join(3)
    return happened, sum(isinstance(thing, Reading) for thing in happened)


@pytest.mark.parametrize("speed", ["max", 20])
def test_reader_before_the_tunnel_reads_each_parcel_before_its_scan(speed: Any) -> None:
    happened, readings = _run_lane(f"before {speed}", 12, speed, offset_mm=-20)
    assert readings == 12
    # By the lane's own times: which of two threads is heard first is the machine's affair.
    read_at = {thing.code.text: thing.read_at for thing in happened if isinstance(thing, Reading)}
    started_at = {thing.scan_id: thing.started_at for thing in happened if isinstance(thing, ScanStarted)}
    finished = [thing.scan for thing in happened if isinstance(thing, ScanFinished)]
    assert len(finished) == 12
    assert all(read_at[scan.extra[LABELS]] < started_at[scan.id] for scan in finished)


def test_reader_behind_the_tunnel_reads_each_parcel_after_its_scan() -> None:
    happened, readings = _run_lane("behind", 12, "max", offset_mm=15)
    assert readings == 12
    finished = [thing.scan.extra[LABELS] for thing in happened if isinstance(thing, ScanFinished)]
    read = [thing.code.text for thing in happened if isinstance(thing, Reading)]
    assert read == finished
    for number in range(12):
        times = [i for i, thing in enumerate(happened) if isinstance(thing, ScanFinished)]
        assert (
            happened.index(next(t for t in happened if isinstance(t, Reading) and t.code.text == read[number]))
            > (times[number])
        )


@pytest.mark.parametrize(
    ("chance", "expected"),
    [({"no_code": 1.0}, 0), ({"two_codes": 1.0}, 20), ({"damaged": 1.0}, 10), ({"unknown": 1.0}, 10)],
)
def test_reader_misreads_as_often_as_told(chance: dict[str, float], expected: int) -> None:
    happened, readings = _run_lane(f"lane {chance}", 10, "max", **chance)
    assert readings == expected
    labels = {thing.scan.extra[LABELS] for thing in happened if isinstance(thing, ScanFinished)}
    texts = {thing.code.text for thing in happened if isinstance(thing, Reading)}
    if "two_codes" in chance:
        assert labels < texts
    else:
        assert not labels & texts
    if "damaged" in chance:
        pairs = zip(sorted(labels), sorted(texts), strict=True)
        assert len(labels) == len(texts)
        assert all(len(label) == len(text) for label, text in pairs)


def test_reader_chances_add_up_and_machine_reads_codes_itself() -> None:
    with pytest.raises(ValidationError):
        ReaderSettings(lane="x", no_code=0.6, damaged=0.6)
    belt = make_belt(speed="max", count=1, reads_codes=True)
    end = next(event for event in _run(belt)[0] if isinstance(event, ScanFinished))
    assert end.scan.codes == (end.scan.extra[LABELS],)


def test_a_belt_at_max_does_not_wait_for_ever_for_a_reader_that_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_READERS_PATIENCE_S", 0.2)
    reader = SimulatedReader("reader", ReaderSettings(lane="sleepy"))
    belt = make_belt(speed="max", count=2, lane="sleepy")
    began = time.monotonic()
    events, _, _ = _run(belt)
    assert sum(isinstance(event, ScanFinished) for event in events) == 2
    assert time.monotonic() - began < 5
    reader.close()
