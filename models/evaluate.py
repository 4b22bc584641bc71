"""Figures of a detector: average precision, recall at false-alarm rates, FROC and AUROC, with their controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from imaging.scan import Box, Scan
from models.detector import Detection, Detector
from models.heads.boxes import iou

RATES = (1, 2, 5, 10)
"""False-alarm rates in percent of clean pictures."""
FALSE_PER_PICTURE = (0.1, 0.25, 0.5, 1.0)
HIT_IOU = 0.3
COCO_IOUS = tuple(number / 100 for number in range(50, 100, 5))
RECALLS = np.linspace(0, 1, 101)

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """A box that is truly there; one that cannot be judged is neither asked for nor counted as false."""

    label: str
    box: Box
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: what is there and what was found. In clean pictures nothing is there that is asked for."""

    known: tuple[Known, ...]
    found: tuple[Detection, ...]
    trivial: tuple[float, ...] = ()
    """Statistics that need no detector, such as the picture's size and mean, for the control."""
    model: str = ""
    """Which model looked, as its findings say."""

    @property
    def is_clean(self) -> bool:
        return all(known.is_ignored for known in self.known)


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one detector on one set, ready for a card: name of the figure -> value."""

    pictures: int
    objects: int
    figures: dict[str, float] = field(default_factory=dict)


def judge(detector: Detector, pictures: Iterable[tuple[Scan, tuple[Known, ...]]]) -> list[Judged]:
    """Run a detector over pictures of one view each."""
    judged = []
    for scan, known in pictures:
        view = scan.views[0]
        pixels = view.high if view.colour is None else view.colour
        assert pixels is not None
        trivial = (float(view.shape[0] * view.shape[1]), float(pixels.mean()))
        findings = detector.find(scan)
        judged.append(Judged(known, findings.detections, trivial, findings.model))
    return judged


def average_precision(judged: Sequence[Judged], label: str | None, overlap: float = 0.5) -> float:
    """Average precision at an IoU, interpolated at 101 recalls as COCO does; blind to class where `label` is None.

    NaN where there is nothing to find.
    """
    scores, is_hit, count = _match_all(judged, label, overlap)
    if count == 0:
        return float("nan")
    if scores.size == 0:
        return 0.0
    hits = np.cumsum(is_hit[np.argsort(-scores, kind="stable")])
    precision = np.maximum.accumulate((hits / np.arange(1, hits.size + 1))[::-1])[::-1]
    places = np.searchsorted(hits / count, RECALLS)
    return float(np.append(precision, 0.0)[np.minimum(places, precision.size)].mean())


def calibrate(judged: Sequence[Judged], label: str) -> dict[int, float]:
    """The score of a class that 1, 2, 5 and 10 % of clean pictures exceed: percent -> threshold."""
    best = np.sort([best_score(picture, label) for picture in judged if picture.is_clean])
    return (
        {rate: float(np.quantile(best, 1 - rate / 100, method="higher")) + 1e-6 for rate in RATES} if best.size else {}
    )


def recall_at(judged: Sequence[Judged], label: str, threshold: float, overlap: float = HIT_IOU) -> float:
    """Part of a class's objects that a box of the class covers with a score from `threshold` up; NaN without any."""
    hits = total = 0
    for picture in judged:
        boxes = _boxes([d.box for d in picture.found if d.label == label and d.score >= threshold])
        wanted = _boxes([k.box for k in picture.known if k.label == label and not k.is_ignored])
        total += len(wanted)
        if len(boxes) and len(wanted):
            hits += int((iou(wanted, boxes).max(axis=1) >= overlap).sum())
    return hits / total if total else float("nan")


def hit_by_best(judged: Sequence[Judged], count: int = 5, overlap: float = HIT_IOU) -> float:
    """Part of all objects that one of the `count` best boxes of their picture covers, whatever its class."""
    hits = total = 0
    for picture in judged:
        boxes = _boxes([d.box for d in picture.found[:count]])
        wanted = _boxes([k.box for k in picture.known if not k.is_ignored])
        total += len(wanted)
        if len(boxes) and len(wanted):
            hits += int((iou(wanted, boxes).max(axis=1) >= overlap).sum())
    return hits / total if total else float("nan")


