"""Rules decide lanes by dates, precedence and strictness; files of both forms are read; a trial tells what changes."""

from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Lane, Seen
from app.customs.risk.errors import RulesError
from app.customs.risk.facts import Facts
from app.customs.risk.lanes import RuleSet, split_reason
from app.customs.risk.rule import Rule, make_rule
from app.customs.risk.table import from_json, parse_rules, to_json, write_rules
from app.customs.risk.whatif import Judged, Trial
from app.customs.states import Term

DAY = date(2026, 11, 21)
OLD_HEADER = "id,title_en,title_zh,test,argument,lane,valid_from,valid_to,source\n"


def rule(id: str, when: str, lane: Lane, **more: object) -> Rule:
    return make_rule(id, Term(id, id), when, lane, date(2026, 1, 1), **more)  # type: ignore[arg-type]


def facts(**changes: object) -> Facts:
    values: dict[str, object] = {
        "number": "RR123456785CN", "arrived_on": DAY, "declaration": None, "seen": (), "findings": ()
    }  # fmt: skip
    return Facts(**{**values, **changes})  # type: ignore[arg-type]


def declared(value_cny: int, hs_code: str = "9101") -> Declaration:
    return Declaration("RR123456785CN", (GoodsLine("手表", hs_code=hs_code),), value=value_cny * 100_000)


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    text = (resources.files("resources") / "rules" / "lanes.toml").read_text("utf-8")
    return RuleSet(each for each in parse_rules(text) if each.id != "random")


def test_nothing_remarkable_is_green(shipped: RuleSet) -> None:
    assessment = shipped.assess(facts())
    assert (assessment.lane, assessment.reasons) == (Lane.GREEN, ())


def test_the_strictest_rule_decides_and_all_are_named(shipped: RuleSet) -> None:
    seen = (Seen("firearm", 0.9, "sure", (0, 0, 9, 9)),)
    assessment = shipped.assess(facts(seen=seen, findings=(Finding(FindingKind.UNSCREENED),)))
    assert assessment.lane == Lane.RED
    assert assessment.reasons == ("seen-firearm@1", "seen-sure@1", "unscreened@1")


def test_the_mail_limit_is_the_one_in_force_on_arrival(shipped: RuleSet) -> None:
    assert shipped.assess(facts(declaration=declared(2_500))).lane == Lane.YELLOW
    assert shipped.assess(facts(declaration=declared(2_500), arrived_on=date(2024, 11, 30))).lane == Lane.GREEN
    assert shipped.assess(facts(declaration=declared(2_000))).lane == Lane.GREEN
    assert shipped.assess(facts(declaration=declared(1, "2402200000"))).reasons == ("hs-tobacco@1",)


def test_precedence_comes_before_strictness() -> None:
    rules = RuleSet(
        [
            rule("dear", "value > 100", Lane.YELLOW),
            rule("trusted", 'any goods (name = "手表")', Lane.GREEN, precedence=10),
        ]
    )
    assessment = rules.assess(facts(declaration=declared(500)))
    assert (assessment.lane, assessment.reasons) == (Lane.GREEN, ("trusted@1", "dear@1"))


def test_what_a_rule_lets_pass_is_drawn_at_random_all_the_same() -> None:
    rules = RuleSet([rule("trusted", "not declared", Lane.GREEN, floor=0.1, delay_min=30)])
    found = [rules.assess(facts(number=f"N{n}", day_key=b"k" * 32)) for n in range(2_000)]
    drawn = [each for each in found if each.lane is Lane.BLUE]
    assert 140 < len(drawn) < 260
    assert drawn[0].reasons == ("trusted@1%",)
    assert split_reason("trusted@1%") == ("trusted", 1, True)
    assert {each.delay_min for each in found if each.lane is Lane.GREEN} == {30}
    assert found == [rules.assess(facts(number=f"N{n}", day_key=b"k" * 32)) for n in range(2_000)]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_file_of_rules_is_read_as_it_was_written(language: str) -> None:
    text = (resources.files("resources") / "rules" / "lanes.toml").read_text("utf-8")
    rules = parse_rules(text)
    assert len(rules) > 20
    assert parse_rules(write_rules(rules, language)) == rules
    assert [from_json(each.id, 1, to_json(each)) for each in rules] == rules


