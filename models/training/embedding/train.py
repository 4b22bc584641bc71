# mypy: disable-error-code="untyped-decorator"
"""Train the embedding by contrast; goes on where the folder of the run left off.

A scan must find the other scan of the same thing among all others of the batch, altered ones of its own included
(InfoNCE, van den Oord et al. 2018); and, less strictly, another parcel of its lot must find it among other parcels.
"""

from __future__ import annotations

import copy
import csv
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.inputs import Planes
from models.training.embedding.net import Embedding
from models.training.embedding.scenes import read_group
from models.training.embedding.views import draw_views

CHECKPOINT, LOG = "checkpoint.pt", "log.csv"
WARM_UP_STEPS = 40
WEIGHT_DECAY = 0.02
LONGEST_AVERAGE = 0.995
TEMPERATURE, LOT_TEMPERATURE = 0.07, 0.15
LOT_WEIGHT = 0.3
SAVE_EVERY_S, REFRESH_S = 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train; `minutes` counts earlier sessions in the same folder in, `batch` counts groups."""

    minutes: float = 20
    batch: int = 40
    rate: float = 2e-3
    threads: int = 1
    seed: int = 0


class Run:
    """A network in training, its optimiser and the moving average of its weights, which is what is exported."""

    def __init__(self, rate: float) -> None:
        self.network = Embedding().to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
        self.average = copy.deepcopy(self.network).eval()
        self.step = 0
        self.elapsed_s = 0.0

    def learn(self, views: Planes, rate: float) -> tuple[float, float]:
        """One step on views (groups, 5, 3, rows, cols); the losses of the same and of the lot before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        batch = torch.from_numpy(views.reshape(-1, *views.shape[2:])).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = self.network(batch)
        same, lot = losses(vectors.reshape(*views.shape[:2], -1))
        self.optimiser.zero_grad()
        (same + LOT_WEIGHT * lot).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return same.item(), lot.item()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(LONGEST_AVERAGE, self.step / (self.step + 10))
        pairs = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        for mine, theirs in pairs:
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)

    def save(self, path: Path) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.load_state_dict(state["average"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]


def losses(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """How badly each scan finds its like, and each lot its other parcel; vectors are (groups, 5, dimensions)."""
    first, second, *altered, lot = vectors.unbind(1)
    target = torch.arange(len(first))
    others = torch.cat([*altered, lot])
    same = functional.cross_entropy(first @ torch.cat([second, others]).T / TEMPERATURE, target)
    same = same + functional.cross_entropy(second @ torch.cat([first, others]).T / TEMPERATURE, target)
    return same / 2, functional.cross_entropy(lot @ first.T / LOT_TEMPERATURE, target)


def train(scenes: Path, out: Path, plan: Plan) -> Run:
    """Train until the plan's minutes are spent; the rate falls as a cosine over them."""
    torch.set_num_threads(plan.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    run = Run(plan.rate)
    checkpoint = out / CHECKPOINT
    if checkpoint.is_file():
        run.resume(checkpoint)
    began, saved = time.monotonic() - run.elapsed_s, time.monotonic()
    for views in draw_batches(scenes, plan.batch, plan.seed + run.step):
        run.elapsed_s = time.monotonic() - began
        part = run.elapsed_s / (plan.minutes * 60)
        if part >= 1:
            break
        warm = min(1, (run.step + 1) / WARM_UP_STEPS)
        same, lot = run.learn(views, plan.rate * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * part))))
        _log(out / LOG, [run.step, run.step * plan.batch, round(run.elapsed_s), round(same, 4), round(lot, 4)])
        if time.monotonic() - saved > SAVE_EVERY_S:
            run.save(checkpoint)
            saved = time.monotonic()
    run.save(checkpoint)
    return run


def draw_batches(scenes: Path, size: int, seed: int) -> Iterator[Planes]:
    """Endless batches (size, 5, 3, rows, cols) from a folder of groups, which may still be growing."""
    rng = np.random.default_rng(seed)
    paths, looked = sorted(scenes.glob("*.npz")), time.monotonic()
    while True:
        if time.monotonic() - looked > REFRESH_S:
            paths, looked = sorted(scenes.glob("*.npz")), time.monotonic()
        chosen = rng.choice(len(paths), size, replace=len(paths) < size)
        yield np.stack([draw_views(read_group(paths[number]), rng) for number in chosen])


def _log(path: Path, row: list[float]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["step", "groups", "elapsed_s", "same_loss", "lot_loss"])
        writer.writerow(row)