def froc(judged: Sequence[Judged], overlap: float = HIT_IOU) -> dict[float, float]:
    """Recall blind to class at numbers of false boxes per clean picture."""
    clean = [picture for picture in judged if picture.is_clean]
    false = np.sort([d.score for picture in clean for d in _false_in(picture)])[::-1]
    curve = {}
    for rate in FALSE_PER_PICTURE:
        place = int(rate * len(clean))
        threshold = float(false[place]) if place < false.size else 0.0
        kept = [
            Judged(picture.known, tuple(d for d in picture.found if d.score > threshold), picture.trivial)
            for picture in judged
        ]
        curve[rate] = hit_by_best(kept, 10**6, overlap)
    return curve


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Probability that a positive scores above a negative, ties counting half; NaN where one of them is absent."""
    if not len(positive) or not len(negative):
        return float("nan")
    both = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def report(
    judged: Sequence[Judged], labels: Sequence[str], thresholds: Callable[[str], dict[int, float]] | None = None
) -> Report:
    """Every figure of the field for one set.

    `thresholds` gives a class's score by false-alarm rate, as on a card; without it they are calibrated on the clean
    pictures of the set itself, and recall at a rate is left out where there are none.
    """
    objects = [k for picture in judged for k in picture.known if not k.is_ignored]
    figures: dict[str, float] = {"any AP30": average_precision(judged, None, HIT_IOU)}
    figures |= {"any hit by best 5": hit_by_best(judged), "any AP50": average_precision(judged, None)}
    present = [label for label in labels if any(k.label == label for k in objects)]
    for label in present:
        figures[f"{label} AP50"] = average_precision(judged, label)
        figures[f"{label} AP30"] = average_precision(judged, label, HIT_IOU)
        cuts = thresholds(label) if thresholds else calibrate(judged, label)
        figures |= {f"{label} recall at {rate} %": recall_at(judged, label, cut) for rate, cut in cuts.items()}
    if present:
        figures["mAP50"] = float(np.mean([figures[f"{label} AP50"] for label in present]))
        of_all = [average_precision(judged, label, overlap) for label in present for overlap in COCO_IOUS]
        figures["mAP50:95"] = float(np.mean(of_all))
    if any(picture.is_clean for picture in judged):
        figures |= {f"recall at {rate} false a picture": value for rate, value in froc(judged).items()}
        figures |= _picture_figures(judged)
    rounded = {name: round(value, 3) for name, value in figures.items() if np.isfinite(value)}
    return Report(len(judged), len(objects), rounded)


def _picture_figures(judged: Sequence[Judged]) -> dict[str, float]:
    """AUROC of the best score, and of statistics that know nothing: were those high, the set would be too easy."""
    clean = [picture for picture in judged if picture.is_clean]
    other = [picture for picture in judged if not picture.is_clean]
    figures = {"picture AUROC": auroc([best_score(p) for p in other], [best_score(p) for p in clean])}
    for place, name in enumerate(("size", "mean")):
        value = auroc([p.trivial[place] for p in other], [p.trivial[place] for p in clean])
        figures[f"control AUROC of {name} alone"] = max(value, 1 - value)
    return figures


def _match_all(
    judged: Sequence[Judged], label: str | None, overlap: float
) -> tuple[Values, npt.NDArray[np.bool_], int]:
    """Scores and hits of all found boxes, and the number of boxes to be found."""
    scores: list[float] = []
    is_hit: list[bool] = []
    count = 0
    for picture in judged:
        known = [k for k in picture.known if label in (None, k.label)]
        count += sum(not k.is_ignored for k in known)
        found = sorted((d for d in picture.found if label in (None, d.label)), key=lambda d: -d.score)
        for detection, match in zip(found, _match(found, known, overlap), strict=True):
            if match is None or not match.is_ignored:
                scores.append(detection.score)
                is_hit.append(match is not None)
    return np.array(scores, dtype=np.float64), np.array(is_hit, dtype=np.bool_), count


def _match(found: Sequence[Detection], known: Sequence[Known], overlap: float) -> list[Known | None]:
    """The known box that each found one takes, as COCO matches: best score first, each takes the one it covers best of
    those that count and are not taken; else one that does not count, which any number may take."""
    if not found or not known:
        return [None] * len(found)
    overlaps = iou(_boxes([d.box for d in found]), _boxes([k.box for k in known]))
    is_ignored = np.array([k.is_ignored for k in known])
    is_free = ~is_ignored
    matches: list[Known | None] = []
    for row in overlaps:
        for may_take in (is_free, is_ignored):
            best = int(np.where(may_take, row, -1).argmax())
            if may_take[best] and row[best] >= overlap:
                is_free[best] = False
                matches.append(known[best])
                break
        else:
            matches.append(None)
    return matches


def best_score(picture: Judged, label: str | None = None) -> float:
    """The highest score of a class, or of any; in a clean picture of what is false."""
    found = _false_in(picture) if picture.is_clean else picture.found
    return max((d.score for d in found if label in (None, d.label)), default=0.0)


def _false_in(picture: Judged) -> list[Detection]:
    """What was found in a clean picture, but for what has the class and place of something that cannot be judged."""
    if not picture.known or not picture.found:
        return list(picture.found)
    overlaps = iou(_boxes([d.box for d in picture.found]), _boxes([k.box for k in picture.known]))
    names = np.array([known.label for known in picture.known])
    return [d for d, row in zip(picture.found, overlaps, strict=True) if not (row[names == d.label] >= HIT_IOU).any()]


def _boxes(boxes: Sequence[Box]) -> npt.NDArray[np.float32]:
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)
