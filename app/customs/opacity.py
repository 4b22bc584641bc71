"""What could not be seen through (无法穿透): how much of the object, and where; only opening says what is in it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.customs.parcel import Finding, FindingKind

Place = tuple[int, int, int, int, int]
"""View number, then left, top, right, bottom in px."""


def to_finding(part: float, places: Sequence[Place]) -> Finding:
    """`part` is from 0 to 1, of the object's area in the view where it is largest."""
    return Finding(FindingKind.OPAQUE, json.dumps({"part": round(part, 3), "places": list(places)}))


def opaque_part(findings: Sequence[Finding]) -> float:
    """The part of the object that could not be seen through, 0 where there is none worth a finding."""
    told = next((finding.detail for finding in findings if finding.kind is FindingKind.OPAQUE), None)
    return 0.0 if told is None else float(json.loads(told)["part"])
