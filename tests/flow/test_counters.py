"""Journeys at the counters: returns, departure refunds, samples, vehicles, baggage; recalled goods that come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import texts
from app.cli import cli
from app.customs.baggage import HallVerdict
from app.customs.dated import local_day
from app.customs.documents import UNIT
from app.customs.lanes import VehicleFaultKind, VehicleRefusedError
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Kind
from app.customs.refund import RefundRefusedError
from app.customs.returns import Disposition, FaultKind, ReturnRefusedError
from app.customs.samples import SampleRefusedError
from app.customs.states import Action, State
from app.exchange.ceb.read import read_message
from app.exchange.counters import read_forms, read_manifests
from app.exchange.returns import read_applications
from app.officers.errors import RightMissingError
from app.receipts import send_receipts
from app.store.errors import AlreadyKeptError, MatterUnknownError
from app.store.messages import Received
from app.trace.recall import Selector
from tests.flow.conftest import Desk

CREAM, TAG, CONTAINER = "6901234567892", "0784123456", "CSQU3054383"
WAYBILL, INVENTORY_NO = "SF1234567890123", "53012026I000000001"
TODAY = local_day(datetime.now(UTC))


@pytest.fixture
def call(desk: Desk) -> Callable[..., str]:
    """Runs a command on the desk's store; returns what it prints."""

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--data", str(desk.station.settings.data)])
        assert result.exit_code == code, result.output
        return result.output

    return run


def release(desk: Desk, number: str, at_s: float = 0, goods: str = "面霜") -> int:
    desk.station._store.add_declarations([Declaration(number, (GoodsLine(goods),))])
    desk.scan(at_s, number)
    desk.station.decide(desk.newest.id, Action.RELEASE, officer="officer-1", reason="no_suspicion")
    return desk.newest.id


def declare_inventory(desk: Desk) -> None:
    lines = [
        {"gnum": "1", "gname": "面霜", "gcode": "3304990029", "barCode": CREAM, "qty": "3", "unit": "007"},
        {"gnum": "2", "gname": "红茶", "gcode": "0902300000", "barCode": "无", "qty": "2", "unit": "035"},
    ]
    fields = {"logisticsNo": WAYBILL, "invtNo": INVENTORY_NO, "tradeMode": "1210", "customsCode": "9999"}
    received = Received("CEB621", "G1", fields, lines, WAYBILL, "O1", INVENTORY_NO)
    desk.station._store.messages.add([(received, None)])


def application(folder: Path, **changes: object) -> Path:
    line = {"line": 1, "name": "面霜", "bar_code": CREAM, "quantity": "2"}
    said = {
        "id": "R1", "number": "YT9876543210", "inventory_no": INVENTORY_NO, "mode": "1210", "applied_on": str(TODAY),
        "lines": [line],
    } | changes  # fmt: skip
    path = folder / f"{said['id']}.json"
    path.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return path


def test_a_return_is_checked_scanned_and_accepted(desk: Desk, tmp_path: Path) -> None:
    declare_inventory(desk)
    out = release(desk, WAYBILL)
    office = desk.station.counters.returns
    (applied,) = read_applications(application(tmp_path))
    matter = office.apply(applied, officer="officer-1")
    with pytest.raises(AlreadyKeptError):
        office.apply(applied, officer="officer-1")
    desk.scan(60, "YT9876543210")
    view = office.find("YT9876543210")
    assert (view.faults, view.matter.stand, view.out and view.out.id) == ((), "awaiting_goods", out)
    assert view.back is not None
    assert view.back.captures
    assert view.out is not None
    assert view.out.captures

    chosen = {1: Disposition.BACK}
    with pytest.raises(ReturnRefusedError):
        office.accept(matter.id, chosen, officer="officer-1")
    view = office.scan(matter.id, CREAM, officer="officer-1")
    assert [fault.kind for fault in view.faults] == [FaultKind.NOT_THERE]
    view = office.scan(matter.id, "4006381333931", officer="officer-1")
    assert FaultKind.NOT_IN_INVENTORY in [fault.kind for fault in view.faults]
    office.take_back(matter.id, "4006381333931", officer="officer-1")
    view = office.scan(matter.id, CREAM, officer="officer-1")
    assert view.faults == ()
    assert office.accept(matter.id, chosen, officer="officer-1").outcome == "accepted"
    assert office.queue() == []
    with pytest.raises(ReturnRefusedError):
        office.scan(matter.id, CREAM, officer="officer-1")

    (again,) = read_applications(application(tmp_path, id="R2", number="YT9876543211"))
    office.apply(again, officer="officer-1")
    (fault,) = office.find("YT9876543211").faults
    assert (fault.kind, fault.expected) == (FaultKind.TOO_MANY, "1")
    assert desk.station.verify_log().problems == ()


