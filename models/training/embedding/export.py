"""A trained embedding as a model that the station can load."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import torch

from models.training.embedding.net import Embedding, Exported
from models.training.embedding.scenes import FRAME
from models.training.export import OPSET, halve


def export_embedding(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights of a checkpoint; it computes in 32 bit and stores its weights in 16."""
    network = Embedding()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        torch.onnx.export(
            Exported(network).eval(),
            (torch.rand(1, 3, *FRAME),),
            str(full),
            input_names=["images"],
            output_names=["vector"],
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(full)
        onnx.helper.set_model_props(model, {"xray.version": "1", "xray.input": "xray", "xray.layout": "embedding"})
        onnx.save(model, full)
        halve(full, out)
