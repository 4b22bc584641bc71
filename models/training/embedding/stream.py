# mypy: disable-error-code="misc"
"""An endless stream of batches for the training, from a folder that may still be growing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from models.training.embedding.scenes import read_group
from models.training.embedding.views import draw_views
from models.training.stream import list_scenes

SCANS = 5
"""Of one group, in the order of `Group`."""


class GroupStream(IterableDataset[tuple[Tensor]]):
    """Endless batches (groups * SCANS, 3, rows, cols); no group is in a batch twice where there are enough."""

    def __init__(self, folder: Path, groups: int, seed: int) -> None:
        super().__init__()
        self.folder = folder
        self.groups = groups
        self.seed = seed

    def __iter__(self) -> Iterator[tuple[Tensor]]:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        for paths in list_scenes(self.folder):
            chosen = rng.choice(len(paths), self.groups, replace=len(paths) < self.groups)
            views = [draw_views(read_group(paths[number]), rng) for number in chosen]
            yield (torch.from_numpy(np.concatenate(views)),)
