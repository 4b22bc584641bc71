"""The risk office: rules written, tried, approved and switched; random control that an auditor draws again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.batches import Batches
from app.build import load_rules
from app.customs.batch import WhyNot
from app.customs.errors import GreenDelayedError
from app.customs.parcel import Capture, Declaration, GoodsLine, Kind, Lane, Parcel, Seen
from app.customs.risk.errors import RuleSelfApprovedError, RuleUnchangedError, RuleUnknownError
from app.customs.risk.facts import Party
from app.customs.risk.lanes import RuleSet
from app.customs.risk.rule import Rule, make_rule
from app.customs.states import Action, Term
from app.officers.errors import RightMissingError
from app.officers.rights import DEMO, KnownOfficers
from app.papers import Papers
from app.risk_office import RiskOffice
from app.settings import Post
from app.store.store import Store

NOW = datetime.now(UTC)
BLADE = (Seen("blade", 0.9, "sure", (0, 0, 9, 9)),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path, station="test", ballast_bytes=1 << 16)
    yield store
    store.close()


def open_office(store: Store, rules: list[Rule] | None = None) -> RiskOffice:
    return RiskOffice(store, Post(), KnownOfficers(DEMO), load_rules(None) if rules is None else rules)


def rule(id: str, when: str, lane: Lane = Lane.RED, **more: object) -> Rule:
    return make_rule(id, Term(id, f"规则{id}"), when, lane, date(2026, 1, 1), **more)  # type: ignore[arg-type]


def pass_parcel(
    store: Store,
    office: RiskOffice,
    number: str,
    *,
    value_cny: int = 100,
    seen: tuple[Seen, ...] = (),
    at: datetime = NOW,
    is_opened: bool = False,
    is_hit: bool = False,
) -> Parcel:
    """A parcel comes, is assessed, and is opened or released."""
    goods = (GoodsLine("刀具", hs_code="8211930000", quantity="2", value=value_cny * 100_000),)
    store.add_declarations(
        [Declaration(number, goods, channel="cbec", sender="示例商贸", consignee="测试甲", origin="DE",
                     gross_weight_g=500, value=value_cny * 100_000)]
    )  # fmt: skip
    found = office.assess(number, at, seen, (), Kind.PARCEL)
    capture = Capture(f"scan-{number}", f"{number}.tif", "0" * 64, "belt", at)
    parcel = store.record_scan(
        None, capture, number=number, seen=seen, model="m", lane=found.lane, lane_reasons=found.reasons, arrived_at=at
    )
    if is_opened or is_hit:
        for action, reason in ((Action.REFER, "suspected_prohibited"), (Action.OPEN, "")):
            store.decide(parcel.id, action, officer="officer-1", decided_at=at, reason=reason)
        if is_hit:
            store.decide(parcel.id, Action.EXAM_ABNORMAL, officer="officer-1", decided_at=at, reason="prohibited_goods")
    return parcel


def test_a_new_store_starts_with_the_rules_that_ship(store: Store) -> None:
    office = open_office(store)
    assert {each.id for each in office.in_force()} == {each.id for each in load_rules(None)}
    again = open_office(store)
    assert len(again.states()) == len(office.states())
    assert all(state.newest.author == "file" and not state.is_pending for state in again.states())


def test_what_the_file_changes_comes_in_but_never_over_an_officers_version(store: Store) -> None:
    open_office(store, [rule("a", "value > 1"), rule("b", "value > 1"), rule("c", "value > 1")])
    office = open_office(store, [])
    office.write(rule("a", "value > 500"), officer="officer-1")
    office.switch_on("a", 2, officer="supervisor-1")
    office.switch_off("c", officer="supervisor-1")
    office = open_office(store, [rule("a", "value > 9"), rule("b", "value > 9"), rule("c", "value > 9")])
    assert {each.id: each.text("en") for each in office.in_force()} == {"a": "value > 500", "b": "value > 9"}


def test_a_rule_is_in_force_only_when_another_officer_switched_it_on(store: Store) -> None:
    office = open_office(store, [])
    made = office.write(rule("dear", "申报价值 > 50元"), officer="officer-1")
    assert (made.rule.version, made.author, office.states()[0].is_pending) == (1, "officer-1", True)
    assert pass_parcel(store, office, "RB000000001DE").lane is Lane.GREEN
    with pytest.raises(RightMissingError):
        office.switch_on("dear", 1, officer="officer-1")
    with pytest.raises(RightMissingError):
        office.switch_on("dear", 1, officer="officer-1", approver="officer-2")
    office.switch_on("dear", 1, officer="officer-1", approver="supervisor-1")
    parcel = pass_parcel(store, office, "RB000000002DE")
    assert (parcel.lane, parcel.lane_reasons) == (Lane.RED, ("dear@1",))
    assert [(each.number, each.version) for each in office.selected("dear", limit=9)] == [("RB000000002DE", 1)]
    office.switch_off("dear", officer="supervisor-1")
    assert pass_parcel(store, office, "RB000000003DE").lane is Lane.GREEN
    switch = office.states()[0].switch
    assert switch is not None
    assert (switch.version, switch.officer) == (0, "supervisor-1")
    assert store.verify_log(with_pictures=False).is_ok


def test_who_wrote_a_version_does_not_switch_it_on(store: Store) -> None:
    office = open_office(store, [])
    office.write(rule("own", "value > 50"), officer="supervisor-1")
    with pytest.raises(RuleSelfApprovedError):
        office.switch_on("own", 1, officer="supervisor-1")
    with pytest.raises(RuleUnknownError):
        office.switch_on("own", 7, officer="supervisor-1")
    with pytest.raises(RightMissingError):
        office.write(rule("own", "value > 60"), officer="auditor-1")


def test_a_change_is_a_new_version_and_no_change_is_none(store: Store) -> None:
    office = open_office(store, [])
    office.write(rule("dear", "value > 50"), officer="officer-1")
    with pytest.raises(RuleUnchangedError):
        office.write(rule("dear", "申报价值>50"), officer="officer-2")
    office.write(rule("dear", "value > 70"), officer="officer-2")
    assert [(each.rule.version, each.author) for each in office.versions("dear")] == [
        (2, "officer-2"),
        (1, "officer-1"),
    ]


def test_another_program_sees_what_was_switched(store: Store) -> None:
    office, other = open_office(store, []), open_office(store, [])
    office.write(rule("dear", "value > 50"), officer="officer-1")
    office.switch_on("dear", 1, officer="supervisor-1")
    assert [each.id for each in other.in_force()] == ["dear"]


def test_a_trial_tells_before_a_rule_is_switched_on(store: Store) -> None:
    office = open_office(store, [rule("dear", "value > 1000", Lane.YELLOW)])
    pass_parcel(store, office, "RB1", value_cny=2_000, is_opened=True)
    pass_parcel(store, office, "RB2", value_cny=50, seen=BLADE, is_hit=True)
    pass_parcel(store, office, "RB3", value_cny=50, at=NOW - timedelta(days=40), is_hit=True)
    wanted = rule("blade", "任一 目标 (类别 = 刀具)")
    found = office.try_out(office.with_rule(wanted), 7)
    assert (found.parcels, found.hits) == (2, 1)
    assert (found.before.selected, found.before.hits, found.before.missed) == (1, 0, 1)
    assert (found.after.selected, found.after.hits, found.after.missed) == (2, 1, 0)
    assert [each.number for each in found.moved] == ["RB2"]
    assert [each.id for each in office.in_force()] == ["dear"]
    assert office.try_out(office.with_rule(wanted), 60).parcels == 3
    assert office.try_out(RuleSet(()), 60, lambda _: False).after.selected == 0


def test_history_counts_what_came_before_and_nothing_later(store: Store) -> None:
    office = open_office(
        store, [rule("often", "arrivals(consignee, 7 days) ≥ 2"), rule("known", "hits(consignor, 30天) > 0")]
    )
    assert pass_parcel(store, office, "RB1", is_hit=True).lane is Lane.GREEN
    later = NOW + timedelta(hours=1)
    assert pass_parcel(store, office, "RB2", at=later).lane_reasons == ("known@1",)
    assert pass_parcel(store, office, "RB3", at=later + timedelta(minutes=1)).lane_reasons == ("known@1", "often@1")
    assert store.past.arrivals(Party.CONSIGNEE, "测试甲", 7, NOW + timedelta(days=30)) == 0
    store.rollups.catch_up()
    assert store.past.hits(Party.GOODS, "8211", 7, NOW + timedelta(days=1)) == 1


def test_a_batch_leaves_out_what_is_delayed_and_says_why(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Papers, "of", lambda *_: None)
    office = open_office(store, [rule("slow", "declared", Lane.GREEN, delay_min=30)])
    parcel = pass_parcel(store, office, "RB1")
    for minutes, is_clear in ((10, False), (31, True)):
        now = NOW + timedelta(minutes=minutes)
        batches = Batches(
            store, KnownOfficers(DEMO), Papers(store), decide=pytest.fail,
            expect_due=lambda each, action, _, now=now: office.expect_delay_over(each, action, now),
        )  # fmt: skip
        preview = batches.preview()
        assert [each.id for each in preview.clear] == ([parcel.id] if is_clear else [])
        assert [(each.why, each.detail) for each in preview.excluded] == (
            [] if is_clear else [(WhyNot.REFUSED, "green_delayed")]
        )


def test_a_green_parcel_is_not_released_before_its_time(store: Store) -> None:
    office = open_office(store, [rule("slow", "declared", Lane.GREEN, delay_min=30)])
    parcel = pass_parcel(store, office, "RB1")
    with pytest.raises(GreenDelayedError) as caught:
        office.expect_delay_over(parcel, Action.RELEASE, NOW + timedelta(minutes=10))
    assert caught.value.details["minutes"] == 20
    office.expect_delay_over(parcel, Action.REFER, NOW)
    office.expect_delay_over(parcel, Action.RELEASE, NOW + timedelta(minutes=30))


def test_an_auditor_draws_the_random_control_of_a_day_again(store: Store) -> None:
    office = open_office(store, [rule("random", "random 50%", Lane.BLUE)])
    yesterday = NOW - timedelta(days=1)
    drawn = {n for n in range(20) if pass_parcel(store, office, f"RB{n}", at=yesterday).lane is Lane.BLUE}
    assert 0 < len(drawn) < 20
    day = office.day_of(yesterday)
    found = office.redraw(day)
    assert found is not None
    assert (found.is_ok, found.parcels, found.drawn) == (True, 20, len(drawn))
    pass_parcel(store, office, "RB99")
    assert office.redraw(office.today()) is None, "the key of a day is secret until it is over"
    with store._write() as writer:
        writer.execute("DROP TRIGGER selections_never_delete")
        writer.execute("DELETE FROM selections WHERE id = (SELECT min(id) FROM selections)")
    found = office.redraw(day)
    assert found is not None
    assert len(found.missing) == 1
    assert any(problem.what == "row_missing" for problem in store.verify_log(with_pictures=False).problems)
