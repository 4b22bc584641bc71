"""Reads the figures: sums of a span, rows by officer, lane, rule, enterprise or goods, hours of a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from app.customs.statistics import Span, day_slot
from app.store.database import Connection
from app.store.times import to_us

HOURS = 24
AGES_H = (1, 4, 24, 72, 168)
"""Upper ends, in hours, of the steps in which the age of what waits is counted; one more step is open."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, and of how much: pieces, grams, seconds or fen, as the figure says."""

    n: int = 0
    amount: int = 0


NOTHING = Sum()
Sums = Mapping[str, Sum]


@dataclass(frozen=True, slots=True)
class Keyed:
    """The sums of one officer, lane, rule, enterprise or heading."""

    key: str
    sums: Sums

    def n(self, what: str) -> int:
        return self.sums.get(what, NOTHING).n

    def amount(self, what: str) -> int:
        return self.sums.get(what, NOTHING).amount


class Statistics:
    """The figures of a store, to be read."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def totals(self, span: Span, *, is_drill: bool) -> Keyed:
        """The sums of the post."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT what, sum(n), sum(amount) FROM figures WHERE grain = ? AND dim = 'post' AND slot BETWEEN ? "
                "AND ? AND is_drill = ? GROUP BY what",
                (span.grain, *span.slots, is_drill),
            ).fetchall()
        return Keyed("", {what: Sum(n, amount) for what, n, amount in rows})

    def by(self, dim: str, span: Span, *, is_drill: bool, first_by: str = "registered") -> list[Keyed]:
        """The sums by key, those first that have the most of `first_by`. For what has few keys."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT key, what, sum(n), sum(amount) FROM figures WHERE grain = ? AND dim = ? AND slot BETWEEN ? "
                "AND ? AND is_drill = ? GROUP BY key, what",
                (span.grain, dim, *span.slots, is_drill),
            ).fetchall()
        found = [each for each in _keyed(rows) if any(sums.n for sums in each.sums.values())]
        return sorted(found, key=lambda each: (-each.n(first_by), each.key))

    def arrivals(self, dim: str, span: Span, *, is_drill: bool, limit: int, offset: int) -> list[Keyed]:
        """What arrived, was opened and held something by key, most arrivals first: a page of what has many keys."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT key, sum(iif(what = 'registered', n, 0)) AS came, sum(iif(what = 'opened', n, 0)), "
                "sum(iif(what = 'hits', n, 0)) FROM figures WHERE grain = ? AND dim = ? AND slot BETWEEN ? AND ? "
                "AND is_drill = ? GROUP BY key HAVING came > 0 ORDER BY came DESC, key LIMIT ? OFFSET ?",
                (span.grain, dim, *span.slots, is_drill, limit, offset),
            ).fetchall()
        whats = ("registered", "opened", "hits")
        return [Keyed(key, {what: Sum(n) for what, n in zip(whats, counts, strict=True)}) for key, *counts in rows]

    def hours(self, day: date, *, is_drill: bool) -> list[Sums]:
        """The sums of the post in each of the 24 hours of a day."""
        first = day_slot(day) * HOURS
        found: list[dict[str, Sum]] = [{} for _ in range(HOURS)]
        for slot, what, n, amount in self._slots("h", first, first + HOURS - 1, is_drill):
            found[slot - first][what] = Sum(n, amount)
        return list(found)

    def course(self, span: Span, *, is_drill: bool) -> dict[int, Sums]:
        """The sums of the post in each day, or of a year in each month, by slot."""
        found: dict[int, dict[str, Sum]] = {}
        for slot, what, n, amount in self._slots(*span.steps, is_drill):
            found.setdefault(slot, {})[what] = Sum(n, amount)
        return dict(found)

    def ages(self, now: datetime) -> list[int]:
        """How many parcels wait for an officer, by the steps of their age since arrival."""
        now_us = to_us(now)
        steps = [now_us - hours * 3_600_000_000 for hours in AGES_H]
        bounds = [now_us + 1, *steps]
        with self._read() as reader:
            return [
                reader.execute(
                    "SELECT count(*) FROM parcels WHERE is_waiting = 1 AND arrived_us <= ? AND arrived_us > ?", pair
                ).fetchone()[0]
                for pair in zip(bounds, [*steps, -1], strict=True)
            ]

    def _slots(self, grain: str, first: int, last: int, is_drill: bool) -> Sequence[tuple[int, str, int, int]]:
        with self._read() as reader:
            return reader.execute(
                "SELECT slot, what, n, amount FROM figures WHERE grain = ? AND dim = 'post' AND slot BETWEEN ? AND ? "
                "AND is_drill = ?",
                (grain, first, last, is_drill),
            ).fetchall()


def _keyed(rows: Sequence[tuple[str, str, int, int]]) -> list[Keyed]:
    found: dict[str, dict[str, Sum]] = {}
    for key, what, n, amount in rows:
        found.setdefault(key, {})[what] = Sum(n, amount)
    return [Keyed(key, sums) for key, sums in found.items()]