def test_a_return_of_the_wrong_goods_is_refused_in_the_officers_language(
    desk: Desk, tmp_path: Path, call: Callable[..., str], language: str
) -> None:
    declare_inventory(desk)
    release(desk, WAYBILL)
    wrong = [{"line": 1, "name": "口红", "bar_code": CREAM, "quantity": "9", "defective": True}]
    call("returns", "take", str(application(tmp_path, lines=wrong)))
    shown = call("returns", "show", INVENTORY_NO)
    assert texts.text("returns.stand.awaiting_goods") in shown
    assert "口红" in shown
    call("returns", "scan", "YT9876543210", CREAM)
    call("returns", "accept", "YT9876543210", "--to", "1=destroy", code=3)
    refused = call("returns", "refuse", "YT9876543210", "--reason", "货物不符")
    assert texts.text("returns.stand.refused") in refused
    kept = desk.station.counters.returns.find("YT9876543210").matter.steps[-1]
    assert {fault[0] for fault in kept.body["faults"]} == {"wrong_item", "too_many", "not_there"}


def test_a_return_that_came_through_the_single_window_is_found_and_answered(desk: Desk, tmp_path: Path) -> None:
    declare_inventory(desk)
    release(desk, WAYBILL)
    fields = {"logisticsNo": WAYBILL, "invtNo": INVENTORY_NO, "customsCode": "9999", "guid": "G2",
              "appTime": f"{TODAY:%Y%m%d}120000", "reason": "残损"}  # fmt: skip
    lines = [{"gnum": "2", "gname": "红茶", "gcode": "0902300000", "qty": "1", "unit": "035"}]
    received = Received("CEB625", "G2", fields, lines, WAYBILL, "O1", INVENTORY_NO)
    desk.station._store.messages.add([(received, None)])
    office = desk.station.counters.returns
    view = office.find(WAYBILL)
    assert (view.application.mode, view.application.reason, view.faults) == ("1210", "残损", ())
    assert office.find(INVENTORY_NO).matter.id == view.matter.id
    office.mark(view.matter.id, 2, is_defective=True, officer="officer-1")
    office.scan(view.matter.id, "无条码", officer="officer-1")
    office.take_back(view.matter.id, "无条码", officer="officer-1")
    with pytest.raises(MatterUnknownError):
        office.find("nothing")
    list(send_receipts(desk.station._store, tmp_path))
    office.refuse(view.matter.id, "货物\n不符", officer="officer-1")
    (receipt,) = send_receipts(desk.station._store, tmp_path)
    (told,) = read_message(receipt).records
    assert receipt.name.startswith("CEB626")
    assert (told.fields["returnStatus"], told.fields["returnInfo"]) == ("100", "货物不符")
    assert told.fields["invtNo"] == INVENTORY_NO


FORM = """id,shop,bought_on,traveller,name,count,amount,serial
TX20260001,百货大楼,{day},E12345678,茶具,2,880.00,
TX20260001,,,,丝巾,1,520.00,S7
"""


def test_a_refund_is_verified_once_and_refused_with_a_reason(
    desk: Desk, tmp_path: Path, call: Callable[..., str], language: str
) -> None:
    path = tmp_path / "forms.csv"
    path.write_text(FORM.format(day=TODAY) + FORM.format(day=TODAY).replace("0001", "0002").split("\n", 1)[1], "utf-8")
    assert "TX20260001" in call("refund", "import", str(path))
    desk_of = desk.station.counters.refunds
    view = desk_of.scan("TX20260001")
    assert (view.form.traveller, view.form.amount_fen) == ("E******78", 140_000)
    with pytest.raises(RefundRefusedError):
        desk_of.verify(view.matter.id, {1: 2}, officer="officer-1")
    assert texts.text("counters.form.verified") in call("refund", "verify", "TX20260001")
    with pytest.raises(RefundRefusedError):
        desk_of.refuse(view.matter.id, "again", {}, officer="officer-1")
    refused = call("refund", "refuse", "TX20260002", "--reason", "实物不符", "--seen", "1=1")
    assert texts.text("counters.form.refused") in refused
    with pytest.raises(RightMissingError):
        desk_of.refuse(view.matter.id, "x", {}, officer="auditor-1")


