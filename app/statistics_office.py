"""The station's part for statistics: the daily report and what lies behind it, from figures that are summed already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.customs.risk.versions import RuleState
from app.customs.statistics import (
    EPOCH,
    Column,
    Form,
    Period,
    Report,
    Series,
    Span,
    Table,
    Value,
    is_far_off,
    share,
    span_of,
)
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.contributions import WAITS_S
from app.store.rollups import Check
from app.store.statistics import AGES_H, HOURS, NOTHING, Keyed, Sums
from app.store.store import Store

ROWS: Final = 50
"""Rows of a table by enterprise or goods on one page."""
PAGED: Final = ("enterprise", "goods")
_FEN: Final = 100
_C, _T = Column, Form


def _sum_of(*whats: str) -> Callable[[Keyed], tuple[int, int]]:
    return lambda found: (sum(map(found.n, whats)), sum(map(found.amount, whats)))


_PROHIBITED = ("exam_abnormal.prohibited_goods", "lab_abnormal.prohibited_goods")
_PESTS = ("exam_abnormal.quarantine", "lab_abnormal.quarantine")
_EXAMS = ("exam_normal", "exam_abnormal", "sample")


class StatisticsOffice:
    """Makes reports of a post's figures. May be used from any thread."""

    def __init__(self, store: Store, post: Post, rights: Rights, states: Callable[[], Sequence[RuleState]]) -> None:
        self._store = store
        self._figures = store.statistics
        self._rights = rights
        self._shifts = tuple(sorted(set(post.shifts))) or (0,)
        self._states = states
        self._offset = timedelta(hours=post.utc_offset_h)
        offset_s = round(self._offset.total_seconds())
        if store.rollups.offset_s() != offset_s:
            store.rollups.rebuild(offset_s)

    def today(self) -> date:
        return (datetime.now(UTC) + self._offset).date()

    def span(self, period: Period, day: date | None = None) -> Span:
        """The span of a day, or of today."""
        return span_of(period, day or self.today())

    def report(self, span: Span, *, officer: str, is_drill: bool = False) -> Report:
        """Everything of a span. Raises OfficerError where the officer may not see statistics."""
        self._rights.require(officer, Right.STATISTICS)
        return self.make_report(span, is_drill=is_drill)

    def make_report(self, span: Span, *, is_drill: bool = False) -> Report:
        """Everything of a span, for whoever has the machine itself."""
        self._store.rollups.catch_up()
        total = self._figures.totals(span, is_drill=is_drill)
        tables = [
            _daily(total),
            _overview(total),
            *([self._by_shift(span.first, is_drill)] if span.period is Period.DAY else []),
            self._by_officer(span, is_drill),
            self._by_lane(span, is_drill),
            self._by_rule(span, total.n("registered"), is_drill),
            *(self.page(dim, span, is_drill=is_drill) for dim in PAGED),
            _first_times(total),
            self._ages(),
        ]
        drills = 0 if is_drill else self._figures.totals(span, is_drill=True).n("registered")
        return Report(span, is_drill, tuple(tables), (self._course(span, is_drill),), drills)

    def page(self, dim: str, span: Span, *, is_drill: bool = False, offset: int = 0) -> Table:
        """A page of the table by enterprise or goods, those with most arrivals first."""
        rows = self._figures.arrivals(dim, span, is_drill=is_drill, limit=ROWS, offset=offset)
        return Table(dim, (_C(dim, _T.TEXT), *_COHORT), tuple((each.key, *_cohort(each)) for each in rows))

    def expect_may_export(self, officer: str) -> None:
        """Raises OfficerError where the officer may not take figures out."""
        self._rights.require(officer, Right.EXPORT)

    def rates(self, days: int) -> dict[str, Keyed]:
        """What each rule selected, had opened and hit in the last days, and under "" all parcels of them."""
        self._store.rollups.catch_up()
        last = self.today()
        span = Span(Period.DAY, last - timedelta(days=days - 1), last)
        found = {each.key: each for each in self._figures.by("rule", span, is_drill=False)}
        return {**found, "": self._figures.totals(span, is_drill=False)}

    def check(self, progress: Callable[[int], None] = lambda _: None) -> Check:
        """Hold the figures against the log."""
        return self._store.rollups.check(progress)

    def _by_shift(self, day: date, is_drill: bool) -> Table:
        hours = self._figures.hours(day, is_drill=is_drill)
        rows: list[tuple[Value, ...]] = []
        for start, end in zip(self._shifts, [*self._shifts[1:], self._shifts[0] + HOURS], strict=True):
            # The last shift of a day runs on into the next; of this day it has the hours before the first one too.
            own = [hours[hour % HOURS] for hour in range(start, end)]
            counts = [sum(_n(hour, what) for hour in own) for what in _SHIFT]
            rows.append((f"{start:02d}:00-{end % HOURS:02d}:00", *counts))
        return Table("shift", (_C("shift", _T.TEXT), *(_C(what, _T.COUNT) for what in _SHIFT)), tuple(rows))

    def _by_officer(self, span: Span, is_drill: bool) -> Table:
        rows = [
            (
                each.key,
                *(each.n(what) for what in _OFFICER),
                each.n("refer_hits"),
                share(each.n("refer_hits"), each.n("refer")),
                _mean(each),
            )
            for each in self._figures.by("officer", span, is_drill=is_drill, first_by="decided")
        ]
        columns = (
            _C("officer", _T.TEXT),
            *(_C(what, _T.COUNT) for what in _OFFICER),
            _C("refer_hits", _T.COUNT),
            _C("refer_hit_rate", _T.SHARE),
            _C("mean_s", _T.SECONDS),
        )
        return Table("officer", columns, tuple(rows))

    def _by_lane(self, span: Span, is_drill: bool) -> Table:
        found = {each.key: each for each in self._figures.by("lane", span, is_drill=is_drill)}
        lanes = [found.get(lane, Keyed(lane, {})) for lane in ("red", "yellow", "blue", "green")]
        columns = (_C("lane", _T.NAME), *_COHORT, _C("mean_s", _T.SECONDS))
        return Table("lane", columns, tuple((each.key, *_cohort(each), _mean(each)) for each in lanes))

    def _by_rule(self, span: Span, parcels: int, is_drill: bool) -> Table:
        states = {state.newest.rule.id: state for state in self._states()}
        rows = []
        for each in self._figures.by("rule", span, is_drill=is_drill):
            state = states.get(each.key)
            rule = (state.in_force or state.newest).rule if state else None
            expected = rule.expected if rule else None
            selected = each.n("registered")
            is_off = expected is not None and is_far_off(selected, parcels, expected)
            rows.append((each.key, *_cohort(each), share(selected, parcels), expected, "far_off" if is_off else ""))
        columns = (
            _C("rule", _T.TEXT), _C("selected", _T.COUNT), *_COHORT[1:], _C("rate", _T.SHARE), _C("expected", _T.SHARE),
            _C("mark", _T.MARK),
        )  # fmt: skip
        return Table("rule", columns, tuple(rows))

    def _ages(self) -> Table:
        counts = self._figures.ages(datetime.now(UTC))
        names = [*(f"age_{hours}" for hours in AGES_H), "age_over"]
        return Table("age", (_C("age", _T.NAME), _C("waiting", _T.COUNT)), tuple(zip(names, counts, strict=True)))

    def _course(self, span: Span, is_drill: bool) -> Series:
        """Arrivals, decisions and finds: by hours of a day, days, or months of a year."""
        if span.period is Period.DAY:
            hours = self._figures.hours(span.first, is_drill=is_drill)
            return _series("hours", [f"{hour:02d}" for hour in range(HOURS)], hours)
        _, first, last = span.steps
        found = self._figures.course(span, is_drill=is_drill)
        slots = range(first, last + 1)
        if span.period is Period.YEAR:
            labels, name = [f"{slot % 12 + 1:02d}" for slot in slots], "months"
        else:
            labels, name = [f"{EPOCH + timedelta(days=slot):%m-%d}" for slot in slots], "days"
        return _series(name, labels, [found.get(slot, {}) for slot in slots])


