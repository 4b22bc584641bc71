"""Decisions on a disk whose syncs are counted and slow, in a process of its own under a preloaded library."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.bench.preload import build_preload
from app.customs.parcel import Capture, Declaration, GoodsLine
from app.customs.states import Action
from app.store.decisions import TraceLabel
from app.store.store import Store

DECISIONS = 400
DECLARED_PER_S = 1_160
_BATCH = 100
_SHIM = Path(__file__).with_name("slow_syncs.c")


def decide_on_slow_disk(sync_us: int, *, is_ingesting: bool) -> dict[str, float]:
    """Decide while each sync takes so long, with declarations coming in or not: p99 in ms, syncs a decision, CPU in us.

    Raises:
        PreloadMissingError: the library that counts cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="guanjian-sync-") as folder:
        library = build_preload(_SHIM, Path(folder))
        done = subprocess.run(
            [sys.executable, "-m", "app.bench.slow_disk", folder, str(int(is_ingesting))],
            env={**os.environ, "LD_PRELOAD": str(library), "GUANJIAN_SYNC_US": str(sync_us)},
            check=True, capture_output=True, timeout=600,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure_decisions(store: Store, count: int) -> tuple[list[float], list[float]]:
    """Let parcels pass and release each with a label: wall ms and CPU us of each decision, in order of length."""
    wall_ms, cpu_us = list[float](), list[float]()
    for number in range(count):
        scan = uuid4().hex
        now = datetime.now(UTC)
        capture = Capture(scan, f"{scan}.tif", scan * 2, "belt", now)
        parcel = store.record_scan(None, capture, number=f"B{scan[:12].upper()}", model="m", arrived_at=now)
        label = TraceLabel(f"T{uuid4().int % 10**18:018d}", "GJ1:" + "X" * 180)
        start, cpu = time.perf_counter(), time.thread_time()
        store.decide(
            parcel.id,
            Action.RELEASE,
            officer=f"officer-{number % 9}",
            decided_at=now,
            reason="no_suspicion",
            trace=label,
        )
        cpu_us.append((time.thread_time() - cpu) * 1e6)
        wall_ms.append((time.perf_counter() - start) * 1e3)
    return sorted(wall_ms), sorted(cpu_us)


@contextmanager
def _declaring(store: Store) -> Iterator[None]:
    """Declarations come in at a nation's pace, in small batches."""
    stop = threading.Event()

    def declare() -> None:
        start, sent = time.perf_counter(), 0
        while not stop.wait(max(0.0, sent / DECLARED_PER_S - (time.perf_counter() - start))):
            store.add_declarations(
                Declaration(f"D{sent + n:09d}", (GoodsLine("口红", "3304100090"),), value=1) for n in range(_BATCH)
            )
            sent += _BATCH

    thread = threading.Thread(target=declare, name="declaring")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def main(folder: str, is_ingesting: str) -> dict[str, Any]:
    """What the process measures."""
    store = Store.open(Path(folder) / "data", station="slow", ballast_bytes=1 << 16)
    syncs = ctypes.CDLL(None).guanjian_syncs
    syncs.restype = ctypes.c_long
    try:
        measure_decisions(store, 20)
        if int(is_ingesting):
            with _declaring(store):
                wall_ms, cpu_us = measure_decisions(store, DECISIONS)
            return {"p99_ms": wall_ms[int(DECISIONS * 0.99)], "cpu_us": cpu_us[DECISIONS // 2]}
        before = syncs()
        wall_ms, cpu_us = measure_decisions(store, DECISIONS)
        # Each parcel was recorded and decided on: two transactions.
        return {"p99_ms": wall_ms[int(DECISIONS * 0.99)], "syncs": (syncs() - before) / DECISIONS / 2}
    finally:
        store.close()


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201
