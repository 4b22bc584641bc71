"""Train the embedding by contrast; goes on where the folder of the run left off.

A scan must find the other scan of the same thing among all others of the batch, altered ones of its own included
(InfoNCE, van den Oord et al. 2018); and, less strictly, another parcel of its lot must find it among other parcels.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from models.training import run
from models.training.embedding.net import Embedding
from models.training.embedding.stream import SCANS, GroupStream
from models.training.run import Plan, Run, Task

TEMPERATURE, LOT_TEMPERATURE = 0.07, 0.15
LOT_WEIGHT = 0.3


def losses(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """How badly each scan finds its like, and each lot its other parcel; vectors are (groups * SCANS, dimensions)."""
    first, second, *altered, lot = vectors.unflatten(0, (-1, SCANS)).unbind(1)
    target = torch.arange(len(first), device=first.device)
    others = torch.cat([*altered, lot])
    same = functional.cross_entropy(first @ torch.cat([second, others]).T / TEMPERATURE, target)
    same = same + functional.cross_entropy(second @ torch.cat([first, others]).T / TEMPERATURE, target)
    return same / 2, functional.cross_entropy(lot @ first.T / LOT_TEMPERATURE, target)


TASK = Task(
    measure=losses,
    weights={"same_loss": 1.0, "lot_loss": LOT_WEIGHT},
    unit="groups",
    warm_up_steps=40,
    settling_steps=10,
    longest_average=0.995,
    largest_gradient=5.0,
    log_every=1,
    blend=0.0,
)


def open_run(out: Path, plan: Plan) -> Run:
    """The run of a folder where it left off, or a new one."""
    return run.open_run(Embedding, TASK, plan, out)


def train(scenes: Path, out: Path, plan: Plan) -> None:
    """Train until the plan's minutes are spent."""
    opened = open_run(out, plan)
    run.train(opened, GroupStream(scenes, plan.batch, plan.seed + opened.step), plan, out, has_batches=True)
