"""Picture against declaration: each witness alone, together, and what hangs on the parcel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.customs.likeness import TOLD_FROM, compare, mismatch_of, remarks_of
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Seen
from imaging.content import Content
from models.worth import Worth

SHIRTS = Declaration("N1", (GoodsLine("棉制衬衫", "61091000", "8", weight_g=1900),), gross_weight_g=2000)
DRILLS = Declaration("N2", (GoodsLine("手电钻", "84672100", "1", weight_g=1900),), gross_weight_g=2000)
STEPS = {"sure": 40.0, "likely": 4.0, "hint": 1.5}
WORTH: Worth = dict.fromkeys(("firearm", "blade", "battery", "cigarettes", "ivory", "liquid"), STEPS)
TEXTILE = Content(organic_g=2050, mixed_g=60, metal_g=20, dark_cm2=0)
MACHINE = Content(organic_g=300, mixed_g=400, metal_g=1300, dark_cm2=5)


def keys(declaration: Declaration, content: Content | None, *seen: Seen) -> list[str]:
    return [remark.key for remark in compare(declaration, content, seen, WORTH).remarks]


def weigh(*seen: Seen, worth: Worth = WORTH) -> float:
    """How much finds alone speak against cotton shirts."""
    return compare(SHIRTS, None, seen, worth).mismatch


def find(label: str, level: str = "sure") -> Seen:
    return Seen(label, 0.9, level, (0, 0, 5, 5))


def test_what_looks_as_declared_is_not_remarked_on() -> None:
    assert compare(SHIRTS, TEXTILE, (), WORTH).mismatch == 0
    assert compare(DRILLS, MACHINE, (), WORTH).mismatch == 0


def test_metal_where_shirts_were_declared_is_told_in_words() -> None:
    likeness = compare(SHIRTS, MACHINE, (), WORTH)
    assert likeness.mismatch > 0.6
    assert likeness.remarks[0].key == "metal_seen"
    assert likeness.remarks[0].details == {"goods": "棉制衬衫", "metal": "1.3", "share": "65%"}


def test_goods_of_metal_without_metal_are_remarked_on() -> None:
    screws = replace(SHIRTS, goods=(GoodsLine("螺钉", "73181590", "1", weight_g=1900),))
    assert keys(screws, TEXTILE) == ["metal_missing"]


@pytest.mark.parametrize(("seen_g", "key"), [(9000, "heavier"), (300, "lighter")])
def test_weight_far_off_is_remarked_on(seen_g: float, key: str) -> None:
    assert keys(SHIRTS, Content(seen_g, 0, 0, 0)) == [key]


def test_a_picture_that_is_dark_in_part_is_never_called_too_light() -> None:
    assert keys(SHIRTS, Content(300, 0, 0, dark_cm2=200)) == []


def test_many_like_objects_where_one_piece_was_declared() -> None:
    phones = replace(TEXTILE, like_objects=12)
    assert keys(replace(SHIRTS, goods=(replace(SHIRTS.goods[0], quantity="1"),)), phones) == ["repeats"]
    assert keys(SHIRTS, phones) == []


def test_a_find_is_explained_by_its_goods_or_not() -> None:
    assert keys(SHIRTS, TEXTILE, find("battery")) == ["undeclared_find"]
    assert keys(DRILLS, MACHINE, find("battery")) == []
    assert weigh(find("shoe")) == 0


def test_a_find_weighs_by_how_much_more_often_it_is_true_than_a_false_alarm() -> None:
    assert weigh(find("battery")) == pytest.approx(39 / 50)
    assert weigh(find("battery", "likely")) == pytest.approx(3 / 14)
    assert weigh(find("battery", "likely"), worth={"battery": {"likely": 1.0}}) == 0
    assert weigh(find("battery", "likely"), worth={"battery": {"likely": 0.3}}) == 0


def test_hints_prove_little_and_many_of_a_class_no_more_than_one() -> None:
    hints = [find(label, "hint") for label in ("firearm", "blade", "battery", "cigarettes", "ivory", "liquid")]
    assert weigh(*hints[:1]) == pytest.approx(0.5 / 11.5)
    assert weigh(*hints * 5) == weigh(*hints) < TOLD_FROM
    assert weigh(*[find("battery", "likely")] * 12) == weigh(find("battery", "likely"))


def test_what_finds_prove_of_one_who_thought_it_ten_times_less_likely_than_not_is_bayes() -> None:
    for ratio in (2.0, 10.0, 80.0):
        doubt = (10 / 11) * (1 - weigh(find("battery", "likely"), worth={"battery": {"likely": ratio}}))
        assert 1 - doubt == pytest.approx(ratio / (ratio + 10))


@pytest.mark.parametrize("weapon", ["firearm", "ammunition", "blade"])
@pytest.mark.parametrize("worth", [{}, WORTH, {label: {"sure": 0.5} for label in ("firearm", "ammunition", "blade")}])
def test_a_weapon_that_is_surely_seen_is_told_and_passes_any_rule_whatever_its_card_says(
    weapon: str, worth: Worth
) -> None:
    likeness = compare(SHIRTS, TEXTILE, [find(weapon)], worth)
    assert likeness.mismatch >= 0.75
    assert [(remark.key, remark.details) for remark in likeness.remarks] == [
        ("undeclared_find", {"class": weapon, "level": "sure"})
    ]


def test_what_is_surely_seen_is_told_though_its_card_knows_few_hits() -> None:
    likeness = compare(SHIRTS, None, [find("ivory")], {"ivory": {"sure": 1.5}})
    assert likeness.mismatch >= TOLD_FROM
    assert likeness.remarks


def test_advice_on_material_never_decides_and_is_one_witness() -> None:
    sure = {"sure": 98.0}
    worth = {"liquid": sure, "powder_bag": sure, "dense_block": sure}
    block = weigh(find("dense_block"), worth=worth)
    assert 0.3 < block < 0.5
    assert weigh(find("dense_block"), find("liquid"), find("powder_bag"), worth=worth) == block
    assert weigh(find("liquid"), worth={"liquid": {"sure": 2.0}}) < 0.1


def test_a_class_that_was_never_calibrated_proves_nothing() -> None:
    assert weigh(find("firearm", "hint"), worth={"firearm": {}}) == 0


def test_of_a_model_that_is_gone_a_step_is_worth_what_it_usually_is() -> None:
    assert weigh(find("battery"), worth={}) > 0.7
    assert 0 < weigh(find("battery", "likely"), worth={}) < 0.4
    assert 0 < weigh(find("battery", "hint"), worth={}) < 0.1


def test_witnesses_add_up_and_the_strongest_comes_first() -> None:
    likeness = compare(SHIRTS, replace(MACHINE, metal_g=9000), [find("battery", "likely")], WORTH)
    assert [remark.key for remark in likeness.remarks] == ["heavier", "metal_seen", "undeclared_find"]
    assert max(remark.weight for remark in likeness.remarks) < likeness.mismatch < 1


def test_the_finding_tells_it_again() -> None:
    likeness = compare(SHIRTS, MACHINE, (), WORTH)
    finding = likeness.to_finding()
    assert finding.kind is FindingKind.NOT_AS_DECLARED
    assert mismatch_of([finding]) == pytest.approx(likeness.mismatch, abs=1e-3)
    assert remarks_of(finding) == [(remark.key, dict(remark.details)) for remark in likeness.remarks]
    assert mismatch_of([]) is None
