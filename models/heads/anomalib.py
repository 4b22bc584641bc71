"""anomalib: how unusual a picture is and where, without classes; places become boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from models.card import InputKind
from models.detector import ModelRefusedError
from models.heads.signature import Candidates, Feed, Fit, Floats, Outputs, Signature

NAMES = frozenset({"pred_score", "pred_label", "anomaly_map", "pred_mask"})
CUT = 0.5
FEWEST_PIXELS = 4


@dataclass(frozen=True, slots=True)
class AnomalyHead:
    """Either named outputs already normalised to 0 to 1 (2.x), or one raw map and the limits beside it (1.x)."""

    feed: Feed
    labels: tuple[str, ...]
    limits: tuple[float, float, float] | None = None
    """Threshold, least and greatest value of a raw map."""
    convention: str = "anomalib"

    def decode(self, outputs: Outputs, size: tuple[int, int], /) -> Candidates:
        if self.limits is not None:
            threshold, least, greatest = self.limits
            raw = next(iter(outputs.values())).astype(np.float32)
            heat = np.clip((raw - threshold) / max(greatest - least, 1e-9) + 0.5, 0, 1).astype(np.float32)
            return _regions(heat.reshape(heat.shape[-2:]), size)
        if "anomaly_map" in outputs:
            heat = outputs["anomaly_map"].astype(np.float32)
            return _regions(heat.reshape(heat.shape[-2:]), size)
        return _whole(float(outputs["pred_score"].reshape(-1)[0]), size)


def recognise(seen: Signature) -> AnomalyHead | None:
    """By anomalib's output names, among which a map or a score must be."""
    if len(seen.inputs) != 1 or not seen.output_names <= NAMES or not seen.output_names & {"anomaly_map", "pred_score"}:
        return None
    return AnomalyHead(_feed(seen), _label(seen))


def recognise_sidecar(seen: Signature) -> AnomalyHead | None:
    """anomalib 1.x: one map and no names, told by the `metadata.json` that its exporter writes beside it."""
    limits = _limits(seen.sidecar)
    if limits is None or len(seen.outputs) != 1 or len(seen.outputs[0].shape) != 4:
        return None
    return AnomalyHead(_feed(seen), _label(seen), limits, "anomalib.map")


def _limits(sidecar: Mapping[str, Any]) -> tuple[float, float, float] | None:
    keys = (("pixel_threshold", "image_threshold"), ("min", "pred_scores.min"), ("max", "pred_scores.max"))
    values = [next((sidecar[key] for key in choice if key in sidecar), None) for choice in keys]
    if not all(isinstance(value, int | float) for value in values):
        return None
    return tuple(float(value) for value in values)  # type: ignore[return-value, arg-type]


def _label(seen: Signature) -> tuple[str, ...]:
    if len(seen.labels) > 1:
        raise ModelRefusedError("An anomaly model has no classes; its card may name one.")
    return seen.labels or ("anomaly",)


def _feed(seen: Signature) -> Feed:
    source = seen.inputs[0]
    if len(source.shape) != 4 or source.shape[1] not in (3, None):
        raise ModelRefusedError(f"A picture with 3 channels was expected; {seen.describe()}.")
    rows, cols = source.shape[2:]
    return Feed(source.name, InputKind.RGB_PSEUDO, (rows or 256, cols or 256), fit=Fit.STRETCH, dtype=source.dtype)


def _regions(heat: Floats, size: tuple[int, int]) -> Candidates:
    """One box a connected region above the cut, scored by its hottest point."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats((heat > CUT).astype(np.uint8))
    scale = np.array([size[1] / heat.shape[1], size[0] / heat.shape[0]] * 2, dtype=np.float32)
    boxes, scores = [], []
    for number in range(1, count):
        left, top, width, height, pixels = stats[number]
        if pixels >= FEWEST_PIXELS:
            boxes.append([left, top, left + width, top + height])
            scores.append(float(heat[marks == number].max()))
    placed = np.array(boxes, dtype=np.float32).reshape(-1, 4) * scale
    return Candidates(placed, np.array(scores, dtype=np.float32), np.zeros(len(scores), dtype=np.intp))


def _whole(score: float, size: tuple[int, int]) -> Candidates:
    box = np.array([[0, 0, size[1], size[0]]], dtype=np.float32)
    return Candidates(box, np.array([score], dtype=np.float32), np.zeros(1, dtype=np.intp))
