"""Tiny real ONNX graphs with the names, shapes and metadata of other people's exports, and cards for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.card import InputKind, ModelCard, ModelClass, write_card

TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
THRESHOLDS = {1: 0.8, 5: 0.6, 10: 0.4}
NAMES = {"names": "{0: 'knife', 1: 'gun'}", "task": "detect", "imgsz": "[64, 64]"}
KNIFE = [24, 32, 16, 8]  # centre form in a 64 px input


def graph(
    outputs: Mapping[str, np.ndarray[Any, Any]],
    source: tuple[str, Sequence[int | str]] = ("images", (1, 3, 64, 64)),
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A graph that answers every picture with the same outputs, each added to zero times the picture's sum."""
    name, shape = source
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
    nodes = [
        helper.make_node("ReduceSum", [name], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "nothing"], ["zero"]),
    ]
    constants = [numpy_helper.from_array(np.array(0, np.float32), "nothing")]
    infos = []
    for output, value in outputs.items():
        constants.append(numpy_helper.from_array(value, f"{output}_value"))
        kind = TYPES[value.dtype]
        nodes += [
            helper.make_node("Cast", ["zero"], [f"{output}_zero"], to=kind),
            helper.make_node("Add", [f"{output}_value", f"{output}_zero"], [output]),
        ]
        infos.append(helper.make_tensor_value_info(output, kind, value.shape))
    return finish(helper.make_graph(nodes, "answers", inputs, infos, constants), metadata)


def raw_grid(extra: int = 0, rows: int = 84) -> np.ndarray[Any, Any]:
    """(1, 4 + 2 + extra, rows) with one knife at row 7 and the same one, weaker, beside it."""
    found = np.zeros((1, 6 + extra, rows), np.float32)
    found[0, :4, 7], found[0, 4, 7] = KNIFE, 0.9
    found[0, :4, 8], found[0, 4, 8] = [25, 32, 16, 8], 0.7
    return found


def finish(made: onnx.GraphProto, metadata: Mapping[str, str] | None = None) -> bytes:
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def store(folder: Path, model: bytes, labels: Sequence[str] = ("knife", "gun"), **changes: Any) -> ModelCard:
    """Write a model and its card into a folder."""
    fields: dict[str, Any] = {
        "name": "lab",
        "version": "1",
        "file": "lab.onnx",
        "sha256": hashlib.sha256(model).hexdigest(),
        "input": InputKind.RGB_PSEUDO,
        "classes": tuple(ModelClass(label=label, thresholds=THRESHOLDS) for label in labels),
        "training_data": "none, a graph made by a test",
        "intended_use": "tests",
        "licence": "Apache-2.0",
    }
    card = ModelCard(**(fields | changes))
    (folder / card.file).write_bytes(model)
    write_card(card, folder)
    return card


def floats(*rows: Sequence[float]) -> np.ndarray[Any, Any]:
    return np.array(rows, np.float32)
