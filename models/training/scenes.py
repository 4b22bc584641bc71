"""Scenes on disk between the phantom and the training: 8-bit planes and boxes, one file a view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imaging.scan import Scan
from models.card import InputKind
from models.inputs import read_planes
from models.training.labels import LABELS


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Planes (2, rows, cols) as of ATTEN_ZEFF times 255, boxes (n, 4), their classes, and boxes that do not count."""

    planes: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    classes: npt.NDArray[np.intp]
    is_ignored: npt.NDArray[np.bool_]
    mm_per_px: float


def scene_of(scan: Scan) -> Scene:
    """The scene of a phantom's only view, none of its boxes ignored."""
    (view,) = scan.views
    planes = np.rint(read_planes(view, InputKind.ATTEN_ZEFF, scan.generator) * 255).astype(np.uint8)
    boxes = np.array([truth.box for truth in scan.truth], np.float32).reshape(-1, 4)
    classes = np.array([LABELS.index(truth.label) for truth in scan.truth], np.intp)
    return Scene(planes, boxes, classes, np.zeros(len(boxes), np.bool_), view.mm_per_row or 1.0)


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
