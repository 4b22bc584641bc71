"""Tiny real embedding graphs and their cards: what is where in a small picture, with nothing learned."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from models.card import EmbeddingCard, EmbeddingInput, write_card
from tests.models.graphs import finish

SIZE = (16, 16)
DIMENSIONS = 48


def pooling(size: tuple[int, int] = SIZE) -> bytes:
    """The means of the 4 by 4 px cells of each channel, as one vector."""
    nodes = [
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Flatten", ["cells"], ["vector"]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, *size))
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, (1, 3 * size[0] * size[1] // 16))
    return finish(helper.make_graph(nodes, "pooling", [images], [vector]))


def store_embedding(folder: Path, kind: EmbeddingInput, name: str = "lab-same", **changes: Any) -> EmbeddingCard:
    """Write the graph and a card into a folder; pictures of a camera are taken about their middle grey."""
    model = pooling()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(model)
    middle = (0.5, 0.5, 0.5) if kind is EmbeddingInput.RGB else (0.0, 0.0, 0.0)
    fields: dict[str, Any] = {
        "kind": "embedding",
        "name": name,
        "version": "1",
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(model).hexdigest(),
        "input": kind,
        "size": SIZE,
        "dimensions": DIMENSIONS,
        "same_from": 0.9,
        "alike_from": 0.5,
        "mean": middle,
        "training_data": "none, a graph made by a test",
        "intended_use": "tests",
        "licence": "Apache-2.0",
    }
    card = EmbeddingCard(**(fields | changes))
    write_card(card, folder)
    return card