_SHIFT = ("registered", "scans", "decided", "open", "found", "released")
_OFFICER = ("decided", "release", "refer", "open", "exam_abnormal", "confirmed")
_COHORT = (
    Column("registered", Form.COUNT), Column("opened", Form.COUNT), Column("hits", Form.COUNT),
    Column("hit_rate", Form.SHARE),
)  # fmt: skip
_SERIES = ("registered", "decided", "found")

_DAILY: tuple[tuple[str, Callable[[Keyed], tuple[Value, Value, Value, Value]]], ...] = (
    ("taxed", lambda f: (f.n("paid"), f.n("paid_pieces"), f.amount("paid") / _FEN, None)),
    ("examined_in", lambda f: _examined(f, is_out=False)),
    ("examined_out", lambda f: _examined(f, is_out=True)),
    ("abandoned", lambda f: (f.n("abandon"), f.amount("abandon"), None, None)),
    ("returned", lambda f: (f.n("return"), f.amount("return"), None, None)),
    ("to_anti_smuggling", lambda f: (f.n(_SMUGGLING), f.amount(_SMUGGLING), None, None)),
    ("into_store", lambda f: (f.n("registered"), None, None, f.amount("registered") / 1000)),
    ("out_of_store", lambda f: (f.n("left"), None, None, f.amount("left") / 1000)),
    ("prohibited", lambda f: (*_sum_of(*_PROHIBITED)(f), None, None)),
    ("pests", lambda f: (*_sum_of(*_PESTS)(f), None, None)),
)
_SMUGGLING = "transfer.anti_smuggling"


