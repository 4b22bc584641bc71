"""torchvision detectors: `boxes`, `labels`, `scores` in any order, label 0 for background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.card import InputKind
from models.detector import ModelRefusedError
from models.heads.signature import Candidates, Feed, Outputs, Signature

NAMES = frozenset({"boxes", "labels", "scores"})


@dataclass(frozen=True, slots=True)
class TorchvisionHead:
    """Boxes in input px, labels counted from 1, scores; without a batch dimension."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "torchvision"

    def decode(self, outputs: Outputs, _size: tuple[int, int], /) -> Candidates:
        boxes = outputs["boxes"].astype(np.float32).reshape(-1, 4)
        scores = outputs["scores"].astype(np.float32).reshape(-1)
        classes = outputs["labels"].astype(np.intp).reshape(-1) - 1
        is_object = classes >= 0
        return Candidates(boxes[is_object], scores[is_object], classes[is_object])


def recognise(seen: Signature) -> TorchvisionHead | None:
    """By the three names (masks and keypoints beside them are left alone) and one picture as the only input.

    Raises:
        ModelRefusedError: the names fit, but classes or input do not.
    """
    if len(seen.inputs) != 1 or not seen.output_names >= NAMES:
        return None
    if not seen.labels:
        raise ModelRefusedError("A torchvision model does not say its classes; name them on its card.")
    source = seen.inputs[0]
    if len(source.shape) not in (3, 4) or source.shape[-3] not in (3, None):
        raise ModelRefusedError(f"A picture with 3 channels was expected; {seen.describe()}.")
    rows, cols = source.shape[-2:]
    feed = Feed(
        source.name,
        InputKind.RGB_PSEUDO,
        None if rows is None or cols is None else (rows, cols),
        stride=1,
        pad=0.0,
        has_batch=len(source.shape) == 4,
        dtype=source.dtype,
    )
    return TorchvisionHead(feed, seen.labels)
