# mypy: disable-error-code="untyped-decorator"
"""How far off the network is: cells are given to objects by how well they do already (TOOD, Feng et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.training.net import distances
from models.training.targets import NO_CLASS, STRIDE

BOX_WEIGHT = 2.0
CELLS_AN_OBJECT = 9
SCORE_POWER, OVERLAP_POWER = 0.5, 4.0
REACH_PX = 12.0
"""A cell may answer for an object that it lies in, or whose middle is this near both ways, as that of a thin one."""
EASY_POWER = 1.5


def loss(outputs: tuple[Tensor, Tensor], boxes: Tensor, classes: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Score loss (quality focal) and box loss (1 - GIoU), each over a batch.

    `outputs` are the network's; the others a batch of the arrays of Target.
    """
    logits, logs = outputs
    said = boxes_of(logs)
    scores = logits.float().flatten(2).transpose(1, 2)
    wanted, which, weight = assign(scores.detach(), said.detach(), boxes, classes)
    counts = torch.maximum(counts.flatten(2).transpose(1, 2), (wanted > 0).float())
    focus = (torch.sigmoid(scores.detach()) - wanted).abs() ** EASY_POWER
    total = wanted.sum().clamp(min=1)
    score = (
        functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none") * focus * counts
    ).sum() / total
    is_taken = weight > 0
    mine, theirs = said[is_taken], boxes.gather(1, which[..., None].expand(-1, -1, 4))[is_taken]
    box = ((1 - giou(mine, theirs)) * weight[is_taken]).sum() / total
    return score, box


@torch.no_grad()
def assign(scores: Tensor, said: Tensor, boxes: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Wanted scores (n, cells, names), the object that each cell answers for (n, cells) and the weight of its box."""
    x, y = _centres(scores.shape[1], scores.device)
    is_there = classes != NO_CLASS
    left, top, right, bottom = (side[..., None] for side in boxes.unbind(-1))
    inside = torch.stack([x - left, right - x, y - top, bottom - y]).amin(0) > 0
    middle = torch.maximum((x - (left + right) / 2).abs(), (y - (top + bottom) / 2).abs()) < REACH_PX
    may = (inside | middle) & is_there[..., None]
    overlap = iou(said[:, None], boxes[:, :, None]).clamp(min=1e-6)
    of_class = scores.sigmoid().transpose(1, 2).gather(1, classes.clamp(min=0)[..., None].expand(-1, -1, x.numel()))
    fit = of_class**SCORE_POWER * overlap**OVERLAP_POWER * may
    kth = fit.topk(CELLS_AN_OBJECT, dim=2).values[..., -1:]
    taken = (fit >= kth) & (fit > 0)
    # A cell that several objects want answers for the one whose box it says best.
    owner = torch.where(taken, overlap, -1.0).argmax(1)
    taken &= functional.one_hot(owner, boxes.shape[1]).transpose(1, 2).bool()
    fit = fit * taken
    best = (overlap * taken).amax(2, keepdim=True)
    weight = (fit / fit.amax(2, keepdim=True).clamp(min=1e-12) * best.clamp(min=0.1)) * taken
    weight, which = weight.max(1)
    label = classes.gather(1, which).clamp(min=0)
    wanted = functional.one_hot(label, scores.shape[2]) * weight[..., None]
    return wanted, which, weight


def boxes_of(logs: Tensor) -> Tensor:
    """Log distances (n, 4, g, g) -> boxes (n, cells, 4) in px."""
    x, y = _centres(logs.shape[2] * logs.shape[3], logs.device)
    left, top, right, bottom = distances(logs).flatten(2).unbind(1)
    return torch.stack([x - left, y - top, x + right, y + bottom], -1)


def _centres(cells: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where the cells of a square crop are, row after row."""
    side = round(cells**0.5)
    number = torch.arange(cells, device=device)
    return (number % side) * STRIDE + STRIDE / 2, number.div(side, rounding_mode="floor") * STRIDE + STRIDE / 2


def iou(some: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of boxes, element by element."""
    common, union, _ = _areas(some, others)
    return common / union.clamp(min=1)


def giou(some: Tensor, others: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al. 2019), element by element."""
    common, union, hull = _areas(some, others)
    return common / union.clamp(min=1) - (hull - union) / hull.clamp(min=1)


def _areas(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    low, high = torch.maximum(some[..., :2], others[..., :2]), torch.minimum(some[..., 2:], others[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    union = (some[..., 2:] - some[..., :2]).prod(-1) + (others[..., 2:] - others[..., :2]).prod(-1) - common
    far = torch.maximum(some[..., 2:], others[..., 2:]) - torch.minimum(some[..., :2], others[..., :2])
    return common, union, far.prod(-1)
