"""Every output convention, from a real ONNX graph to boxes in the picture's own pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from imaging.scan import Scan, View
from models.detector import Detection, ModelBrokenError, ModelRefusedError
from models.heads import Fit, yolox
from models.onnx import OnnxDetector, load
from tests.models.graphs import KNIFE, NAMES, finish, floats, graph, raw_grid, store

BOX = (16, 28, 32, 36)


def look(
    folder: Path, model: bytes, shape: tuple[int, int] = (64, 64), **changes: object
) -> tuple[OnnxDetector, list[Detection]]:
    store(folder, model, **changes)
    detector = load(folder / "lab.onnx")
    picture = View(colour=np.full((*shape, 3), 255, np.uint8))
    return detector, list(detector.find(Scan((picture,))).detections)


def test_own_peaks(tmp_path: Path) -> None:
    metadata = {"xray.version": "1", "xray.input": "rgb_pseudo", "xray.layout": "peaks", "xray.classes": "knife,gun"}
    detector, found = look(tmp_path, graph({"output0": raw_grid()}, metadata=metadata))
    assert detector.head.convention == "xray.peaks"
    assert [(d.label, d.box, d.level) for d in found] == [("knife", BOX, "sure")]


def test_ultralytics_raw_suppresses_doubles(tmp_path: Path) -> None:
    detector, found = look(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES))
    assert detector.head.convention == "ultralytics.raw"
    assert [(d.label, d.box) for d in found] == [("knife", BOX)]
    assert found[0].score == pytest.approx(0.9)


def test_ultralytics_raw_is_letterboxed_into_the_middle(tmp_path: Path) -> None:
    _, found = look(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES), shape=(64, 128))
    assert found[0].box == (32, 24, 64, 40)


def test_ultralytics_raw_without_metadata_needs_the_grid_to_fit_the_card(tmp_path: Path) -> None:
    detector, found = look(tmp_path, graph({"output0": raw_grid()}))
    assert (detector.head.convention, found[0].box) == ("ultralytics.raw", BOX)
    with pytest.raises(ModelRefusedError, match="No known convention"):
        look(tmp_path, graph({"output0": raw_grid(rows=85)}))


def test_ultralytics_end_to_end(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = [16, 28, 32, 36, 0.65, 1]
    detector, found = look(tmp_path, graph({"output0": rows}, metadata=NAMES | {"end2end": "True"}))
    assert detector.head.convention == "ultralytics.end_to_end"
    assert [(d.label, d.box, d.level) for d in found] == [("gun", BOX, "likely")]
    by_arguments = graph({"output0": rows}, metadata=NAMES | {"args": "{'nms': True}"})
    assert look(tmp_path, by_arguments)[1] == found


def test_ultralytics_rt_detr_has_rows_of_its_own(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = [24 / 64, 32 / 64, 16 / 64, 8 / 64, 0.65, 1]
    named = NAMES | {"head": "RTDETRDecoder", "end2end": "False"}
    detector, found = look(tmp_path, graph({"output0": rows}, metadata=named))
    assert detector.head.convention == "ultralytics.rt_detr"
    assert detector.head.feed.fit is Fit.STRETCH
    assert [(d.label, d.level) for d in found] == [("gun", "likely")]
    with pytest.raises(ModelRefusedError, match="rows of 6"):
        look(tmp_path, graph({"output0": rows[:, :, :5]}, metadata=named))


def test_ultralytics_segmentation_gives_its_boxes(tmp_path: Path) -> None:
    outputs = {"output0": raw_grid(extra=32), "output1": np.zeros((1, 32, 16, 16), np.float32)}
    detector, found = look(tmp_path, graph(outputs, metadata=NAMES | {"task": "segment"}))
    assert detector.head.convention == "ultralytics.raw.seg"
    assert [(d.label, d.box) for d in found] == [("knife", BOX)]


def test_ultralytics_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="classify"):
        look(tmp_path, graph({"output0": floats([0.5, 0.5])}, metadata=NAMES | {"task": "classify"}))


@pytest.mark.parametrize("names", ["__import__('os')", "{1: 'knife'}", "{0: 'knife'", "7"])
def test_ultralytics_names_that_are_no_names(tmp_path: Path, names: str) -> None:
    with pytest.raises(ModelRefusedError, match="class names"):
        look(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES | {"names": names}))


@pytest.mark.parametrize("size", ["(" * 5000, "[64", "sixty-four", "[0, 64]", "None"])
def test_ultralytics_sizes_that_are_no_sizes(tmp_path: Path, size: str) -> None:
    model = graph({"output0": raw_grid()}, ("images", (1, 3, "rows", "cols")), NAMES | {"imgsz": size, "args": size})
    with pytest.raises(ModelRefusedError, match="imgsz"):
        look(tmp_path, model)


def rt_detr() -> bytes:
    """Boxes are fractions that the graph itself multiplies by (cols, rows), as RT-DETR's post-processor does."""
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 128, 64)),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, (1, 2)),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, (1, 1)),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, (1, 1, 4)),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, (1, 1)),
    ]
    constants = [
        numpy_helper.from_array(floats([[0.25, 0.5, 0.5, 0.75]]), "fractions"),
        numpy_helper.from_array(np.array([[1]], np.int64), "label"),
        numpy_helper.from_array(floats([0.5]), "score"),
    ]
    nodes = [
        helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["sizes", "sizes"], ["twice"], axis=1),
        helper.make_node("Mul", ["fractions", "twice"], ["boxes"]),
        helper.make_node("Identity", ["label"], ["labels"]),
        helper.make_node("Identity", ["score"], ["scores"]),
    ]
    return finish(helper.make_graph(nodes, "rt_detr", inputs, outputs, constants))


