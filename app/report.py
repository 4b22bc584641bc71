"""What a run did, as JSON: counts, times, and every parcel with its state, code and ground truth."""

from __future__ import annotations

from typing import Any

from app.customs.parcel import Parcel
from app.station import Station
from imaging.scan import Truth

COUNTS = ("scans", "codes", "matched", "decisions", "labels", "faults", "rejected_files")
TIMES = ("scan_to_queue", "detection", "decision_commit", "decision_to_next_image")


def build_report(station: Station) -> dict[str, Any]:
    """The report of a sitting; times are None where nothing of the kind happened."""
    counts = station.measured.counts
    times = station.measured.percentiles()
    detections = {name.removeprefix("detections."): n for name, n in counts.items() if name.startswith("detections.")}
    return {
        "counts": {name: counts[name] for name in COUNTS} | {"detections": dict(sorted(detections.items()))},
        "times_ms": {name: times.get(name) for name in TIMES},
        "log_verified": station.verify_log().is_ok,
        "parcels": [_describe(station, station.parcel(key), truth) for key, truth in station.entered.items()],
    }


def _describe(station: Station, parcel: Parcel, truth: tuple[Truth, ...]) -> dict[str, Any]:
    found = station.trace(parcel.trace_code).found if parcel.trace_code else None
    return {
        "id": parcel.id,
        "number": parcel.number,
        "kind": parcel.kind,
        "state": parcel.state,
        "lane": parcel.lane,
        "trace_id": parcel.trace_code,
        "trace_code": found.payload if found else None,
        "label": str(station.label(parcel.id)) if found else None,
        "findings": [finding.kind for finding in parcel.findings],
        "detections": [
            {"class": each.label, "score": round(each.score, 4), "level": each.level, "box": list(each.box)}
            for each in parcel.seen
        ],
        "truth": [{"class": each.label, "box": list(each.box), "view": each.view} for each in truth],
    }
