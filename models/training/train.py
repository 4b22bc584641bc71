"""Train the network; goes on where the folder of the run left off."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from models.training import run
from models.training.loss import BOX_WEIGHT, loss
from models.training.net import Network
from models.training.recipes import PARCEL, RECIPES, Name, Recipe
from models.training.run import Plan, Run, Task
from models.training.stream import CropStream

SHAPE = ("widths", "depths", "neck")
"""What a checkpoint says of its recipe, so that it can be exported after the recipe has changed."""
TASK = Task(measure=loss, weights={"score_loss": 1.0, "box_loss": BOX_WEIGHT}, unit="crops")


def load_average(path: Path) -> tuple[Network, Recipe]:
    """The averaged network of a checkpoint and its recipe, on the processor."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    recipe = replace(RECIPES[Name(state["recipe"])], **state["shape"])
    network = Network(recipe)
    network.load_state_dict(state["average"])
    return network, recipe


def open_run(out: Path, plan: Plan, start_from: Path | None = None, recipe: Recipe = PARCEL) -> Run:
    """The run of a folder where it left off, or a new one."""
    notes = {"recipe": recipe.name.value, "shape": {name: getattr(recipe, name) for name in SHAPE}}
    return run.open_run(partial(Network, recipe), TASK, plan, out, start_from=start_from, notes=notes)


def train(scenes: Path, out: Path, plan: Plan, start_from: Path | None = None, recipe: Recipe = PARCEL) -> None:
    """Train until the plan's minutes are spent."""
    opened = open_run(out, plan, start_from, recipe)
    run.train(opened, CropStream(scenes, plan.seed + opened.step, recipe), plan, out)
