"""The recipe's parts that need no torch: scenes, colours, crops and targets; and a short training where torch is."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import cli
from app.commands import train as train_command
from app.commands.output import Exit
from imaging.material import code_of_zeff
from imaging.phantom.cast import compose_in_tunnel
from imaging.phantom.fan import CORNER_TUNNEL
from imaging.phantom.library import FreshObjects
from imaging.phantom.scene import compose_parcel
from imaging.phantom.simulate import measure_scene
from models.detector import ModelMissingError
from models.inputs import estimate_from_colour
from models.onnx import load
from models.training.containers import make_container, write_containers
from models.training.crops import CROP_PX, draw_crop
from models.training.curve import draw_curve
from models.training.judge import judge_model
from models.training.labels import CARGO_LABELS, LABELS, Kind
from models.training.palettes import draw_palette, paint, recolour
from models.training.pictures import LONG_PX, as_picture
from models.training.recipes import PARCEL
from models.training.scenes import Scene, read_scene, scene_of, write_scene
from models.training.targets import MOST_BOXES, NO_CLASS, make_target


def scene(*boxes: tuple[float, float, float, float], mm_per_px: float = 1.0) -> Scene:
    """Air with a dense square in each box."""
    planes = np.zeros((2, 400, 600), np.uint8)
    for left, top, right, bottom in boxes:
        planes[:, int(top) : int(bottom), int(left) : int(right)] = 200
    count = len(boxes)
    return Scene(
        planes,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros(count, np.intp),
        np.zeros(count, np.bool_),
        mm_per_px,
    )


def phantom_scene(seed: int, threats: tuple[str, ...]) -> Scene:
    rng = np.random.default_rng(seed)
    phantom = compose_parcel(rng, FreshObjects(), size=(150, 200), threats=threats)
    return scene_of(measure_scene(phantom, rng), phantom.objects)


def test_a_fans_oblong_pixels_become_square_ones() -> None:
    rng = np.random.default_rng(3)
    tunnel = CORNER_TUNNEL.limit(1, 150)
    phantom = compose_in_tunnel(rng, FreshObjects(), tunnel, cols=200, threats=("dense_block",))
    scan = measure_scene(phantom, rng)
    made = scene_of(scan, phantom.objects)
    stretch = tunnel.mm_per_row(0) / tunnel.mm_per_col
    assert stretch > 1.1
    assert made.planes.shape == (2, round(150 * stretch), 200)
    assert made.mm_per_px == scan.views[0].mm_per_col
    (truth,) = (placed.box for placed in phantom.objects if placed.label == "dense_block")
    (box,) = made.boxes[made.classes == LABELS.index("dense_block")]
    assert np.allclose(box, np.array(truth) * (1, stretch, 1, stretch), atol=1)


def test_a_phantom_becomes_a_scene_and_survives_the_disk(tmp_path: Path) -> None:
    made = phantom_scene(5, ("firearm", "battery"))
    write_scene(made, tmp_path / "a.npz")
    back = read_scene(tmp_path / "a.npz")
    assert np.array_equal(back.planes, made.planes)
    assert np.array_equal(back.boxes, made.boxes)
    assert back.mm_per_px == made.mm_per_px
    asked = {LABELS[label] for label in back.classes[~back.is_ignored]}
    assert asked <= {"firearm", "battery", "tool"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_every_crop_is_usable(seed: int) -> None:
    planes, target = draw_crop(scene((50, 60, 150, 110), (300, 200, 330, 390)), np.random.default_rng(seed))
    assert planes.shape == (2, CROP_PX, CROP_PX)
    assert planes.dtype == np.float32
    assert np.isfinite(planes).all()
    assert 0 <= planes.min() <= planes.max() <= 1
    asked = target.boxes[target.classes != NO_CLASS]
    assert len(asked) <= 2
    for left, top, right, bottom in asked:
        assert 0 <= left < right <= CROP_PX
        assert 0 <= top < bottom <= CROP_PX


def test_targets_sit_on_what_is_dense() -> None:
    for seed in range(40):
        planes, target = draw_crop(scene((200, 150, 260, 230)), np.random.default_rng(seed))
        for left, top, right, bottom in target.boxes[target.classes != NO_CLASS].round().astype(int):
            assert planes[0, top:bottom, left:right].mean() > 0.3


def test_ignored_objects_are_not_counted() -> None:
    boxes = np.array([[40, 40, 120, 120], [200, 200, 240, 280]], np.float32)
    target = make_target(boxes, np.array([1, 2]), np.array([False, True]), len(LABELS), CROP_PX)
    assert target.classes[:2].tolist() == [1, NO_CLASS]
    assert target.boxes[0].tolist() == [40, 40, 120, 120]
    assert target.counts[2, 30, 27] == 0, "of its own class nothing is asked there"
    assert target.counts[1, 30, 27] == 1, "another class is wrong there"
    assert target.counts[2, 10, 10] == 1


def test_of_too_many_objects_the_smallest_are_left_out() -> None:
    sides = np.arange(10, 10 + MOST_BOXES + 5, dtype=np.float32)
    boxes = np.stack([np.zeros_like(sides), np.zeros_like(sides), sides, sides], axis=1)
    target = make_target(boxes, np.zeros(len(sides), int), np.zeros(len(sides), bool), len(LABELS), CROP_PX)
    assert (target.classes == 0).all()
    assert target.boxes[:, 2].min() == 15
    assert target.counts[0, 0, 0] == 0, "what there is no row for is not blamed"
    assert target.counts[1:].all()


@pytest.mark.parametrize("kind", [Kind.TRAINING, Kind.UNSEEN, Kind.CLEAN])
def test_a_container_becomes_a_scene_that_its_seed_makes_again(kind: Kind, tmp_path: Path) -> None:
    write_containers(tmp_path, 1, 6, kind)
    (path,) = tmp_path.iterdir()
    made, again = read_scene(path), make_container(np.random.default_rng([6, 0]), kind)
    assert np.array_equal(made.planes, again.planes)
    assert bool(len(made.boxes)) == (kind is not Kind.CLEAN)
    for (left, top, right, bottom), label in zip(made.boxes.astype(int), made.classes, strict=True):
        assert 0 <= label < len(CARGO_LABELS)
        assert made.planes[0, top:bottom, left:right].mean() > 15


def test_painted_scenes_read_back_as_what_they_were() -> None:
    planes = np.zeros((2, 40, 120), np.float32)
    planes[0, :, 40:] = 0.45
    planes[1, :, 40:80], planes[1, :, 80:] = code_of_zeff(7.5) / 255, code_of_zeff(24) / 255
    right = 0
    for seed in range(60):
        palette = replace(draw_palette(np.random.default_rng(seed)), quality=None)
        back = estimate_from_colour(paint(planes, palette), palette.background)
        assert back[0, 20, 20] < 0.1 < back[0, 20, 60]
        right += bool(back[1, 20, 60] < code_of_zeff(12) / 255 < code_of_zeff(16) / 255 < back[1, 20, 100])
    assert right > 45


def test_palettes_are_of_shades_or_nearly_of_three_colours() -> None:
    organic = slice(code_of_zeff(6.0), code_of_zeff(8.5))
    spreads = [np.ptp(draw_palette(np.random.default_rng(seed)).hues[organic]) for seed in range(200)]
    flattest, widest = np.quantile(spreads, (0.1, 0.9))
    assert flattest < 3
    assert widest > 6


def test_a_sharpening_palette_lifts_edges_and_leaves_what_is_even() -> None:
    planes = np.zeros((2, 40, 120), np.float32)
    planes[:, :, 60:] = 0.4
    plain = replace(draw_palette(np.random.default_rng(0)), quality=None, sharpening=0.0)
    sharp = replace(plain, sharpening=1.0, fineness_px=2.0)
    before, after = (paint(planes, palette).mean(axis=2)[20] for palette in (plain, sharp))
    assert after[[5, 115]] == pytest.approx(before[[5, 115]], abs=2)
    assert after[61] < before[61] - 5


def test_pictures_of_unknown_scale_show_the_object_in_its_box() -> None:
    made = scene((200, 150, 260, 230))
    for seed in range(30):
        view, known = as_picture(made, np.random.default_rng(seed))
        assert view.colour is not None
        assert view.mm_per_row is None
        rows, cols = view.colour.shape[:2]
        assert LONG_PX[0] - 2 <= max(rows, cols) <= LONG_PX[1] + 2
        ((left, top, right, bottom),) = [k.box for k in known if not k.is_ignored]
        assert 0 <= left < right <= cols
        assert 0 <= top < bottom <= rows
        inside = view.colour[top:bottom, left:right].mean()
        assert inside < view.colour.mean()


def test_judging_without_clean_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="clean"):
        judge_model(tmp_path / "lab.onnx", "1", tmp_path / "mistyped", None, PARCEL)


def test_recoloured_parts_are_as_large_as_asked() -> None:
    planes = np.full((2, 8, 8), 0.5, np.float32)
    for colour_part, grey_part in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0)):
        made = recolour(planes, colour_part, grey_part, np.random.default_rng(1))
        assert np.array_equal(made, planes) is (colour_part + grey_part == 0)
        assert bool(made[1].any()) is (grey_part == 0)
    assert (planes == 0.5).all()


def test_the_curve_of_a_log(tmp_path: Path) -> None:
    log, curve = tmp_path / "log.csv", tmp_path / "curve.png"
    draw_curve(log, curve)
    log.write_text("step,crops,elapsed_s,score_loss,box_loss\n50,1200,9,4.0,0.7\n", encoding="utf-8")
    draw_curve(log, curve)
    assert not curve.exists(), "one row is no curve"
    with log.open("a", encoding="utf-8") as file:
        file.write("100,2400,19,2.0,0.5\n")
    draw_curve(log, curve)
    drawn = cv2.imread(str(curve))
    assert drawn is not None
    assert (drawn < 250).any(axis=2).mean() > 0.005


def test_training_without_its_packages_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_command, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli, ["train", "run", str(tmp_path), "--out", str(tmp_path / "run")])
    assert result.exit_code == Exit.FAILED
    assert "torch" in result.output
    assert "guanjian[train]" in result.output


@pytest.mark.parametrize("command", [["train", "run"], ["train", "embedding", "run"]])
def test_compiling_without_a_compiler_is_refused(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_command, "find_spec", lambda name: name)
    monkeypatch.setattr(train_command, "which", lambda name: None)
    out = tmp_path / "run"
    result = CliRunner().invoke(cli, [*command, str(tmp_path), "--out", str(out), "--compile"])
    assert result.exit_code == Exit.FAILED
    assert "C++" in result.output
    assert "--compile" in result.output
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("default:::torch")
@pytest.mark.filterwarnings("default:You are using the legacy TorchScript:DeprecationWarning")
def test_the_short_form_learns_exports_and_judges(tmp_path: Path) -> None:
    """Half a minute of training by the commands; it goes on where it left off; skipped without torch."""
    pytest.importorskip("torch", reason="needs the extra train")
    for place, kind in enumerate(("training", "known", "unseen", "clean", "bags", "fan")):
        for number in range(2):
            threats = () if kind == "clean" else ("firearm", "liquid")
            made = phantom_scene(place * 10 + number, threats)
            folder = tmp_path / ("scenes" if kind == "training" else f"sets/{kind}")
            folder.mkdir(parents=True, exist_ok=True)
            write_scene(made, folder / f"{number}.npz")
    scenes, run, model = (str(tmp_path / name) for name in ("scenes", "run", "parcel.onnx"))
    learn = ["train", "run", scenes, "--out", run, "--minutes", "0.4", "--batch", "4"]
    ran(learn)
    log = (tmp_path / "run" / "log.csv").read_text(encoding="utf-8")
    ran(learn)
    assert (tmp_path / "run" / "log.csv").read_text(encoding="utf-8") == log, "the time was spent before"
    assert (tmp_path / "run" / "curve.png").is_file()
    box_losses = [float(row["box_loss"]) for row in csv.DictReader(log.splitlines())]
    assert box_losses[-1] < box_losses[0]
    ran(["train", "export", str(tmp_path / "run" / "checkpoint.pt"), model])
    ran(["train", "judge", model, "--sets", str(tmp_path / "sets"), "--version", "test"])
    detector = load("parcel", tmp_path, batch=2)
    assert detector.head.convention == "xray.peaks"
    assert "phantoms in a fan, dual energy" in detector.card.metrics


def ran(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
