"""Models on the command line: listed with what their cards say, compared, switched by who may, and taken out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.customs.parcel import Capture, Seen
from app.store.store import Store
from tests.models.graphs import NAMES, graph, raw_grid

NOW = datetime.now(UTC)
GUN = Seen("firearm", 0.9, "sure", (1, 2, 30, 40))


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command on the store of a demonstration with the shipped model and one that is not there."""
    monkeypatch.setenv("GUANJIAN_OFFICERS__SIGN_IN", "demo")
    monkeypatch.setenv("GUANJIAN_DEVICES", "[]")
    monkeypatch.setenv("GUANJIAN_DETECTION__FURTHER", json.dumps([{"model": "lab-9", "lanes": ["mail"]}]))
    store = Store.open(tmp_path / "data", station="station-1")
    for number, tried in enumerate(((GUN,), (), ())):
        capture = Capture(f"scan-{number}", f"{number}.tif", "0" * 64, "belt", NOW)
        store.record_scan(None, capture, number=f"R{number}", model="first 1", detect_ms=10.0, arrived_at=NOW)
        store.shadows.add(capture.scan_id, model="lab-9 1", ms=20.0, seen=tried)
    store.close()

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--data", str(tmp_path / "data")])
        assert result.exit_code == code, result.output
        return result.output

    return run


def lines(output: str) -> list[Any]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_models_are_listed_and_switched(call: Callable[..., str]) -> None:
    first, second = lines(call("model", "list", "--json"))
    assert first["mode"] == "on"
    assert first["name"].startswith("parcel-")
    assert (second["name"], second["mode"], second["lanes"]) == ("lab-9", "shadow", ["mail"])
    assert "lab-9" in second["error"]
    call("model", "switch", first["name"], "--to", "shadow", "--officer", "auditor-1", code=3)
    call("model", "switch", "lab-7", code=3)
    call("model", "switch", "lab-9", "--officer", "supervisor-1")
    assert [each["mode"] for each in lines(call("model", "list", "--json"))] == ["shadow", "on"]
    call("model", "switch", first["name"], "--beside", "--officer", "supervisor-1")
    assert [each["mode"] for each in lines(call("model", "list", "--json"))] == ["on", "on"]


def test_a_trial_is_compared(call: Callable[..., str]) -> None:
    (figures,) = lines(call("model", "compare", "lab-9 1", "--json"))
    assert figures["pictures"] == "3"
    assert figures["extra"] == "1 / 3  33.3%"
    assert "6.1% - 79.2%" in call("model", "compare", "lab-9 1")
    assert lines(call("model", "compare", "lab-9 1", "--drill", "--json"))[0]["pictures"] == "0"


def test_what_officers_know_is_taken_out_once(call: Callable[..., str], tmp_path: Path) -> None:
    out = str(tmp_path / "set")
    (said,) = lines(call("export", "labelled", "--out", out, "--json"))
    assert (said["parcels"], said["pictures"]) == (0, 0)
    call("export", "labelled", "--out", out, code=3)
    call("export", "labelled", "--out", str(tmp_path / "other"), "--officer", "admin-1", code=3)


def test_classes_of_a_coco_file_are_named_as_the_model_names_them(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((64, 64, 3), 255, np.uint8))
    boxes = tmp_path / "boxes.json"
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "knife"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [4, 4, 20, 20]}],
    }
    boxes.write_text(json.dumps(content), encoding="utf-8")
    judge = ["model", "eval", "--coco", str(boxes), "--model", "colour-1", "--json"]
    unnamed = CliRunner().invoke(cli, judge)
    assert "knife" in unnamed.stderr
    assert "mAP50" not in lines(unnamed.stdout)[0]["figures"]
    named = CliRunner().invoke(cli, [*judge, "--same-as", "knife=blade"])
    assert (named.exit_code, named.stderr) == (0, "")
    assert {"blade AP50", "mAP50", "mAP50:95"} <= lines(named.stdout)[0]["figures"].keys()
    assert CliRunner().invoke(cli, [*judge, "--same-as", "knife"]).exit_code == 2


def test_a_laboratorys_model_gets_its_card_and_thresholds_without_a_line_of_code(tmp_path: Path) -> None:
    model = tmp_path / "lab.onnx"
    model.write_bytes(graph({"output0": raw_grid()}, metadata=NAMES))
    clean = tmp_path / "clean"
    clean.mkdir()

    def made(*options: str, code: int = 0) -> dict[str, Any]:
        result = CliRunner().invoke(cli, ["model", "card", str(model), *options])
        assert result.exit_code == code, result.output
        card: dict[str, Any] = json.loads((tmp_path / "lab.json").read_text(encoding="utf-8"))
        return card

    assert [(each["label"], each["thresholds"]) for each in made()["classes"]] == [("knife", {}), ("gun", {})]
    assert detected(model)["level"] == "hint"
    for number in range(20):
        cv2.imwrite(str(clean / f"{number}.png"), np.full((64, 64, 3), 255, np.uint8))
    calibrated = made("--clean", str(clean))
    knife = calibrated["classes"][0]["thresholds"]
    assert list(knife) == ["5", "10"], "twenty pictures say nothing of 1 %"
    assert knife["5"] == pytest.approx(0.9, abs=1e-3)
    assert calibrated["notes"] == ["Thresholds by 20 clean pictures."]
    assert detected(model)["level"] == "below"
    assert made("--clean", str(clean)) == calibrated
    for number in range(15):
        (clean / f"{number}.png").unlink()
    assert made("--clean", str(clean), code=3) == calibrated, "five are too few, and the card stays"


def detected(model: Path) -> dict[str, Any]:
    """The best find of a model in a picture without anything."""
    picture = model.with_name("empty.png")
    cv2.imwrite(str(picture), np.full((64, 64, 3), 255, np.uint8))
    (said,) = lines(CliRunner().invoke(cli, ["detect", str(picture), "--model", str(model), "--json"]).output)
    found: dict[str, Any] = said["detections"][0]
    return found
