"""What every training shares: runs go on from checkpoints as they always were, or begin with another's weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from torch import Tensor, nn

from models.detector import ModelRefusedError
from models.training import train as detector
from models.training.embedding import train as embedding
from models.training.embedding.net import Embedding
from models.training.muon import Muon
from models.training.net import Network
from models.training.recipes import PARCEL, Name
from models.training.run import CHECKPOINT, Plan, Run
from models.training.targets import make_target

RECIPE = replace(PARCEL, widths=(4, 8, 8, 8), depths=(1, 1, 1, 1), neck=8)
PLAN = Plan(minutes=1, batch=2)
Batch = tuple[Tensor, ...]


def crops() -> Batch:
    boxes, classes = np.array([[10, 10, 50, 40]], np.float32), np.array([1])
    target = make_target(boxes, classes, np.array([False]), len(RECIPE.labels), 64)
    parts = (torch.from_numpy(np.stack([part, part])) for part in (target.boxes, target.classes, target.counts))
    return torch.rand(2, 2, 64, 64), *parts


def groups() -> Batch:
    return (torch.rand(2 * 5, 3, 96, 128),)


Kind = tuple[Callable[[], nn.Module], dict[str, Any], Callable[[Path], Run], Callable[[], Batch]]
DETECTOR: Kind = (
    lambda: Network(RECIPE),
    {"recipe": "parcel", "shape": {"widths": (4, 8, 8, 8), "depths": (1, 1, 1, 1), "neck": 8}},
    lambda out: detector.open_run(out, PLAN, recipe=RECIPE),
    crops,
)
EMBEDDING: Kind = (Embedding, {}, lambda out: embedding.open_run(out, PLAN), groups)


def write_checkpoint(
    network: nn.Module, optimiser: torch.optim.Optimizer, notes: dict[str, Any], planes: Tensor, path: Path
) -> None:
    """One step, written as the first version of the trainers wrote it."""
    outputs = network(planes)
    sum(each.square().mean() for each in (outputs if isinstance(outputs, tuple) else (outputs,))).backward()
    optimiser.step()
    average = {name: values * 2 for name, values in network.state_dict().items()}
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "average": average}
    torch.save({**notes, **state, "step": 1, "elapsed_s": 7.5}, path)


@pytest.mark.parametrize("kind", [DETECTOR, EMBEDDING], ids=["detector", "embedding"])
@pytest.mark.parametrize("has_moments", [True, False], ids=["muon", "adamw"])
def test_a_run_goes_on_from_a_checkpoint_and_writes_the_same(kind: Kind, has_moments: bool, tmp_path: Path) -> None:
    make, notes, open_run, draw = kind
    path, network = tmp_path / CHECKPOINT, make()
    begun_with: torch.optim.Optimizer = (
        Muon(network.parameters(), weight_decay=0.02) if has_moments else torch.optim.AdamW(network.parameters())
    )
    planes, *target = draw()
    write_checkpoint(network, begun_with, notes, planes, path)
    before = torch.load(path, weights_only=True)
    run = open_run(tmp_path)
    assert (run.step, run.elapsed_s) == (1, 7.5)
    for name, each in (("network", run.network), ("average", run.average)):
        assert all(torch.equal(values, before[name][key]) for key, values in each.state_dict().items())
    assert np.isfinite(run.learn(planes, target, 1e-3)).all()
    run.save(path)
    after = torch.load(path, weights_only=True)
    assert list(after) == list(before)
    assert {name: after[name] for name in notes} == notes
    assert after["network"].keys() == before["network"].keys()
    assert after["step"] == 2
    counts = {state["count"].item() for state in after["optimiser"]["state"].values() if "count" in state}
    assert counts == {2 if has_moments else 1}


def test_a_new_run_begins_with_what_fits_of_another(tmp_path: Path) -> None:
    other = detector.open_run(tmp_path / "other", PLAN, recipe=replace(RECIPE, depths=(1, 2, 1, 1), neck=4))
    other.save(tmp_path / "other.pt")
    run = detector.open_run(tmp_path / "run", replace(PLAN, seed=1), tmp_path / "other.pt", RECIPE)
    assert run.step == 0
    mine, theirs = run.network.state_dict(), other.average.state_dict()
    assert torch.equal(mine["stem.0.weight"], theirs["stem.0.weight"])
    assert torch.equal(run.average.state_dict()["stem.0.weight"], theirs["stem.0.weight"])
    assert mine["box.1.weight"].shape != theirs["box.1.weight"].shape


def test_the_averaged_network_is_read_back(tmp_path: Path) -> None:
    run = detector.open_run(tmp_path, PLAN, recipe=RECIPE)
    run.save(tmp_path / CHECKPOINT)
    network, recipe = detector.load_average(tmp_path / CHECKPOINT)
    assert recipe == RECIPE
    kept = run.average.state_dict()
    assert all(torch.equal(values, kept[name]) for name, values in network.state_dict().items())


def test_a_run_is_not_taken_on_by_another_recipe_nor_begun_with_weights_of_another_make(tmp_path: Path) -> None:
    run = detector.open_run(tmp_path, PLAN, recipe=RECIPE)
    run.save(tmp_path / CHECKPOINT)
    with pytest.raises(ModelRefusedError, match="parcel"):
        detector.open_run(tmp_path, PLAN, recipe=replace(RECIPE, name=Name.COLOUR))
    torch.save({"average": {"other": torch.zeros(3)}}, tmp_path / "other.pt")
    with pytest.raises(ModelRefusedError, match="None of the weights"):
        detector.open_run(tmp_path / "new", PLAN, tmp_path / "other.pt", RECIPE)
