# mypy: disable-error-code="untyped-decorator"
"""Train the network; goes on where the folder of the run left off."""

from __future__ import annotations

import copy
import csv
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from models.training.curve import draw_curve
from models.training.loss import BOX_WEIGHT, loss
from models.training.net import Network
from models.training.recipes import PARCEL, RECIPES, Name, Recipe
from models.training.stream import CropStream

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
CURVE = "curve.png"
WARM_UP_STEPS = 200
LEAST_PART = 0.01
WEIGHT_DECAY = 0.02
LONGEST_AVERAGE = 0.999
LOG_EVERY = 20
SAVE_EVERY_S = 60.0
SHAPE = ("widths", "depths", "neck")
"""What a checkpoint says of its recipe, so that it can be exported after the recipe has changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train; `minutes` counts earlier sessions in the same folder in."""

    minutes: float = 60
    batch: int = 32
    rate: float = 2e-3
    threads: int = 1
    seed: int = 0


class Run:
    """A network in training, its optimiser and the moving average of its weights, which is what is exported."""

    def __init__(self, recipe: Recipe, rate: float) -> None:
        self.recipe = recipe
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = Network(recipe).to(self.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
        self.average = copy.deepcopy(self.network).eval()
        self.step = 0
        self.elapsed_s = 0.0

    def learn(self, planes: Tensor, target: list[Tensor], rate: float) -> tuple[float, float]:
        """One step on a batch; the score and box losses before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            logits, logs = self.network(planes.to(self.device, memory_format=torch.channels_last))
        score, box = loss(logits, logs, [part.to(self.device) for part in target])
        self.optimiser.zero_grad()
        (score + BOX_WEIGHT * box).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return score.item(), box.item()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(LONGEST_AVERAGE, self.step / (self.step + 20))
        pairs = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        for mine, theirs in pairs:
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)

    def save(self, path: Path) -> None:
        state = {
            "recipe": self.recipe.name.value,
            "shape": {name: getattr(self.recipe, name) for name in SHAPE},
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
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.load_state_dict(state["average"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]

    def start_from(self, path: Path) -> None:
        """Take over the averaged weights of another run where they fit, and nothing else."""
        theirs = torch.load(path, map_location=self.device, weights_only=True)["average"]
        mine = self.network.state_dict()
        weights = {name: values for name, values in theirs.items() if mine[name].shape == values.shape}
        self.network.load_state_dict(weights, strict=False)
        self.average.load_state_dict(weights, strict=False)


def load_average(path: Path) -> tuple[Network, Recipe]:
    """The averaged network of a checkpoint and its recipe, on the processor."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    recipe = replace(RECIPES[Name(state["recipe"])], **state["shape"])
    network = Network(recipe)
    network.load_state_dict(state["average"])
    return network, recipe


def train(scenes: Path, out: Path, plan: Plan, start_from: Path | None = None, recipe: Recipe = PARCEL) -> Run:
    """Train until the plan's minutes are spent; the rate falls as a cosine over them."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    run = Run(recipe, plan.rate)
    checkpoint = out / CHECKPOINT
    if checkpoint.is_file():
        run.resume(checkpoint)
    elif start_from is not None:
        run.start_from(start_from)
    stream = CropStream(scenes, plan.seed + run.step, recipe)
    # A fresh process: a forked one may hang in OpenCV's threads.
    loader = DataLoader(stream, plan.batch, num_workers=1, prefetch_factor=4, multiprocessing_context="spawn")
    began, saved = time.monotonic() - run.elapsed_s, time.monotonic()
    losses = (0.0, 0.0)
    for planes, *target in loader:
        run.elapsed_s = time.monotonic() - began
        part = run.elapsed_s / (plan.minutes * 60)
        if part >= 1:
            break
        warm = min(1, (run.step + 1) / WARM_UP_STEPS)
        now = run.learn(planes, target, plan.rate * warm * _cosine(part))
        losses = now if losses == (0.0, 0.0) else (_blend(losses[0], now[0]), _blend(losses[1], now[1]))
        if run.step % LOG_EVERY == 0:
            _log(out / LOG, [run.step, run.step * plan.batch, round(run.elapsed_s), *(round(v, 4) for v in losses)])
        if time.monotonic() - saved > SAVE_EVERY_S:
            run.save(checkpoint)
            draw_curve(out / LOG, out / CURVE)
            saved = time.monotonic()
    run.save(checkpoint)
    draw_curve(out / LOG, out / CURVE)
    return run


def _cosine(part: float) -> float:
    return LEAST_PART + (1 - LEAST_PART) * 0.5 * (1 + math.cos(math.pi * min(part, 1)))


def _blend(before: float, now: float) -> float:
    return 0.98 * before + 0.02 * now


def _log(path: Path, row: list[float]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["step", "crops", "elapsed_s", "score_loss", "box_loss"])
        writer.writerow(row)
