"""The match of order, payment and waybill against the inventory, and of a return against its original."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs.documents import (
    UNIT,
    Document,
    Inventory,
    Line,
    Order,
    Paper,
    Payment,
    Return,
    Waybill,
    from_units,
    to_units,
)
from app.customs.match import Case, Difference, match, match_return

LINE = Line(1, "面霜", "SKU-1", "3304990029", quantity=2 * UNIT, unit="011", price=200 * UNIT, total=400 * UNIT)
ORDER = Order(
    "G1",
    "O-1",
    "P",
    "S",
    "测试甲",
    "11010519491231002X",
    "138",
    "测试甲",
    "138",
    "示例路1号",
    436 * UNIT,
    "142",
    "PAY-1",
    (LINE,),
)
PAYMENT = Payment("G2", "O-1", "P", "测试甲", "11010519491231002X", 436 * UNIT, "142", "PAY-1")
WAYBILL = Waybill("G3", "W-1", "C", "O-1", "测试甲", "138", "示例路1号")
INVENTORY = Inventory(
    "G4", "W-1", "O-1", "P", "S", "C", "测试甲", "11010519491231002X", "138", "示例路1号", "53142026I000000001", (LINE,)
)
PAPERS: tuple[Document, ...] = (ORDER, PAYMENT, WAYBILL, INVENTORY)
WHOLE = Case(INVENTORY, ORDER, PAYMENT, WAYBILL)


def test_equal_papers_agree() -> None:
    found = match(WHOLE)
    assert (found.differences, found.missing, found.is_equal) == ((), (), True)


def test_partial_arrivals_wait_for_the_rest_in_any_order() -> None:
    for order in permutations(PAPERS):
        case = Case()
        for count, document in enumerate(order, 1):
            assert not match(case).is_equal
            case = case.with_document(document)
            assert len(match(case).missing) == 4 - count
            assert match(case).differences == ()
        assert match(case).is_equal
    assert Case(order=ORDER).missing == (Paper.PAYMENT, Paper.WAYBILL, Paper.INVENTORY)


@pytest.mark.parametrize(
    ("case", "difference"),
    [
        (
            replace(WHOLE, payment=replace(PAYMENT, amount=43599999)),
            Difference("paid", Paper.ORDER, "436", Paper.PAYMENT, "435.99999"),
        ),
        (
            replace(WHOLE, payment=replace(PAYMENT, payer_name="测试乙")),
            Difference("buyer_name", Paper.ORDER, "测试甲", Paper.PAYMENT, "测试乙"),
        ),
        (
            replace(WHOLE, waybill=replace(WAYBILL, consignee_address="别处")),
            Difference("consignee_address", Paper.ORDER, "示例路1号", Paper.WAYBILL, "别处"),
        ),
        (
            replace(WHOLE, waybill=replace(WAYBILL, carrier="D")),
            Difference("carrier", Paper.INVENTORY, "C", Paper.WAYBILL, "D"),
        ),
        (
            replace(WHOLE, inventory=replace(INVENTORY, lines=(replace(LINE, quantity=3 * UNIT),))),
            Difference("quantity", Paper.INVENTORY, "3", Paper.ORDER, "2", 1),
        ),
        (
            replace(WHOLE, inventory=replace(INVENTORY, lines=(replace(LINE, price=1),))),
            Difference("price", Paper.INVENTORY, "0.00001", Paper.ORDER, "200", 1),
        ),
        (
            replace(WHOLE, inventory=replace(INVENTORY, lines=(LINE, replace(LINE, number=2)))),
            Difference("line", Paper.INVENTORY, "面霜", Paper.ORDER, "", 2),
        ),
        (
            replace(WHOLE, inventory=replace(INVENTORY, lines=())),
            Difference("line", Paper.INVENTORY, "", Paper.ORDER, "面霜", 1),
        ),
    ],
)
def test_a_difference_is_named_with_both_values(case: Case, difference: Difference) -> None:
    assert match(case).differences == (difference,)


def test_what_a_paper_does_not_state_is_not_compared() -> None:
    bare = Case(Inventory("G", "W-1", "O-1"), Order("G", "O-1"), Payment("G", "O-1"), Waybill("G", "W-1"))
    assert match(bare).is_equal


def test_a_newer_paper_replaces_the_older() -> None:
    case = WHOLE.with_document(replace(PAYMENT, amount=1)).with_document(PAYMENT)
    assert match(case).is_equal


def test_a_return_asks_for_no_more_than_was_declared() -> None:
    def asked(**changes: object) -> tuple[str, ...]:
        applied = Return("G", "W-1", "53142026I000000001", lines=(replace(LINE, **changes),))  # type: ignore[arg-type]
        return tuple(found.field for found in match_return(applied, INVENTORY))

    assert asked() == ()
    assert asked(quantity=UNIT) == ()
    assert asked(quantity=2 * UNIT + 1) == ("quantity",)
    assert asked(hs_code="9102000000", name="手表") == ("hs_code", "name")
    assert asked(number=7) == ("line",)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0", 0), ("1", UNIT), ("-1.5", -150_000), (".5", 50_000), ("1.", UNIT), ("0.000019", 1), ("+2", 2 * UNIT),
        ("", None), (".", None), ("1e5", None), ("１", None), ("1,5", None), (" 1", None), ("9" * 20, None),
    ],
)  # fmt: skip
def test_decimals_become_units(text: str, units: int | None) -> None:
    assert to_units(text) == units


@given(st.integers(-(10**19), 10**19))
def test_units_come_back_the_same(value: int) -> None:
    assert to_units(from_units(value)) == value
