"""Figures follow the log event by event, keep exercises apart, and come out as a report in three kinds of files."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from app import texts
from app.customs.parcel import Capture, Declaration, GoodsLine, Lane, Seen
from app.customs.states import Action
from app.customs.statistics import Form, Period, Report, is_far_off, month_slot, span_of
from app.officers.errors import RightMissingError
from app.officers.rights import DEMO, KnownOfficers
from app.settings import Post
from app.statistics_files import ReportFileError, said, write_report
from app.statistics_office import StatisticsOffice
from app.store.contributions import month_of, read_life
from app.store.store import Store

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # noon in China
DAY = date(2026, 11, 20)
SEEN = (Seen("blade", 0.9, "sure", (0, 0, 9, 9)),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path, station="test", ballast_bytes=1 << 16)
    yield store
    store.close()


def open_office(store: Store, post: Post | None = None) -> StatisticsOffice:
    return StatisticsOffice(store, post or Post(), KnownOfficers(DEMO), store.rules.states)


def come(
    store: Store,
    number: str,
    *,
    at: datetime = NOON,
    origin: str = "DE",
    lane: Lane = Lane.RED,
    is_drill: bool = False,
    channel: str = "cbec",
) -> int:
    goods = (
        GoodsLine("刀具", hs_code="8211930000", quantity="2"),
        GoodsLine("书", hs_code="4901990000", quantity="3"),
    )
    declared = Declaration(number, goods, channel, "=示例商贸", "测试甲", origin, gross_weight_g=1_500)
    store.add_declarations([declared])
    capture = Capture(f"scan-{number}", f"{number}.tif", "0" * 64, "belt", at)
    reasons = () if lane is Lane.GREEN else ("dear@1",)
    parcel = store.record_scan(
        None, capture, number=number, seen=SEEN, model="m", lane=lane, lane_reasons=reasons, arrived_at=at,
        is_drill=is_drill,
    )  # fmt: skip
    return parcel.id


def decide(store: Store, parcel_id: int, *steps: tuple[Action, str], at: datetime = NOON, officer: str = "a") -> int:
    decision = 0
    for action, reason in steps:
        decision = store.decide(parcel_id, action, officer=officer, decided_at=at, reason=reason).id
    return decision


FOUND = ((Action.REFER, "suspected_prohibited"), (Action.OPEN, ""), (Action.EXAM_ABNORMAL, "prohibited_goods"))


def rows(report: Report, name: str) -> dict[object, tuple[object, ...]]:
    table = next(table for table in report.tables if table.name == name)
    return {row[0]: row[1:] for row in table.rows}


def day_report(store: Store, day: date = DAY, *, is_drill: bool = False) -> Report:
    return open_office(store).make_report(span_of(Period.DAY, day), is_drill=is_drill)


def test_the_daily_report_counts_what_the_reference_lists(store: Store) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    decide(store, come(store, "RB2", origin="CN"), *FOUND[:2], (Action.EXAM_NORMAL, "as_declared"))
    decide(store, come(store, "RB3", lane=Lane.GREEN), (Action.RELEASE, "no_suspicion"), (Action.CLOSE, ""))
    returned = come(store, "RB4")
    decide(store, returned, (Action.DOC_REVIEW, ""), (Action.RETURN, "over_limit"))
    report = day_report(store)
    daily = rows(report, "daily")
    assert daily["into_store"] == (4, None, None, 6.0)
    assert daily["out_of_store"] == (2, None, None, 3.0)
    assert daily["examined_in"][:2] == (1, 5)
    assert daily["examined_out"][:2] == (1, 5)
    assert daily["returned"][:2] == (1, 5)
    assert daily["prohibited"][:2] == (1, 5)
    assert daily["pests"][:2] == (0, 0)
    assert rows(report, "lane")["red"][:4] == (3, 2, 1, 0.5)
    assert rows(report, "rule")["dear"][:4] == (3, 2, 1, 0.5)
    assert rows(report, "enterprise")["=示例商贸"][:4] == (4, 2, 1, 0.5)
    assert set(rows(report, "goods")) == {"8211", "4901"}
    assert rows(report, "officer")["a"][:4] == (10, 1, 2, 2)
    assert rows(report, "shift")["08:00-16:00"][:3] == (4, 4, 10)
    assert rows(report, "overview")["found"] == (1, 0.5)
    assert report.series[0].lines["registered"][12] == 4
    assert store.rollups.check().is_ok


def test_an_undone_decision_leaves_no_trace_in_the_figures(store: Store) -> None:
    parcel = come(store, "RB1")
    before = rows(day_report(store), "daily")
    decision = decide(store, parcel, *FOUND)
    assert rows(day_report(store), "rule")["dear"][2] == 1
    store.undo(decision, officer="a", now=NOON, within_s=60)
    assert rows(day_report(store), "rule")["dear"][2] == 0
    assert rows(day_report(store), "daily")["prohibited"] == before["prohibited"]
    assert store.rollups.check().is_ok


def test_a_find_of_a_later_day_counts_for_the_choice_of_the_day_it_came(store: Store) -> None:
    parcel = come(store, "RB1")
    decide(store, parcel, *FOUND, at=NOON + timedelta(days=1))
    assert rows(day_report(store), "rule")["dear"][:3] == (1, 1, 1)
    assert rows(day_report(store), "daily")["prohibited"][0] == 0
    assert rows(day_report(store, DAY + timedelta(days=1)), "daily")["prohibited"][0] == 1


def test_exercises_are_kept_apart(store: Store) -> None:
    decide(store, come(store, "RB1", is_drill=True), *FOUND)
    decide(store, come(store, "RB2"), (Action.REFER, "random_check"))
    store.register("RB3", kind=store.parcel(1).kind, arrived_at=NOON, is_drill=True)
    report = day_report(store)
    assert (report.drills, rows(report, "daily")["into_store"][0], rows(report, "overview")["found"][0]) == (2, 1, 0)
    drills = day_report(store, is_drill=True)
    assert (rows(drills, "daily")["into_store"][0], rows(drills, "overview")["found"][0]) == (2, 1)
    assert store.rollups.check().is_ok


def test_nobody_who_sends_mail_is_in_the_figures(store: Store) -> None:
    come(store, "RB1", channel="mail")
    assert rows(day_report(store), "enterprise") == {}


def test_a_day_is_the_posts_own(store: Store) -> None:
    come(store, "RB1", at=datetime(2026, 11, 20, 15, 59, tzinfo=UTC))
    come(store, "RB2", at=datetime(2026, 11, 20, 16, 1, tzinfo=UTC))
    assert rows(day_report(store), "daily")["into_store"][0] == 1
    assert rows(day_report(store, DAY + timedelta(days=1)), "daily")["into_store"][0] == 1
    utc = open_office(store, Post(utc_offset_h=0))
    assert rows(utc.make_report(span_of(Period.DAY, DAY)), "daily")["into_store"][0] == 2
    assert store.rollups.check().is_ok


@pytest.mark.parametrize("period", list(Period))
def test_every_span_has_the_same_sums(store: Store, period: Period) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    report = open_office(store).make_report(span_of(period, DAY))
    assert rows(report, "daily")["into_store"] == (1, None, None, 1.5)
    assert sum(report.series[0].lines["found"]) == 1


def test_figures_that_were_altered_are_named_and_mended(store: Store) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    store.rollups.catch_up()
    with store._write() as writer:
        writer.execute("UPDATE figures SET n = 99 WHERE what = 'found' AND grain = 'd'")
    found = store.rollups.check()
    assert [line.split()[-1] for line in found.differing] == ["found"]
    store.rollups.rebuild()
    assert store.rollups.check().is_ok


def test_an_error_in_the_figures_costs_no_decision(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = come(store, "RB1")

    def fail(*_: object) -> None:
        raise RuntimeError("figures")

    store.rollups.catch_up()
    monkeypatch.setattr("app.store.rollups.read_life", fail)
    decide(store, parcel, *FOUND)
    assert store.rollups.behind() == 3
    with pytest.raises(RuntimeError):
        store.rollups.catch_up()
    monkeypatch.undo()
    assert store.rollups.catch_up() == 3
    assert store.rollups.check().is_ok


def test_figures_come_up_by_themselves_and_go_on_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.rollups.EVERY_S", 0.01)
    failing = iter([True])

    def read(*args: object) -> object:
        if next(failing, False):
            raise RuntimeError("figures")
        return read_life(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("app.store.rollups.read_life", read)
    store = Store.open(tmp_path, station="test", ballast_bytes=1 << 16)
    try:
        decide(store, come(store, "RB1"), *FOUND)
        until = time.monotonic() + 5
        while store.rollups.behind() and time.monotonic() < until:
            time.sleep(0.01)
        assert store.rollups.behind() == 0
        assert store.rollups.check().is_ok
    finally:
        store.close()


def test_two_programs_bring_in_each_event_once(store: Store, tmp_path: Path) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    other = Store.open(tmp_path, station="test", ballast_bytes=1 << 16)
    try:
        part = store.rollups._next_part()
        assert other.rollups.catch_up() > 0
        assert part is not None
        store.rollups._keep_part(part)
        assert store.rollups.check().is_ok
    finally:
        other.close()


def test_a_declaration_after_the_end_changes_no_figure(store: Store) -> None:
    parcel = come(store, "RB1", lane=Lane.GREEN)
    decide(store, parcel, (Action.RELEASE, "no_suspicion"), (Action.CLOSE, ""))
    store.rollups.catch_up()
    store.add_declarations([Declaration("RB1", (GoodsLine("书", hs_code="4901990000"),), "cbec", "=另一家")])
    assert rows(day_report(store), "enterprise").keys() == {"=示例商贸"}
    assert store.rollups.check().is_ok


def test_rights_are_asked(store: Store) -> None:
    office = open_office(store)
    office.report(office.span(Period.DAY), officer="auditor-1")
    with pytest.raises(RightMissingError):
        office.expect_may_export("admin-1")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_report_is_written_as_csv_spreadsheet_and_pdf(store: Store, tmp_path: Path, language: str) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    report = day_report(store)
    before = texts.language()
    texts.set_language(language)
    try:
        for ending in ("csv", "xlsx", "pdf"):
            write_report(report, tmp_path / f"day.{ending}", post="示例海关")
        lines = list(csv.reader(io.StringIO((tmp_path / "day.csv").read_text("utf-8-sig"))))
        name = texts.text("stats.row.prohibited")
        assert next(line for line in lines if line[:1] == [name])[1:3] == ["1", "5"]
        assert any(line[:1] == ["'=示例商贸"] for line in lines)
        book = load_workbook(tmp_path / "day.xlsx")
        assert len(book.sheetnames) == len(report.tables) + 1
        cell = book[texts.text("stats.table.enterprise")]["A3"]
        assert (cell.value, cell.data_type) == ("=示例商贸", "s")
        assert (tmp_path / "day.pdf").read_bytes().startswith(b"%PDF")
    finally:
        texts.set_language(before)


def test_a_file_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    report = day_report(store)
    for path in (tmp_path / "day.doc", tmp_path / "none" / "day.csv"):
        with pytest.raises(ReportFileError):
            write_report(report, path, post="示例海关")


def test_all_words_of_a_report_are_there_in_both_languages(store: Store) -> None:
    decide(store, come(store, "RB1"), *FOUND)
    for period in Period:
        report = open_office(store).make_report(span_of(period, DAY))
        assert report.tables
        assert report.series
        for language in texts.LANGUAGES:
            assert _words_of(report) <= texts.catalogue(language).keys()


def _words_of(report: Report) -> set[str]:
    words = {f"stats.period.{report.span.period}"}
    for series in report.series:
        words |= {f"stats.series.{series.name}", *(f"stats.line.{line}" for line in series.lines)}
    for table in report.tables:
        words |= {f"stats.table.{table.name}", *(f"stats.column.{column.name}" for column in table.columns)}
        words |= {f"stats.row.{row[0]}" for row in table.rows if table.columns[0].form is Form.NAME}
    return words


def test_a_rule_is_far_off_only_where_chance_does_not_explain_it() -> None:
    assert is_far_off(100, 1_000, 0.02)
    assert is_far_off(0, 1_000, 0.02)
    assert not is_far_off(24, 1_000, 0.02)
    assert not is_far_off(9, 90, 0.02)
    assert not is_far_off(2_300, 100_000, 0.02)


def test_values_are_said_as_officers_read_them() -> None:
    assert (said(1234, Form.COUNT), said(0.125, Form.SHARE), said(None, Form.COUNT)) == ("1,234", "12.5%", "–")


@given(st.dates(date(1970, 1, 1), date(2200, 12, 31)))
def test_months_are_those_of_the_calendar(day: date) -> None:
    assert month_of((day - date(1970, 1, 1)).days) == month_slot(day)


@given(st.dates(date(1971, 1, 1), date(2200, 12, 31)), st.sampled_from(Period), st.integers(-3, 3))
def test_spans_follow_each_other_without_gap(day: date, period: Period, steps: int) -> None:
    span = span_of(period, day).moved(steps)
    assert span.first <= span.last
    assert span.moved(1).first == span.last + timedelta(days=1)
    assert span.moved(1).moved(-1) == span