def test_the_table_of_the_first_version_is_still_understood() -> None:
    lines = [
        "a,A,甲,seen,firearm:sure,red,2026-01-01,,post rule", "b,B,乙,seen,*:likely,blue,2026-01-01,2026-12-31,s",
        "c,C,丙,finding,no_code,yellow,2026-01-01,,s", "d,D,丁,hs_prefix,24 93,red,2026-01-01,,s",
        "e,E,戊,value_over,2000,yellow,2024-12-01,,176/2024", "f,F,己,weight_over_g,500,blue,2026-01-01,,s",
        "g,G,庚,random_permille,20,blue,2026-01-01,,s", "h,H,辛,origin,DE FR,blue,2026-01-01,,s",
        "i,I,壬,seen,*:*,blue,2026-01-01,,s",
    ]  # fmt: skip
    rules = parse_rules(OLD_HEADER + "\n".join(lines))
    assert [each.text("en") for each in rules] == [
        "any detection (class = firearm and level = sure)", "any detection (level = likely)",
        "findings contains no_code", 'any goods (hs starts_with ("24", "93"))', "value > 2000 CNY", "weight > 500 g",
        "random 2%", 'origin in ("DE", "FR")', "count detection > 0",
    ]  # fmt: skip
    assert (rules[1].valid_to, rules[4].reason) == (date(2026, 12, 31), "176/2024")


GOOD = '[[rule]]\nid = "a"\nname = { en = "A", zh = "甲" }\nwhen = "value > 1"\nlane = "red"\nfrom = 2026-01-01\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD_HEADER + "a,t,t,seen,*,purple,2026-01-01,,s", "purple"),
        (OLD_HEADER + "a,t,t,guess,*,red,2026-01-01,,s", "guess"),
        (OLD_HEADER + "a,t,t,value_over,many,red,2026-01-01,,s", "many"),
        (OLD_HEADER + "a,t,t,seen,*,red,soon,,s", "soon"),
        (OLD_HEADER + "a,t,t,seen", "Line 2"),
        (GOOD + GOOD, "used twice"),
        (GOOD.replace("value >", "valeu >"), "Rule 1, character 1 .* 'value'"),
        (GOOD + "floor = 2", "100 %"),
        (GOOD + "to = 2025-01-01", "ends before"),
        (GOOD + "precedence = 900", "precedence"),
        (GOOD + "delay_min = -1", "minutes"),
        (GOOD + "hue = 1", "hue"),
        (GOOD.replace('"甲"', '""'), "both languages"),
        (GOOD.replace('id = "a"', 'id = "a b"'), "no id"),
        ("rule = 5", "list"),
        ("[[", "TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        parse_rules(text)


def test_a_trial_tells_what_a_changed_set_selects_hits_and_misses() -> None:
    before = RuleSet([rule("dear", "value > 1000", Lane.YELLOW)])
    after = RuleSet(
        [rule("dear", "value > 300", Lane.YELLOW), rule("knife", 'any goods (hs starts_with "82")', Lane.RED)]
    )
    judged = [
        Judged(1, facts(number="1", declaration=declared(2_000)), True, False),
        Judged(2, facts(number="2", declaration=declared(500)), False, False),
        Judged(3, facts(number="3", declaration=declared(10, "8211")), True, True),
        Judged(4, facts(number="4", declaration=declared(10)), True, True),
    ]
    trial = Trial(before, after)
    trial.add(judged)
    found = trial.found
    assert (found.parcels, found.hits) == (4, 2)
    assert (found.before.selected, found.before.hits, found.before.missed, found.before.hit_rate) == (1, 0, 2, 0.0)
    assert (found.after.selected, found.after.opened, found.after.hits, found.after.missed) == (3, 2, 1, 1)
    assert found.lines["knife"].before is None
    assert found.lines["knife"].after is not None
    assert (found.lines["knife"].after.selected, found.lines["knife"].after.missed) == (1, 1)
    assert [(each.number, each.before, each.after) for each in found.moved] == [
        ("2", Lane.GREEN, Lane.YELLOW), ("3", Lane.GREEN, Lane.RED)
    ]  # fmt: skip
