"""The model that ships: it loads, says what it is, and finds something in phantoms."""

from __future__ import annotations

import numpy as np
import pytest

from app import texts
from app.settings import Detection
from imaging.phantom import simulate_container
from imaging.phantom.simulate import simulate_parcel
from imaging.scan import Scan, View
from models.card import STORE, InputKind, load_card
from models.detect import DEFAULT, FULL, load_default
from models.detector import Level
from models.evaluate import Known, hit_by_best, judge
from models.feed import TILE_PX
from models.inputs import read_planes
from models.onnx import load
from models.training.labels import CARGO_LABELS, LABELS

CARGO = Detection().further[0].model


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (DEFAULT, LABELS),
        (FULL, LABELS),
        ("colour-1", LABELS),
        ("colour-1-int8", LABELS),
        (CARGO, CARGO_LABELS),
        ("cargo-1-int8", CARGO_LABELS),
    ],
)
def test_the_cards_are_honest(name: str, labels: tuple[str, ...]) -> None:
    card, _ = load_card(name)
    assert card.labels == labels
    assert "synthetic" in card.training_data
    assert "not certified" in card.training_data
    assert all(set(entry.thresholds) == {1, 2, 5, 10} for entry in card.classes)
    assert all(texts.has_text(entry.text_key) for entry in card.classes)
    assert any(name.startswith("phantoms of unseen shapes") for name in card.metrics)
    assert any(name.startswith("real bags") for name in card.metrics) or labels is CARGO_LABELS
    assert any(name.endswith("dense blobs") for name in card.metrics)
    assert (STORE / card.file).stat().st_size < 15_000_000


def test_the_shipped_model_finds_batteries_in_phantoms_it_never_saw() -> None:
    pictures = []
    for seed in range(4):
        scan = simulate_parcel(70_000 + seed, size=(300, 400), threats=("battery",))
        pictures.append((scan, tuple(Known(truth.label, truth.box) for truth in scan.truth)))
    assert hit_by_best(judge(load_default(), pictures)) >= 0.5


@pytest.mark.parametrize("name", [DEFAULT, "colour-1", CARGO])
def test_a_picture_of_nothing_has_ten_best_boxes_too_and_none_is_an_alarm(name: str) -> None:
    found = load(name).find(Scan((View(colour=np.full((120, 160, 3), 250, np.uint8)),))).detections
    assert len(found) >= 10
    assert {each.level for each in found} == {Level.BELOW}


@pytest.mark.parametrize("name", [DEFAULT, FULL, CARGO, "cargo-1-int8"])
def test_a_picture_and_its_mirror_image_are_seen_alike(name: str) -> None:
    detector = load(name)
    size = rows, cols = 128, 160
    planes = read_planes(simulate_parcel(70_000, size=size, threats=("firearm",)).views[0], InputKind.ATTEN_ZEFF)[None]
    both = (np.ascontiguousarray(each) for each in (planes, planes[..., ::-1]))
    seen, mirrored = (detector.run(each, size)["output0"][0].reshape(-1, rows // 8, cols // 8) for each in both)
    mirrored = mirrored[..., ::-1]
    assert seen[4:].max() > 0.01
    assert np.allclose(seen[4:], mirrored[4:], atol=1e-3)
    assert np.allclose(seen[0], cols - mirrored[0], atol=0.5)
    assert np.allclose(seen[1:4], mirrored[1:4], atol=0.5)


@pytest.mark.parametrize("name", [CARGO, "cargo-1-int8"])
def test_the_model_for_containers_takes_tiles_together_as_the_settings_say(name: str) -> None:
    batch = Detection().further[0].batch
    assert batch > 1
    scan = simulate_container(5)
    assert max(scan.views[0].shape) > TILE_PX
    assert load(name, batch=batch).find(scan).detections == load(name).find(scan).detections


def test_the_shipped_model_leaves_a_picture_in_colours_to_the_one_for_colours() -> None:
    detector = load_default()
    measured = simulate_parcel(70_000, size=(150, 200))
    colour = Scan((View(colour=np.full((150, 200, 3), 250, np.uint8)),))
    assert (detector.find(measured).model, detector.find(colour).model) == (
        "parcel-3-int8 1.2",
        "colour-1-int8 1.3",
    )


def test_the_cargo_model_finds_a_crate_of_rifles_in_containers_it_never_saw() -> None:
    pictures = []
    for seed in range(3):
        scan = simulate_container(70_000 + seed, mm_per_px=10.0, hidden=("firearm",))
        pictures.append((scan, tuple(Known(truth.label, truth.box) for truth in scan.truth)))
    assert hit_by_best(judge(load(CARGO), pictures)) >= 0.6