def test_rt_detr_is_told_columns_before_rows(tmp_path: Path) -> None:
    detector, found = look(tmp_path, rt_detr(), shape=(200, 200))
    assert detector.head.convention == "rt_detr"
    assert [(d.label, d.box, d.level) for d in found] == [("gun", (50, 100, 100, 150), "hint")]


def test_rf_detr_reads_logits_and_leaves_the_background(tmp_path: Path) -> None:
    outputs = {
        "dets": floats([[0.375, 0.5, 0.25, 0.125], [0.5, 0.5, 1, 1]]),
        "labels": floats([[2.0, -9.0, -9.0], [-9.0, -9.0, 9.0]]),
    }
    detector, found = look(tmp_path, graph(outputs, source=("input", (1, 3, 64, 64))))
    assert detector.head.convention == "rf_detr"
    assert [(d.label, d.box) for d in found if d.score > 0.01] == [("knife", BOX)]
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-5)


@pytest.mark.parametrize("order", [("boxes", "labels", "scores"), ("scores", "boxes", "labels")])
def test_torchvision_by_name_in_any_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    outputs = {"boxes": floats(BOX, BOX), "labels": np.array([2, 0]), "scores": floats([0.9, 0.8])[0]}
    model = graph({name: outputs[name] for name in order}, source=("input", (1, 3, "h", "w")))
    detector, found = look(tmp_path, model)
    assert detector.head.convention == "torchvision"
    assert [(d.label, d.box) for d in found] == [("gun", BOX)]


@pytest.mark.parametrize("is_decoded", [True, False])
def test_yolox_raw_and_decoded(tmp_path: Path, is_decoded: bool) -> None:
    grid = yolox._grid((256, 256))
    rows = np.zeros((1, len(grid), 7), np.float32)
    if is_decoded:
        rows[0, :, :2], rows[0, :, 2:4] = grid[:, :2] + grid[:, 2:] / 2, 8
        rows[0, 5, :4] = KNIFE
    else:
        rows[0, :, :2] = 0.5
        rows[0, 5, :4] = [24 / 8 - 5, 32 / 8, np.log(16 / 8), np.log(8 / 8)]
    rows[0, 5, 4:6] = 0.9, 0.9
    detector, found = look(tmp_path, graph({"output": rows}, source=("images", (1, 3, 256, 256))), shape=(256, 256))
    assert detector.head.convention == "yolox"
    assert [(d.label, d.box, d.level) for d in found] == [("knife", BOX, "sure")]


