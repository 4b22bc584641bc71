"""Figures of a store with millions of parcels: finding, showing, counting, deciding, verifying, backing up."""

from __future__ import annotations

import hashlib
import math
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.bench.big_store import DAYS, make_big_store, number_of
from app.bench.ingest import run as run_ingest
from app.bench.preload import PreloadMissingError
from app.bench.rows import Row
from app.bench.slow_disk import decide_on_slow_disk, measure_decisions
from app.build import build_station
from app.customs.parcel import ArchiveFilter, QueueFilter
from app.customs.states import Action
from app.settings import Detection, Officers, Post, Settings
from app.store.audit import event_hash
from app.store.migrations import back_up, migrations
from app.store.store import FILE, Store
from imaging.errors import KnownError

PARCELS = 10_000_000
BYTES_EACH = 2_300
_READY = "made"
_WORDS = ("口红", "手表", "连衣裙", "儿童奶粉", "有机茶叶", "demo", "不锈钢餐具", "手机壳")


class NoRoomError(KnownError):
    """The disk has no room for a store of this size."""

    key = "bench_no_room"


def run(data: Path | None, parcels: int = PARCELS) -> list[Row]:
    """The store is made in `data` or the system's temporary folder and stays there for the next time.

    Raises:
        NoRoomError: the disk is too small for it.
    """
    folder = (data or Path(tempfile.gettempdir())) / f"guanjian-bench-store-{parcels}"
    build_s = _make(folder, parcels)
    size = (folder / FILE).stat().st_size
    started = [_row("store.start_s", _start(folder), "s", 2.0)]
    store = Store.open(folder, station="bench", ballast_bytes=1 << 16)
    try:
        rows = [
            Row("store.parcels", parcels, ""),
            Row("store.made_in_s", build_s, "s"),
            *started,
            *_decisions(store),
            *_lookups(store, folder / FILE, parcels),
            *_pages(store, parcels),
            _row("store.bytes_a_parcel", size / parcels, "B", 340),
            *_slow_disk(),
            *[row for row in run_ingest(None) if "kept_per_second" in row.name],
            *_log(store),
            *_backup(folder, size),
        ]
    finally:
        store.close()
    return rows + [_not_run(name, why) for name, why in _ELSEWHERE]


_ELSEWHERE = (
    ("kill -9, power cuts, bit flips", "see: guanjian bench faults"),
    ("hub claims, hub stopped hard", "see: guanjian bench hub"),
)


