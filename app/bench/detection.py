"""The detector on this machine: the whole pipeline beside the bare session, and memory over many scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from app.bench.rows import Row
from app.settings import CARGO
from imaging.phantom import simulate_container, simulate_parcel
from imaging.scan import Counts, Scan
from models.apart import ApartDetector
from models.benchmark import time_detector, time_pipeline, time_ultralytics
from models.card import STORE
from models.detect import DEFAULT, FULL, load_default
from models.onnx import load

PARCEL_P95_MS = 60.0
OVERHEAD = 0.35
CONTAINER_MS = 3_000.0
SCANS = 2_000
GROWTH = 1.05
CONTAINER_RUNS = 3
CONTAINER_SHAPE = (2_500, 10_000)


def run(data: Path | None) -> list[Row]:
    """Time the shipped models on a phantom parcel of 600 x 800 px and a container of 2,500 x 10,000 px.

    `full` is the form in 32 bits of the model for parcels; the overhead is counted on it.
    """
    del data
    detector = load_default()
    parcel = simulate_parcel(1)
    timing = time_pipeline(detector, parcel)
    full = load(FULL)
    in_full = time_pipeline(full, parcel)
    peer = time_ultralytics(STORE / full.card.file, full, parcel)
    apart = ApartDetector(DEFAULT)
    try:
        in_own_process = time_detector(apart, parcel)
    finally:
        apart.close()
    large = _large(simulate_container(1))
    container = time_pipeline(load(CARGO.model, batch=CARGO.batch), large, CONTAINER_RUNS)
    tile_by_tile = time_detector(load(CARGO.model), large, CONTAINER_RUNS)
    growth = _memory_growth(lambda: detector.find(parcel))
    return [
        Row(
            "detection.pipeline_p95", timing.pipeline.p95_ms, "ms", PARCEL_P95_MS,
            timing.pipeline.p95_ms <= PARCEL_P95_MS, "bare session", timing.session.p95_ms,
        ),
        Row(
            "detection.own_process_p50", in_own_process.p50_ms, "ms", None, None,
            "in this process", timing.pipeline.p50_ms,
        ),
        *(
            [Row("detection.full_p50", in_full.pipeline.p50_ms, "ms", None, None, "ultralytics", peer.p50_ms)]
            if peer
            else []
        ),
        Row(
            "detection.full_p95", in_full.pipeline.p95_ms, "ms", None, None, "bare session", in_full.session.p95_ms,
        ),
        Row("detection.overhead", in_full.overhead, "x session", OVERHEAD, in_full.overhead <= OVERHEAD),
        Row(
            "detection.container", container.pipeline.p50_ms, "ms", CONTAINER_MS,
            container.pipeline.p50_ms <= CONTAINER_MS, "bare session", container.session.p50_ms,
        ),
        Row(
            "detection.container_batch", container.pipeline.p50_ms, "ms", None, None,
            "tile by tile", tile_by_tile.p50_ms,
        ),
        Row("detection.memory_growth", growth, f"x over {SCANS} scans", GROWTH, growth <= GROWTH),
    ]  # fmt: skip


def _large(scan: Scan) -> Scan:
    """The scan's first view, repeated to the size of a large container picture."""
    view = scan.views[0]
    rows, cols = CONTAINER_SHAPE

    def spread(counts: Counts | None) -> Counts | None:
        if counts is None:
            return None
        times = (-(-rows // counts.shape[0]), -(-cols // counts.shape[1]))
        return np.ascontiguousarray(np.tile(counts, times)[:rows, :cols])

    return replace(scan, views=(replace(view, high=spread(view.high), low=spread(view.low)),), truth=())


def _memory_growth(find: Callable[[], object]) -> float:
    process = psutil.Process()
    for _ in range(SCANS // 10):
        find()
    early = process.memory_info().rss
    for _ in range(SCANS - SCANS // 10):
        find()
    return float(process.memory_info().rss / early)
