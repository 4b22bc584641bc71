from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.customs.notices import LastEvent, Notice, NoticeKind, Released
from app.customs.parcel import GoodsLine
from app.trace.codes import Claims, issue
from app.trace.errors import RecallEmptyError
from app.trace.keys import Ed25519Signer
from app.trace.recall import (
    Ground,
    Selector,
    WatchList,
    find_affected,
    make_recall,
    same_as,
)


@pytest.fixture
def released(now: datetime) -> list[Released]:
    def parcel(serial: int, **more: Any) -> Released:
        return Released(f"T5301202600000000{serial}0", f"EE00000000{serial}CN", now + timedelta(hours=serial), **more)

    return [
        parcel(
            1,
            goods=(GoodsLine("婴儿奶粉 800g", "1901.10.1000"), GoodsLine("奶瓶", "3924100000")),
            batches=("LOT-77",),
            enterprises=("Example Dairy Ltd", "440316T001"),
            declaration="D1",
            consignee="收件人甲",
            last_event=LastEvent("departing", "hall-2", now + timedelta(hours=3)),
        ),
        parcel(
            2, goods=(GoodsLine("奶粉", "19019000"),), batches=("LOT-78",), enterprises=("Ｅｘａｍｐｌｅ Dairy Ltd",)
        ),
        parcel(3, goods=(GoodsLine("玩具", "95030060"),), detections=("battery",), declaration="D1"),
    ]


@pytest.mark.parametrize(
    ("selector", "serials"),
    [
        ({"goods": "奶粉"}, [2, 1]),
        ({"hs_code": "1901"}, [2, 1]),
        ({"hs_code": "190110"}, [1]),
        ({"batch": "lot 77"}, [1]),
        ({"batch": "LOT-7"}, []),
        ({"enterprise": "example dairy"}, [2, 1]),
        ({"enterprise": "440316T001"}, [1]),
        ({"detection": "battery"}, [3]),
        ({"declaration": "D1"}, [3, 1]),
        ({"goods": "奶粉", "batch": "LOT-78"}, [2]),
        ({"goods": "奶粉", "detection": "battery"}, []),
    ],
)
def test_a_recall_finds_what_it_names(selector: dict[str, str], serials: list[int], released: list[Released]) -> None:
    found = find_affected(Selector(**selector), released)  # type: ignore[arg-type]
    assert [row.released.number for row in found] == [f"EE00000000{serial}CN" for serial in serials]


def test_the_list_has_what_the_follow_up_needs(released: list[Released]) -> None:
    (row,) = find_affected(Selector(goods="奶粉", batch="LOT-77"), released)
    assert row.matched == ("婴儿奶粉 800g", "LOT-77")
    assert row.released.consignee == "收件人甲"
    assert row.released.last_event is not None
    assert row.released.last_event.place == "hall-2"


def test_a_recall_can_be_limited_to_a_time(released: list[Released], now: datetime) -> None:
    second = now + timedelta(hours=2)
    late, early = Selector(goods="奶粉", released_from=second), Selector(goods="奶粉", released_until=second)
    assert [row.released.number for row in find_affected(late, released)] == ["EE000000002CN"]
    assert [row.released.number for row in find_affected(early, released)] == ["EE000000001CN"]


@pytest.mark.parametrize("selector", [{}, {"goods": " "}, {"goods": "---", "hs_code": "19"}])
def test_a_recall_of_everything_is_refused(selector: dict[str, Any], now: datetime) -> None:
    with pytest.raises(RecallEmptyError):
        Selector(**selector, released_from=now)


def test_what_else_came_with_it(released: list[Released]) -> None:
    def also(parcel: Released, ground: Ground) -> set[str]:
        found = {
            row.released.number for selector in same_as(parcel, ground) for row in find_affected(selector, released)
        }
        return found - {parcel.number}

    first = released[0]
    assert also(first, Ground.ENTERPRISE) == {"EE000000002CN"}
    assert also(first, Ground.DECLARATION) == {"EE000000003CN"}
    assert also(first, Ground.BATCH) == set()
    assert same_as(released[2], Ground.BATCH) == []


def test_every_code_of_a_recalled_parcel_alarms(
    released: list[Released], claims: Claims, signer: Ed25519Signer, now: datetime
) -> None:
    mine = replace(released[0], trace_id=str(claims.trace_id), number="EE123456785CN")
    rows = find_affected(Selector(goods="奶粉"), [mine])
    notice = make_recall(rows, notice_id="R-1", reason="超标", issued_at=now, issued_by="o1")
    watch = WatchList([notice])
    text = issue(claims, signer)
    for scanned in (text, "T5301-2026-000012345-5", "t530120260000123455", "EE 1234 5678 5 CN"):
        assert watch.alarms(scanned) == [notice]
    assert watch.alarms(issue(replace(claims, trace_id=replace(claims.trace_id, serial=9), item_id="X1"), signer)) == []
    for scanned in ("", " - ", "PT1:", "PT1:" + "A" * 10_000, "EE123456785C", "\u202e"):
        assert watch.alarms(scanned) == []


def test_a_forged_copy_of_a_recalled_label_alarms_too(claims: Claims, signer: Ed25519Signer, now: datetime) -> None:
    notice = Notice("R-1", NoticeKind.RECALL, "x", frozenset({str(claims.trace_id)}), now, "o1")
    text = issue(claims, signer)
    forged = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert WatchList([notice]).alarms(forged) == [notice]


def test_an_intercepted_bag_alarms_until_it_is_lifted(now: datetime) -> None:
    notice = Notice("I-7", NoticeKind.INTERCEPT, "武器零件", frozenset({"0000-123456", "", "--"}), now, "o1")
    assert WatchList([notice]).alarms("0000123456") == [notice]
    assert WatchList([notice]).alarms("") == []
    assert WatchList([replace(notice, lifted_at=now)]).alarms("0000123456") == []


def test_two_notices_on_one_code_both_show(now: datetime) -> None:
    notices = [Notice(f"I-{n}", NoticeKind.INTERCEPT, "x", frozenset({"BAG1"}), now, "o1") for n in (1, 2)]
    assert WatchList(notices).alarms("bag1") == notices


def test_a_recall_that_finds_nothing_is_no_notice(now: datetime) -> None:
    with pytest.raises(RecallEmptyError):
        make_recall([], notice_id="R-1", reason="x", issued_at=now, issued_by="o1")
