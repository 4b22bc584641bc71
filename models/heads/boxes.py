"""Arithmetic on boxes (n, 4): left, top, right, bottom."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from models.heads.signature import Candidates, Floats

Rows = npt.NDArray[np.intp]

MOST_CANDIDATES, FEWEST_CANDIDATES = 1000, 100
LEAST_SCORE = 0.01
LOOK_OVERLAP = 0.4


def from_centres(boxes: Floats) -> Floats:
    """(n, 4) centre x, centre y, width, height -> left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def iou(some: Floats, others: Floats) -> Floats:
    """Intersection over union of every box with every other: (n, m)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    total = _areas(some)[:, None] + _areas(others)[None] - common
    return np.asarray(common / np.maximum(total, 1e-6), dtype=np.float32)


def suppress(boxes: Floats, scores: Floats, classes: Rows, overlap: float = 0.5) -> Rows:
    """Non-maximum suppression within each class: the rows to keep, best first."""
    if not scores.size:
        return np.zeros(0, dtype=np.intp)
    corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float64)
    numbers = classes.astype(np.int32)
    kept = cv2.dnn.NMSBoxesBatched(corner_and_size, scores, numbers, 0.0, overlap)  # type: ignore[arg-type]
    return np.asarray(kept, dtype=np.intp).ravel()


def suppress_best(boxes: Floats, scores: Floats, classes: Rows, overlap: float = 0.5) -> Rows:
    """As `suppress` among the best MOST_CANDIDATES: the many tiles of a container bring tens of thousands."""
    if scores.size <= MOST_CANDIDATES:
        return suppress(boxes, scores, classes, overlap)
    best = np.argpartition(-scores, MOST_CANDIDATES)[:MOST_CANDIDATES]
    return best[suppress(boxes[best], scores[best], classes[best], overlap)]


def merge_looks(boxes: Floats, scores: Floats, classes: Rows, looks: Rows, count: int) -> tuple[Floats, Floats, Rows]:
    """Boxes of several looks at one picture as one list, best first.

    A score is half its best and half the mean of what every look says there, so that what is seen at one size only
    counts for less. `looks` says which of the `count` looks a box is from.
    """
    kept = suppress(boxes, scores, classes, LOOK_OVERLAP)
    if not kept.size:
        return boxes[kept], scores[kept], classes[kept]
    agrees = (iou(boxes[kept], boxes) > 0.5) & (classes[kept][:, None] == classes[None])
    agrees[np.arange(kept.size), kept] = True
    best = [np.where(agrees & (looks == look)[None], scores[None], 0).max(axis=1) for look in range(count)]
    merged = (np.max(best, axis=0) + np.mean(best, axis=0)) / 2
    order = np.argsort(-merged, kind="stable")
    return boxes[kept][order], merged[order].astype(np.float32), classes[kept][order]


def pick(boxes: Floats, scores: Floats, *, needs_nms: bool, least: float = LEAST_SCORE) -> Candidates:
    """Candidates from centre-form boxes (4, n) and scores (classes, n): the best MOST_CANDIDATES above `least`.

    Where fewer than FEWEST_CANDIDATES are, the best of all that score anything: a quiet picture has best boxes too,
    though of a head without peaks they may be one after suppression.
    """
    classes, rows = np.nonzero(scores > least)
    if classes.size < FEWEST_CANDIDATES:
        count = min(FEWEST_CANDIDATES, scores.size)
        best = np.argpartition(-scores, count - 1, axis=None)[:count] if count else np.zeros(0, np.intp)
        classes, rows = np.unravel_index(best, scores.shape)
        is_scored = scores[classes, rows] > 0
        classes, rows = classes[is_scored], rows[is_scored]
    values = scores[classes, rows]
    if values.size > MOST_CANDIDATES:
        best = np.argpartition(-values, MOST_CANDIDATES)[:MOST_CANDIDATES]
        classes, rows, values = classes[best], rows[best], values[best]
    chosen = from_centres(boxes[:, rows].T.astype(np.float32))
    return Candidates(chosen, values.astype(np.float32), classes.astype(np.intp), needs_nms)


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values.astype(np.float32))), dtype=np.float32)


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1), dtype=np.float32)
