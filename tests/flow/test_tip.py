"""Projected threats from the draw to the score: always resolved, never a fact about a parcel."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.build import build_station
from app.customs.errors import TipOpenError, TipOverError, TipRateError
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Parcel
from app.customs.states import Action, State
from app.customs.tip import Ending, Outcome, Rate, Tip, rate_for
from app.officers.errors import OfficerError, RightMissingError
from app.officers.rights import Role
from app.settings import Officers
from app.store.errors import ParcelChangedError
from app.tip_office import Prepared, TipOffice
from imaging.annotations import Annotation, Shape
from imaging.scan import Scan
from imaging.tip.threats import build_library
from tests.flow.conftest import Desk
from tests.flow.tips import ALWAYS, take

ROLES = Officers(sign_in="demo", demo={"a": Role.OFFICER, "b": Role.OFFICER, "boss": Role.SUPERVISOR})


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tip")
    build_library(folder, per_category=1, categories=("battery", "blade"))
    return folder


@pytest.fixture
def desk(open_desk: Callable[..., Desk], library: Path) -> Desk:
    return open_desk(tip=ALWAYS.model_copy(update={"library": library}), officers=ROLES)


def prepare(desk: Desk, parcel: Parcel, scan: Scan, officer: str = "a") -> Prepared:
    prepared = desk.station.tip.prepare(parcel, scan, officer=officer)
    assert prepared is not None
    return prepared


def show(desk: Desk, number: int = 1, officer: str = "a") -> tuple[Tip, Parcel]:
    parcel, scan = take(desk, number)
    return desk.station.tip.show(prepare(desk, parcel, scan, officer), officer=officer), parcel


def figures(desk: Desk) -> object:
    """Everything that is counted of real work: sums, states, decisions."""
    station = desk.station
    report = station.statistics.make_report(station.statistics.span("day"))  # type: ignore[arg-type]
    return [table.rows for table in report.tables if table.name != "age"], station.counts(), station._store.counts()


@pytest.mark.parametrize(
    ("action", "outcome"),
    [(Action.REFER, Outcome.HIT), (Action.HOLD, Outcome.HIT), (Action.RELEASE, Outcome.MISS),
     (Action.DOC_REVIEW, Outcome.MISS)],
)  # fmt: skip
def test_a_decision_is_about_the_projected_picture_and_the_parcel_waits_as_it_was(
    desk: Desk, action: Action, outcome: Outcome
) -> None:
    tip, before = show(desk)
    counted = figures(desk)
    resolved = desk.station.tip.resolve(tip, officer="a", action=action)
    assert (resolved.outcome, resolved.why, resolved.is_located) == (outcome, action.value, None)
    assert desk.station.parcel(before.id) == before
    assert desk.station.history(before.id) == []
    assert figures(desk) == counted
    assert desk.station.verify_log().is_ok
    desk.station.decide(before.id, Action.RELEASE, officer="a", seen_version=before.version)
    assert desk.station.parcel(before.id).state is State.RELEASED


def test_a_mark_on_the_threat_finds_it_and_one_beside_it_is_known(desk: Desk) -> None:
    tip, _ = show(desk)
    left, top, right, bottom = tip.boxes[0]
    on = Annotation(Shape.BOX, ((left + 1, top + 1), (right - 1, bottom - 1)))
    beside = Annotation(Shape.ARROW, ((0, 0), (3, 3)))
    assert desk.station.tip.resolve(tip, officer="a", marks=(on,)).is_located
    other, _ = show(desk, 2)
    resolved = desk.station.tip.resolve(other, officer="a", action=Action.REFER, marks=(beside,))
    assert (resolved.outcome, resolved.is_located) == (Outcome.HIT, False)


def test_what_is_stored_is_never_touched(desk: Desk) -> None:
    parcel, scan = take(desk, 1)
    prepared = prepare(desk, parcel, scan)
    kept = desk.station.open_scan(parcel.id)
    assert kept is not None
    high, shown = kept.views[0].high, prepared.scan.views[0].high
    assert high is not None
    assert shown is not None
    assert (high == scan.views[0].high).all()
    assert (shown != high).any()
    assert parcel.captures[0].scan_id == prepared.tip.scan_id


def test_nothing_can_be_decided_while_a_threat_is_before_an_officer(desk: Desk) -> None:
    tip, parcel = show(desk)
    batches = desk.station.batches
    assert batches.release(batches.preview(), officer="b").decided == ()
    for officer in ("a", "b"):
        for action in (Action.RELEASE, Action.REFER):
            with pytest.raises(TipOpenError):
                desk.station.decide(parcel.id, action, officer=officer, reason="suspicious_image")
    assert desk.station.history(parcel.id) == []
    desk.station.tip.end(tip, Ending.LEFT)
    desk.station.decide(parcel.id, Action.RELEASE, officer="b")


def test_a_decision_from_elsewhere_ends_it(desk: Desk) -> None:
    tip, parcel = show(desk)
    desk.station.tip.give_way(parcel.id)
    desk.station.decide(parcel.id, Action.RELEASE, officer="b")
    with pytest.raises(TipOverError):
        desk.station.tip.resolve(tip, officer="a", action=Action.RELEASE)
    ended = desk.station.tip.end(tip, Ending.LEFT)
    assert (ended.outcome, ended.why) == (Outcome.VOID, "overtaken")


def test_a_power_cut_leaves_the_parcel_waiting_and_measures_nobody(
    desk: Desk, open_desk: Callable[..., Desk], library: Path
) -> None:
    tip, before = show(desk)
    again = open_desk(tip=ALWAYS.model_copy(update={"library": library}), officers=ROLES)
    assert again.station.parcel(before.id) == before
    ended = again.station.tip.end(tip, None)
    assert (ended.outcome, ended.why) == (Outcome.VOID, "cut")
    scan = again.station.open_scan(before.id)
    assert scan is not None
    assert again.station.tip.prepare(before, scan, officer="a") is None  # once is enough for a parcel
    again.station.decide(before.id, Action.RELEASE, officer="a")
    assert again.station.verify_log().is_ok


def test_a_declaration_that_comes_meanwhile_is_held_against_the_true_picture(desk: Desk) -> None:
    tip, before = show(desk)
    goods = GoodsLine("书", hs_code="4901990000", weight_g=50)
    desk.station._store.add_declarations([Declaration(before.number, (goods,))])
    desk.station.wait_until_idle()
    after = desk.station.parcel(before.id)
    (told,) = [each for each in after.findings if each.kind is FindingKind.NOT_AS_DECLARED]
    assert {key for key, _ in json.loads(told.detail)["remarks"]} == {"heavier"}
    assert (after.state, after.seen, after.captures) == (before.state, before.seen, before.captures)
    assert desk.station.tip.resolve(tip, officer="a", action=Action.HOLD).outcome == Outcome.HIT
    assert desk.station.verify_log().is_ok


def test_a_picture_is_not_shown_for_a_parcel_that_changed_or_to_another(desk: Desk) -> None:
    parcel, scan = take(desk, 1)
    prepared = prepare(desk, parcel, scan)
    with pytest.raises(OfficerError):
        desk.station.tip.show(prepared, officer="b")
    desk.station.decide(parcel.id, Action.DOC_REVIEW, officer="b")
    with pytest.raises(ParcelChangedError):
        desk.station.tip.show(prepared, officer="a")


def test_a_decided_parcel_and_one_that_needs_all_attention_are_left_alone(desk: Desk) -> None:
    parcel, scan = take(desk, 1)
    decided = desk.station.decide(parcel.id, Action.HOLD, officer="b", reason="documents")
    desk.station.undo(decided.decision.id, officer="b")
    again = desk.station.parcel(parcel.id)
    assert again.state is State.IMAGED
    assert desk.station.tip.prepare(again, scan, officer="a") is None


def test_the_draw_is_the_same_when_asked_again_and_differs_by_officer_and_parcel(desk: Desk) -> None:
    desk.station.tip.set_rate(0.5, officer="boss")
    drawn = {}
    for number in range(8):
        parcel, scan = take(desk, number)
        for officer in ("a", "b"):
            drawn[number, officer] = desk.station.tip.prepare(parcel, scan, officer=officer)
            assert desk.station.tip.prepare(parcel, scan, officer=officer) is drawn[number, officer]
    got = [prepared is not None for prepared in drawn.values()]
    assert 0 < sum(got) < len(got)


def test_rates_are_set_by_a_supervisor_and_the_closest_holds(desk: Desk) -> None:
    tip = desk.station.tip
    with pytest.raises(RightMissingError):
        tip.set_rate(0.1, officer="a")
    with pytest.raises(TipRateError):
        tip.set_rate(1.5, officer="boss")
    tip.set_rate(0.01, officer="boss")
    tip.set_rate(0.02, officer="boss", lane="mail")
    tip.set_rate(0.03, officer="boss", of="a")
    tip.set_rate(0.05, officer="boss", lane="mail")
    rates = tip.rates()
    assert [(rate.lane, rate.officer, rate.share) for rate in rates] == [
        ("", "", 0.01), ("", "a", 0.03), ("mail", "", 0.05),
    ]  # fmt: skip
    assert rate_for(rates, "mail", "a", 0) == 0.03
    assert rate_for(rates, "mail", "b", 0) == 0.05
    assert rate_for(rates, "other", "b", 0) == 0.01
    assert rate_for([Rate("x", "", 0.5)], "y", "b", 0.002) == 0.002


def test_without_a_library_or_a_rate_every_picture_is_true(open_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = open_desk(officers=ROLES, tip=ALWAYS.model_copy(update={"library": tmp_path / "none"}))
    parcel, scan = take(desk, 1)
    assert desk.station.tip.prepare(parcel, scan, officer="a") is None


def test_scores_are_an_officers_own_and_a_supervisors_to_see(desk: Desk) -> None:
    for number, action in enumerate((Action.REFER, Action.RELEASE, Action.REFER), start=1):
        tip, parcel = show(desk, number)
        desk.station.tip.resolve(tip, officer="a", action=action)
        desk.station.decide(parcel.id, Action.RELEASE, officer="a")
    late, _ = show(desk, 4, "b")
    desk.station.tip.end(late, None)
    gone, _ = show(desk, 5, "b")
    desk.station.tip.end(gone, Ending.COVERED)
    quiet, _ = take(desk, 6)
    desk.station.decide(quiet.id, Action.RELEASE, officer="a")
    false, _ = take(desk, 7)
    for action in (Action.REFER, Action.OPEN, Action.EXAM_NORMAL):
        desk.station.decide(false.id, action, officer="a", reason="suspicious_image", note="1", second_officer="boss")
    with pytest.raises(RightMissingError):
        desk.station.tip.scores(officer="a")
    everyone = {
        score.officer: score for score in desk.station.tip.scores(officer="boss") if not score.category + score.help
    }
    a, b = everyone["a"], everyone["b"]
    assert (a.hits, a.misses, a.late, a.void, a.quiet.passed, a.quiet.false_alarms) == (2, 1, 0, 0, 1, 1)
    assert (b.hits, b.misses, b.late, b.void) == (0, 0, 1, 1)
    assert a.hit_rate == pytest.approx(2 / 3)
    assert a.false_alarm_rate == 0.5
    assert a.d_prime == pytest.approx(0.3186, abs=1e-3)
    assert b.d_prime is None
    own = desk.station.tip.own_scores(officer="a")
    assert {score.officer for score in own} == {"a"}
    assert own[0] == a
    used = desk.station.tip.uses()
    assert sum(use.shown for use in used) == 5
    assert (sum(use.hits for use in used), sum(use.misses for use in used)) == (2, 2)


def test_who_decides_on_no_pictures_gets_none_projected(library: Path, tmp_path: Path) -> None:
    from app.settings import Detection, Settings

    officers = Officers(sign_in="demo", demo={"eye": Role.VIEWER, "a": Role.OFFICER})
    station = build_station(
        Settings(data=tmp_path / "d", detection=Detection(is_on=False), officers=officers, tip=ALWAYS)
    )
    try:
        assert isinstance(station.tip, TipOffice)
        with pytest.raises(RightMissingError):
            station.tip.prepare(None, None, officer="eye")  # type: ignore[arg-type]
    finally:
        station.stop()
