"""Scenes as pictures of machines that say nothing of their scale: a palette, a cut of the picture, any size."""

from __future__ import annotations

import cv2
import numpy as np

from imaging.scan import View
from models.evaluate import Known
from models.training.labels import LABELS
from models.training.palettes import draw_palette, paint
from models.training.scenes import Scene

LONG_PX = (350, 1100)
CLOSE_PART, GREY_PART = 0.35, 0.1
BAG_FROM = 0.05
LEAST_VISIBLE = 0.5

Cut = tuple[int, int, int, int]


def as_picture(scene: Scene, rng: np.random.Generator) -> tuple[View, tuple[Known, ...]]:
    """The bag, or what is round one object in it, in random colours and at a random size, with what is to be found."""
    planes = scene.planes.astype(np.float32) / np.float32(255)
    if rng.random() < GREY_PART:
        planes[1] = 0
    colour = paint(planes, draw_palette(rng))
    left, top, right, bottom = cut = _cut(scene, rng)
    factor = rng.uniform(*LONG_PX) / max(right - left, bottom - top)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(colour[top:bottom, left:right], None, fx=factor, fy=factor, interpolation=method)
    return View(colour=np.ascontiguousarray(picture, dtype=np.uint8)), _known(scene, cut, factor)


def _cut(scene: Scene, rng: np.random.Generator) -> Cut:
    rows, cols = scene.planes.shape[1:]
    if rng.random() < CLOSE_PART and len(scene.boxes):
        box = scene.boxes[rng.integers(len(scene.boxes))]
        margin = rng.uniform(0.2, 1.5) * max(box[2] - box[0], box[3] - box[1])
    else:
        y, x = np.nonzero(scene.planes[0] > BAG_FROM * 255)
        box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) if x.size else np.array([0, 0, cols, rows])
        margin = rng.uniform(0, 40)
    left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    return left, top, min(cols, int(box[2] + margin) + 1), min(rows, int(box[3] + margin) + 1)


def _known(scene: Scene, cut: Cut, factor: float) -> tuple[Known, ...]:
    """The boxes in a cut; of what lies mostly outside nothing is asked."""
    left, top, right, bottom = cut
    known = []
    for box, label, is_ignored in zip(scene.boxes, scene.classes, scene.is_ignored, strict=True):
        inside = np.clip(box, (left, top, left, top), (right, bottom, right, bottom))
        width, height = inside[2] - inside[0], inside[3] - inside[1]
        if width <= 0 or height <= 0:
            continue
        is_cut = width * height < LEAST_VISIBLE * (box[2] - box[0]) * (box[3] - box[1])
        x0, y0, x1, y1 = (round(float(value)) for value in (inside - (left, top, left, top)) * factor)
        known.append(Known(LABELS[label], (x0, y0, x1, y1), bool(is_ignored or is_cut)))
    return tuple(known)