class _Signer:
    """Signs checkpoints with a key that is worth nothing."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"guanjian bench").digest())
        self._public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        return self._public, self._key.sign(message)


def _make(folder: Path, parcels: int) -> float:
    """Make the store unless it is there as this version would make it; how many seconds it took."""
    version = hashlib.sha256("".join(step.digest for step in migrations()).encode()).hexdigest()
    ready = folder / _READY
    if ready.is_file() and ready.read_text("utf-8") == version:
        return 0.0
    shutil.rmtree(folder, ignore_errors=True)
    needed, free = parcels * BYTES_EACH, shutil.disk_usage(folder.parent).free
    if needed * 1.2 > free:
        raise NoRoomError(
            f"A store of {parcels:,} parcels needs {needed >> 30} GiB and there are {free >> 30}; use --parcels.",
            needed=needed >> 30,
            free=free >> 30,
        )
    start = time.perf_counter()
    make_big_store(folder, parcels, _Signer())
    ready.write_text(version, "utf-8")
    return time.perf_counter() - start


def _start(folder: Path) -> float:
    """From nothing to a station that shows its queue; without the model, which is loaded beside."""
    settings = Settings(
        data=folder, post=Post(station="bench"), detection=Detection(is_on=False), officers=Officers(sign_in="demo")
    )
    start = time.perf_counter()
    station = build_station(settings)
    station.queue(QueueFilter(), limit=50)
    station.counts()
    seconds = time.perf_counter() - start
    station.stop()
    return seconds


def _decisions(store: Store) -> list[Row]:
    wall_ms, cpu_us = measure_decisions(store, 1000)
    return [
        _row("decision.cpu_p50_us", cpu_us[500], "us", 60),
        Row("decision.wall_p50_ms", wall_ms[500], "ms"),
        Row("decision.wall_p95_ms", wall_ms[950], "ms"),
    ]


def _lookups(store: Store, file: Path, parcels: int) -> list[Row]:
    """A parcel by its number with all that hangs on it."""
    chance = random.Random(1)
    numbers = [number_of(chance.randint(1, parcels)) for _ in range(2000)]
    acts = [partial(store.find_number, number) for number in numbers]
    for act in acts:
        assert act() is not None
    rows = _timed("lookup.warm", acts, 0.1)
    if not hasattr(os, "posix_fadvise"):
        return [*rows, _not_run("lookup.cold", "no way to empty the disk cache here")]
    fresh = [partial(store.find_number, number_of(chance.randint(1, parcels))) for _ in range(400)]
    with file.open("rb") as opened:
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return rows + _timed("lookup.cold", fresh, 5)


def _pages(store: Store, parcels: int) -> list[Row]:
    chance = random.Random(2)
    numbers = [number_of(chance.randint(1, parcels)) for _ in range(500)]
    end = datetime.now(UTC)
    days = [end - timedelta(days=chance.randint(1, DAYS - 2)) for _ in range(50)]
    held = [ArchiveFilter(arrived_from=day, arrived_to=day + timedelta(days=1), action=Action.HOLD) for day in days]
    return [
        *_timed("queue.page", [partial(store.queue, QueueFilter(), 50)] * 500, 0.1),
        *_timed("search.prefix", [partial(store.search, number[:9], 50) for number in numbers], 0.1),
        *_timed("search.goods", [partial(store.search, word, 50) for word in _WORDS * 12], 20),
        *_timed("archive.held_on_a_day", [partial(store.archive, wanted, 200) for wanted in held], None),
        *_timed("statistics.day", [partial(store.day_counts, day.date()) for day in days * 10], 0.1),
    ]


def _slow_disk() -> list[Row]:
    try:
        counted = decide_on_slow_disk(0, is_ingesting=False)
        slow = decide_on_slow_disk(5000, is_ingesting=True)
    except PreloadMissingError as error:
        return [_not_run("decision.fsyncs", str(error)), _not_run("decision.p99_ms_5ms_fsync_ingest", str(error))]
    return [
        _row("decision.fsyncs", counted["syncs"], "", 1.02),
        _row("decision.p99_ms_5ms_fsync_ingest", slow["p99_ms"], "ms", 15),
    ]


def _log(store: Store) -> list[Row]:
    body = '{"capture":["1","2026/01/01/x.tif","' + "0" * 64 + '","belt",1],"row":"' + "0" * 64 + '"}'
    previous, count = bytes(32), 50_000
    cpu = time.process_time()
    for seq in range(count):
        previous = event_hash(previous, (seq, seq, seq, "boot", seq, "scanned", seq, body))
    chain_us = (time.process_time() - cpu) / count * 1e6
    rows = [_row("log.chain_us_an_event", chain_us, "us", 2)]
    for name, verify, reach in (
        ("log.verify_chain", store.keeping.verify_chain, 2.0),
        ("log.verify_chain_and_every_row", partial(store.verify_log, with_pictures=False), None),
    ):
        cpu, start = time.process_time(), time.perf_counter()
        report = verify()
        spent, passed = time.process_time() - cpu, time.perf_counter() - start
        millions = report.events / 1e6
        is_met = None if reach is None else spent / millions <= reach
        rows += [
            Row(f"{name}_cpu_s_a_million", spent / millions, "s", reach, is_met),
            Row(f"{name}_s_a_million", passed / millions, "s"),
            Row(f"{name}_problems", len(report.problems), "", 0, not report.problems),
        ]
    return rows


def _backup(folder: Path, size: int) -> list[Row]:
    if shutil.disk_usage(folder).free < size * 1.2:
        return [_not_run("backup.mb_per_second", "no room for a second store")]
    start = time.perf_counter()
    copy = back_up(folder / FILE, folder / "backups")
    seconds = time.perf_counter() - start
    copy.unlink()
    return [Row("backup.mb_per_second", size / 1e6 / seconds, "MB/s")]


def _timed(name: str, acts: Sequence[Callable[[], object]], reach: float | None) -> list[Row]:
    """The 99th of a hundred by the clock, and by processor time, which other programs lengthen less."""
    wall_ms, cpu_ms = [], []
    for act in acts:
        start, cpu = time.perf_counter(), time.thread_time()
        act()
        cpu_ms.append((time.thread_time() - cpu) * 1e3)
        wall_ms.append((time.perf_counter() - start) * 1e3)
    found = _p99(wall_ms)
    return [
        Row(f"{name}_p99_ms", found, "ms", reach, None if reach is None else found <= reach),
        Row(f"{name}_cpu_p99_ms", _p99(cpu_ms), "ms"),
    ]


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _row(name: str, value: float, unit: str, reach: float) -> Row:
    return Row(name, value, unit, reach, value <= reach)


def _not_run(name: str, why: str) -> Row:
    return Row(name, math.nan, f"not run: {why}")
