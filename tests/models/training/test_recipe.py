"""The recipe's parts that need no torch: scenes, colours, crops and targets; and a short training where torch is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.material import code_of_zeff
from imaging.phantom.simulate import simulate_parcel
from models.inputs import estimate_from_colour
from models.training.crops import CROP_PX, draw_crop
from models.training.labels import LABELS
from models.training.palettes import draw_palette, paint
from models.training.scenes import Scene, read_scene, scene_of, write_scene
from models.training.targets import STRIDE, make_target


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


def test_a_phantom_becomes_a_scene_and_survives_the_disk(tmp_path: Path) -> None:
    made = scene_of(simulate_parcel(5, size=(150, 200), threats=("firearm", "battery")))
    write_scene(made, tmp_path / "a.npz")
    back = read_scene(tmp_path / "a.npz")
    assert np.array_equal(back.planes, made.planes)
    assert np.array_equal(back.boxes, made.boxes)
    assert back.mm_per_px == made.mm_per_px
    assert {LABELS[label] for label in back.classes} <= {"firearm", "battery"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_every_crop_is_usable(seed: int) -> None:
    planes, target = draw_crop(scene((50, 60, 150, 110), (300, 200, 330, 390)), np.random.default_rng(seed))
    assert planes.shape == (2, CROP_PX, CROP_PX)
    assert planes.dtype == np.float32
    assert np.isfinite(planes).all()
    assert 0 <= planes.min() <= planes.max() <= 1
    centres = np.argwhere(target.heat == 1)
    assert len(centres) <= 2
    for _, row, col in centres:
        left, top, right, bottom = target.sides[:, row, col]
        assert 0 <= left < right <= CROP_PX
        assert 0 <= top < bottom <= CROP_PX
        assert left <= col * STRIDE + STRIDE
        assert right >= col * STRIDE


def test_targets_sit_on_what_is_dense() -> None:
    for seed in range(40):
        planes, target = draw_crop(scene((200, 150, 260, 230)), np.random.default_rng(seed))
        for _, row, col in np.argwhere(target.heat == 1):
            cell = planes[0, row * STRIDE : (row + 1) * STRIDE, col * STRIDE : (col + 1) * STRIDE]
            assert cell.max() > 0.3


def test_ignored_objects_are_not_counted() -> None:
    boxes = np.array([[40, 40, 120, 120], [200, 200, 240, 280]], np.float32)
    target = make_target(boxes, np.array([1, 2]), np.array([False, True]), len(LABELS), CROP_PX)
    assert (target.heat == 1).sum() == 1
    assert target.counts[:, 30, 27].max() == 0
    assert target.counts[1, 10, 10] == 1
    assert target.sides[:, 10, 10].tolist() == [40, 40, 120, 120]


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


@pytest.mark.slow
def test_ten_steps_lower_the_loss_and_the_export_runs(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from models.card import write_card
    from models.onnx import load
    from models.training.export import export
    from models.training.judge import describe
    from models.training.train import Plan, train

    (tmp_path / "scenes").mkdir()
    for number in range(4):
        write_scene(scene((50, 60, 150, 110), (300, 200, 360, 290)), tmp_path / "scenes" / f"{number}.npz")
    run = train(tmp_path / "scenes", tmp_path / "run", Plan(minutes=0.5, batch=4))
    assert run.step > 10
    again = train(tmp_path / "scenes", tmp_path / "run", Plan(minutes=0.5, batch=4))
    assert again.step == run.step, "the time was spent before"
    export(tmp_path / "run" / "checkpoint.pt", tmp_path / "parcel.onnx")
    write_card(describe(tmp_path / "parcel.onnx", "test"), tmp_path)
    assert load("parcel", tmp_path).head.convention == "xray.peaks"
