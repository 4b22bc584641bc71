"""What the network should say of a crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STRIDE = 8
"""Px of a crop a cell of the network's outputs."""
MOST_BOXES = 24
NO_CLASS = -1


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Of one crop: boxes (MOST_BOXES, 4) in px, their classes (NO_CLASS: empty row), counts (classes, g, g; 0 where
    a class is neither asked for nor blamed)."""

    boxes: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float32]


def make_target(
    boxes: npt.NDArray[np.float32],
    classes: npt.NDArray[np.intp],
    is_ignored: npt.NDArray[np.bool_],
    names: int,
    crop_px: int,
) -> Target:
    """Targets of one crop from its boxes (n, 4) in px; of more than MOST_BOXES the smallest do not count."""
    cells = crop_px // STRIDE
    target = Target(
        np.zeros((MOST_BOXES, 4), np.float32),
        np.full(MOST_BOXES, NO_CLASS, np.int64),
        np.ones((names, cells, cells), np.float32),
    )
    areas = np.where(is_ignored, -1, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    kept = np.argsort(-areas, kind="stable")[: min(MOST_BOXES, int((~is_ignored).sum()))]
    for number in np.setdiff1d(np.arange(len(boxes)), kept):
        left, top, right, bottom = (boxes[number] / STRIDE).astype(int)
        target.counts[classes[number], max(top, 0) : bottom + 1, max(left, 0) : right + 1] = 0
    target.boxes[: len(kept)] = boxes[kept]
    target.classes[: len(kept)] = classes[kept]
    return target
