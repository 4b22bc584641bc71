"""Figures of ingest: messages of the Single Window parsed, checked and kept, on one core."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from app.bench.messages import inventory, make_message
from app.bench.replay import replay
from app.bench.rows import Row, rate
from app.exchange.ceb.read import read_message
from app.exchange.xml import parse_xml
from app.single_window import BATCH, keep_messages
from app.store.store import Store

REACH = 5_000
"""Declarations a second on one core."""

MESSAGES = 60
RECORDS = 100
_AT_ONCE = -(-BATCH // RECORDS)
_SINGLES = 1000
_ROUNDS = 10
"""The best of them counts: what else the machine does only takes away."""


def run(data: Path | None) -> list[Row]:
    """Reading alone, reading and keeping, and single messages, beside lxml, which only parses; then a day's replay.

    What is to be reached is counted in processor time, as "per core" means; waiting for the disk and for other
    programs is in the last figure.
    """
    del data
    batches = [make_inventories(number * RECORDS, RECORDS) for number in range(MESSAGES)]
    singles = [make_inventories(number, 1) for number in range(_SINGLES)]
    count = MESSAGES * RECORDS
    # In turn: a busy machine is slow for seconds, which should not hit one of them alone.
    rounds = [
        (
            rate(count, lambda: [parse_xml(text) for text in batches], 1),
            rate(count, lambda: [read_message(text) for text in batches], 1),
            rate(len(singles), lambda: [read_message(text) for text in singles], 1),
            *_keep(batches, count),
        )
        for _ in range(_ROUNDS)
    ]
    parse, read, one, keep, by_clock = map(max, zip(*rounds, strict=True))
    peer = "lxml, parsing only"
    return [
        Row("ingest.read_and_checked_per_second", read, "1/s", REACH, read >= REACH, peer, parse),
        Row("ingest.single_messages_per_second", one, "1/s"),
        Row("ingest.kept_per_second", keep, "1/s", REACH, keep >= REACH, peer, parse),
        Row("ingest.kept_per_second_by_clock", by_clock, "1/s"),
        *replay(),
    ]


def make_inventories(first: int, count: int) -> bytes:
    """An import message of so many different inventories, all of them sound."""
    return make_message("CEB621", first, [inventory(number) for number in range(first, first + count)])


def _keep(batches: list[bytes], count: int) -> tuple[float, float]:
    """Messages read and kept in a new store, with rows, declarations, goods and events, all on disk at the end.

    So many at a time as when a folder is imported.

    How many a second of processor time, of all threads, and by the clock.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), station="bench", ballast_bytes=1 << 16)
        try:
            start, started = time.process_time(), time.perf_counter()
            for first in range(0, len(batches), _AT_ONCE):
                keep_messages(store, map(read_message, batches[first : first + _AT_ONCE]))
            spent, passed = time.process_time() - start, time.perf_counter() - started
        finally:
            store.close()
    return count / spent, count / passed
