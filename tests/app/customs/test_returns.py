"""Returns against inventory, release and scanned goods: wrong items, too many, too late, the wrong place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs.dated import DatedRulesError
from app.customs.documents import UNIT, Inventory, Line
from app.customs.returns import (
    Application,
    Disposition,
    FaultKind,
    Flow,
    Original,
    ReturnLine,
    ReturnRefusedError,
    Site,
    application_from_json,
    application_to_json,
    check_dispositions,
    check_goods,
    check_papers,
    dispositions_for,
    parse_return_rules,
)

TABLE = (resources.files("resources") / "rules" / "returns.csv").read_text("utf-8")
RULES = parse_return_rules(TABLE)
RELEASED = date(2026, 10, 1)
CREAM = Line(1, "面霜", hs_code="3304990029", bar_code="6901234567892", quantity=3 * UNIT, unit="007")
TEA = Line(2, "红茶", hs_code="0902300000", bar_code="无", quantity=2 * UNIT, unit="035")
INVENTORY = Inventory("G", "SF1", "O1", inventory_no="53012026I000000001", lines=(CREAM, TEA))
ORIGINAL = Original(INVENTORY, RELEASED)


def apply(*lines: Line, **given: object) -> Application:
    plain = Application(
        "return/1", "SF9", INVENTORY.inventory_no, Flow.IMPORT, "1210", Site.ORIGINAL, RELEASED + timedelta(days=5),
        tuple(ReturnLine(line) for line in lines),
    )  # fmt: skip
    return replace(plain, **given)  # type: ignore[arg-type]


def kinds(application: Application, original: Original | None = ORIGINAL) -> list[FaultKind]:
    return [fault.kind for fault in check_papers(application, original, RULES)]


def of(line: Line, pieces: int) -> Line:
    return replace(line, quantity=pieces * UNIT)


def scanned(application: Application, *codes: str, days: int = 10) -> list[tuple[FaultKind, int]]:
    faults = check_goods(application, ORIGINAL, codes, RELEASED + timedelta(days=days), RULES)
    return [(fault.kind, fault.line) for fault in faults]


def test_what_was_declared_and_released_may_come_back() -> None:
    assert kinds(apply(CREAM, TEA)) == []
    assert kinds(apply(of(CREAM, 1))) == [], "a part of an inventory may come back"
    assert scanned(apply(of(CREAM, 2)), CREAM.bar_code, CREAM.bar_code) == []


@pytest.mark.parametrize(("days", "found"), [(30, []), (31, [FaultKind.APPLIED_LATE])])
def test_thirty_days_to_apply(days: int, found: list[FaultKind]) -> None:
    assert kinds(apply(CREAM, applied_on=RELEASED + timedelta(days=days))) == found


@pytest.mark.parametrize(("days", "found"), [(45, []), (46, [(FaultKind.ARRIVED_LATE, 0)])])
def test_forty_five_days_to_arrive(days: int, found: list[object]) -> None:
    assert scanned(apply(of(CREAM, 1)), CREAM.bar_code, days=days) == found
    late = apply(of(CREAM, 1), applied_on=RELEASED + timedelta(days=31))
    (fault, *_) = check_papers(late, ORIGINAL, RULES)
    assert (fault.rule, fault.found, fault.expected) == ("apply-import", "31", "30")


def test_what_is_unknown_or_was_never_released_does_not_come_back() -> None:
    assert kinds(apply(CREAM), None) == [FaultKind.NO_ORIGINAL]
    assert kinds(apply(CREAM), replace(ORIGINAL, released_on=None)) == [FaultKind.NOT_RELEASED]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (replace(CREAM, number=3), FaultKind.NOT_DECLARED),
        (replace(CREAM, name="口红"), FaultKind.WRONG_ITEM),
        (replace(CREAM, hs_code="3304100000"), FaultKind.WRONG_ITEM),
        (replace(CREAM, bar_code="6901234567908"), FaultKind.WRONG_ITEM),
        (of(CREAM, 4), FaultKind.TOO_MANY),
    ],
)
def test_a_line_that_is_not_the_inventorys_is_named(line: Line, kind: FaultKind) -> None:
    assert kinds(apply(line)) == [kind]


def test_what_came_back_before_counts() -> None:
    before = replace(ORIGINAL, returned={1: 2 * UNIT})
    assert kinds(apply(of(CREAM, 1)), before) == []
    assert kinds(apply(of(CREAM, 2)), before) == [FaultKind.TOO_MANY]


def test_a_line_is_named_once_so_that_no_more_comes_back_than_was_declared() -> None:
    (fault,) = check_papers(apply(of(CREAM, 3), of(CREAM, 2), TEA), ORIGINAL, RULES)
    assert (fault.kind, fault.line, fault.found) == (FaultKind.REPEATED, 1, "2")
    assert apply(of(CREAM, 3), of(CREAM, 2), of(TEA, -1)).quantities == {1: 5 * UNIT, 2: 0}


@pytest.mark.parametrize(
    ("flow", "mode", "site", "day", "is_right"),
    [
        (Flow.EXPORT, "9610", Site.SUPERVISED, date(2026, 3, 31), False),
        (Flow.EXPORT, "9610", Site.SUPERVISED, date(2026, 4, 1), True),
        (Flow.EXPORT, "9610", Site.OTHER, date(2026, 4, 1), False),
        (Flow.EXPORT, "1210", Site.SUPERVISED, date(2026, 4, 1), False),
        (Flow.EXPORT, "1210", Site.ORIGINAL, date(2026, 4, 1), True),
        (Flow.IMPORT, "1210", Site.CENTRE, date(2021, 9, 9), False),
        (Flow.IMPORT, "1210", Site.CENTRE, date(2021, 9, 10), True),
        (Flow.IMPORT, "9610", Site.CENTRE, date(2026, 4, 1), False),
        (Flow.IMPORT, "9710", Site.ORIGINAL, date(2026, 4, 1), False),
    ],
)
def test_where_goods_come_back_to_is_by_the_rule_of_the_day(
    flow: Flow, mode: str, site: Site, day: date, is_right: bool
) -> None:
    application = apply(CREAM, flow=flow, mode=mode, site=site, applied_on=day)
    assert (FaultKind.WRONG_SITE not in kinds(application, replace(ORIGINAL, released_on=day))) == is_right


def test_each_piece_is_scanned() -> None:
    two = apply(of(CREAM, 2))
    assert scanned(two, CREAM.bar_code) == [(FaultKind.NOT_THERE, 1)]
    assert scanned(two, *[CREAM.bar_code] * 3) == [(FaultKind.TOO_MANY, 1)]
    assert scanned(two, CREAM.bar_code, CREAM.bar_code, "4006381333931") == [(FaultKind.NOT_IN_INVENTORY, 0)]
    assert scanned(apply(TEA), CREAM.bar_code) == [(FaultKind.NOT_APPLIED, 1)]
    assert scanned(apply(TEA)) == [], "without a bar code nothing can be held against scans"


@given(st.integers(1, 3), st.lists(st.sampled_from([CREAM.bar_code, "4006381333931", "x"]), max_size=6))
def test_goods_fit_only_when_exactly_what_was_applied_for_is_there(pieces: int, codes: list[str]) -> None:
    faults = scanned(apply(of(CREAM, pieces)), *codes)
    assert (faults == []) == (Counter(codes) == Counter({CREAM.bar_code: pieces}))


def test_sound_goods_go_back_and_defective_ones_are_destroyed_or_leave() -> None:
    application = apply(CREAM, TEA).with_marks({2: True})
    sound, defective = application.lines
    assert dispositions_for(sound) == (Disposition.BACK,)
    assert dispositions_for(defective) == (Disposition.DESTROY, Disposition.ABROAD)
    check_dispositions(application, {1: Disposition.BACK, 2: Disposition.ABROAD})
    for chosen in ({1: Disposition.BACK}, {1: Disposition.DESTROY, 2: Disposition.ABROAD}, {2: Disposition.BACK}):
        with pytest.raises(ReturnRefusedError):
            check_dispositions(application, chosen)


def test_an_application_is_kept_as_it_was() -> None:
    application = apply(CREAM, TEA, reason="不合适").with_marks({1: True})
    assert application_from_json(application_to_json(application)) == application


def test_a_wrong_table_is_refused() -> None:
    with pytest.raises(DatedRulesError):
        parse_return_rules(TABLE.replace("supervised", "anywhere"))
