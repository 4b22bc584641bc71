"""The bench of declared against seen counts a parcel that hides something neither as true nor as another's."""

from __future__ import annotations

import pytest

from app.bench.likeness import Case, measure
from app.customs.parcel import Declaration, GoodsLine, Seen
from imaging.content import Content

SHIRTS = Declaration("N1", (GoodsLine("棉制衬衫", "61091000", "8"),), gross_weight_g=2000)
BOOKS = Declaration("N2", (GoodsLine("书", "49019900", "2"),), gross_weight_g=9000)
GUN = Seen("firearm", 0.9, "sure", (0, 0, 5, 5))


def test_finds_tell_who_hides_and_mass_whose_declaration_is_anothers() -> None:
    shirts, books = Content(2000, 0, 0, 0), Content(9000, 0, 0, 0)
    cases = [
        Case(SHIRTS, shirts, (), {}, is_hiding=False),
        Case(BOOKS, books, (), {}, is_hiding=False),
        Case(SHIRTS, shirts, (GUN,), {}, is_hiding=True),
        Case(BOOKS, books, (GUN,), {}, is_hiding=True),
    ]
    assert measure(cases, has_finds=True) == {
        "auroc_false_declarations": 1,
        "auroc_hiding_something": 1,
        "false_declarations_over_0.5": 1,
        "hiding_something_over_0.5": 1,
        "true_declarations_over_0.5": 0,
    }
    without = measure(cases, has_finds=False)
    assert without["auroc_false_declarations"] == 1
    assert without["auroc_hiding_something"] == pytest.approx(0.5)
    assert without["hiding_something_over_0.5"] == 0
