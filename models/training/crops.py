"""Crops of phantom scenes as the network sees them: turned, scaled, recoloured, now and then without Zeff."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.inputs import Planes
from models.training.palettes import recolour
from models.training.recipes import PARCEL, Recipe
from models.training.scenes import Scene
from models.training.targets import Target, make_target

CROP_PX = 256
OBJECT_PART = 0.85
DOUBTFUL_WORTH = 0.1
"""How often a crop is laid round what is neither asked for nor blamed."""
SHORTEST_PX = 9
"""What is smaller than this both ways is not asked for."""
LEAST_VISIBLE = 0.35


def draw_crop(scene: Scene, rng: np.random.Generator, recipe: Recipe = PARCEL) -> tuple[Planes, Target]:
    """One crop of a scene with what the network should say of it."""
    span = np.log(recipe.near if rng.random() < recipe.near_part else recipe.far)
    factor = scene.mm_per_px / recipe.mm_per_px * float(np.exp(rng.uniform(*span)))
    side = max(round(CROP_PX / factor), 16)
    left, top = _place(scene, side, recipe, rng)
    boxes = (scene.boxes - np.array([left, top, left, top])) * np.float32(CROP_PX / side)
    part = _cut(scene.planes, left, top, side)
    if side > CROP_PX:
        part = _shrink(part)
    planes = _appearance(part.astype(np.float32) / np.float32(255), recipe, rng)
    if side < CROP_PX:
        planes = _resize(planes, CROP_PX, cv2.INTER_LINEAR)
    boxes, classes, is_ignored = _visible(boxes, scene.classes, scene.is_ignored)
    planes, boxes = _turn(planes, boxes, rng)
    target = make_target(boxes, classes, is_ignored, len(recipe.labels), CROP_PX)
    return np.ascontiguousarray(planes, dtype=np.float32), target


def _place(scene: Scene, side: int, recipe: Recipe, rng: np.random.Generator) -> tuple[int, int]:
    rows, cols = scene.planes.shape[1:]
    if len(scene.boxes) and rng.random() < OBJECT_PART:
        worth = np.where(scene.is_ignored, DOUBTFUL_WORTH, np.array(recipe.worth)[scene.classes])
        left, top, right, bottom = scene.boxes[rng.choice(len(scene.boxes), p=worth / worth.sum())]
        shift = rng.uniform(-0.45, 0.45, 2) * side
        x, y = (left + right) / 2 + shift[0], (top + bottom) / 2 + shift[1]
    else:
        x, y = rng.uniform(0, cols), rng.uniform(0, rows)
    return _inside(x - side / 2, cols, side), _inside(y - side / 2, rows, side)


def _inside(start: float, length: int, side: int) -> int:
    """The start of a crop inside a picture, or round it where the crop is the larger."""
    low, high = sorted((0, length - side))
    return int(np.clip(start, low, high))


def _cut(planes: npt.NDArray[np.uint8], left: int, top: int, side: int) -> npt.NDArray[np.uint8]:
    """A square of the planes, with air where it goes beyond them."""
    cut = np.zeros((len(planes), side, side), np.uint8)
    rows, cols = planes.shape[1:]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, cols), min(top + side, rows)
    cut[:, y0 - top : y1 - top, x0 - left : x1 - left] = planes[:, y0:y1, x0:x1]
    return cut


def _shrink(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """By a whole number as areas, the rest between neighbours: a quarter of the time of areas alone."""
    side = planes.shape[1]
    times = side // CROP_PX
    if times > 1:
        whole = side // times * times
        planes = _resize(planes[:, :whole, :whole], side // times, cv2.INTER_AREA)
    return _resize(planes, CROP_PX, cv2.INTER_LINEAR)


def _resize(planes: npt.NDArray[Any], side: int, method: int) -> npt.NDArray[Any]:
    return np.stack([np.asarray(cv2.resize(plane, (side, side), interpolation=method)) for plane in planes])


def _appearance(planes: Planes, recipe: Recipe, rng: np.random.Generator) -> Planes:
    """As it is, as a legacy machine's colours turned back, or as one energy; then noise and a change of gain."""
    planes = recolour(planes, recipe.colour_part, recipe.grey_part, rng)
    planes[0] *= rng.uniform(0.85, 1.15)
    if rng.random() < 0.25:
        planes[0] += rng.normal(0, rng.uniform(0, 0.02), planes[0].shape).astype(np.float32)
    if rng.random() < 0.15:
        planes[0] = cv2.GaussianBlur(planes[0], (0, 0), rng.uniform(0.5, 1.5))
    known = planes[1] > 0
    planes[1][known] += np.float32(rng.normal(0, 0.012))
    return np.clip(planes, 0, 1)


def _visible(
    boxes: npt.NDArray[np.float32], classes: npt.NDArray[np.intp], is_ignored: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The boxes of a crop, cut at its edges; those of which little is left are neither asked for nor counted."""
    cut = np.clip(boxes, 0, CROP_PX).astype(np.float32)
    full, left = _areas(boxes), _areas(cut)
    keep = left > 0
    is_small = (cut[:, 2:] - cut[:, :2]).max(axis=1, initial=0) < SHORTEST_PX
    return cut[keep], classes[keep], (is_ignored | is_small | (left < LEAST_VISIBLE * full))[keep]


def _areas(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.float32)


def _turn(
    planes: Planes, boxes: npt.NDArray[np.float32], rng: np.random.Generator
) -> tuple[Planes, npt.NDArray[np.float32]]:
    if rng.random() < 0.5:
        planes, boxes = planes[:, :, ::-1], boxes.copy()
        boxes[:, [0, 2]] = CROP_PX - boxes[:, [2, 0]]
    if rng.random() < 0.5:
        planes, boxes = planes[:, ::-1], boxes.copy()
        boxes[:, [1, 3]] = CROP_PX - boxes[:, [3, 1]]
    if rng.random() < 0.5:
        planes, boxes = planes.transpose(0, 2, 1), boxes[:, [1, 0, 3, 2]]
    return planes, boxes
