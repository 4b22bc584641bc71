# mypy: disable-error-code="misc"
"""The network: convolutions down to a coarse map, then what is in it at all and roughly where, in 64 numbers."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.embedding.scenes import DIMENSIONS
from models.training.net import Residual, convolve

WIDTHS = (24, 48, 96, 128)
PLACES, PLACE_WIDTH = (3, 4), 24
"""The grid, and the channels a cell, by which it knows roughly where things are."""


class Embedding(nn.Module):
    """(n, 3, 96, 128) -> (n, 64) of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolve(3, WIDTHS[0], 5, 2)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(convolve(before, width, 3, 2), Residual(width))
                for before, width in itertools.pairwise(WIDTHS)
            )
        )
        self.places = convolve(WIDTHS[-1], PLACE_WIDTH, 1)
        pooled = 2 * WIDTHS[-1] + PLACE_WIDTH * PLACES[0] * PLACES[1]
        self.head = nn.Sequential(nn.Linear(pooled, 256), nn.ReLU(inplace=True), nn.Linear(256, DIMENSIONS))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))
        cell = (x.shape[2] // PLACES[0], x.shape[3] // PLACES[1])
        where = functional.avg_pool2d(self.places(x), cell).flatten(1)
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3)), where], 1)
        return functional.normalize(self.head(pooled).float(), dim=1)


class Exported(nn.Module):
    """The network as it is exported: the mean of what it says of the four ways that a parcel may lie."""

    def __init__(self, network: Embedding) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        ways = torch.cat([x, x.flip(2), x.flip(3), x.flip(2, 3)])
        return functional.normalize(self.network(ways).mean(0, keepdim=True), dim=1)