def _daily(total: Keyed) -> Table:
    """The post's own daily report: number of items, articles, money and weight."""
    columns = (
        _C("field", _T.NAME), _C("items", _T.COUNT), _C("pieces", _T.COUNT), _C("money", _T.CNY), _C("weight", _T.KG)
    )  # fmt: skip
    return Table("daily", columns, tuple((name, *count(total)) for name, count in _DAILY))


def _examined(found: Keyed, *, is_out: bool) -> tuple[Value, Value, Value, Value]:
    every = _sum_of(*_EXAMS)(found)
    out = _sum_of(*(f"{what}@out" for what in _EXAMS))(found)
    return (*(out if is_out else (every[0] - out[0], every[1] - out[1])), None, None)


def _overview(total: Keyed) -> Table:
    registered, opened = total.n("registered"), total.n("open")
    rows: tuple[tuple[Value, ...], ...] = (
        ("registered", registered, None),
        ("scans", total.n("scans"), None),
        ("alarms", total.n("alarms"), share(total.n("alarms"), registered)),
        ("selected", total.n("selected"), share(total.n("selected"), registered)),
        ("opened", opened, share(opened, registered)),
        ("found", total.n("found"), share(total.n("found"), opened)),
        ("decided", total.n("decided"), None),
        ("released", total.n("released"), share(total.n("released"), registered)),
    )
    return Table("overview", (_C("field", _T.NAME), _C("items", _T.COUNT), _C("share", _T.SHARE)), rows)


def _first_times(total: Keyed) -> Table:
    """How long parcels waited from the picture to the first decision."""
    whole = total.n("first")
    names = [*(f"first_{seconds}" for seconds in WAITS_S), "first_over"]
    counts = [total.n(f"first<{step}") for step in range(len(names))]
    columns = (_C("first", _T.NAME), _C("items", _T.COUNT), _C("share", _T.SHARE))
    rows = tuple((name, count, share(count, whole)) for name, count in zip(names, counts, strict=True))
    return Table("first", columns, rows)


def _cohort(found: Keyed) -> tuple[Value, ...]:
    opened, hits = found.n("opened"), found.n("hits")
    return found.n("registered"), opened, hits, share(hits, opened)


def _mean(found: Keyed) -> float | None:
    count = found.n("first")
    return found.amount("first") / count if count else None


def _n(sums: Sums, what: str) -> int:
    return sums.get(what, NOTHING).n


def _series(name: str, labels: Sequence[str], slots: Sequence[Sums]) -> Series:
    return Series(name, tuple(labels), {what: tuple(_n(slot, what) for slot in slots) for what in _SERIES})
