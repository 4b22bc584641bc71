"""What finds are worth: by false alarms and hits of a card, whatever is on it or not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.card import LEVEL_OF_RATE, InputKind, ModelCard, ModelClass, write_card
from models.detector import ModelMissingError
from models.worth import UNKNOWN, hit_rates, read_worth, weigh_steps, worth_of

RATES = tuple(LEVEL_OF_RATE)
THRESHOLDS = {1: 0.8, 5: 0.5, 10: 0.3}


def card(name: str = "lab", **more: Any) -> ModelCard:
    classes = (ModelClass(label="knife", thresholds=THRESHOLDS), ModelClass(label="shoe"))
    return ModelCard(
        name=name, version="1", file=f"{name}.onnx", sha256="0" * 64, training_data="", intended_use="", licence="",
        input=InputKind.GRAY, **{"classes": classes, **more},
    )  # fmt: skip


def figures(*hits: float) -> dict[str, float]:
    return {f"knife recall at {rate} %": hit for rate, hit in zip(RATES, hits, strict=True)}


def test_a_step_is_worth_its_hits_over_its_false_alarms() -> None:
    assert weigh_steps(RATES, {1: 0.6, 5: 0.8, 10: 0.9}) == {
        "sure": pytest.approx(60),
        "likely": pytest.approx(5),
        "hint": pytest.approx(2),
    }


def test_a_weaker_step_that_happened_to_hit_more_is_weighed_together_with_the_stronger() -> None:
    steps = weigh_steps(RATES, {1: 0.3, 5: 0.3, 10: 0.48})
    assert steps["likely"] == steps["hint"] == pytest.approx(2)


def test_a_detector_that_only_guesses_proves_nothing() -> None:
    assert list(weigh_steps(RATES, {1: 0.01, 5: 0.05, 10: 0.1}).values()) == pytest.approx([1, 1, 1])
    assert list(weigh_steps(RATES, {1: 0.0, 5: 0.0, 10: 0.0}).values()) == pytest.approx([1, 1, 1])


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_no_step_proves_more_than_a_stronger_one(hits: list[float]) -> None:
    steps = list(weigh_steps(RATES, dict(zip(RATES, sorted(hits), strict=True))).values())
    assert all(stronger >= weaker - 1e-9 for stronger, weaker in pairwise(steps))
    assert steps[-1] >= 0


def test_hits_are_the_mean_over_the_sets_without_those_of_the_blobs() -> None:
    metrics = {"near": figures(0.5, 0.6, 0.8), "far": figures(0.1, 0.4, 0.6), "near: dense blobs": figures(0, 0, 0)}
    found = hit_rates(card(metrics={**metrics, "clean": {"knife false alarms at 1 %": 1.2}}), "knife")
    assert found == {1: pytest.approx(0.3), 5: pytest.approx(0.5), 10: pytest.approx(0.7)}
    assert hit_rates(card(metrics=metrics), "shoe") == {}


def test_a_card_without_hits_and_a_class_without_thresholds() -> None:
    worth = worth_of(card())
    assert worth == {"knife": UNKNOWN, "shoe": {}}
    assert UNKNOWN["sure"] > 10 > UNKNOWN["likely"] > UNKNOWN["hint"] > 1


def test_few_clean_pictures_calibrate_a_hint_alone() -> None:
    few = (ModelClass(label="knife", thresholds={10: 0.3}),)
    assert worth_of(card(classes=few, metrics={"near": figures(0.5, 0.6, 0.8)})) == {
        "knife": {"hint": pytest.approx(8)}
    }


def test_what_is_not_measured_is_weighed_by_the_model_that_looks_at_it(tmp_path: Path) -> None:
    write_card(card(others="coloured", metrics={"near": figures(0.5, 0.6, 0.8)}), tmp_path)
    write_card(card("coloured", metrics={"near": figures(0.2, 0.3, 0.4)}), tmp_path)
    assert read_worth("lab", tmp_path)["knife"]["sure"] == pytest.approx(50)
    assert read_worth("lab", tmp_path, is_measured=False)["knife"]["sure"] == pytest.approx(20)
    assert read_worth("coloured", tmp_path, is_measured=False)["knife"]["sure"] == pytest.approx(20)
    with pytest.raises(ModelMissingError):
        read_worth("nowhere", tmp_path)


@pytest.mark.parametrize("name", ["parcel-3", "parcel-3-int8", "colour-1", "colour-1-int8", "cargo-1"])
def test_the_cards_that_ship_tell_what_a_firearm_is_worth(name: str) -> None:
    steps = read_worth(name)["firearm"]
    assert steps != UNKNOWN
    assert steps["sure"] > steps["likely"] >= steps["hint"]
