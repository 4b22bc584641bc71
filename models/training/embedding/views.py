"""What the network sees of a scan in training: turned, shifted, fainter, recoloured, now and then without Zeff."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from models.inputs import Planes
from models.training.embedding.scenes import FRAME, KEPT, Group
from models.training.palettes import recolour

COLOUR_PART, GREY_PART = 0.12, 0.06
SQUARE_BELOW = 0.08
"""Proportion below which it is chance which side is the longer."""


def draw_views(group: Group, rng: np.random.Generator) -> Planes:
    """(5, 3, rows, cols), each scan of a group altered on its own."""
    return np.stack([_draw(*each, rng) for each in zip(group.planes, group.proportions, strict=True)])


def plain_views(group: Group) -> Planes:
    """The same without any change, as the station sees them."""
    top, left = (KEPT[0] - FRAME[0]) // 2, (KEPT[1] - FRAME[1]) // 2
    planes = group.planes[:, :, top : top + FRAME[0], left : left + FRAME[1]].astype(np.float32) / np.float32(255)
    return np.stack([_with_proportion(each, part) for each, part in zip(planes, group.proportions, strict=True)])


def _draw(kept: npt.NDArray[np.uint8], proportion: float, rng: np.random.Generator) -> Planes:
    planes = _appearance(kept.astype(np.float32) / np.float32(255), rng)
    if proportion < SQUARE_BELOW and rng.random() < 0.5:
        turned = np.rot90(planes, axes=(1, 2))
        planes = np.stack([cv2.resize(np.ascontiguousarray(plane), KEPT[::-1]) for plane in turned])
    placing = _placing(rng)
    planes = np.stack([cv2.warpAffine(plane, placing, FRAME[::-1]) for plane in planes])
    for axis in (1, 2):
        if rng.random() < 0.5:
            planes = np.flip(planes, axis)
    return _with_proportion(planes, proportion + float(rng.normal(0, 0.01)))


def _placing(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """From the kept picture to the frame: the same middle, a little turned, scaled and shifted."""
    middle = (KEPT[1] / 2, KEPT[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, float(rng.normal(0, 2.0)), float(rng.uniform(0.95, 1.05)))
    shift = np.array([FRAME[1] - KEPT[1], FRAME[0] - KEPT[0]]) / 2 + rng.normal(0, 1.5, 2)
    return np.column_stack([turn[:, :2], turn[:, 2] + shift])


def _appearance(planes: Planes, rng: np.random.Generator) -> Planes:
    planes = recolour(planes, COLOUR_PART, GREY_PART, rng)
    planes[0] *= rng.uniform(0.94, 1.06)
    planes[0] += rng.normal(0, rng.uniform(0, 0.01), planes[0].shape).astype(np.float32)
    if rng.random() < 0.2:
        planes = np.stack([cv2.GaussianBlur(plane, (0, 0), rng.uniform(0.4, 1.0)) for plane in planes])
    return np.clip(planes, 0, 1)


def _with_proportion(planes: Planes, proportion: float) -> Planes:
    return np.concatenate([planes, np.full((1, *planes.shape[1:]), proportion, np.float32)]).astype(np.float32)
