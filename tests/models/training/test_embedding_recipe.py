"""The embedding's recipe: groups on disk, what the training sees of them, and a short training where torch is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from imaging.phantom.library import FreshObjects
from imaging.phantom.packing import pack
from models.training.embedding import scenes
from models.training.embedding.scenes import FRAME, KEPT, Group, draw_container, read_group, scan_parcel
from models.training.embedding.views import draw_views, plain_views


def group_of(seed: int) -> Group:
    """A group in which everything was drawn by chance, and nothing rendered."""
    rng = np.random.default_rng(seed)
    thing = rng.integers(0, 255, (2, 9, 12)).repeat(12, 1).repeat(12, 2)
    others = rng.integers(0, 255, (3, 2, *KEPT))
    return Group(np.concatenate([[thing, thing], others]).astype(np.uint8), np.full(5, 0.3, np.float32))


def test_a_group_comes_back_from_the_disk(tmp_path: Path) -> None:
    scenes._write(made := group_of(1), tmp_path / "a.npz")
    back = read_group(tmp_path / "a.npz")
    assert np.array_equal(back.planes, made.planes)
    assert np.array_equal(back.proportions, made.proportions)
    assert not back.is_container


def test_the_training_sees_every_scan_differently_and_the_station_as_it_is() -> None:
    group, rng = group_of(2), np.random.default_rng(1)
    plain, one, other = plain_views(group), draw_views(group, rng), draw_views(group, rng)
    assert plain.shape == one.shape == (5, 3, *FRAME)
    assert np.array_equal(plain[0], plain[1])
    assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one, other)
    assert all(views[:, :2].min() >= 0 and views[:, :2].max() <= 1 for views in (plain, one, other))
    assert np.ptp(plain[:, 2]) == 0


def test_containers_are_scanned_again_with_other_noise_and_altered() -> None:
    scans = draw_container(np.random.default_rng(3))
    assert len(scans) == 5
    first, second, altered = (scan.views[0].high.astype(float) / scan.views[0].air_high for scan in scans[:3])
    assert np.abs(first - second).mean() > 1e-4
    assert np.abs(first - altered).max() > 0.1
    assert all(scan.generator.kv > 1000 for scan in scans)


def test_a_parcel_is_scanned_at_any_angle() -> None:
    rng = np.random.default_rng(4)
    packing = pack(rng, FreshObjects())
    shapes = {scan_parcel(rng, packing, 3.0).views[0].shape for _ in range(3)}
    assert len(shapes) == 1, "there is room for every angle"


@pytest.mark.slow
@pytest.mark.filterwarnings("default:::torch")
@pytest.mark.filterwarnings("default:You are using the legacy TorchScript:DeprecationWarning")
def test_the_short_form_learns_exports_and_judges(tmp_path: Path) -> None:
    """A few steps by the commands; it goes on where it left off; skipped without torch."""
    pytest.importorskip("torch", reason="needs the extra train")
    groups, run, model = tmp_path / "groups", tmp_path / "run", tmp_path / "lab.onnx"
    groups.mkdir()
    for number in range(8):
        scenes._write(group_of(number), groups / f"{number}.npz")

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["train", "embedding", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    for minutes in ("0.15", "0.3"):
        call("run", str(groups), "--out", str(run), "--minutes", minutes, "--batch", "4")
    log = (run / "log.csv").read_text("utf-8").splitlines()
    assert len(log) > 3
    assert [line.split(",")[0] for line in log[1:]] == [str(number) for number in range(1, len(log))]
    assert (run / "curve.png").is_file()
    call("export", str(run / "checkpoint.pt"), str(model))
    card = json.loads(call("judge", str(model), "--groups", str(groups), "--version", "0"))
    assert card["dimensions"] == 64
    assert card["metrics"]["parcels"]["gallery"] == 8
    result = CliRunner().invoke(
        cli,
        ["model", "eval", "--pairs", str(groups), "--model", "lab", "--json"],
        env={"GUANJIAN_DETECTION__FOLDER": str(tmp_path)},
    )
    assert json.loads(result.output)["figures"]["parcels"] == card["metrics"]["parcels"]
