"""Ultralytics exports: raw grids, end-to-end lists, and either with mask coefficients (of which the boxes are used)."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

import numpy as np

from models.card import InputKind
from models.detector import ModelRefusedError
from models.heads.boxes import from_centres, pick
from models.heads.signature import Candidates, Feed, Fit, Outputs, Signature, Tensor

TASKS = ("detect", "segment")
UNREADABLE = (ValueError, SyntaxError, MemoryError, RecursionError)
"""What `ast.literal_eval` raises on text that is no literal, or one nested without end."""
STRIDES = (8, 16, 32)
RT_DETR = "RTDETRDecoder"
"""What the metadata's `head` says of a transformer, whose rows look like an end-to-end list and are another thing."""


@dataclass(frozen=True, slots=True)
class RawHead:
    """`output0` (1, 4 + classes [+ mask coefficients], n): centre form in input px, scores already 0 to 1."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "ultralytics.raw"

    def decode(self, outputs: Outputs, _size: tuple[int, int], /) -> Candidates:
        found = outputs["output0"][0]
        return pick(found[:4], found[4 : 4 + len(self.labels)], needs_nms=True)


@dataclass(frozen=True, slots=True)
class EndToEndHead:
    """`output0` (1, n, 6 [+ mask coefficients]): left, top, right, bottom, score, class; padded with zero rows."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "ultralytics.end_to_end"

    def decode(self, outputs: Outputs, _size: tuple[int, int], /) -> Candidates:
        rows = outputs["output0"][0].astype(np.float32)
        rows = rows[rows[:, 4] > 0]
        return Candidates(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.intp))


@dataclass(frozen=True, slots=True)
class RtDetrRowsHead:
    """`output0` (1, n, 6): centre form from 0 to 1, score, class, as Ultralytics' own RT-DETR has it since 8.4."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "ultralytics.rt_detr"

    def decode(self, outputs: Outputs, size: tuple[int, int], /) -> Candidates:
        rows = outputs["output0"][0].astype(np.float32)
        rows = rows[rows[:, 4] > 0]
        scale = np.array([size[1], size[0], size[1], size[0]], dtype=np.float32)
        return Candidates(from_centres(rows[:, :4]) * scale, rows[:, 4], rows[:, 5].astype(np.intp))


def recognise(seen: Signature) -> RawHead | EndToEndHead | RtDetrRowsHead | None:
    """The head of a graph with Ultralytics' metadata; None where `task` and `names` are not both there.

    Raises:
        ModelRefusedError: the metadata is there, but says something that is not known or does not fit the shapes.
    """
    if "task" not in seen.metadata or "names" not in seen.metadata:
        return None
    task = seen.metadata["task"]
    if task not in TASKS:
        raise ModelRefusedError(f"This is an Ultralytics model for {task!r}; only {TASKS} find objects.")
    labels = read_names(seen.metadata["names"])
    output, source = seen.output("output0"), seen.input("images")
    if output is None or source is None or len(output.shape) != 3:
        raise ModelRefusedError(f"An Ultralytics model has input images and output output0; {seen.describe()}.")
    masks = _mask_coefficients(seen, task)
    feed = _feed(seen, source)
    if seen.metadata.get("head") == RT_DETR:
        if output.shape[2] != 6:
            raise ModelRefusedError(f"Ultralytics' RT-DETR has rows of 6; {seen.describe()}.")
        return RtDetrRowsHead(replace(feed, fit=Fit.STRETCH), labels)
    suffix = ".seg" if masks else ""
    if _is_end_to_end(seen):
        if output.shape[2] != 6 + masks:
            raise ModelRefusedError(f"An end-to-end list has rows of {6 + masks}; {seen.describe()}.")
        return EndToEndHead(feed, labels, f"ultralytics.end_to_end{suffix}")
    if output.shape[1] != 4 + len(labels) + masks:
        raise ModelRefusedError(f"{len(labels)} class names do not fit the outputs; {seen.describe()}.")
    return RawHead(feed, labels, f"ultralytics.raw{suffix}")


def recognise_shape(seen: Signature) -> RawHead | None:
    """A raw grid without metadata, told by its names, its size and the number of classes on the card."""
    output, source = seen.output("output0"), seen.input("images")
    if output is None or source is None or len(seen.outputs) != 1 or not seen.labels:
        return None
    rows, cols = source.shape[2:] if len(source.shape) == 4 else (None, None)
    if rows is None or cols is None:
        return None
    cells = sum((rows // stride) * (cols // stride) for stride in STRIDES)
    if output.shape != (1, 4 + len(seen.labels), cells):
        return None
    return RawHead(_feed(seen, source), seen.labels)


def read_names(text: str) -> tuple[str, ...]:
    """Class names from the metadata's `names`, a Python dict or list as text.

    Raises:
        ModelRefusedError: it is neither, or its numbers have gaps.
    """
    try:
        names = ast.literal_eval(text)
    except UNREADABLE as error:
        raise ModelRefusedError(f"The model's class names cannot be read: {text[:80]!r}.") from error
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or sorted(names, key=str) != sorted(range(len(names)), key=str):
        raise ModelRefusedError(f"The model's class names are not numbered from 0: {text[:80]!r}.")
    return tuple(str(names[number]) for number in range(len(names)))


def _is_end_to_end(seen: Signature) -> bool:
    if seen.metadata.get("end2end", "").lower() == "true":
        return True
    try:
        arguments = ast.literal_eval(seen.metadata.get("args", "{}"))
    except UNREADABLE:
        return False
    return isinstance(arguments, dict) and bool(arguments.get("nms"))


def _mask_coefficients(seen: Signature, task: str) -> int:
    if task == "detect":
        return 0
    prototypes = seen.output("output1")
    if prototypes is None or len(prototypes.shape) != 4 or prototypes.shape[1] is None:
        raise ModelRefusedError(f"A segmenting Ultralytics model has mask prototypes in output1; {seen.describe()}.")
    return prototypes.shape[1]


def _feed(seen: Signature, source: Tensor) -> Feed:
    kinds = {1: InputKind.GRAY, 3: InputKind.RGB_PSEUDO}
    channels = source.shape[1] if len(source.shape) == 4 else None
    if channels not in kinds:
        raise ModelRefusedError(f"An Ultralytics model takes 1 or 3 channels; {seen.describe()}.")
    rows, cols = source.shape[2:]
    if rows is None or cols is None:
        rows, cols = _image_size(seen)
    return Feed(source.name, kinds[channels], (rows, cols), dtype=source.dtype)


def _image_size(seen: Signature) -> tuple[int, int]:
    try:
        size = ast.literal_eval(seen.metadata.get("imgsz", "640"))
        rows, cols = (size, size) if isinstance(size, int) else size
        rows, cols = int(rows), int(cols)
    except (*UNREADABLE, TypeError) as error:
        raise ModelRefusedError(f"The model's imgsz cannot be read; {seen.describe()}.") from error
    if not (0 < rows <= 4096 and 0 < cols <= 4096):
        raise ModelRefusedError(f"The model's imgsz is {rows} by {cols}; sizes up to 4096 are accepted.")
    return rows, cols