def test_yolox_boxes_of_neither_form_break_the_model(tmp_path: Path) -> None:
    rows = np.full((1, 84, 7), 5000, np.float32)
    with pytest.raises(ModelBrokenError, match="neither"):
        look(tmp_path, graph({"output": rows}))


def test_yolox_with_other_classes_than_the_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="one a class"):
        look(tmp_path, graph({"output": np.zeros((1, 84, 9), np.float32)}))


def test_anomalib_map_becomes_boxes(tmp_path: Path) -> None:
    heat = np.full((1, 1, 64, 64), 0.1, np.float32)
    heat[0, 0, 28:36, 16:32] = 0.7
    heat[0, 0, 0, 0] = 0.9  # a single point is noise
    outputs = {"anomaly_map": heat, "pred_score": floats([0.7])[0]}
    detector, found = look(tmp_path, graph(outputs, source=("input", (1, 3, 64, 64))), labels=["unusual"])
    assert detector.head.convention == "anomalib"
    assert [(d.label, d.box) for d in found] == [("unusual", BOX)]


def test_anomalib_score_alone_is_about_the_whole_picture(tmp_path: Path) -> None:
    model = graph({"pred_score": floats([0.7])[0]}, source=("input", (1, 3, 64, 64)))
    _, found = look(tmp_path, model, shape=(30, 50), labels=["unusual"])
    assert [(d.box, d.level) for d in found] == [((0, 0, 50, 30), "likely")]


def test_anomalib_1_needs_its_side_car(tmp_path: Path) -> None:
    heat = np.full((1, 1, 64, 64), 3, np.float32)
    heat[0, 0, 28:36, 16:32] = 11
    model = graph({"output": heat}, source=("input", (1, 3, 64, 64)))
    with pytest.raises(ModelRefusedError, match="No known convention"):
        look(tmp_path, model, labels=["unusual"])
    sidecar = {"image_threshold": 7.0, "pixel_threshold": 8.0, "min": 1.0, "max": 11.0}
    (tmp_path / "metadata.json").write_text(json.dumps(sidecar))
    detector, found = look(tmp_path, model, labels=["unusual"])
    assert detector.head.convention == "anomalib.map"
    assert [d.box for d in found] == [BOX]
    assert found[0].score == pytest.approx(0.8)


def test_a_classifier_without_metadata_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=r"outputs: logits float \(1, 1000\)"):
        look(tmp_path, graph({"logits": np.zeros((1, 1000), np.float32)}))


def test_card_and_model_must_name_the_same_classes(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="Correct the card"):
        look(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES), labels=["gun", "knife"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("xray.version", "9"), ("xray.layout", "rings"), ("xray.input", "sound"), ("xray.classes", "one")],
)
def test_own_metadata_that_is_not_known_is_refused(tmp_path: Path, key: str, value: str) -> None:
    metadata = {"xray.version": "1", "xray.input": "rgb_pseudo", "xray.layout": "peaks", "xray.classes": "knife,gun"}
    with pytest.raises(ModelRefusedError, match="xray"):
        look(tmp_path, graph({"output0": raw_grid()}, metadata=metadata | {key: value}))


def test_outputs_that_are_no_numbers_break_the_model(tmp_path: Path) -> None:
    found = raw_grid()
    found[0, 0, 7] = np.nan
    with pytest.raises(ModelBrokenError, match="none"):
        look(tmp_path, graph({"output0": found}, metadata=NAMES))


def test_half_precision_inputs_are_fed(tmp_path: Path) -> None:
    model = onnx.load_from_string(graph({"output0": raw_grid()}, metadata=NAMES))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    model.graph.node[0].input[0] = "single"
    model.graph.node.insert(0, helper.make_node("Cast", ["images"], ["single"], to=TensorProto.FLOAT))
    assert look(tmp_path, model.SerializeToString())[1][0].box == BOX
