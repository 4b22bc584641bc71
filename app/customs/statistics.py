"""Figures of a post (统计): the span they are of, and the tables that a page, a spreadsheet and a print show alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

EPOCH = date(1970, 1, 1)
FEWEST = 100
"""Parcels below which no rule is called far off: chance is too wide."""
_SIGMAS = 3.0
_APART = 1.25


class Period(StrEnum):
    """How long a span is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Form(StrEnum):
    """How a value is shown."""

    TEXT = "text"
    NAME = "name"
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    KG = "kg"
    CNY = "cny"
    MARK = "mark"


Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both in it."""

    period: Period
    first: date
    last: date

    @property
    def grain(self) -> str:
        """Of what its sums are made: a month and a year are summed already."""
        return {Period.MONTH: "m", Period.YEAR: "y"}.get(self.period, "d")

    @property
    def slots(self) -> tuple[int, int]:
        """The first and the last slot of its grain."""
        match self.grain:
            case "m":
                return month_slot(self.first), month_slot(self.last)
            case "y":
                return self.first.year, self.last.year
            case _:
                return day_slot(self.first), day_slot(self.last)

    @property
    def steps(self) -> tuple[str, int, int]:
        """The grain in which its course is shown, first and last slot: months of a year, else days."""
        if self.period is Period.YEAR:
            return "m", month_slot(self.first), month_slot(self.last)
        return "d", day_slot(self.first), day_slot(self.last)

    def moved(self, steps: int) -> Span:
        """The span so many of its length later, or earlier."""
        if self.period is Period.YEAR:
            return span_of(Period.YEAR, date(min(9998, max(1, self.first.year + steps)), 1, 1))
        if self.period is Period.MONTH:
            slot = month_slot(self.first) + steps
            return span_of(Period.MONTH, date(slot // 12, slot % 12 + 1, 1))
        days = 7 if self.period is Period.WEEK else 1
        return span_of(self.period, self.first + timedelta(days=days * steps))


def span_of(period: Period, day: date) -> Span:
    """The day, week from Monday, month or year in which a day lies."""
    match period:
        case Period.DAY:
            return Span(period, day, day)
        case Period.WEEK:
            first = day - timedelta(days=day.weekday())
            return Span(period, first, first + timedelta(days=6))
        case Period.MONTH:
            following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            return Span(period, day.replace(day=1), following - timedelta(days=1))
        case Period.YEAR:
            return Span(period, date(day.year, 1, 1), date(day.year, 12, 31))


def day_slot(day: date) -> int:
    return (day - EPOCH).days


def month_slot(day: date) -> int:
    return day.year * 12 + day.month - 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the texts (`stats.column.<name>`), and how its values are shown."""

    name: str
    form: Form


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name in the texts (`stats.table.<name>`), its columns and rows.

    The first value of a row is its name: a text key below `stats.row.` where the column's form is NAME.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Counts over time for a plot: a line for each name (`stats.series.<name>`), a value for each label."""

    name: str
    labels: tuple[str, ...]
    lines: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a page of statistics shows. `drills` are parcels of exercises in the same span."""

    span: Span
    is_drill: bool
    tables: tuple[Table, ...]
    series: tuple[Series, ...]
    drills: int


def share(part: int, whole: int) -> float | None:
    """A share, None of nothing."""
    return part / whole if whole else None


def is_far_off(selected: int, parcels: int, expected: float) -> bool:
    """Whether a rule selects a share that chance does not explain, and that differs by a quarter at least.

    Three standard deviations of the binomial distribution.
    """
    if parcels < FEWEST:
        return False
    wanted = parcels * expected
    deviation = math.sqrt(wanted * (1 - expected))
    is_apart = selected > wanted * _APART or selected * _APART < wanted
    return is_apart and abs(selected - wanted) > _SIGMAS * deviation
