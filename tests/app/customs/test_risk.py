"""Lanes follow dated rules that a post writes; the random share is the same on every replay."""

from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Lane, Seen
from app.customs.risk import Facts, Rule, RulesError, assess, is_randomly_selected, parse_rules

HEADER = "id,title_en,title_zh,test,argument,lane,valid_from,valid_to,source\n"
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return [rule for rule in parse_rules((resources.files("resources") / "rules" / "lanes.csv").read_text("utf-8"))
            if rule.id != "random"]  # fmt: skip


def facts(**changes: object) -> Facts:
    values: dict[str, object] = {
        "number": "RR123456785CN", "arrived_on": DAY, "declaration": None, "seen": (), "findings": ()
    }  # fmt: skip
    return Facts(**{**values, **changes})  # type: ignore[arg-type]


def test_nothing_remarkable_is_green(rules: list[Rule]) -> None:
    assessment = assess(facts(), rules)
    assert (assessment.lane, assessment.reasons) == (Lane.GREEN, ())


def test_the_strictest_rule_decides_and_all_are_named(rules: list[Rule]) -> None:
    seen = (Seen("firearm", 0.9, "sure", (0, 0, 9, 9)),)
    assessment = assess(facts(seen=seen, findings=(Finding(FindingKind.UNSCREENED),)), rules)
    assert assessment.lane == Lane.RED
    assert assessment.reasons == ("seen-firearm", "seen-sure", "unscreened")


def test_the_mail_limit_is_the_one_in_force_on_arrival(rules: list[Rule]) -> None:
    declaration = Declaration("RR123456785CN", (GoodsLine("手表", hs_code="9101"),), value=2_500 * 100_000)
    assert assess(facts(declaration=declaration), rules).lane == Lane.YELLOW
    earlier = facts(declaration=declaration, arrived_on=date(2024, 11, 30))
    assert assess(earlier, rules).lane == Lane.GREEN
    at_limit = Declaration("RR123456785CN", (), value=2_000 * 100_000)
    assert assess(facts(declaration=at_limit), rules).lane == Lane.GREEN


def test_declared_goods_are_matched_by_the_head_of_their_code(rules: list[Rule]) -> None:
    declaration = Declaration("X", (GoodsLine("烟", hs_code="2402200000"),))
    assert assess(facts(declaration=declaration), rules).reasons == ("hs-tobacco",)


def test_the_random_share_is_right_and_repeatable() -> None:
    numbers = [f"RR{n:09d}CN" for n in range(20_000)]
    chosen = [number for number in numbers if is_randomly_selected(number, 20, b"salt")]
    assert 300 < len(chosen) < 500
    assert chosen == [number for number in numbers if is_randomly_selected(number, 20, b"salt")]
    assert chosen != [number for number in numbers if is_randomly_selected(number, 20, b"other")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,t,t,seen,*,purple,2026-01-01,,s", "purple"),
        ("a,t,t,guess,*,red,2026-01-01,,s", "guess"),
        ("a,t,t,value_over,many,red,2026-01-01,,s", "many"),
        ("a,t,t,seen,*,red,soon,,s", "soon"),
        ("a,t,t,seen", "Line 2"),
        ("a,t,t,seen,*,red,2026-01-01,,s\na,t,t,seen,*,red,2026-01-01,,s", "used twice"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        parse_rules(HEADER + line + "\n")
