"""Figures of filings: how fast a table of goods records comes in, and how fast one is found among all of them.

What is synthetic: the records. They come in through the store's own import, without the file that they stand in.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from random import Random

from app.bench.rows import Row
from app.customs.filings import Book, Filing
from app.store.store import FILE, Store

RECORDS = 5_000_000
LOOKUPS = 2_000
REACH_S = 0.1
"""99 of 100 lookups and pages are there after so many seconds."""
_DAY = date(2026, 1, 1)
_NAMES = [f"保湿面霜 {number}" for number in range(1000, 1100)] + ["保湿面霜"] * 20
"""Beginnings of names: those of hundreds of records, and one that all have."""


def run(data: Path | None, records: int = RECORDS) -> list[Row]:
    """Import, lookups by record number, and pages by the beginning of a number or name."""
    with tempfile.TemporaryDirectory(dir=data) as folder:
        store = Store.open(Path(folder), station="bench", ballast_bytes=1 << 16)
        try:
            clock, spent = time.perf_counter(), time.process_time()
            for _ in store.filings.add(_goods(records), officer="bench", source="bench", now=datetime.now(UTC)):
                pass
            clock, spent = time.perf_counter() - clock, time.process_time() - spent
            size = sum(each.stat().st_size for each in Path(folder).glob(f"{FILE}*"))
            chance = Random(1)
            keys = [_key(chance.randrange(records)) for _ in range(LOOKUPS)]
            find, page = store.filings.find, store.filings.page
            return [
                Row("filings.records", records, "records"),
                Row("filings.import_per_processor_second", records / spent, "1/s"),
                Row("filings.import_per_second", records / clock, "1/s"),
                Row("filings.bytes_a_record", size / records, "B"),
                *_timed("lookup", [partial(find, Book.GOODS, [key], _DAY) for key in keys]),
                *_timed("page", [partial(page, Book.GOODS, wanted=key[:14], limit=50) for key in keys[:500]]),
                *_timed("page_of_name", [partial(page, Book.GOODS, wanted=name, limit=50) for name in _NAMES]),
            ]
        finally:
            store.close()


def _key(number: int) -> str:
    return f"4403DEMO{number * 7_919 % 10_000_019:010d}"


def _goods(records: int) -> Iterator[Filing]:
    for number in range(records):
        said = {
            "enterprise": f"4403DEMO{number % 2_000:04d}", "hs_code": f"{3304990000 + number % 90:010d}",
            "model": "示例牌|50ml/瓶", "unit": "011", "origin": "116",
        }  # fmt: skip
        yield Filing(Book.GOODS, _key(number), f"保湿面霜 {number}", valid_from=_DAY, said=said)


def _timed(name: str, acts: list[Callable[[], object]]) -> list[Row]:
    clocks, spents = list[float](), list[float]()
    for act in acts:
        clock, spent = time.perf_counter(), time.thread_time()
        act()
        clocks.append(time.perf_counter() - clock)
        spents.append(time.thread_time() - spent)
    clock, spent = (sorted(times)[len(times) * 99 // 100] for times in (clocks, spents))
    return [
        Row(f"filings.{name}_p99_s", clock, "s", REACH_S, clock <= REACH_S),
        Row(f"filings.{name}_processor_p99_s", spent, "s"),
    ]
