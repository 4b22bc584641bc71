"""Picture against declaration: each witness alone, together, and what hangs on the parcel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.customs.likeness import compare, mismatch_of, remarks_of
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Seen
from imaging.content import Content

SHIRTS = Declaration("N1", (GoodsLine("棉制衬衫", "61091000", "8", weight_g=1900),), gross_weight_g=2000)
DRILLS = Declaration("N2", (GoodsLine("手电钻", "84672100", "1", weight_g=1900),), gross_weight_g=2000)
TEXTILE = Content(organic_g=2050, mixed_g=60, metal_g=20, dark_cm2=0)
MACHINE = Content(organic_g=300, mixed_g=400, metal_g=1300, dark_cm2=5)


def keys(declaration: Declaration, content: Content | None, *seen: Seen) -> list[str]:
    return [remark.key for remark in compare(declaration, content, seen).remarks]


def find(label: str, level: str = "sure") -> Seen:
    return Seen(label, 0.9, level, (0, 0, 5, 5))


def test_what_looks_as_declared_is_not_remarked_on() -> None:
    assert compare(SHIRTS, TEXTILE, ()).mismatch == 0
    assert compare(DRILLS, MACHINE, ()).mismatch == 0


def test_metal_where_shirts_were_declared_is_told_in_words() -> None:
    likeness = compare(SHIRTS, MACHINE, ())
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
    assert compare(SHIRTS, None, [find("firearm")]).mismatch == pytest.approx(0.9)
    assert compare(SHIRTS, None, [find("firearm", "hint")]).mismatch == pytest.approx(0.25)
    assert compare(SHIRTS, None, [find("shoe")]).mismatch == 0


def test_witnesses_add_up_and_the_strongest_comes_first() -> None:
    likeness = compare(SHIRTS, replace(MACHINE, metal_g=9000), [find("battery", "likely")])
    assert [remark.key for remark in likeness.remarks] == ["heavier", "metal_seen", "undeclared_find"]
    assert max(remark.weight for remark in likeness.remarks) < likeness.mismatch < 1


def test_the_finding_tells_it_again() -> None:
    likeness = compare(SHIRTS, MACHINE, ())
    finding = likeness.to_finding()
    assert finding.kind is FindingKind.NOT_AS_DECLARED
    assert mismatch_of([finding]) == pytest.approx(likeness.mismatch, abs=1e-3)
    assert remarks_of(finding) == [(remark.key, dict(remark.details)) for remark in likeness.remarks]
    assert mismatch_of([]) is None
