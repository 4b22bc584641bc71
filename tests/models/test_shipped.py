"""The model that ships: it loads, says what it is, and finds something in phantoms."""

from __future__ import annotations

from app import texts
from imaging.phantom.simulate import simulate_parcel
from models.card import STORE, load_card
from models.detect import DEFAULT, load_default
from models.evaluate import Known, hit_by_best, judge
from models.training.labels import LABELS


def test_the_card_is_honest() -> None:
    card, _ = load_card(DEFAULT)
    assert card.labels == LABELS
    assert "synthetic" in card.training_data
    assert "not certified" in card.training_data
    assert all(set(entry.thresholds) == {1, 2, 5, 10} for entry in card.classes)
    assert all(texts.has_text(entry.text_key) for entry in card.classes)
    assert any(name.startswith("real bags") for name in card.metrics)
    assert any(name.endswith("dense blobs") for name in card.metrics)
    assert (STORE / card.file).stat().st_size < 5_000_000


def test_the_shipped_model_finds_batteries_in_phantoms_it_never_saw() -> None:
    pictures = []
    for seed in range(4):
        scan = simulate_parcel(70_000 + seed, size=(300, 400), threats=("battery",))
        pictures.append((scan, tuple(Known(truth.label, truth.box) for truth in scan.truth)))
    assert hit_by_best(judge(load_default(), pictures)) >= 0.5
