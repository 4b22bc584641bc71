"""Scenes on disk between the phantom and the training: 8-bit planes and boxes, one file a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from imaging.phantom.scene import DOUBTFUL_LABEL, Placed
from imaging.scan import Scan
from models.card import InputKind
from models.inputs import read_planes
from models.training.labels import LABELS

LEAST_OWN, MOST_IN_ALL = 0.04, 6.0
"""An object of less attenuation of its own, or with more of it in its rays, cannot be asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Planes (2, rows, cols) as of ATTEN_ZEFF times 255, boxes (n, 4), their classes, and boxes that do not count."""

    planes: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    classes: npt.NDArray[np.intp]
    is_ignored: npt.NDArray[np.bool_]
    mm_per_px: float


def scene_of(scan: Scan, objects: Sequence[Placed]) -> Scene:
    """The scene of a phantom's only view, its px made square; what is too faint, too deep or doubtful is ignored."""
    (view,) = scan.views
    planes = np.rint(read_planes(view, InputKind.ATTEN_ZEFF, scan.generator) * 255).astype(np.uint8)
    boxes = np.array([placed.box for placed in objects], np.float32).reshape(-1, 4)
    mm_per_row, mm_per_col = view.mm_per_row, view.mm_per_col
    assert mm_per_row is not None
    assert mm_per_col is not None
    if mm_per_row != mm_per_col:
        rows, cols = planes.shape[1:]
        size = (cols, round(rows * mm_per_row / mm_per_col))
        planes = np.stack([cv2.resize(plane, size) for plane in planes])
        boxes[:, 1::2] *= size[1] / rows
    classes = np.array([_class_of(placed) for placed in objects], np.intp)
    is_ignored = np.array([_cannot_be_asked_for(placed) for placed in objects], np.bool_)
    return Scene(planes, boxes, classes, is_ignored, mm_per_col)


def _class_of(placed: Placed) -> int:
    return LABELS.index("liquid" if placed.label == DOUBTFUL_LABEL else placed.label)


def _cannot_be_asked_for(placed: Placed) -> bool:
    is_hidden = placed.own < LEAST_OWN or placed.own + placed.background > MOST_IN_ALL
    return is_hidden or placed.label == DOUBTFUL_LABEL


def write_scene(scene: Scene, path: Path) -> None:
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            planes=scene.planes,
            boxes=scene.boxes,
            classes=scene.classes,
            is_ignored=scene.is_ignored,
            mm_per_px=scene.mm_per_px,
        )
    partial.replace(path)


def read_scene(path: Path) -> Scene:
    with np.load(path, allow_pickle=False) as file:
        return Scene(file["planes"], file["boxes"], file["classes"], file["is_ignored"], float(file["mm_per_px"]))
