"""What a run did, as JSON: counts, times, and every parcel with its state, code and ground truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.customs.parcel import Parcel
from app.measured import Measured
from imaging.scan import Truth

COUNTS = ("scans", "codes", "matched", "decisions", "labels", "faults", "rejected_files")
TIMES = ("scan_to_queue", "detection", "decision_commit", "decision_to_next_image")


def build_report(
    parcels: Iterable[tuple[Parcel, tuple[Truth, ...]]], measured: Measured, *, is_log_sound: bool
) -> dict[str, Any]:
    """The report of a run; times are None where nothing of the kind happened."""
    counts = measured.counts
    times = measured.percentiles()
    detections = {name.removeprefix("detections."): n for name, n in counts.items() if name.startswith("detections.")}
    return {
        "counts": {name: counts[name] for name in COUNTS} | {"detections": dict(sorted(detections.items()))},
        "times_ms": {name: times.get(name) for name in TIMES},
        "log_verified": is_log_sound,
        "parcels": [_describe(parcel, truth) for parcel, truth in parcels],
    }


def _describe(parcel: Parcel, truth: tuple[Truth, ...]) -> dict[str, Any]:
    return {
        "id": parcel.id,
        "number": parcel.number,
        "kind": parcel.kind,
        "state": parcel.state,
        "lane": parcel.lane,
        "trace_code": parcel.trace_code,
        "findings": [finding.kind for finding in parcel.findings],
        "detections": [
            {"class": each.label, "score": round(each.score, 4), "level": each.level, "box": list(each.box)}
            for each in parcel.seen
        ],
        "truth": [{"class": each.label, "box": list(each.box), "view": each.view} for each in truth],
    }