def test_a_form_is_there_within_a_tenth_of_a_second_among_many(desk: Desk, tmp_path: Path) -> None:
    desk_of = desk.station.counters.refunds
    path = tmp_path / "forms.csv"
    path.write_text(
        FORM.partition("\n")[0] + "\n" + "".join(f"F{n:07d},店,{TODAY},,物品,1,100.00,\n" for n in range(300)), "utf-8"
    )
    for form in read_forms(path):
        desk_of.receive(form, officer="officer-1")
    for n in range(0, 300, 10):
        desk_of.scan(f"F{n:07d}")
    assert desk.station.measured.percentiles()["refund_scan"]["p50"] < 100
    assert desk_of.counts() == {"open": 300}
    first = desk_of.queue(limit=200)
    rest = desk_of.queue(limit=200, after=(first[-1].matter.since_at, first[-1].matter.id))
    assert len({view.form.number for view in (*first, *rest)}) == 300


def open_parcel(desk: Desk, number: str) -> int:
    desk.scan(0, number)
    desk.station.decide(desk.newest.id, Action.REFER, officer="officer-1", reason="suspected_drugs")
    desk.station.decide(desk.newest.id, Action.OPEN, officer="officer-1")
    return desk.newest.id


def test_a_parcel_waits_for_all_its_samples_and_one_abnormal_makes_it_abnormal(desk: Desk) -> None:
    laboratory, parcel_id = desk.station.counters.laboratory, open_parcel(desk, "EE876543216JP")
    due_at = datetime.now(UTC) + timedelta(days=7)
    given = {"laboratory": "化验中心", "question": "identify_substance", "due_at": due_at, "officer": "officer-1"}
    first = laboratory.take(parcel_id, quantity="20 g", seal_no="F1", **given)  # type: ignore[arg-type]
    second = laboratory.take(parcel_id, **given)  # type: ignore[arg-type]
    assert first.number != second.number
    parcel = desk.station.parcel(parcel_id)
    assert (parcel.state, parcel.waiting[0].due_at) == (State.AWAITING_LAB, due_at)
    assert [each.number for each in laboratory.queue()] == [first.number, second.number]
    with pytest.raises(SampleRefusedError):
        laboratory.report(first.number, report_no="L1", is_normal=False, officer="officer-1")
    laboratory.report(
        first.number, report_no="L1", is_normal=False, finding="氯胺酮", reason="prohibited_goods", officer="officer-1"
    )
    assert desk.station.parcel(parcel_id).state is State.AWAITING_LAB
    done = laboratory.report(second.number, report_no="L2", is_normal=True, officer="officer-1")
    assert done.result is not None
    assert desk.station.parcel(parcel_id).state is State.EXAM_ABNORMAL
    assert laboratory.queue() == []
    assert laboratory.of_parcel(parcel_id) == done


def test_a_normal_result_releases_with_a_label_and_the_command_line_shows_it(
    desk: Desk, call: Callable[..., str], language: str
) -> None:
    parcel_id = open_parcel(desk, "EE876543216JP")
    call("samples", "take", "EE876543216JP", "--laboratory", "化验中心", "--question", "authenticity")
    assert "化验中心" in call("samples", "list")
    assert texts.text("counters.result.normal") in call("samples", "report", "EE876543216JP", "--report", "L1")
    parcel = desk.station.parcel(parcel_id)
    assert (parcel.state, parcel.trace_code is not None) == (State.RELEASED, True)


def manifest(folder: Path, **changes: object) -> Path:
    said = {
        "id": "M1", "container": CONTAINER, "plate": "粤B·12345", "seal_no": "SEAL1", "gross_kg": "10000",
        "tare_kg": "8000", "lines": [{"name": "瓷砖", "hs_code": "6907211000", "quantity": "500"}],
    } | changes  # fmt: skip
    path = folder / "manifest.json"
    path.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return path


def test_a_vehicle_that_weighs_more_than_declared_is_referred(
    desk: Desk, tmp_path: Path, call: Callable[..., str], language: str
) -> None:
    call("vehicles", "announce", str(manifest(tmp_path)))
    lane = desk.station.counters.vehicles
    assert texts.text("counters.vehicle.expected") in call("vehicles", "list")
    desk.scan(0, CONTAINER, kind=Kind.CONTAINER)
    seen = call("vehicles", "see", "粤B12345", "--plate", "粤B12345", "--weight-kg", "18900", "--seal", "SEAL1")
    assert "18,900" not in seen
    view = lane.find(CONTAINER)
    assert [fault.kind for fault in view.faults] == [VehicleFaultKind.WEIGHT_DIFFERS]
    assert view.declaration is not None
    assert view.declaration.summary == "瓷砖"
    call("vehicles", "pass", CONTAINER, code=3)
    assert texts.text("counters.vehicle.referred") in call("vehicles", "refer", "粤B12345", "--note", "超重")
    assert view.parcel is not None
    assert desk.station.parcel(view.parcel.id).state is State.REFERRED
    assert lane.queue() == []


