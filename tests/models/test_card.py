"""Cards: what may load, and what each score is worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.card import ModelClass, load_card, read_model
from models.check import examine
from models.detector import Level, ModelAlteredError, ModelBrokenError, ModelMissingError, ModelRefusedError
from models.onnx import load
from tests.models.graphs import store


def test_a_card_is_found_by_card_model_and_name(tmp_path: Path) -> None:
    card = store(tmp_path, b"anything")
    for path in (tmp_path / "lab.json", tmp_path / "lab.onnx", "lab"):
        assert load_card(path, tmp_path) == (card, tmp_path)
    assert read_model(card, tmp_path) == b"anything"


def test_a_card_beside_a_model_that_tells_of_another_is_refused(tmp_path: Path) -> None:
    store(tmp_path, b"anything")
    (tmp_path / "mine.onnx").write_bytes(b"no model at all")
    (tmp_path / "mine.json").write_bytes((tmp_path / "lab.json").read_bytes())
    with pytest.raises(ModelRefusedError, match=r"card of lab\.onnx, not of mine\.onnx"):
        load_card(tmp_path / "mine.onnx")
    assert "not of mine.onnx" in examine(tmp_path / "mine.onnx").problem


def test_an_altered_model_never_reaches_the_runtime(tmp_path: Path) -> None:
    store(tmp_path, b"one thing")
    (tmp_path / "lab.onnx").write_bytes(b"another")
    with pytest.raises(ModelAlteredError, match="sha256"):
        load(tmp_path / "lab.onnx")


def test_missing_card_and_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"none\.json"):
        load("none", tmp_path)
    store(tmp_path, b"anything")
    (tmp_path / "lab.onnx").unlink()
    with pytest.raises(ModelMissingError, match=r"lab\.onnx"):
        load("lab", tmp_path)


def test_what_is_no_model_is_broken(tmp_path: Path) -> None:
    store(tmp_path, b"not a graph")
    with pytest.raises(ModelBrokenError, match="cannot be loaded"):
        load("lab", tmp_path)
    store(tmp_path, b"")
    with pytest.raises(ModelBrokenError, match="0 bytes"):
        load("lab", tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", "../elsewhere.onnx"),
        ("file", "/etc/x.onnx"),
        ("sha256", "12"),
        ("classes", []),
        ("surprise", 1),
        ("name", ""),
        ("classes", [{"label": "a"}, {"label": "a"}]),
    ],
)
def test_a_card_that_says_something_impossible_is_broken(tmp_path: Path, key: str, value: object) -> None:
    store(tmp_path, b"anything")
    path = tmp_path / "lab.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelBrokenError, match=r"lab\.json"):
        load_card(path)


def test_a_card_that_is_torn_is_broken(tmp_path: Path) -> None:
    store(tmp_path, b"anything")
    (tmp_path / "lab.json").write_bytes(b'{"name": "la')
    with pytest.raises(ModelBrokenError):
        load_card("lab", tmp_path)


def test_levels_come_from_the_thresholds() -> None:
    entry = ModelClass(label="knife", thresholds={1: 0.8, 2: 0.7, 5: 0.6, 10: 0.4})
    scores = (0.8, 0.79, 0.6, 0.41, 0.4, 0.39)
    assert [entry.level(score) for score in scores] == [
        Level.SURE,
        Level.LIKELY,
        Level.LIKELY,
        Level.HINT,
        Level.HINT,
        Level.BELOW,
    ]


def test_an_uncalibrated_class_is_never_more_than_a_hint() -> None:
    entry = ModelClass(label="knife")
    assert (entry.level(0.99), entry.level(0.2)) == (Level.HINT, Level.BELOW)


def test_thresholds_may_not_rise_with_the_false_alarms_accepted() -> None:
    with pytest.raises(ValidationError, match="may not rise"):
        ModelClass(label="knife", thresholds={1: 0.2, 5: 0.6})
