"""The whole chain: simulated belt, detection, rows, the window, a scripted officer, labels."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from app.bench.rows import Row

PARCELS = 2_000
PACED_PARCELS = 120
PACED_SPEED, THINK_S = "2", 1.4
"""The simulated belt at twice its speed brings about 2,500 parcels an hour, and the officer keeps pace with it."""
EARLY = 200
"""Memory after so many parcels is held against memory at the end."""
BELT_PARCELS_PER_HOUR = 2_500
NEXT_IMAGE_MS = 100.0
GROWTH = 1.10


def run(data: Path | None) -> list[Row]:
    """Run the station as its user would, in a process of its own, and read the report."""
    del data
    with tempfile.TemporaryDirectory() as folder:
        report, seconds = _run_station(Path(folder) / "hurried", PARCELS)
        paced, _ = _run_station(Path(folder) / "paced", PACED_PARCELS, "--speed", PACED_SPEED, "--think", str(THINK_S))
    times, memory_mb = report["times_ms"], report["memory_mb"]
    per_hour = report["counts"]["scans"] / report["seconds"] * 3600
    next_ms = paced["times_ms"]["decision_to_next_image"]
    early, late = memory_mb[str(EARLY)], memory_mb[str(max(map(int, memory_mb)))]
    return [
        Row("station.parcels_per_hour", per_hour, "1/h", BELT_PARCELS_PER_HOUR, per_hour >= BELT_PARCELS_PER_HOUR),
        Row("station.decision_to_next_image_p95", next_ms["p95"], "ms", NEXT_IMAGE_MS, next_ms["p95"] <= NEXT_IMAGE_MS),
        Row("station.decision_to_next_image_p95_hurried", times["decision_to_next_image"]["p95"], "ms"),
        Row("station.decision_commit_p95", times["decision_commit"]["p95"], "ms"),
        Row("station.detection_p95", times["detection"]["p95"], "ms"),
        Row("station.scan_to_queue_p95", times["scan_to_queue"]["p95"], "ms"),
        Row("station.memory_growth", late / early, f"x ({EARLY} to {PARCELS})", GROWTH, late / early <= GROWTH),
        Row("station.memory_at_end", late, "MB"),
        Row("station.start_to_end", seconds, "s"),
    ]


def _run_station(folder: Path, parcels: int, *more: str) -> tuple[dict[str, Any], float]:
    folder.mkdir()
    report = folder / "report.json"
    command = [sys.executable, "-m", "app", "run", "--offscreen", "--auto", "--parcels", str(parcels)]
    begun = perf_counter()
    subprocess.run([*command, *more, "--data", str(folder / "data"), "--report", str(report)], check=True)
    return json.loads(report.read_text("utf-8")), perf_counter() - begun
