"""A declaration that comes after its parcel: what waits is assessed by it, what is decided stays as it was decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from app import late
from app.bench.ingest import make_inventories
from app.bench.messages import inventory
from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Kind, Lane
from app.customs.states import Action, State
from app.single_window import import_folder
from app.store.errors import StoreFullError
from app.store.late import FIRST
from imaging.errors import FileTornError, KnownError
from models.detector import Detection, Level
from scanners.barcode import Code, Reading
from tests.flow.conftest import T0, Desk
from tests.flow.test_station import S10, Finds

OTHER = "EE876543216CN"
BLADE = Detection("blade", 0.95, Level.SURE, (20, 10, 40, 30))


def declare(desk: Desk, number: str, *goods: str, hs_code: str = "") -> None:
    lines = tuple(GoodsLine(each, hs_code=hs_code) for each in goods)
    desk.station._store.add_declarations([Declaration(number, lines)])


def events(desk: Desk, parcel_id: int) -> list[str]:
    return [event.kind for event in desk.station._store.events(parcel_id)]


def test_an_inventory_that_comes_after_its_parcel_changes_lane_and_findings(desk: Desk, tmp_path: Path) -> None:
    desk.station.use_detector(Finds(BLADE))
    number = inventory(7).fields["logisticsNo"]
    desk.scan(0, number)
    before = desk.newest
    assert FindingKind.NO_DECLARATION in before.findings
    assert "no-declaration" in " ".join(desk.station.parcel(before.id).lane_reasons)

    (tmp_path / "inventory.xml").write_bytes(make_inventories(7, 1))
    assert [each.error for each in import_folder(desk.station._store, tmp_path)] == [None]
    desk.station.wait_until_idle()

    row, parcel = desk.newest, desk.station.parcel(before.id)
    assert row.goods != ""
    assert FindingKind.NO_DECLARATION not in row.findings
    assert FindingKind.NOT_AS_DECLARED in row.findings
    assert "no-declaration" not in " ".join(parcel.lane_reasons)
    assert parcel.declaration is not None
    assert events(desk, before.id)[-2:] == ["declaration_attached", "identified"]
    assert desk.station._store.verify_log().is_ok


def test_a_parcel_is_assessed_once_for_each_version_of_its_declaration(desk: Desk) -> None:
    desk.scan(0, S10)
    assert desk.newest.lane == Lane.YELLOW
    declare(desk, S10, "书")
    for _ in range(3):
        desk.station.wait_until_idle()
    assert (desk.newest.lane, desk.newest.findings) == (Lane.BLUE, (FindingKind.UNSCREENED,))
    assert events(desk, desk.newest.id).count("identified") == 1

    declare(desk, S10, "书", "手表")
    desk.station.wait_until_idle()
    assert desk.newest.goods == "书、手表"
    assert events(desk, desk.newest.id).count("identified") == 2


def test_nobody_has_to_ask(desk: Desk, open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "LOOK_S", 0.01)
    desk = open_desk()
    desk.scan(0, S10)
    declare(desk, S10, "书")
    for _ in range(500):
        if desk.newest.lane == Lane.BLUE:
            break
        desk.station._late._stopping.wait(0.01)
    assert desk.newest.lane == Lane.BLUE


def test_what_is_decided_stays_until_it_waits_again(desk: Desk) -> None:
    numbers = {Action.RELEASE: "SF1000000000001", Action.HOLD: "SF1000000000002", Action.REFER: "SF1000000000003"}
    ids = {}
    for at, (action, number) in enumerate(numbers.items()):
        desk.scan(60 * at, number)
        ids[action] = desk.newest.id
        desk.station.decide(desk.newest.id, action, officer="a", reason="no_suspicion")
    for number in numbers.values():
        declare(desk, number, "书")
    desk.station.wait_until_idle()
    for parcel_id in ids.values():
        assert desk.station.parcel(parcel_id).lane == Lane.YELLOW
        assert "identified" not in events(desk, parcel_id)

    held = ids[Action.HOLD]
    desk.station.decide(held, Action.LIFT_HOLD, officer="a", reason="no_suspicion")
    desk.station.wait_until_idle()
    assert (desk.station.parcel(held).state, desk.station.parcel(held).lane) == (State.IMAGED, Lane.BLUE)


def test_a_decision_that_is_undone_lets_the_declaration_count(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.REFER, officer="a", reason="no_suspicion")
    declare(desk, S10, "书")
    desk.station.wait_until_idle()
    assert desk.newest.lane == Lane.YELLOW
    desk.station.undo(decided.decision.id, officer="a")
    desk.station.wait_until_idle()
    assert desk.newest.lane == Lane.BLUE


def test_what_waits_for_its_papers_gets_its_lane_from_them(desk: Desk) -> None:
    desk.scan(0, S10)
    desk.station.decide(desk.newest.id, Action.DOC_REVIEW, officer="a")
    declare(desk, S10, "书")
    desk.station.wait_until_idle()
    assert (desk.newest.state, desk.newest.lane) == (State.DOC_REVIEW, Lane.BLUE)


def test_a_declaration_that_came_while_the_station_was_off_counts_after_its_start(
    desk: Desk, open_desk: Callable[..., Desk]
) -> None:
    desk.scan(0, S10)
    desk.station._late.stop()
    declare(desk, S10, "书")
    again = open_desk()
    again.station.wait_until_idle()
    assert (again.newest.number, again.newest.lane) == (S10, Lane.BLUE)


def test_more_parcels_than_one_turn_takes(desk: Desk) -> None:
    store = desk.station._store
    numbers = [f"N{n:04}" for n in range(late.MOST + 1)]
    ids = [store.register(number, Kind.PARCEL, codes=[number], arrived_at=T0).id for number in numbers]
    with desk.station._late._looking:  # until here is looked, nothing is taken
        store.add_declarations(Declaration(number, (GoodsLine("书"),)) for number in numbers)
        first = store.late.due(FIRST, late.MOST)
        assert [place.parcel_id for place in first] == ids[: late.MOST]
        assert [place.parcel_id for place in store.late.due(first[-1], late.MOST)] == ids[late.MOST :]
    desk.station.wait_until_idle()
    assert store.late.due(FIRST, late.MOST) == []
    assert all("identified" in events(desk, parcel_id) for parcel_id in ids)


def test_the_code_that_is_declared_late_names_the_parcel(desk: Desk) -> None:
    reading = Reading(Code("Code128", OTHER, is_doubtful=True), "reader", T0 + timedelta(seconds=0.2))
    desk.station._arrivals.take_code(desk.reader, reading)
    desk.scan(0, S10)
    assert desk.newest.number == OTHER
    declare(desk, S10, "茶")
    desk.station.wait_until_idle()
    assert (desk.newest.number, desk.newest.goods) == (S10, "茶")
    findings = desk.station.parcel(desk.newest.id).findings
    assert Finding(FindingKind.DOUBTFUL_CODE, OTHER) in findings
    assert {each.kind for each in findings} >= {FindingKind.SEVERAL_CODES, FindingKind.UNSCREENED}
    assert FindingKind.NO_DECLARATION not in desk.newest.findings


def test_a_picture_that_is_gone_stops_nothing(desk: Desk) -> None:
    store = desk.station._store
    for at, number in enumerate((S10, OTHER)):
        desk.scan(60 * at, number)
    first = min(desk.watched.rows)
    (store.captures_folder / desk.station.parcel(first).captures[-1].path).unlink()
    declare(desk, S10, "书")
    declare(desk, OTHER, "书")
    desk.station.wait_until_idle()
    assert [row.lane for row in desk.watched.rows.values()] == [Lane.BLUE, Lane.BLUE]
    assert [type(error) for error in desk.watched.errors] == [FileTornError]


def test_what_fails_with_one_parcel_stops_no_other_and_is_told_once(desk: Desk) -> None:
    for at, number in enumerate((S10, OTHER)):
        desk.scan(60 * at, number)

    def fail(codes: Sequence[str]) -> tuple[Finding, ...]:
        if S10 in codes:
            raise KnownError("it broke")
        return ()

    desk.station._intake.assessing.marks_on = fail
    declare(desk, S10, "书")
    for goods in ("书", "茶"):
        declare(desk, OTHER, goods)
        desk.station.wait_until_idle()
    assert [row.lane for row in desk.watched.rows.values()] == [Lane.YELLOW, Lane.BLUE]
    assert [str(error) for error in desk.watched.errors] == ["it broke"]


def test_a_full_disk_puts_it_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    store = desk.station._store
    desk.scan(0, S10)

    def fill(*_: object, **__: object) -> None:
        raise StoreFullError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(store, "identify", fill)
        declare(desk, S10, "书")
        with pytest.raises(StoreFullError):
            desk.station.wait_until_idle()
    desk.station.wait_until_idle()
    assert desk.newest.lane == Lane.BLUE


def test_a_declaration_between_looking_and_writing_is_not_lost(desk: Desk) -> None:
    comes = iter(["书", "书、茶"])

    def declare_now(_: object) -> tuple[Finding, ...]:
        if goods := next(comes, ""):
            declare(desk, S10, goods)
        return ()

    desk.station._intake.assessing.marks_on = declare_now
    desk.scan(0, S10)
    row = desk.newest
    assert (row.lane, row.goods, row.findings) == (Lane.BLUE, "书、茶", (FindingKind.UNSCREENED,))
    assert "书、茶" in str(desk.station.parcel(row.id).declaration)


def test_a_parcel_that_nobody_has_scanned_gets_its_lane_too(desk: Desk) -> None:
    desk.read(0.5, S10)
    desk.station._intake.end_lane("mail")
    assert {FindingKind.NO_SCAN, FindingKind.NO_DECLARATION} == set(desk.newest.findings)
    declare(desk, S10, "玩具枪", hs_code="9303")
    desk.station.wait_until_idle()
    assert desk.newest.findings == (FindingKind.NO_SCAN,)
    assert events(desk, desk.newest.id)[-1] == "identified"
