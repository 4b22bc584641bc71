"""What the network should say of a crop, and how far off it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.training.net import STRIDE, distances

SPREAD = 0.54 / 6
"""Width of the Gaussian round a centre as a part of the box, from TTFNet."""
SMALLEST_SPREAD_PX = 3.2
BOX_WEIGHT = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Arrays over the cells of a crop: heat (classes, g, g), counts (classes, g, g; 0 ignored), box sides, weights."""

    heat: npt.NDArray[np.float32]
    counts: npt.NDArray[np.float32]
    sides: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


def make_target(
    boxes: npt.NDArray[np.float32],
    classes: npt.NDArray[np.intp],
    is_ignored: npt.NDArray[np.bool_],
    names: int,
    crop_px: int,
) -> Target:
    """Targets of one crop from its boxes (n, 4) in px; large boxes first, so that small ones in front win."""
    cells = crop_px // STRIDE
    target = Target(
        np.zeros((names, cells, cells), np.float32),
        np.ones((names, cells, cells), np.float32),
        np.zeros((4, cells, cells), np.float32),
        np.zeros((cells, cells), np.float32),
    )
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = np.argsort(-areas, kind="stable")
    for index in order[is_ignored[order]]:
        left, top, right, bottom = (boxes[index] / STRIDE).astype(int)
        target.counts[:, max(top, 0) : bottom + 1, max(left, 0) : right + 1] = 0
    for index in order[~is_ignored[order]]:
        _add(target, boxes[index], int(classes[index]), cells)
    return target


def _add(target: Target, box: npt.NDArray[np.float32], label: int, cells: int) -> None:
    left, top, right, bottom = box
    col = min(int((left + right) / 2 // STRIDE), cells - 1)
    row = min(int((top + bottom) / 2 // STRIDE), cells - 1)
    spread_x = max((right - left) * SPREAD, SMALLEST_SPREAD_PX)
    spread_y = max((bottom - top) * SPREAD, SMALLEST_SPREAD_PX)
    across = np.exp(-(((np.arange(cells) - col) * STRIDE) ** 2) / (2 * spread_x**2))
    down = np.exp(-(((np.arange(cells) - row) * STRIDE) ** 2) / (2 * spread_y**2))
    bump = (down[:, None] * across[None]).astype(np.float32)
    bump[bump < 1e-3] = 0
    np.maximum(target.heat[label], bump, out=target.heat[label])
    target.heat[label, row, col] = 1
    target.counts[label][bump > 0] = 1
    near = bump > 0.2
    target.weight[near] = (bump / bump[near].sum() * np.log(max((right - left) * (bottom - top), 16)))[near]
    target.sides[:, near] = box[:, None]


def loss(logits: Tensor, logs: Tensor, target: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Centre loss (penalty-reduced focal, CenterNet eq. 1) and box loss (1 - GIoU, weighted), each over a batch.

    `target` is a batch of the arrays of Target, in their order.
    """
    heat, counts, sides, weight = target
    belief = torch.sigmoid(logits.float()).clamp(1e-4, 1 - 1e-4)
    is_centre = (heat == 1).float()
    hit = torch.log(belief) * (1 - belief) ** 2 * is_centre
    miss = torch.log(1 - belief) * belief**2 * (1 - heat) ** 4 * (1 - is_centre)
    centre = -((hit + miss) * counts).sum() / is_centre.sum().clamp(min=1)
    box = ((1 - _giou(logs, sides)) * weight).sum() / weight.sum().clamp(min=1)
    return centre, box


def _giou(logs: Tensor, sides: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al. 2019) of the box that each cell says with the one that it should say."""
    rows, cols = logs.shape[2:]
    y = (torch.arange(rows) * STRIDE + STRIDE / 2)[None, :, None]
    x = (torch.arange(cols) * STRIDE + STRIDE / 2)[None, None, :]
    far = distances(logs)
    left, top, right, bottom = x - far[:, 0], y - far[:, 1], x + far[:, 2], y + far[:, 3]
    t_left, t_top, t_right, t_bottom = sides.unbind(1)
    width = (torch.min(right, t_right) - torch.max(left, t_left)).clamp(min=0)
    height = (torch.min(bottom, t_bottom) - torch.max(top, t_top)).clamp(min=0)
    common = width * height
    union = (right - left) * (bottom - top) + (t_right - t_left) * (t_bottom - t_top) - common
    hull_width = torch.max(right, t_right) - torch.min(left, t_left)
    hull = hull_width * (torch.max(bottom, t_bottom) - torch.min(top, t_top))
    return common / union.clamp(min=1) - (hull - union) / hull.clamp(min=1)
