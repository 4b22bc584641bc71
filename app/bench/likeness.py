"""The bench of declared against seen: phantoms with their own declaration and with that of another parcel.

Some hide what their own declaration does not name: these are neither true nor another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.rows import Row
from app.build import load_detector
from app.customs.likeness import compare
from app.customs.parcel import Declaration, GoodsLine, Seen
from app.settings import Detection
from imaging.content import measure_content
from imaging.phantom.make_samples import make_parcel
from imaging.scan import Scan

PARCELS = 30
FIRST = 200
"""Sample number of the first: the shipped samples end far below it."""
ALARM = 0.5


def run(_data: Path | None) -> list[Row]:
    """Seeded parcels of the sample maker, in which some carry what is not declared; reported, nothing to be reached."""
    detector = load_detector(Detection())
    pairs = [(scan, declared[0]) for scan, declared in map(make_parcel, range(FIRST, FIRST + PARCELS)) if declared]
    declarations = [_declaration(declared) for _, declared in pairs]
    true: list[float] = []
    hiding: list[float] = []
    false: list[float] = []
    for number, (scan, _) in enumerate(pairs):
        seen = [
            Seen(each.label, each.score, each.level, each.box, each.view) for each in detector.find(scan).detections
        ]
        (hiding if scan.truth else true).append(_mismatch(declarations[number], scan, seen))
        false.append(_mismatch(declarations[(number + 1) % len(pairs)], scan, seen))
    weights = [_weight_error(declaration, scan) for declaration, (scan, _) in zip(declarations, pairs, strict=True)]
    return [
        Row("likeness.auroc", _auroc(true, false), ""),
        Row(f"likeness.false_declarations_over_{ALARM}", float(np.mean(np.array(false) > ALARM)), ""),
        Row(f"likeness.true_declarations_over_{ALARM}", float(np.mean(np.array(true) > ALARM)), ""),
        Row(f"likeness.hiding_something_over_{ALARM}", float(np.mean(np.array(hiding) > ALARM)), ""),
        Row("likeness.weight_error_median", float(np.median(weights)), "of declared"),
        Row("likeness.parcels", len(pairs), ""),
    ]


def _mismatch(declaration: Declaration, scan: Scan, seen: Sequence[Seen]) -> float:
    return compare(declaration, measure_content(scan.views[0], scan.generator), seen).mismatch


def _weight_error(declaration: Declaration, scan: Scan) -> float:
    content = measure_content(scan.views[0], scan.generator)
    assert content is not None
    return abs(content.mass_g / (declaration.gross_weight_g or 1) - 1)


def _declaration(said: dict[str, Any]) -> Declaration:
    lines = tuple(
        GoodsLine(line["name"], line["hs_code"], line["quantity"], line["unit"], line["weight_g"])
        for line in said["goods"]
    )
    return Declaration(said["number"], lines, gross_weight_g=said["gross_weight_g"])


def _auroc(true: Sequence[float], false: Sequence[float]) -> float:
    """The chance that a false declaration scores higher than a true one; ties count half."""
    higher = np.subtract.outer(np.array(false), np.array(true))
    return float((higher > 0).mean() + 0.5 * (higher == 0).mean())
