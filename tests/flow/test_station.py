"""A parcel's way through the station: scan, code, lane, decision, label, trace, undo, restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest
from pyzbar import pyzbar

from app.customs.errors import GuardError, UndoRefusedError
from app.customs.opacity import opaque_part
from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Kind, Lane, Parcel, QueueFilter
from app.customs.states import Action, State
from app.screening import Screened, Screening
from app.settings import DeviceEntry
from app.store.errors import ParcelChangedError, StoreDamagedError
from app.trace.errors import LabelError
from app.trace.verdicts import VerdictKind
from imaging.errors import FileAlteredError, FileTornError
from imaging.scan import Scan, View
from models.detector import Detection, Findings, Level, ModelBrokenError
from scanners.xray import ScanAborted, ScanFinished, XrayEvent
from tests.flow.conftest import T0, Desk

S10 = "RR123456785CN"


def declare(desk: Desk, number: str, *goods: str) -> None:
    desk.station._store.add_declarations([Declaration(number, tuple(GoodsLine(each) for each in goods))])


def test_a_declared_parcel_is_released_with_a_label_that_leads_back_to_it(desk: Desk) -> None:
    declare(desk, S10, "棉衬衫", "袜子")
    desk.read(0.5, S10)
    desk.scan(0)
    row = desk.newest
    assert (row.number, row.state, row.goods) == (S10, State.IMAGED, "棉衬衫、袜子")

    decided = desk.station.decide(row.id, Action.RELEASE, officer="a", reason="no_suspicion")
    assert decided.parcel.state == State.RELEASED
    label = desk.station.label(row.id)
    (symbol,) = pyzbar.decode(cv2.imread(str(label)), symbols=[pyzbar.ZBarSymbol.QRCODE])
    traced = desk.station.trace(symbol.data.decode())
    assert traced.verdict is not None
    assert traced.verdict.kind == VerdictKind.VALID
    assert traced.parcel is not None
    assert traced.parcel.id == row.id
    assert desk.station.find_code(decided.parcel.trace_code or "") == traced.parcel
    assert [step.action for step in desk.station.history(row.id)] == [Action.RELEASE]
    assert desk.station._store.verify_log().is_ok


def test_every_release_has_a_code_of_its_own(desk: Desk) -> None:
    codes = []
    for n in range(5):
        desk.scan(10 * n)
        decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
        codes.append(decided.decision.trace_code)
    assert len(set(codes)) == 5
    assert all(code and code.startswith("T9999") for code in codes)


def test_a_scan_without_a_code_is_in_the_queue_at_once_and_gets_its_number_later(desk: Desk) -> None:
    declare(desk, S10, "书")
    desk.scan(0)
    assert desk.newest.number.startswith("NC20261121-080000")
    assert FindingKind.NO_CODE in desk.newest.findings
    assert desk.newest.lane == Lane.YELLOW
    desk.read(0.9, S10)
    assert (desk.newest.number, desk.newest.goods) == (S10, "书")
    assert desk.newest.findings == (FindingKind.UNSCREENED,)
    assert desk.newest.lane == Lane.BLUE
    assert len(desk.watched.rows) == 1


def test_a_code_that_comes_late_is_kept_though_the_picture_is_gone(desk: Desk) -> None:
    declare(desk, S10, "书")
    desk.scan(0)
    store = desk.station._store
    (store.captures_folder / desk.station.parcel(desk.newest.id).captures[-1].path).unlink()
    desk.read(0.9, S10)
    assert (desk.newest.number, desk.newest.goods) == (S10, "书")
    assert [type(error) for error in desk.watched.errors] == [FileTornError]


def test_a_code_without_a_scan_becomes_a_parcel_of_its_own(desk: Desk) -> None:
    desk.read(0.5, S10)
    desk.scan(30)
    desk.station._intake.codes.expire("mail", desk.newest.arrived_at)
    states = {row.number: (row.state, row.findings) for row in desk.watched.rows.values()}
    assert states[S10][0] == State.ARRIVED
    assert FindingKind.NO_SCAN in states[S10][1]
    assert S10 in {row.number for row in desk.station.queue(QueueFilter())}


def test_two_codes_on_one_parcel_are_both_kept_and_the_declared_one_names_it(desk: Desk) -> None:
    declare(desk, S10, "茶")
    desk.read(0.2, "SF1234567890123")
    desk.read(0.4, S10)
    desk.scan(0)
    assert desk.newest.number == S10
    assert FindingKind.SEVERAL_CODES in desk.newest.findings
    assert set(desk.station.parcel(desk.newest.id).codes) == {"SF1234567890123", S10}


def test_a_wrong_check_digit_is_a_finding_on_a_known_kind(desk: Desk) -> None:
    desk.scan(0, "RR123456784CN")
    assert FindingKind.BAD_CHECK_DIGIT in desk.newest.findings
    assert FindingKind.NO_DECLARATION in desk.newest.findings


def test_a_container_number_makes_a_container_whatever_the_device_carries(desk: Desk) -> None:
    desk.scan(0, "CSQU3054383")
    assert desk.newest.kind == Kind.CONTAINER


def test_a_code_that_a_reader_sees_again_and_again_is_one(desk: Desk) -> None:
    for n in range(5):
        desk.read(0.1 * n, S10)
    desk.scan(60)
    desk.station._intake.codes.expire("mail", desk.newest.arrived_at)
    assert sorted(row.number for row in desk.watched.rows.values() if row.number == S10) == [S10]
    assert desk.station.measured.counts["codes"] == 1


def test_a_hostile_code_from_the_machine_is_refused_and_the_scan_taken(desk: Desk) -> None:
    desk.scan(0, "A\u202eB", S10)
    assert desk.newest.number == S10
    assert len(desk.watched.errors) == 1


def test_a_number_that_left_and_comes_again_is_another_parcel(desk: Desk) -> None:
    desk.scan(0, S10)
    first = desk.newest.id
    desk.station.decide(first, Action.RELEASE, officer="a", reason="no_suspicion")
    desk.scan(60, S10)
    assert desk.newest.id != first
    assert FindingKind.REPEATED_NUMBER in desk.newest.findings


def test_a_second_scan_of_a_parcel_that_is_still_here_joins_it(desk: Desk) -> None:
    desk.scan(0, S10)
    desk.scan(60, S10)
    assert len(desk.watched.rows) == 1
    assert len(desk.station.parcel(desk.newest.id).captures) == 2


def test_a_container_is_known_by_its_number(desk: Desk) -> None:
    desk.scan(0, "CSQU3054383", kind=Kind.CONTAINER)
    assert (desk.newest.kind, desk.newest.number) == (Kind.CONTAINER, "CSQU3054383")


def test_hold_needs_a_reason_and_is_undone_in_time_by_the_same_officer(desk: Desk) -> None:
    desk.scan(0, S10)
    row = desk.newest
    with pytest.raises(GuardError):
        desk.station.decide(row.id, Action.HOLD, officer="a")
    decided = desk.station.decide(row.id, Action.HOLD, officer="a", reason="documents")
    assert decided.parcel.state == State.HELD
    with pytest.raises(UndoRefusedError):
        desk.station.undo(decided.decision.id, officer="b")
    assert desk.station.undo(decided.decision.id, officer="a").parcel.state == State.IMAGED
    assert len(desk.station.history(row.id)) == 1


def test_what_changed_since_it_was_shown_is_not_decided(desk: Desk) -> None:
    desk.scan(0)
    shown = desk.station.parcel(desk.newest.id)
    desk.read(0.5, S10)
    with pytest.raises(ParcelChangedError):
        desk.station.decide(shown.id, Action.RELEASE, officer="a", reason="no_suspicion", seen_version=shown.version)


def test_only_what_is_released_has_a_label(desk: Desk) -> None:
    desk.scan(0, S10)
    with pytest.raises(LabelError):
        desk.station.label(desk.newest.id)


def test_an_undone_release_voids_its_label(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    desk.station.undo(decided.decision.id, officer="a")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    assert found.is_void
    again = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    assert again.decision.trace_code != decided.decision.trace_code


def test_everything_is_there_after_a_restart(desk: Desk, open_desk: Callable[..., Desk]) -> None:
    scan = desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    again = open_desk().station
    parcel = again.find_code(decided.decision.trace_code or "")
    assert parcel is not None
    assert parcel.state == State.RELEASED
    restored = again.open_scan(parcel.id)
    assert restored is not None
    assert restored.id == scan.id
    assert again.label(parcel.id).is_file()


def test_a_picture_whose_row_was_lost_in_a_power_cut_is_taken_in_again(
    desk: Desk, open_desk: Callable[..., Desk]
) -> None:
    scan = desk.scan(0, S10)
    lost = type(scan)(scan.views, started_at=scan.started_at, codes=("EE876543216CN",))
    desk.station._store.keep(lost)
    desk = open_desk()
    desk.station.wait_until_idle()
    assert "EE876543216CN" in {row.number for row in desk.watched.rows.values()}
    assert desk.station._store.orphans() == []


def lose_row(desk: Desk, monkeypatch: pytest.MonkeyPatch, entry: DeviceEntry, event: XrayEvent) -> None:
    """A device brings something, and the power goes between its picture and its row."""

    def fail(*_: object, **__: object) -> Parcel:
        raise StoreDamagedError("The power went.")

    with monkeypatch.context() as patch:
        patch.setattr(desk.station._store, "record_scan", fail)
        desk.station._arrivals.take_xray(entry, event)
        desk.station.wait_until_idle()
    assert desk.watched.rows == {}


def test_what_was_lost_in_a_power_cut_is_taken_in_as_what_it_was(
    desk: Desk, open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.full((40, 60), 50_000, np.uint16)
    half = Scan((View(high=counts, low=counts // 2),), device="gate", started_at=T0)
    gate = DeviceEntry(name="gate", driver="simulated-container", carries=Kind.CONTAINER, lane="port")
    lose_row(desk, monkeypatch, gate, ScanAborted(half.id, FileTornError("half", "half"), half))
    taken: list[DeviceEntry] = []

    def look(_: Screening, scan: Scan, device: DeviceEntry) -> Screened:
        taken.append(device)
        return Screened()

    monkeypatch.setattr(Screening, "screen", look)
    desk = open_desk()
    desk.station.wait_until_idle()
    parcel = desk.station.parcel(desk.newest.id)
    assert Finding(FindingKind.PARTIAL_SCAN, "half: half") in parcel.findings
    assert parcel.kind is Kind.CONTAINER
    assert taken == [gate]
    scanned = [event for event in desk.station._store.events(parcel.id) if event.kind == "scanned"]
    assert [event.body["is_drill"] for event in scanned] == [True]
    assert desk.station._store.verify_log().is_ok
    assert desk.station._store.orphans() == []


def test_a_lost_picture_of_an_early_version_is_what_its_device_brings_now(desk: Desk) -> None:
    counts = np.full((40, 60), 50_000, np.uint16)
    for name in ("gate", "gone"):
        desk.station._store.keep(Scan((View(high=counts, low=counts // 2),), device=name, started_at=T0))
    gate = DeviceEntry(name="gate", driver="hand", carries=Kind.CONTAINER, lane="port")
    desk.station._arrivals._take_orphans({"gate": gate})
    desk.station.wait_until_idle()
    assert sorted(row.kind for row in desk.watched.rows.values()) == [Kind.CONTAINER, Kind.PARCEL]


def test_what_lies_among_the_pictures_does_not_stop_the_start(desk: Desk, open_desk: Callable[..., Desk]) -> None:
    store = desk.station._store
    kept = [store.captures_folder / store.keep(desk.scan(n)).path for n in range(2)]
    for number, path in enumerate(kept):
        stray = path.with_name(f"stray-{number}.tif")
        stray.write_bytes(path.read_bytes())
        stray.with_suffix(".json").write_bytes(path.with_suffix(".json").read_bytes() if number else b"[")
    desk = open_desk()
    desk.station.wait_until_idle()
    assert desk.watched.rows == {}
    assert [type(error) for error in desk.watched.errors] == [FileTornError, FileAlteredError]


def test_an_altered_picture_is_not_shown(desk: Desk) -> None:
    desk.scan(0, S10)
    (capture,) = desk.station.parcel(desk.newest.id).captures
    path = desk.station._store.captures_folder / capture.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileAlteredError):
        desk.station.open_scan(desk.newest.id)


class Finds:
    """A detector that finds what it is told, or breaks."""

    name = "finds 1"

    def __init__(self, *found: Detection, is_broken: bool = False) -> None:
        self.found = found
        self.is_broken = is_broken

    def find(self, scan: object) -> Findings:
        if self.is_broken:
            raise ModelBrokenError("it broke")
        return Findings(self.name, 1.5, self.found)

    def close(self) -> None:
        pass


def test_a_find_sets_the_lane_and_a_release_needs_a_look(desk: Desk) -> None:
    desk.station.use_detector(Finds(Detection("firearm", 0.9, Level.SURE, (20, 10, 40, 30))))
    declare(desk, S10, "玩具")
    desk.scan(0, S10)
    row = desk.newest
    assert (row.lane, row.top_label) == (Lane.RED, "firearm")
    with pytest.raises(GuardError):
        desk.station.decide(row.id, Action.RELEASE, officer="a")
    assert desk.station.decide(row.id, Action.REFER, officer="a", reason="firearm").parcel.state == State.REFERRED


class FailsOddly(Finds):
    """A detector that raises what no detector should, as where no process can be started."""

    def find(self, scan: object) -> Findings:
        raise OSError("too many open files")


@pytest.mark.parametrize("detector", [Finds(is_broken=True), FailsOddly()])
def test_a_broken_detector_leaves_the_parcel_unscreened_and_the_station_at_work(desk: Desk, detector: Finds) -> None:
    desk.station.use_detector(detector)
    desk.scan(0, S10)
    assert FindingKind.UNSCREENED in desk.newest.findings
    assert any(isinstance(error, ModelBrokenError) for error in desk.watched.errors)


def test_two_scans_without_a_code_are_two_parcels_even_under_one_provisional_number(desk: Desk) -> None:
    first = desk.scan(0)
    second = replace(first, id=first.id[:8] + "0" * 24)
    desk.station._arrivals.take_xray(desk.belt, ScanFinished(second))
    desk.station.wait_until_idle()
    assert len(desk.watched.rows) == 2


def test_a_model_for_parcels_does_not_look_at_containers(desk: Desk) -> None:
    desk.station.use_detector(Finds(Detection("firearm", 0.9, Level.SURE, (20, 10, 40, 30))))
    desk.scan(0, "CSQU3054383", kind=Kind.CONTAINER)
    assert desk.station.parcel(desk.newest.id).seen == ()
    assert FindingKind.UNSCREENED in desk.newest.findings


def test_what_could_not_be_seen_through_is_a_finding_with_its_places_until_a_picture_shows_it(desk: Desk) -> None:
    dark, clear = (np.full((200, 300), 50_000, np.uint16) for _ in range(2))
    dark[50:150, 100:200] = 60
    clear[50:150, 100:200] = 20_000
    for number, counts in enumerate((dark, clear)):
        start = T0 + timedelta(seconds=60 * number)
        scan = Scan((View(high=counts, low=counts),), started_at=start, finished_at=start, codes=(S10,))
        desk.station._arrivals.take_xray(desk.belt, ScanFinished(scan))
        desk.station.wait_until_idle()
        told = [each for each in desk.station.parcel(desk.newest.id).findings if each.kind is FindingKind.OPAQUE]
        if number == 0:
            assert json.loads(told[0].detail) == {"part": 1.0, "places": [[0, 100, 50, 200, 150]]}
            assert opaque_part(told) == 1.0
        else:
            assert told == []


def test_a_weak_detection_is_not_shown_as_an_alarm(desk: Desk) -> None:
    desk.station.use_detector(Finds(Detection("blade", 0.05, Level.BELOW, (0, 0, 5, 5))))
    desk.scan(0, S10)
    assert desk.station.parcel(desk.newest.id).seen == ()
