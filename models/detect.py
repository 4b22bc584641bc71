"""What the command line asks of this package: the shipped detector, a line of output, a judgement on a COCO file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from imaging.files import read
from imaging.marks import measure_opaque
from imaging.scan import Scan
from models.baseline import DenseBlobs
from models.card import STORE
from models.coco import open_pictures, read_coco
from models.detector import Findings
from models.evaluate import Report, judge, report
from models.onnx import OnnxDetector, load

DEFAULT = "parcel-3"
"""The model that ships for parcels; another that it names looks at what is not measured."""


def load_default(folder: Path = STORE) -> OnnxDetector:
    """The shipped detector for parcels.

    Raises:
        ModelError: as `models.onnx.load`.
    """
    return load(DEFAULT, folder)


def as_line(file: Path, scan: Scan, findings: Findings) -> dict[str, Any]:
    """One line of `guanjian detect --json`; `opaque` are the regions that the beam did not penetrate."""
    return {
        "file": str(file),
        "model": findings.model,
        "ms": round(findings.ms, 2),
        "detections": [
            {
                "class": found.label,
                "score": round(found.score, 4),
                "level": found.level.value,
                "box": list(found.box),
                "view": found.view,
            }
            for found in findings.detections
        ],
        "opaque": [
            {"view": number, "box": list(mark.box)}
            for number, view in enumerate(scan.views)
            for mark in measure_opaque(view)[1]
        ],
    }


def evaluate_coco(
    detector: OnnxDetector,
    coco: Path,
    folder: Path | None = None,
    same_as: Mapping[str, str] | None = None,
    open_scan: Callable[[Path], Scan] = read,
) -> dict[str, Report]:
    """Figures of a model and of the dense blobs on pictures with known boxes, by name of detector.

    `same_as` renames the file's classes to the model's. `folder` is where the pictures are: beside the file if None.

    Raises:
        CocoError: the file or its pictures cannot be used.
    """
    entries = read_coco(coco)
    thresholds = {entry.label: entry.thresholds for entry in detector.card.classes}
    reports = {}
    for judged_one in (detector, DenseBlobs()):
        pictures = open_pictures(entries, folder or coco.parent, open_scan, same_as)
        figures = report(judge(judged_one, pictures), detector.card.labels, thresholds.__getitem__)
        reports[judged_one.name] = figures
    return reports
