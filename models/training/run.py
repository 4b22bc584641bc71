# mypy: disable-error-code="untyped-decorator"
"""What every training shares: a network with its optimiser and average, the loop, and the files of a run."""

from __future__ import annotations

import copy
import csv
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from models.detector import ModelRefusedError
from models.training.curve import draw_curve
from models.training.muon import Muon

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
CURVE = "curve.png"
LEAST_PART = 0.01
WEIGHT_DECAY = 0.02
SAVE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train.

    `minutes` counts earlier sessions in the same folder in, `batch` what a step sees, in the task's unit.
    """

    minutes: float
    batch: int
    rate: float = 2e-3
    threads: int = 1
    seed: int = 0
    is_compiled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a network is to learn, and the pace of it.

    `measure(outputs, *target)` says the losses of a batch; `weights` are those in their sum, by the column of the log,
    in the same order. The average of the weights follows them closely for about `settling_steps`, then keeps
    `longest_average` of itself at each step. Of a loss in the log `blend` is that of the steps before.
    """

    measure: Callable[..., Sequence[Tensor]]
    weights: Mapping[str, float]
    unit: str
    warm_up_steps: int = 200
    settling_steps: int = 20
    longest_average: float = 0.999
    largest_gradient: float = 10.0
    log_every: int = 20
    blend: float = 0.98


class Run:
    """A network in training, its optimiser and the moving average of its weights, which is what is exported.

    `notes` are what a checkpoint says besides, such as the recipe.
    """

    def __init__(self, network: nn.Module, task: Task, notes: Mapping[str, object]) -> None:
        self.task = task
        self.notes = notes
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.optimiser = Muon(self.network.parameters(), weight_decay=WEIGHT_DECAY)
        self.average = copy.deepcopy(self.network).eval()
        self.step = 0
        self.elapsed_s = 0.0

    def learn(self, planes: Tensor, target: Sequence[Tensor], rate: float) -> list[float]:
        """One step on a batch (n, planes, rows, cols); the losses before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            outputs = self.network(planes.to(self.device, memory_format=torch.channels_last))
        losses = self.task.measure(outputs, *(part.to(self.device) for part in target))
        self.optimiser.zero_grad()
        sum(weight * loss for weight, loss in zip(self.task.weights.values(), losses, strict=True)).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.task.largest_gradient)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return [loss.item() for loss in losses]

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.task.longest_average, self.step / (self.step + self.task.settling_steps))
        pairs = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        for mine, theirs in pairs:
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)

    def save(self, path: Path) -> None:
        state = {
            **self.notes,
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
        """Go on from a checkpoint; of one that AdamW alone made, the optimiser begins anew.

        Raises:
            ModelRefusedError: it was made by another recipe.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if (said := {name: state.get(name) for name in self.notes}) != self.notes:
            raise ModelRefusedError(f"{path} was made with {said}, not with {dict(self.notes)}. Name another folder.")
        self.network.load_state_dict(state["network"])
        if Muon.made(state["optimiser"]):
            self.optimiser.load_state_dict(state["optimiser"])
        self.average.load_state_dict(state["average"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]

    def start_from(self, path: Path) -> None:
        """Take over the averaged weights of another run where they fit, and nothing else.

        Raises:
            ModelRefusedError: none of them fits.
        """
        theirs = torch.load(path, map_location=self.device, weights_only=True)["average"]
        mine = self.network.state_dict()
        weights = {name: values for name, values in theirs.items() if name in mine and mine[name].shape == values.shape}
        if not weights:
            raise ModelRefusedError(f"None of the weights of {path} fits this network; it is of another make.")
        self.network.load_state_dict(weights, strict=False)
        self.average.load_state_dict(weights, strict=False)


def open_run(
    make: Callable[[], nn.Module],
    task: Task,
    plan: Plan,
    out: Path,
    *,
    start_from: Path | None = None,
    notes: Mapping[str, object] | None = None,
) -> Run:
    """The run of a folder where it left off; else a new one, with what fits of the weights of `start_from`."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    run = Run(make(), task, notes or {})
    checkpoint = out / CHECKPOINT
    if checkpoint.is_file():
        run.resume(checkpoint)
    elif start_from is not None:
        run.start_from(start_from)
    return run


def train(
    run: Run, stream: IterableDataset[tuple[Tensor, ...]], plan: Plan, out: Path, *, has_batches: bool = False
) -> None:
    """Train until the plan's minutes are spent; the rate falls as a cosine over them.

    The stream never ends and gives planes and the target's parts: one by one, or in batches where it `has_batches`.
    """
    if plan.is_compiled:
        run.network.compile()
    size = None if has_batches else plan.batch
    # A fresh process: a forked one may hang in OpenCV's threads.
    loader = DataLoader(stream, size, num_workers=1, prefetch_factor=4, multiprocessing_context="spawn")
    began, saved = time.monotonic() - run.elapsed_s, time.monotonic()
    losses: list[float] = []
    blend = run.task.blend
    for planes, *target in loader:
        run.elapsed_s = time.monotonic() - began
        part = run.elapsed_s / (plan.minutes * 60)
        if part >= 1:
            break
        warm = min(1, (run.step + 1) / run.task.warm_up_steps)
        now = run.learn(planes, target, plan.rate * warm * _cosine(part))
        losses = [blend * before + (1 - blend) * loss for before, loss in zip(losses or now, now, strict=True)]
        if run.step % run.task.log_every == 0:
            _log(out / LOG, run, plan, losses)
        if time.monotonic() - saved > SAVE_EVERY_S:
            _save(run, out)
            saved = time.monotonic()
    _save(run, out)


def _cosine(part: float) -> float:
    return LEAST_PART + (1 - LEAST_PART) * 0.5 * (1 + math.cos(math.pi * part))


def _log(path: Path, run: Run, plan: Plan, losses: list[float]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["step", run.task.unit, "elapsed_s", *run.task.weights])
        seen = run.step * plan.batch
        writer.writerow([run.step, seen, round(run.elapsed_s), *(round(loss, 4) for loss in losses)])


def _save(run: Run, out: Path) -> None:
    run.save(out / CHECKPOINT)
    draw_curve(out / LOG, out / CURVE)
