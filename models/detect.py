"""What the command line asks: the shipped detector, a line of output, thresholds, a judgement on a COCO file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from imaging.files import read
from imaging.marks import measure_opaque
from imaging.scan import Scan
from models.baseline import DenseBlobs
from models.card import STORE, ModelCard, calibrated, read_model
from models.coco import open_pictures, read_coco
from models.detector import CleanSetError, Findings
from models.evaluate import RATES, Report, calibrate, judge, report
from models.onnx import OnnxDetector, load, open_detector

CALIBRATED = "Thresholds by"
"""How the note on a card begins that says by how many pictures."""
DEFAULT = "parcel-3-int8"
"""The model that ships for parcels; another that it names looks at what is not measured."""
FULL = "parcel-3"
"""The same in 32 bits, for graphics processors."""


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


def unlimited(card: ModelCard) -> ModelCard:
    """A card by which every box comes back, to calibrate a model.

    Without thresholds only the best boxes do, and a class that is rarely among them would seem to be silent.
    """
    return calibrated(card, {label: {max(RATES): 0.0} for label in card.labels})


def calibrate_card(card: ModelCard, home: Path, clean: Iterable[Scan]) -> ModelCard:
    """A card with thresholds from clean pictures, at those rates that so many pictures can show.

    `home` is the folder of its model.

    Raises:
        CleanSetError: it looked at too few pictures for any rate.
        ModelError: as `models.onnx.load`.
    """
    detector = open_detector(unlimited(card), home, read_model(card, home))
    judged = [each for each in judge(detector, ((scan, ()) for scan in clean)) if each.model == detector.name]
    rates = [rate for rate in RATES if rate * len(judged) >= 100]
    if not rates:
        fewest = 100 // max(RATES)
        raise CleanSetError(
            f"{detector.name} looked at {len(judged)} clean pictures; {fewest} are the least. Give more.",
            count=len(judged),
            fewest=fewest,
        )
    found = {label: calibrate(judged, label) for label in card.labels}
    card = calibrated(card, {label: {rate: cuts[rate] for rate in rates} for label, cuts in found.items()})
    notes = (note for note in card.notes if not note.startswith(CALIBRATED))
    return card.model_copy(update={"notes": (*notes, f"{CALIBRATED} {len(judged)} clean pictures.")})


def unnamed_classes(detector: OnnxDetector, coco: Path, same_as: Mapping[str, str] | None = None) -> list[str]:
    """Classes of the boxes in a COCO file that the model has no class for: figures of them leave class out.

    Raises:
        CocoError: the file cannot be used.
    """
    found = {known.label for _, boxes in read_coco(coco, same_as) for known in boxes if not known.is_ignored}
    return sorted(found - set(detector.card.labels))


def evaluate_coco(
    detector: OnnxDetector,
    coco: Path,
    folder: Path | None = None,
    same_as: Mapping[str, str] | None = None,
    open_scan: Callable[[Path], Scan] = read,
) -> dict[str, Report]:
    """Figures of a model and of the dense blobs on pictures with known boxes, by the name of who looked.

    Each model of a detector with two is judged on the pictures that it looked at, by its own thresholds. `same_as`
    renames the file's classes to the model's. `folder` is where the pictures are: beside the file if None.

    Raises:
        CocoError: the file or its pictures cannot be used.
    """
    entries, home = read_coco(coco, same_as), folder or coco.parent
    labels, reports = detector.card.labels, {}
    judged = judge(detector, open_pictures(entries, home, open_scan))
    for name in dict.fromkeys(picture.model for picture in judged):
        card = detector.cards.get(name, detector.card)
        thresholds = {entry.label: entry.thresholds for entry in card.classes}
        reports[name] = report([each for each in judged if each.model == name], labels, thresholds.__getitem__)
    blobs = judge(DenseBlobs(), open_pictures(entries, home, open_scan))
    return reports | {DenseBlobs.name: report(blobs, labels, lambda _: {})}
