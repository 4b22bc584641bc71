"""Recalls and intercepts: what is found, marked, stopped and told."""

from __future__ import annotations

import json

import pytest

from app.customs.notices import NoticeKind
from app.customs.parcel import FindingKind, Lane
from app.customs.states import Action
from app.texts import text
from app.trace.errors import RecallEmptyError
from app.trace.recall import Selector
from app.trace.verdicts import VerdictKind
from scanners.barcode import Code, Reading
from tests.flow.conftest import T0, Desk
from tests.flow.labels import BOOK, MILK, S10, ask, declare, findings, guanjian, release


def test_recalled_goods_are_found_marked_and_stopped(desk: Desk, language: str) -> None:
    for number in MILK:
        declare(desk, number, "婴儿奶粉 批号：A-77", sender="Example Dairy", consignee="consignee-1")
    declare(desk, BOOK, "书籍")
    milk = [release(desk, number, 10 * n) for n, number in enumerate(MILK)]
    book_id, book = release(desk, BOOK, 40)

    done = guanjian(desk, "recall", "add", "--goods", "奶粉", "--batch", "a77", "--reason", "salmonella", "--json")
    assert done.exit_code == 0, done.output
    notice, *rows = map(json.loads, done.stdout.splitlines())
    assert {row["number"] for row in rows} == set(MILK)
    assert {row["consignee"] for row in rows} == {"consignee-1"}
    assert all(row["last"]["what"] == "released" for row in rows)

    parcel = desk.station.parcel(milk[0][0])
    assert [finding.kind for finding in parcel.findings if finding.kind == FindingKind.RECALLED]
    assert ask(desk, milk[1][1]) == VerdictKind.RECALLED
    assert [(alarm.notice.id, alarm.code) for alarm in desk.watched.alarms] == [(notice["id"], milk[1][1])]
    assert ask(desk, book) == VerdictKind.VALID
    assert desk.station.parcel(book_id).lane != Lane.RED

    told = guanjian(desk, "trace", milk[1][1])
    assert text("trace.verdict.recalled") in told.stdout
    assert text("ui.finding.recalled") in told.stdout
    shown = guanjian(desk, "recall", "show", notice["id"])
    assert text("trace.alarm.recall", id=notice["id"], reason="salmonella") in shown.stdout
    assert text("trace.told.scanned") in shown.stdout
    assert "9999/station-1" in shown.stdout

    assert guanjian(desk, "recall", "close", notice["id"]).exit_code == 0
    assert ask(desk, milk[1][1]) == VerdictKind.VALID
    assert FindingKind.RECALLED not in {finding.kind for finding in desk.station.parcel(milk[0][0]).findings}
    assert desk.station._store.verify_log().is_ok


def test_a_recalled_parcel_that_comes_back_alarms_at_the_belt(desk: Desk) -> None:
    declare(desk, S10, "婴儿奶粉")
    release(desk, S10)
    recalled = desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    desk.scan(100, S10)
    assert desk.newest.lane == Lane.RED
    assert FindingKind.RECALLED in desk.newest.findings
    assert [alarm.notice.id for alarm in desk.watched.alarms] == [recalled.notice.id]


def test_a_recalled_label_alarms_at_the_belt_by_code_and_by_trace_id(desk: Desk) -> None:
    declare(desk, S10, "婴儿奶粉")
    key, payload = release(desk, S10)
    desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    trace_id = desk.station.parcel(key).trace_code or ""
    for n, code in enumerate((payload, trace_id)):
        desk.scan(100 + 50 * n, code)
        assert {FindingKind.RECALLED, FindingKind.ALREADY_RELEASED} <= findings(desk)
        assert desk.newest.lane == Lane.RED
        assert desk.watched.alarms[-1].code == code


def test_a_recall_shows_what_is_out_and_with_all_also_what_was_taken_back(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    notice = desk.station.intercept([decided.decision.trace_code or ""], "tip", "a")
    assert S10 in guanjian(desk, "recall", "show", notice.id).stdout
    desk.station.undo(decided.decision.id, officer="a")
    assert S10 not in guanjian(desk, "recall", "show", notice.id).stdout
    assert S10 in guanjian(desk, "recall", "show", notice.id, "--all").stdout


def test_a_recall_that_means_nothing_is_refused(desk: Desk) -> None:
    release(desk, S10)
    with pytest.raises(RecallEmptyError):
        desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    assert guanjian(desk, "recall", "add", "--reason", "salmonella").exit_code == 3
    assert desk.station.tracing.notices() == []


def test_an_intercept_alarms_by_belt_reader_machine_and_hand(desk: Desk) -> None:
    done = guanjian(desk, "intercept", "add", S10, "0012345678", "--reason", "flagged at the belt")
    assert done.exit_code == 0, done.output
    desk.read(0.5, S10)
    desk.scan(0)
    assert (desk.newest.lane, FindingKind.INTERCEPTED in desk.newest.findings) == (Lane.RED, True)
    desk.scan(50, "0012345678")
    assert FindingKind.INTERCEPTED in desk.newest.findings
    desk.station._arrivals.take_code(
        desk.reader.model_copy(update={"lane": ""}), Reading(Code("Code128", S10), "hand", T0)
    )
    assert [alarm.code for alarm in desk.watched.alarms] == [S10, "0012345678", S10]
    assert {alarm.notice.kind for alarm in desk.watched.alarms} == {NoticeKind.INTERCEPT}

    desk.station.acknowledge(desk.watched.alarms[0], officer="a")
    assert desk.station._store.verify_log().is_ok


def test_an_intercept_marks_what_stands_here_already(desk: Desk) -> None:
    desk.scan(0, S10)
    notice = desk.station.intercept([S10], "tip", "a")
    assert desk.newest.lane == Lane.RED
    assert FindingKind.INTERCEPTED in desk.newest.findings
    desk.station.tracing.lift(notice.id, "a")
    assert FindingKind.INTERCEPTED not in desk.newest.findings
    assert desk.newest.lane != Lane.RED
