"""The bench of declared against seen: phantoms with their own declaration and with that of another parcel.

Some hide what their own declaration does not name: these are neither true nor another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.rows import Row
from app.build import load_detector
from app.customs.likeness import compare
from app.customs.parcel import Declaration, GoodsLine, Seen
from app.screening import seen_of
from app.settings import Detection
from imaging.content import Content, measure_content
from imaging.phantom.make_samples import declared_classes, make_parcel
from models.evaluate import auroc
from models.onnx import OnnxDetector
from models.worth import Worth, worth_of

PARCELS = 30
FIRST = 200
"""Sample number of the first: the shipped samples end far below it."""
ALARM = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """A parcel as it passes: its own declaration and what is weighed against one. `is_hiding`: not all is declared."""

    declaration: Declaration
    content: Content
    seen: tuple[Seen, ...]
    worth: Worth
    is_hiding: bool

    def mismatch(self, declaration: Declaration, *, has_finds: bool) -> float:
        return compare(declaration, self.content, self.seen if has_finds else (), self.worth).mismatch


def run(_data: Path | None, parcels: int = PARCELS) -> list[Row]:
    """Seeded parcels of the sample maker, in which some carry what is not declared; reported, nothing to be reached."""
    detector = load_detector(Detection())
    cases = [case for index in range(FIRST, FIRST + parcels) if (case := _make_case(index, detector))]
    weights = [abs(case.content.mass_g / (case.declaration.gross_weight_g or 1) - 1) for case in cases]
    return [
        *(Row(f"likeness.{name}", value, "") for name, value in measure(cases, has_finds=True).items()),
        *(Row(f"likeness.without_finds.{name}", value, "") for name, value in measure(cases, has_finds=False).items()),
        Row("likeness.weight_error_median", float(np.median(weights)), "of declared"),
        Row("likeness.parcels", len(cases), ""),
        Row("likeness.parcels_hiding_something", sum(case.is_hiding for case in cases), ""),
    ]


def _make_case(index: int, detector: OnnxDetector) -> Case | None:
    """Sample parcel number `index`; None where nothing is declared."""
    scan, declared = make_parcel(index)
    content = measure_content(scan.views[0], scan.generator)
    if not declared or content is None:
        return None
    findings = detector.find(scan)
    is_hiding = any(each.label not in declared_classes(index) for each in scan.truth)
    worth = worth_of(detector.cards[findings.model])
    return Case(_declaration(declared[0]), content, seen_of(findings), worth, is_hiding)


def measure(cases: Sequence[Case], *, has_finds: bool) -> dict[str, float]:
    """How well a false declaration, and what is hidden under an own one, is told from a true one: figure -> value."""
    others = [case.declaration for case in (*cases[1:], *cases[:1])]
    false = [case.mismatch(other, has_finds=has_finds) for case, other in zip(cases, others, strict=True)]
    own = [(case.mismatch(case.declaration, has_finds=has_finds), case.is_hiding) for case in cases]
    true = [mismatch for mismatch, is_hiding in own if not is_hiding]
    hiding = [mismatch for mismatch, is_hiding in own if is_hiding]
    return {
        "auroc_false_declarations": auroc(false, true),
        "auroc_hiding_something": auroc(hiding, true),
        f"false_declarations_over_{ALARM}": float(np.mean(np.array(false) > ALARM)),
        f"hiding_something_over_{ALARM}": float(np.mean(np.array(hiding) > ALARM)),
        f"true_declarations_over_{ALARM}": float(np.mean(np.array(true) > ALARM)),
    }


def _declaration(said: dict[str, Any]) -> Declaration:
    lines = tuple(
        GoodsLine(line["name"], line["hs_code"], line["quantity"], line["unit"], line["weight_g"])
        for line in said["goods"]
    )
    return Declaration(said["number"], lines, gross_weight_g=said["gross_weight_g"])
