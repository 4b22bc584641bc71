"""Exports made by the packages themselves, tiny and untrained: what they write today is what is understood.

They run where `ultralytics` or `anomalib` is installed, which this project does not need; elsewhere the graphs of
test_heads.py stand for them.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import pytest

from models.check import examine

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SIDE = 64
ULTRALYTICS = (
    ("yolo11n.yaml", "detect", {}, "ultralytics.raw"),
    ("yolo11n.yaml", "detect", {"nms": True}, "ultralytics.end_to_end"),
    ("yolo26n.yaml", "detect", {"nms": False}, "ultralytics.end_to_end"),
    ("yolo11n-seg.yaml", "segment", {}, "ultralytics.raw.seg"),
    ("rtdetr-l.yaml", "detect", {}, "ultralytics.rt_detr"),
)


@pytest.mark.parametrize("case", ULTRALYTICS, ids=lambda case: f"{case[0]}-{case[3]}")
def test_ultralytics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, Any, str]) -> None:
    config, task, options, convention = case
    package = pytest.importorskip("ultralytics", reason="ultralytics is not installed: its exports are not made here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YOLO_OFFLINE", "1")
    model = package.YOLO(config, task=task)
    made = Path(model.export(format="onnx", imgsz=SIDE, opset=17, simplify=False, **options))
    known = examine(made)
    assert (known.problem, known.convention, known.size) == ("", convention, (SIDE, SIDE))
    assert len(known.labels) == 80
    assert known.ms is not None


def test_anomalib(tmp_path: Path) -> None:
    models = pytest.importorskip("anomalib.models", reason="anomalib is not installed: its exports are not made here")
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind = models.Padim
        model = kind(
            backbone="resnet18", layers=["layer1"], pre_trained=False, n_features=10,
            pre_processor=kind.configure_pre_processor((SIDE, SIDE)),
        )  # fmt: skip
        model.model.train()
        model.model(torch.rand(8, 3, SIDE, SIDE))
        model.model.fit()
        model.eval()
        made = Path(model.to_onnx(tmp_path, input_size=(SIDE, SIDE)))
    assert "one file" in examine(made).problem
    one_file = tmp_path / "one.onnx"
    onnx.save(onnx.load(made), one_file)
    known = examine(one_file)
    assert (known.problem, known.convention) == ("", "anomalib")
    assert known.size == (SIDE, SIDE)
