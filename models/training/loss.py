"""How far off the network is."""

from __future__ import annotations

import torch
from torch import Tensor

from models.training.net import distances
from models.training.targets import STRIDE

BOX_WEIGHT = 3.0


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
    y = (torch.arange(rows, device=logs.device) * STRIDE + STRIDE / 2)[None, :, None]
    x = (torch.arange(cols, device=logs.device) * STRIDE + STRIDE / 2)[None, None, :]
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
