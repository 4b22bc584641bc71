# mypy: disable-error-code="misc"
"""The network: a stride-4 stem, residual stages down to 1/32, a light pyramid up to 1/8, a score and a box head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.recipes import Recipe
from models.training.targets import STRIDE

RAREST = 0.01
"""What the score head believes at first, so that the many empty places do not swamp the first steps."""
CONTESTED = 0.7
"""What remains of a score where another class scores higher; chosen on phantoms: blind to class AP rises, mAP stays."""


def convolve(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolve(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class Network(nn.Module):
    """(n, 2, rows, cols) -> score logits (n, classes, rows/8, cols/8), log distances to the four sides (n, 4, ...)."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        widths, neck = recipe.widths, recipe.neck
        self.stem = nn.Sequential(
            nn.Conv2d(2, widths[0], 6, 4, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)
        )
        self.stages = nn.ModuleList()
        for number, (width, depth) in enumerate(zip(widths, recipe.depths, strict=True)):
            blocks = [Residual(width) for _ in range(depth)]
            down = [convolve(widths[number - 1], width, 3, 2)] if number else []
            self.stages.append(nn.Sequential(*down, *blocks))
        self.sides = nn.ModuleList(convolve(width, neck, 1) for width in widths[1:])
        self.merges = nn.ModuleList(convolve(neck, neck) for _ in widths[2:])
        self.centre = nn.Sequential(convolve(neck, neck), nn.Conv2d(neck, len(recipe.labels), 1))
        self.box = nn.Sequential(convolve(neck, neck), nn.Conv2d(neck, 4, 1))
        nn.init.constant_(self.centre[-1].bias, float(torch.logit(torch.tensor(RAREST))))
        nn.init.constant_(self.box[-1].bias, 3.5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(x)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        sides = [side(level) for side, level in zip(self.sides, levels[1:], strict=True)]
        merged = sides[-1]
        for side, merge in zip(reversed(sides[:-1]), self.merges, strict=True):
            merged = merge(side + functional.interpolate(merged, size=side.shape[-2:], mode="nearest"))
        return self.centre(merged), self.box(merged)


def distances(logs: Tensor) -> Tensor:
    """Log distances -> distances in px from a cell's centre to left, top, right and bottom."""
    return torch.exp(logs.float().clamp(-2, 7))


class Peaks(nn.Module):
    """Networks as they are exported: (n, 4 + classes, cells) in the layout `peaks` of models.heads.own.

    Scores and log distances are the mean of what all networks say of the picture and of its mirror image. Where a
    neighbouring cell, or another class at the same one, scores higher, a score counts for less: one object is to have
    one best box.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, x: Tensor) -> Tensor:
        said = [each for network in self.networks for each in _ask_twice(network, x)]
        scores = torch.stack([torch.sigmoid(logits) for logits, _ in said]).mean(0)
        logs = torch.stack([far for _, far in said]).mean(0)
        is_peak = (functional.max_pool2d(scores, 3, 1, 1) == scores).to(scores.dtype)
        strongest = functional.max_pool2d(scores.amax(1, keepdim=True), 3, 1, 1)
        scores = torch.where(scores < strongest, scores * CONTESTED, scores)
        rows, cols = scores.shape[2], scores.shape[3]
        y = (torch.arange(rows, dtype=torch.float32) * STRIDE + STRIDE / 2)[None, :, None]
        x_ = (torch.arange(cols, dtype=torch.float32) * STRIDE + STRIDE / 2)[None, None, :]
        left, top, right, bottom = distances(logs).unbind(1)
        boxes = torch.stack([x_ + (right - left) / 2, y + (bottom - top) / 2, left + right, top + bottom], 1)
        return torch.cat([boxes, scores * is_peak], 1).flatten(2)


def _ask_twice(network: nn.Module, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What a network says of a picture, and of its mirror image turned back."""
    logits, logs = network(torch.cat([x, x.flip(3)]))
    (logits, mirrored), (logs, mirrored_logs) = logits.chunk(2), logs.chunk(2)
    left, top, right, bottom = mirrored_logs.flip(3).split(1, 1)
    return [(logits, logs), (mirrored.flip(3), torch.cat([right, top, left, bottom], 1))]
