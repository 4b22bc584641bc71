"""The session behind the Detector protocol: what it looks at, what it keeps, and how it fails."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from imaging.files import read
from imaging.scan import Generator, Scan, View
from models.card import InputKind, ModelCard, ModelClass, write_card
from models.check import check, draft_card
from models.detect import as_line, calibrate_card, evaluate_coco, unnamed_classes
from models.detector import (
    CleanSetError,
    Level,
    ModelAlteredError,
    ModelBrokenError,
    ModelMissingError,
    ModelRefusedError,
    ViewUnsuitedError,
)
from models.heads.boxes import iou, merge_looks
from models.heads.signature import Outputs
from models.onnx import PROVIDERS, OnnxDetector, load, open_session
from tests.models.graphs import NAMES, finish, floats, graph, raw_grid, store

OWN = {"xray.version": "1", "xray.layout": "peaks", "xray.classes": "knife,gun"}


def darkest_cell(pictures: int | str = 1) -> bytes:
    """A model that really looks: every 8 px cell scores its darkness, as a knife of 16 by 16 px."""
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, (pictures, 2, "rows", "cols"))]
    outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, (pictures, 6, "cells"))]
    constants = [
        numpy_helper.from_array(np.ones((1, 2, 8, 8), np.float32) * floats([1 / 64], [0])[None, :, :, None], "mean"),
        numpy_helper.from_array(np.array([8, 4, 16, 0], np.float32), "numbers"),
        numpy_helper.from_array(np.array([1, 1, -1], np.int64), "flat"),
        *(numpy_helper.from_array(np.array(i, np.int64), f"axis{i}") for i in (1, 2, 3)),
        numpy_helper.from_array(np.array([0], np.float32), "zero"),
    ]
    text = [
        ("Conv", ["images", "mean"], ["heat"], {"strides": [8, 8]}),
        ("Mul", ["heat", "zero"], ["no"], {}),
        ("Add", ["no", "one"], ["ones"], {}),
        ("CumSum", ["ones", "axis3"], ["x1"], {}),
        ("CumSum", ["ones", "axis2"], ["y1"], {}),
        ("Mul", ["x1", "eight"], ["x8"], {}),
        ("Mul", ["y1", "eight"], ["y8"], {}),
        ("Sub", ["x8", "four"], ["x"], {}),
        ("Sub", ["y8", "four"], ["y"], {}),
        ("Mul", ["ones", "sixteen"], ["side"], {}),
        ("Concat", ["x", "y", "side", "side", "heat", "no"], ["all"], {"axis": 1}),
        ("Reshape", ["all", "flat6"], ["output0"], {}),
    ]
    for name, value in (("one", 1), ("eight", 8), ("four", 4), ("sixteen", 16)):
        constants.append(numpy_helper.from_array(np.array([value], np.float32), name))
    constants.append(numpy_helper.from_array(np.array([0, 6, -1], np.int64), "flat6"))
    used = {name for _, names, _, _ in text for name in names}
    nodes = [helper.make_node(op, names, results, **options) for op, names, results, options in text]
    made = helper.make_graph(nodes, "darkest", inputs, outputs, [c for c in constants if c.name in used])
    return finish(made, OWN | {"xray.input": "atten_zeff"})


def view(rows: int, cols: int, spots: tuple[tuple[int, int], ...], mm: float | None = 1.0) -> View:
    """Air with 16 px squares of thick metal at (left, top)."""
    counts = np.full((rows, cols), 60000, np.uint16)
    for left, top in spots:
        counts[top : top + 16, left : left + 16] = 60
    return View(high=counts, low=counts, air_low=60000, air_high=60000, mm_per_row=mm, mm_per_col=mm)


def test_boxes_are_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    findings = load("lab", tmp_path).find(Scan((view(200, 304, ((96, 40),)),)))
    best = findings.detections[0]
    assert findings.model == "lab 1"
    assert findings.ms > 0
    assert (best.label, best.view) == ("knife", 0)
    assert np.abs(np.array(best.box) - (96, 40, 112, 56)).max() <= 5


def test_finer_pixels_are_brought_to_the_trained_size(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    box = load("lab", tmp_path).find(Scan((view(400, 608, ((96, 40),), mm=0.5),))).detections[0].box
    assert box[2] - box[0] == 32


def test_both_views_are_looked_at_and_the_best_comes_first(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    scan = Scan((view(96, 96, ()), view(96, 96, ((32, 32),))))
    found = load("lab", tmp_path).find(scan).detections
    assert found[0].view == 1
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)


def test_a_large_container_is_tiled_and_nothing_is_missed(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    spots = ((40, 40), (2960, 1160), (1016, 600), (2000, 16))
    found = load("lab", tmp_path).find(Scan((view(1200, 3000, spots),))).detections
    for left, top in spots:
        assert any(abs(d.box[0] - left) <= 8 and abs(d.box[1] - top) <= 8 and d.score > 0.3 for d in found)


def test_tiles_go_to_the_model_together_and_say_what_each_alone_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, darkest_cell("pictures"), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    runs = []

    def count(detector: OnnxDetector, tensor: np.ndarray[Any, Any], size: tuple[int, int]) -> Outputs:
        runs.append(len(tensor))
        return run(detector, tensor, size)

    run = OnnxDetector.run
    monkeypatch.setattr(OnnxDetector, "run", count)
    scan = Scan((view(1200, 3000, ((40, 40), (2960, 1160), (1016, 600))),))
    one_by_one, together = load("lab", tmp_path), load("lab", tmp_path, batch=4)
    runs.clear()
    alone = one_by_one.find(scan).detections
    tiles = len(runs)
    runs.clear()
    assert together.find(scan).detections == alone
    assert tiles > 4
    assert runs == [4] * (tiles // 4) + [tiles % 4] * (tiles % 4 > 0)


@pytest.mark.parametrize(
    "model",
    [
        darkest_cell(1),
        graph({"output0": raw_grid()}, ("images", ("pictures", 3, 64, 64)), NAMES),
    ],
    ids=["takes one", "answers for one"],
)
def test_a_model_that_looks_at_one_picture_at_a_time_is_not_given_more(tmp_path: Path, model: bytes) -> None:
    kind = InputKind.ATTEN_ZEFF if model == darkest_cell(1) else InputKind.RGB_PSEUDO
    store(tmp_path, model, input=kind)
    with pytest.raises(ModelRefusedError, match="batch to 1"):
        load("lab", tmp_path, batch=2)


def test_unknown_scale_does_not_double_an_object(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    detector = load("lab", tmp_path)
    spots = ((96, 40), (600, 304))
    found = detector.find(Scan((view(400, 800, spots, mm=None),))).detections
    boxes = np.array([d.box for d in found if d.score > 0.2], np.float32)
    assert len(boxes) >= 2
    assert (np.triu(iou(boxes, boxes), 1) <= 0.55).all()


def test_the_twenty_best_are_kept_whatever_their_level(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :40] = [[i * 3, 0, i * 3 + 2, 60, 0.02 + i / 1000, 0] for i in range(40)]
    rows[0, 40] = [0, 0, 60, 60, 0.9, 1]
    names = {"names": "{0: 'knife', 1: 'gun'}", "task": "detect", "end2end": "True"}
    store(tmp_path, graph({"output0": rows}, source=("images", (1, 3, 128, 128)), metadata=names))
    found = load("lab", tmp_path).find(Scan((view(128, 128, ()),))).detections
    assert len(found) == 20
    assert found[0].level is Level.SURE
    assert {d.level for d in found[1:]} == {Level.BELOW}


def test_a_kind_of_picture_that_does_not_suit_counts_as_unscreened(tmp_path: Path) -> None:
    found = np.zeros((1, 6, 4), np.float32)
    model = graph({"output0": found}, ("images", (1, 2, 64, 64)), OWN | {"xray.input": "low_high"})
    store(tmp_path, model, input=InputKind.LOW_HIGH)
    detector = load("lab", tmp_path)
    with pytest.raises(ViewUnsuitedError):
        detector.find(Scan((View(colour=np.zeros((64, 64, 3), np.uint8)),)))


def test_what_is_not_measured_goes_to_the_model_that_the_card_names(tmp_path: Path) -> None:
    unsure = (ModelClass(label="knife"), ModelClass(label="gun"))
    store(tmp_path, darkest_cell(), name="rest", file="rest.onnx", input=InputKind.ATTEN_ZEFF, classes=unsure)
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0, others="rest")
    detector = load("lab", tmp_path)
    measured, colour = view(96, 96, ((40, 40),)), np.full((96, 96, 3), 255, np.uint8)
    colour[40:56, 40:56] = 0
    rest = (
        replace(measured, mm_per_row=None, mm_per_col=None),
        replace(measured, low=None, air_low=None),
        View(colour=colour, mm_per_row=1.0, mm_per_col=1.0),
    )
    assert detector.find(Scan((measured,))).detections[0].level is Level.SURE
    assert {detector.find(Scan((each,))).detections[0].level for each in rest} == {Level.HINT}
    assert [detector.find(Scan(views)).model for views in ((measured,), rest[:2], (measured, rest[2]))] == [
        "lab 1",
        "rest 1",
        "lab 1 + rest 1",
    ]
    at_port = Scan((measured,), generator=Generator(kv=6000.0))
    assert detector.find(at_port).detections[0].level is Level.HINT


@pytest.mark.parametrize("changes", [{"others": "lab"}, {"labels": ("gun", "knife")}])
def test_what_is_not_measured_goes_to_no_model_of_other_classes_and_not_in_a_ring(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    store(tmp_path, darkest_cell(), name="rest", file="rest.onnx", input=InputKind.ATTEN_ZEFF, **changes)
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, others="rest")
    with pytest.raises(ModelRefusedError, match="rest cannot look at what lab leaves to it"):
        load("lab", tmp_path)


def test_a_graph_that_fails_when_it_runs_is_broken(tmp_path: Path) -> None:
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 2, "rows", "cols"))]
    outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, (1, 6, "cells"))]
    nodes = [helper.make_node("Reshape", ["images", "shape"], ["output0"])]
    shape = numpy_helper.from_array(np.array([1, 6, 7], np.int64), "shape")
    model = finish(helper.make_graph(nodes, "fails", inputs, outputs, [shape]), OWN | {"xray.input": "atten_zeff"})
    store(tmp_path, model, input=InputKind.ATTEN_ZEFF)
    with pytest.raises(ModelBrokenError, match="failed"):
        load("lab", tmp_path)


def test_weights_beside_the_model_are_never_read(tmp_path: Path) -> None:
    import onnx

    model = onnx.load_from_string(darkest_cell())
    onnx.external_data_helper.convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    onnx.save(model, tmp_path / "lab.onnx")
    assert (tmp_path / "weights.bin").is_file()
    with pytest.raises(ModelBrokenError):
        open_session((tmp_path / "lab.onnx").read_bytes(), "lab.onnx")


def test_checking_a_stranger_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "stranger.onnx"
    path.write_bytes(darkest_cell())
    known = check(path)
    assert (known.convention, known.input, known.labels) == ("xray.peaks", "atten_zeff", ("knife", "gun"))
    assert known.has_card is False
    assert known.ms is not None
    assert known.problem == ""


def test_checking_a_model_with_a_card_names_and_tries_the_one_for_others(tmp_path: Path) -> None:
    store(tmp_path, darkest_cell(), name="rest", file="rest.onnx", input=InputKind.ATTEN_ZEFF)
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0, others="rest")
    known = check(tmp_path / "lab.onnx")
    assert (known.has_card, known.others, known.problem) == (True, "rest", "")
    (tmp_path / "rest.onnx").write_bytes(b"another")
    assert "rest.onnx" in check(tmp_path / "lab.onnx").problem


def test_checking_says_what_was_seen_of_a_model_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stranger.onnx"
    path.write_bytes(graph({"logits": np.zeros((1, 10), np.float32)}))
    refused = check(path)
    assert refused.convention == ""
    assert "logits float (1, 10)" in refused.seen
    assert "No known convention" in refused.problem
    path.write_bytes(b"nothing of the kind")
    assert "cannot be loaded" in check(path).problem
    with pytest.raises(ModelMissingError):
        check(tmp_path / "none.onnx")


def test_a_draft_of_a_card_lets_a_laboratorys_model_load_but_never_alarm(tmp_path: Path) -> None:
    path = tmp_path / "stranger.onnx"
    path.write_bytes(darkest_cell())
    write_card(draft_card(path), tmp_path)
    found = load("stranger", tmp_path).find(Scan((view(96, 96, ((32, 32),)),))).detections
    assert found[0].level is Level.HINT
    path.write_bytes(graph({"logits": np.zeros((1, 10), np.float32)}))
    with pytest.raises(ModelAlteredError):
        load("stranger", tmp_path)
    (tmp_path / "stranger.json").unlink()
    with pytest.raises(ModelRefusedError):
        draft_card(path)


def test_a_draft_takes_scale_and_thresholds_from_the_models_own_metadata(tmp_path: Path) -> None:
    import onnx

    def draft(**told: str) -> ModelCard:
        model = onnx.load_from_string(darkest_cell())
        for key, value in told.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = f"xray.{key}", value
        path = tmp_path / "stranger.onnx"
        path.write_bytes(model.SerializeToString())
        return draft_card(path)

    card = draft(mm_per_px="1.5", thresholds='{"knife": {"1": 0.8, "5": 0.6}}')
    assert card.mm_per_px == 1.5
    assert [each.thresholds for each in card.classes] == [{1: 0.8, 5: 0.6}, {}]
    for wrong in ({"mm_per_px": "fine"}, {"mm_per_px": "-1"}, {"thresholds": "0.5"}, {"stride": "0"}, {"stride": "x"}):
        with pytest.raises(ModelRefusedError, match=f"xray.{next(iter(wrong))}"):
            draft(**wrong)
    with pytest.raises(ModelBrokenError, match="may not rise"):
        draft(thresholds='{"knife": {"1": 0.5, "5": 0.6}}')


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of memory there")
def test_checking_has_a_limit_of_memory(tmp_path: Path) -> None:
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 2, "rows", "cols"))]
    outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, (1, 6, "cells"))]
    shape = numpy_helper.from_array(np.array([1, 6, 2**30], np.int64), "shape")
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["output0"])]
    path = tmp_path / "stranger.onnx"
    made = helper.make_graph(nodes, "greedy", inputs, outputs, [shape])
    path.write_bytes(finish(made, OWN | {"xray.input": "atten_zeff"}))
    known = check(path)
    assert known.ms is None
    assert "alloc" in known.problem


def test_checking_has_a_time_limit(tmp_path: Path) -> None:
    path = tmp_path / "stranger.onnx"
    path.write_bytes(darkest_cell())
    with pytest.raises(ModelBrokenError, match="did not answer"):
        check(path, longest_s=0.01)


def test_a_line_of_output(tmp_path: Path, shared: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    picture = shared / "data/compass-xp/images/0582.png"
    scan = read(picture)
    line = as_line(picture, scan, load("lab", tmp_path).find(scan))
    assert set(line) == {"file", "model", "ms", "detections", "opaque"}
    assert len(line["detections"]) >= 10
    assert set(line["detections"][0]) == {"class", "score", "level", "box", "view"}


@pytest.mark.slow
def test_a_coco_file_gives_figures_beside_the_blobs(tmp_path: Path, shared: Path) -> None:
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0)
    coco = shared / "data/compass-xp/annotations_coco.json"
    reports = evaluate_coco(load("lab", tmp_path), coco, same_as={"knife": "knife"})
    assert set(reports) == {"lab 1", "dense blobs"}
    assert {made.objects for made in reports.values()} == {14}
    assert "any AP30" in reports["dense blobs"].figures


def test_the_model_that_looked_is_judged_by_its_own_thresholds(tmp_path: Path) -> None:
    def classes(threshold: float) -> tuple[ModelClass, ...]:
        return ModelClass(label="knife", thresholds={5: threshold}), ModelClass(label="gun", thresholds={5: threshold})

    store(tmp_path, darkest_cell(), name="rest", file="rest.onnx", input=InputKind.ATTEN_ZEFF, classes=classes(0.2))
    store(tmp_path, darkest_cell(), input=InputKind.ATTEN_ZEFF, mm_per_px=1.0, others="rest", classes=classes(2.0))
    colour = np.full((96, 96, 3), 255, np.uint8)
    colour[40:56, 40:56] = 0
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "stabbing"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [40, 40, 16, 16]}],
    }
    (tmp_path / "boxes.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "a.png").touch()
    detector, coco = load("lab", tmp_path), tmp_path / "boxes.json"
    assert unnamed_classes(detector, coco) == ["stabbing"]
    made = evaluate_coco(detector, coco, None, {"stabbing": "knife"}, lambda path: Scan((View(colour=colour),)))
    assert list(made) == ["rest 1", "dense blobs"]
    assert made["rest 1"].figures["knife recall at 5 %"] == 1.0
    assert "knife recall at 5 %" not in made["dense blobs"].figures


def test_thresholds_count_what_is_not_among_the_twenty_best_too(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :40] = [[i * 3, 0, i * 3 + 2, 60, 0.9 - i / 1000, 0] for i in range(40)]
    rows[0, 40] = [0, 0, 60, 60, 0.3, 1]
    names = {"names": "{0: 'knife', 1: 'gun'}", "task": "detect", "end2end": "True"}
    card = store(tmp_path, graph({"output0": rows}, source=("images", (1, 3, 128, 128)), metadata=names))
    clean = [Scan((view(128, 128, ()),))] * 10
    cuts = {each.label: each.thresholds for each in calibrate_card(card, tmp_path, clean).classes}
    assert cuts == {"knife": {10: pytest.approx(0.9, abs=1e-5)}, "gun": {10: pytest.approx(0.3, abs=1e-5)}}
    with pytest.raises(CleanSetError, match="9 clean pictures"):
        calibrate_card(card, tmp_path, clean[:9])


def test_what_every_look_sees_counts_more_than_what_one_sees() -> None:
    boxes = floats([0, 0, 20, 20], [100, 100, 140, 140], [1, 1, 21, 21], [0, 0, 20, 20])
    scores = np.array([0.6, 0.7, 0.5, 0.4], np.float32)
    classes, looks = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])
    merged, values, names = merge_looks(boxes, scores, classes, looks, 2)
    assert merged.tolist() == [[0, 0, 20, 20], [100, 100, 140, 140], [0, 0, 20, 20]]
    assert values.tolist() == pytest.approx([(0.6 + 0.55) / 2, (0.7 + 0.35) / 2, (0.4 + 0.2) / 2])
    assert names.tolist() == [0, 0, 1]
    nothing = merge_looks(boxes[:0], scores[:0], classes[:0], looks[:0], 2)
    assert all(len(part) == 0 for part in nothing)


def test_a_provider_that_is_not_built_in_is_refused_with_what_is_there() -> None:
    missing = next(name for name, there in PROVIDERS.items() if there not in ort.get_available_providers())
    with pytest.raises(ModelBrokenError, match=r"only .*CPUExecutionProvider"):
        open_session(darkest_cell(), "darkest.onnx", provider=missing)


def test_a_provider_that_does_not_start_is_refused_though_the_processor_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_processor = partial(ort.InferenceSession, providers=["CPUExecutionProvider"])
    monkeypatch.setattr(ort, "get_available_providers", lambda: list(PROVIDERS.values()))
    monkeypatch.setattr(ort, "InferenceSession", lambda model, options, **_: on_processor(model, options))
    with pytest.raises(ModelBrokenError, match="CUDAExecutionProvider, but it did not start"):
        open_session(darkest_cell(), "darkest.onnx", provider="cuda")
    open_session(darkest_cell(), "darkest.onnx")
