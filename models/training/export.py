"""A trained network as a model that the station can load."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.training.net import Peaks
from models.training.recipes import Recipe
from models.training.stream import CropStream
from models.training.train import load_average

OPSET = 17
CALIBRATION_CROPS = 96
SMALLEST_HALVED = 256
UNQUANTISED = ("/stem", "centre/centre.1", "box/box.1")


def export_forms(checkpoints: Sequence[Path], out: Path, scenes: Path | None = None) -> None:
    """Write a model that computes in 32 bit and stores its weights in 16; of several checkpoints the mean speaks.

    With scenes to calibrate on there is one `.int8.onnx` beside it (static, per channel; stem and last layers stay in
    32 bit).
    """
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        recipe = export(checkpoints, full)
        halve(full, out)
        if scenes is not None:
            quantise(full, out.with_suffix(".int8.onnx"), scenes, recipe)


def export(checkpoints: Sequence[Path], out: Path) -> Recipe:
    """Write checkpoints as one ONNX graph with the metadata that models.heads.own reads; the recipe of the first."""
    loaded = [load_average(path) for path in checkpoints]
    recipe = loaded[0][1]
    peaks = Peaks([network for network, _ in loaded])
    torch.onnx.export(
        peaks.eval(),
        (torch.rand(1, 2, 288, 352),),
        str(out),
        input_names=["images"],
        output_names=["output0"],
        dynamic_axes={"images": {0: "pictures", 2: "rows", 3: "cols"}, "output0": {0: "pictures", 2: "cells"}},
        opset_version=OPSET,
        dynamo=False,
    )
    add_metadata(out, recipe.labels)
    return recipe


def add_metadata(path: Path, labels: tuple[str, ...]) -> None:
    """What the model is: our own keys, and Ultralytics' where its runner reads the same layout."""
    model = onnx.load(path)
    sizes = model.graph.output[0].type.tensor_type.shape.dim
    sizes[0].dim_param, sizes[1].dim_value = "pictures", 4 + len(labels)
    keys = {
        "xray.version": "1",
        "xray.input": "atten_zeff",
        "xray.layout": "peaks",
        "xray.classes": ",".join(labels),
        "xray.stride": "32",
        "task": "detect",
        "stride": "32",
        "names": str(dict(enumerate(labels))),
    }
    onnx.helper.set_model_props(model, keys)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def halve(source: Path, out: Path) -> None:
    """The same model with its weights stored in 16 bit; ONNX Runtime turns them back once, when it loads."""
    model = onnx.load(source)
    graph = model.graph
    casts = []
    for index, weight in enumerate(graph.initializer):
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > SMALLEST_HALVED:
            name = weight.name
            stored = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.stored")
            graph.initializer[index].CopyFrom(stored)
            casts.append(onnx.helper.make_node("Cast", [stored.name], [name], to=onnx.TensorProto.FLOAT))
    for place, cast in enumerate(casts):
        graph.node.insert(place, cast)
    onnx.checker.check_model(model)
    onnx.save(model, out)


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Crops for the value ranges of the quantised layers."""

    def __init__(self, scenes: Path, recipe: Recipe) -> None:
        self.crops: Iterator[tuple[torch.Tensor, ...]] = itertools.islice(
            CropStream(scenes, 7, recipe), CALIBRATION_CROPS
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        crop = next(self.crops, None)
        return None if crop is None else {"images": crop[0].numpy()[None]}


def quantise(source: Path, out: Path, scenes: Path, recipe: Recipe) -> None:
    """An 8-bit form of an exported model, smaller and faster."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = [node.name for node in onnx.load(prepared).graph.node if node.op_type == "Conv"]
        quantize_static(
            str(prepared),
            str(out),
            Calibration(scenes, recipe),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],  # were additions too, the boxes themselves would come in 256 steps
            per_channel=True,
            reduce_range=True,  # weights in 7 bits: processors with AVX2 alone add two products in 16 bits
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if any(part in name for part in UNQUANTISED)],
            calibrate_method=CalibrationMethod.MinMax,
        )
    add_metadata(out, recipe.labels)
