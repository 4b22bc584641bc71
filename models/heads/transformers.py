"""Detection transformers: RT-DETR and its kin (D-FINE, DEIM) and RF-DETR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.card import InputKind
from models.detector import ModelRefusedError
from models.heads.boxes import from_centres, sigmoid
from models.heads.signature import Candidates, Feed, Fit, Outputs, Signature, Tensor

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MOST_QUERIES = 300


@dataclass(frozen=True, slots=True)
class RtDetrHead:
    """`labels`, `boxes`, `scores`; boxes in px of whatever `orig_target_sizes` (cols, rows) said: the input tensor."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "rt_detr"

    def decode(self, outputs: Outputs, _size: tuple[int, int], /) -> Candidates:
        scores = outputs["scores"][0].astype(np.float32)
        return Candidates(outputs["boxes"][0].astype(np.float32), scores, outputs["labels"][0].astype(np.intp))


@dataclass(frozen=True, slots=True)
class RfDetrHead:
    """`dets` (1, n, 4) centre form from 0 to 1, `labels` (1, n, classes + 1) logits, the last for background."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "rf_detr"

    def decode(self, outputs: Outputs, size: tuple[int, int], /) -> Candidates:
        scores = sigmoid(outputs["labels"][0][:, : len(self.labels)])
        best = np.argsort(-scores, axis=None, kind="stable")[:MOST_QUERIES]
        rows, classes = np.unravel_index(best, scores.shape)
        scale = np.array([size[1], size[0], size[1], size[0]], dtype=np.float32)
        boxes = from_centres(outputs["dets"][0][rows].astype(np.float32)) * scale
        return Candidates(boxes, scores[rows, classes], classes.astype(np.intp))


def recognise(seen: Signature) -> RtDetrHead | RfDetrHead | None:
    """RT-DETR by its second input, RF-DETR by the names of its outputs."""
    if seen.input("orig_target_sizes") is not None:
        return _recognise_rt_detr(seen)
    if seen.output_names == {"dets", "labels"} and seen.input("input") is not None:
        return _recognise_rf_detr(seen)
    return None


def _recognise_rt_detr(seen: Signature) -> RtDetrHead:
    source = seen.input("images")
    if source is None or not seen.output_names >= {"labels", "boxes", "scores"}:
        raise ModelRefusedError(f"RT-DETR has input images and outputs labels, boxes, scores; {seen.describe()}.")
    if not seen.labels:
        raise ModelRefusedError("An RT-DETR model does not say its classes; name them on its card.")
    feed = Feed(
        source.name,
        InputKind.RGB_PSEUDO,
        _size(seen, source),
        fit=Fit.STRETCH,
        dtype=source.dtype,
        size_tensor="orig_target_sizes",
    )
    return RtDetrHead(feed, seen.labels)


def _recognise_rf_detr(seen: Signature) -> RfDetrHead:
    source, logits = seen.input("input"), seen.output("labels")
    assert source is not None
    assert logits is not None
    classes = logits.shape[-1]
    if classes is None or classes - 1 != len(seen.labels):
        raise ModelRefusedError(f"RF-DETR has one logit more than the card has classes; {seen.describe()}.")
    feed = Feed(
        source.name,
        InputKind.RGB_PSEUDO,
        _size(seen, source),
        fit=Fit.STRETCH,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        dtype=source.dtype,
    )
    return RfDetrHead(feed, seen.labels)


def _size(seen: Signature, source: Tensor) -> tuple[int, int]:
    """A transformer is trained for one size; 640 is what RT-DETR's own exporter uses where it leaves it open."""
    if len(source.shape) != 4 or source.shape[1] not in (3, None):
        raise ModelRefusedError(f"A picture with 3 channels was expected; {seen.describe()}.")
    rows, cols = source.shape[2:]
    return (rows or 640, cols or 640)