def test_a_vehicle_that_fits_passes_and_its_container_is_released(desk: Desk, tmp_path: Path) -> None:
    lane = desk.station.counters.vehicles
    ((reference, said, goods),) = read_manifests(manifest(tmp_path))
    matter = lane.announce(reference, said, goods, officer="officer-1")
    with pytest.raises(AlreadyKeptError):
        lane.announce(reference, said, goods, officer="officer-1")
    lane.arrive(matter.id, "粤B12345", officer="officer-1")
    lane.weigh(matter.id, 18_100_000, officer="officer-1")
    with pytest.raises(VehicleRefusedError):
        lane.weigh(matter.id, 0, officer="officer-1")
    with pytest.raises(VehicleRefusedError, match="not looked at"):
        lane.pass_on(matter.id, officer="officer-1")
    lane.see_seal(matter.id, "SEAL1", is_whole=True, officer="officer-1")
    desk.scan(0, CONTAINER, kind=Kind.CONTAINER)
    view = lane.pass_on(matter.id, officer="officer-1")
    assert view.outcome == "passed"
    assert view.parcel is not None
    assert view.parcel.state is State.RELEASED
    with pytest.raises(VehicleRefusedError):
        lane.refer(matter.id, officer="officer-1", reason="random_check")


def test_a_vehicle_that_nobody_scanned_can_be_referred(desk: Desk, tmp_path: Path) -> None:
    lane = desk.station.counters.vehicles
    ((reference, said, goods),) = read_manifests(manifest(tmp_path, plate="外交车 1"))
    matter = lane.announce(reference, said, goods, officer="officer-1")
    assert VehicleFaultKind.PLATE_DOUBTFUL in [fault.kind for fault in lane.view(matter.id).wrong]
    view = lane.refer(matter.id, officer="officer-1", reason="control_order")
    assert view.parcel is not None
    assert (view.parcel.state, view.parcel.kind) == (State.REFERRED, Kind.CONTAINER)


def test_a_bag_is_stopped_by_its_picture_and_met_by_its_tag(
    desk: Desk, call: Callable[..., str], language: str
) -> None:
    hall = desk.station.counters.baggage
    desk.scan(0, TAG)
    bag_id = desk.newest.id
    assert hall.meet(TAG, officer="officer-1").verdict is HallVerdict.NOT_DECIDED
    notice = hall.stop(bag_id, officer="officer-1", reason="suspected_prohibited", note="疑似象牙")
    assert desk.station.parcel(bag_id).state is State.REFERRED
    assert FindingKind.INTERCEPTED in desk.newest.findings
    desk.read(90, TAG)
    assert [alarm.notice.id for alarm in desk.watched.alarms] == [notice.id]
    met = call("baggage", "meet", TAG, code=1)
    assert texts.text("counters.hall.stop") in met
    assert "疑似象牙" in met
    ((found, bag),) = hall.stopped()
    assert (found.id, bag and bag.id) == (notice.id, bag_id)

    desk.station.decide(bag_id, Action.OPEN, officer="officer-1")
    desk.station.decide(bag_id, Action.EXAM_NORMAL, officer="officer-1")
    assert hall.meet(TAG, officer="officer-1").verdict is HallVerdict.STOP
    hall.lift(notice.id, officer="officer-1")
    assert hall.meet(TAG, officer="officer-1").verdict is HallVerdict.PASS
    assert hall.meet("0000000000", officer="officer-1").verdict is HallVerdict.UNKNOWN


def test_recalled_goods_alarm_when_they_come_back(desk: Desk, tmp_path: Path) -> None:
    declare_inventory(desk)
    out = release(desk, WAYBILL)
    recalled = desk.station.recall(Selector(goods="面霜"), "细菌超标", "supervisor-1")
    assert [row.released.parcel_id for row in recalled.affected] == [out]
    (applied,) = read_applications(application(tmp_path, lines=[{"line": 1, "quantity": "1", "defective": True}]))
    office = desk.station.counters.returns
    matter = office.apply(applied, officer="officer-1")
    view = office.scan(matter.id, CREAM, officer="officer-1")
    assert view.out is not None
    assert FindingKind.RECALLED in [finding.kind for finding in view.out.findings]
    view = office.accept(matter.id, {1: Disposition.DESTROY}, officer="officer-1")
    assert view.matter.steps[-1].body["dispositions"] == {"1": "destroy"}
    assert view.application.lines[0].line.quantity == UNIT
