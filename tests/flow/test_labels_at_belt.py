"""Labels that come to the belt again: ours, forged ones and withdrawn ones."""

from __future__ import annotations

from pathlib import Path

from app.build import build_station
from app.customs.parcel import FindingKind, Lane
from app.customs.states import Action
from tests.flow.conftest import Desk
from tests.flow.labels import BOOK, S10, declare, findings, release


def test_a_label_of_ours_at_the_belt_leads_to_its_parcel(desk: Desk) -> None:
    declare(desk, S10, "书籍")
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code
    assert trace_id is not None
    for n, code in enumerate((payload, trace_id, f"{trace_id[:5]}-{trace_id[5:]}".lower())):
        desk.scan(100 + 50 * n, code)
        assert desk.newest.number == S10
        assert {FindingKind.ALREADY_RELEASED, FindingKind.REPEATED_NUMBER} <= findings(desk)
        assert not {FindingKind.SEVERAL_CODES, FindingKind.NO_DECLARATION} & findings(desk)
        assert desk.newest.lane == Lane.YELLOW
        found = [each for each in desk.station.parcel(desk.newest.id).findings if each.kind == "already_released"]
        assert [each.detail for each in found] == [trace_id]
    desk.read(300.5, S10)
    desk.read(300.6, payload)
    desk.scan(300)
    assert (desk.newest.number, FindingKind.SEVERAL_CODES in findings(desk)) == (S10, False)
    desk.scan(350, S10)
    desk.read(350.5, payload)
    assert FindingKind.ALREADY_RELEASED in findings(desk), "also where the label is read behind the tunnel"
    desk.scan(400, S10, payload, BOOK)
    assert FindingKind.SEVERAL_CODES in findings(desk)


def test_a_label_that_is_not_good_at_the_belt_is_doubted(desk: Desk, tmp_path: Path) -> None:
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    foreign = Desk(build_station(desk.station.settings.model_copy(update={"data": tmp_path / "foreign"})))
    _, forged = release(foreign, S10)
    foreign.station.stop()
    wrong = f"{trace_id[:-1]}{(int(trace_id[-1]) + 1) % 10}"
    for n, code in enumerate((forged, payload[:-4] + "0000", "PT1:6BF", wrong)):
        desk.scan(100 + 50 * n, code)
        assert FindingKind.DOUBTED_LABEL in findings(desk)
        assert FindingKind.ALREADY_RELEASED not in findings(desk)
        assert (desk.newest.number, desk.newest.lane) == (code, Lane.RED), "a forgery borrows no parcel's number"
        other = f"{'EACL'[n]}E123456785CN"
        desk.scan(125 + 50 * n, code, other)
        assert desk.newest.number == other
    desk.scan(500, "T888820260000000010")
    assert FindingKind.DOUBTED_LABEL not in findings(desk), "another office's number, of which nothing is known here"


def test_a_withdrawn_label_is_doubted_and_names_its_parcel(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    desk.station.undo(decided.decision.id, officer="a")
    before = desk.newest.id
    desk.scan(100, found.payload)
    assert (desk.newest.id, desk.newest.number) == (before, S10), "it never left"
    assert FindingKind.DOUBTED_LABEL in findings(desk)
