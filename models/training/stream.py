# mypy: disable-error-code="misc"
"""An endless stream of crops for the training, from a folder that may still be growing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from models.training.crops import draw_crop
from models.training.recipes import Recipe
from models.training.scenes import read_scene

REFRESH_S = 30.0
CROPS_A_READING = 3


def list_scenes(folder: Path) -> Iterator[list[Path]]:
    """The scenes of a folder, without end; they are looked for anew now and then, as it may still be growing."""
    while True:
        paths, looked = sorted(folder.glob("*.npz")), time.monotonic()
        while time.monotonic() - looked <= REFRESH_S:
            yield paths


class CropStream(IterableDataset[tuple[torch.Tensor, ...]]):
    """Endless crops from a folder of scenes, which may still be growing."""

    def __init__(self, folder: Path, seed: int, recipe: Recipe) -> None:
        super().__init__()
        self.folder = folder
        self.seed = seed
        self.recipe = recipe

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        for paths in list_scenes(self.folder):
            scene = read_scene(paths[rng.integers(len(paths))])
            for _ in range(CROPS_A_READING):
                planes, target = draw_crop(scene, rng, self.recipe)
                yield tuple(map(torch.from_numpy, (planes, target.boxes, target.classes, target.counts)))
