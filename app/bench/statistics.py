"""Figures of the statistics: how long a page takes on the figures of ten million parcels, and that they are right.

What is synthetic: the figures of ten million parcels over a year are written into the rollup tables directly, as many
rows as such a year has (lanes, 30 officers, 150 rules, 2,000 enterprises, 800 headings), and 2,000 parcels that wait.
The pages, and the queries behind them, are those of the window.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random

from app.bench.rows import Row
from app.customs.statistics import Period, day_slot, month_slot
from app.officers.rights import KnownOfficers
from app.settings import Post
from app.statistics_office import StatisticsOffice
from app.store.database import Connection
from app.store.store import Store

REACH_S = 0.1
"""99 of 100 pages are there after so many seconds."""
PARCELS = 10_000_000
DAYS = 365
PAGES = 40
_DIMS = {"lane": 4, "officer": 30, "rule": 150, "enterprise": 2_000, "goods": 800}
_ACTIVE = {"lane": 4, "officer": 20, "rule": 150, "enterprise": 1_200, "goods": 600}
"""How many keys of each have something on a day."""
_WHATS = {
    "lane": ("registered", "opened", "hits", "first"),
    "officer": ("decided", "release", "refer", "open", "exam_abnormal", "first", "confirmed", "refer_hits"),
    "rule": ("registered", "opened", "hits"),
    "enterprise": ("registered", "opened", "hits"),
    "goods": ("registered", "opened", "hits"),
}
_POST = (
    "registered", "registered@out", "scans", "alarms", "selected", "decided", "release", "released", "refer", "open",
    "exam_normal", "exam_abnormal", "exam_abnormal.prohibited_goods", "return", "abandon", "transfer.anti_smuggling",
    "close", "left", "found", "first", *(f"first<{step}" for step in range(9)),
)  # fmt: skip
_INSERT = "INSERT INTO figures VALUES (?,?,?,?,?,?,?,?)"


def run(data: Path | None) -> list[Row]:
    """Reports of days, weeks, months and years, and pages of enterprises, each with all its tables."""
    del data
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), station="bench", ballast_bytes=1 << 16)
        try:
            last = date(2026, 11, 22)
            rows = fill(store, last)
            office = StatisticsOffice(store, Post(), KnownOfficers({}), store.rules.states)
            return [Row("statistics.rollup_rows", rows, "rows"), *_pages(office, last)]
        finally:
            store.close()


def fill(store: Store, last: date) -> int:
    """Write a year's figures; returns how many rows they are."""
    # A reader of the bench's own opens the file to be filled; nothing else uses it meanwhile.
    with store._write() as writer:
        for place in range(DAYS):
            writer.executemany(_INSERT, _day(last - timedelta(days=place)))
        for month in {month_slot(last - timedelta(days=place)) for place in range(DAYS)}:
            _sum_month(writer, month)
        writer.execute(
            "INSERT INTO figures SELECT 'y', dim, slot / 12, is_drill, key, what, sum(n), sum(amount) FROM figures "
            "WHERE grain = 'm' GROUP BY dim, slot / 12, is_drill, key, what"
        )
        found: tuple[int] = writer.execute("SELECT count(*) FROM figures").fetchone()
    return found[0]


def _day(day: date) -> Iterator[tuple[object, ...]]:
    chance, slot, parcels = Random(day.toordinal()), day_slot(day), PARCELS // DAYS
    for what in _POST:
        n = chance.randrange(1, parcels)
        yield "d", "post", slot, 0, "", what, n, n * 40
        for hour in range(24):
            yield "h", "post", slot * 24 + hour, 0, "", what, n // 24, n
    for dim, keys in _DIMS.items():
        for key in chance.sample(range(keys), _ACTIVE[dim]):
            for what in _WHATS[dim]:
                n = chance.randrange(1, 1 + 2 * parcels // _ACTIVE[dim])
                name = ("red", "yellow", "blue", "green")[key] if dim == "lane" else f"{dim}-{key}"
                yield "d", dim, slot, 0, name, what, n, n * 40


def _sum_month(writer: Connection, month: int) -> None:
    first = date(month // 12, month % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    writer.execute(
        "INSERT INTO figures SELECT 'm', dim, ?, is_drill, key, what, sum(n), sum(amount) FROM figures "
        "WHERE grain = 'd' AND slot >= ? AND slot < ? GROUP BY dim, is_drill, key, what",
        (month, day_slot(first), day_slot(following)),
    )


def _pages(office: StatisticsOffice, last: date) -> list[Row]:
    chance = Random(1)
    rows: list[Row] = []
    for period in Period:
        spans = [office.span(period, last - timedelta(days=chance.randrange(DAYS))) for _ in range(PAGES)]
        rows += _rows(period.value, [_timed(partial(office.make_report, span)) for span in spans])
    month = office.span(Period.MONTH, last)
    turned = [_timed(partial(office.page, "enterprise", month, offset=at * 50)) for at in range(PAGES)]
    return rows + _rows("enterprises", turned)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time, which other programs do not change."""
    start, spent = time.perf_counter(), time.thread_time()
    act()
    return time.perf_counter() - start, time.thread_time() - spent


def _rows(name: str, times: list[tuple[float, float]]) -> list[Row]:
    place = min(len(times) - 1, round(len(times) * 0.99))
    clock, spent = (sorted(column)[place] for column in zip(*times, strict=True))
    return [
        Row(f"statistics.{name}_p99_s", clock, "s", REACH_S, clock <= REACH_S),
        Row(f"statistics.{name}_processor_p99_s", spent, "s"),
    ]
