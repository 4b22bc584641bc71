"""YOLOX: one grid output, decoded in the graph or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.card import InputKind
from models.detector import ModelBrokenError, ModelRefusedError
from models.heads.boxes import pick
from models.heads.signature import Candidates, Feed, Fit, Floats, Outputs, Signature

STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class YoloxHead:
    """`output` (1, n, 5 + classes): box, objectness, class scores; the box in grid units or in input px."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "yolox"

    def decode(self, outputs: Outputs, size: tuple[int, int], /) -> Candidates:
        rows = outputs["output"][0].astype(np.float32)
        boxes = _place(rows[:, :4], size)
        scores = rows[:, 4:5] * rows[:, 5:]
        return pick(boxes.T, scores.T, needs_nms=True)


def recognise(seen: Signature) -> YoloxHead | None:
    """By the names `images` and `output`, and as many rows as its three grids have cells.

    Raises:
        ModelRefusedError: names and rows fit, but the classes on the card do not.
    """
    source, output = seen.input("images"), seen.output("output")
    if source is None or output is None or len(seen.outputs) != 1 or len(output.shape) != 3 or len(source.shape) != 4:
        return None
    rows, cols = source.shape[2:]
    if rows is None or cols is None or output.shape[1] != len(_grid((rows, cols))):
        return None
    if output.shape[2] != 5 + len(seen.labels):
        raise ModelRefusedError(f"YOLOX rows have 5 values and one a class on the card; {seen.describe()}.")
    feed = Feed(
        source.name,
        InputKind.RGB_PSEUDO,
        (rows, cols),
        fit=Fit.TOP_LEFT,
        scale=255.0,
        is_bgr=True,
        dtype=source.dtype,
    )
    return YoloxHead(feed, seen.labels)


def _grid(size: tuple[int, int]) -> Floats:
    """(n, 3): left px, top px and stride of every cell, in YOLOX's order."""
    cells = []
    for stride in STRIDES:
        y, x = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([x.ravel() * stride, y.ravel() * stride, np.full(x.size, stride)], axis=1))
    return np.concatenate(cells).astype(np.float32)


def _place(boxes: Floats, size: tuple[int, int]) -> Floats:
    """Centre-form boxes in px.

    A decoded centre lies near its own cell all over the picture, a raw one is an offset of a few cells from it; the
    medians over all cells tell which it is.
    """
    grid = _grid(size)
    off_decoded = np.median(np.abs(boxes[:, :2] - grid[:, :2]) / grid[:, 2:])
    off_raw = np.median(np.abs(boxes[:, :2]))
    if off_decoded < 4 <= off_raw:
        return boxes
    if off_raw < 4 <= off_decoded:
        centres = boxes[:, :2] * grid[:, 2:] + grid[:, :2]
        return np.concatenate([centres, np.exp(np.clip(boxes[:, 2:], -10, 10)) * grid[:, 2:]], axis=1)
    raise ModelBrokenError("The YOLOX model's boxes fit neither the decoded nor the raw form; export it again.")
