"""What is seen of a model from outside, and what a head makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.card import InputKind

Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a graph; a dimension is None where it is decided at run time."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float"

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} ({', '.join('?' if d is None else str(d) for d in self.shape)})"


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs, outputs and metadata of a graph, the class names on its card, and a side-car file's content if any."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    sidecar: Mapping[str, Any] = field(default_factory=dict)

    def input(self, name: str) -> Tensor | None:
        return next((tensor for tensor in self.inputs if tensor.name == name), None)

    def output(self, name: str) -> Tensor | None:
        return next((tensor for tensor in self.outputs if tensor.name == name), None)

    @property
    def output_names(self) -> frozenset[str]:
        return frozenset(tensor.name for tensor in self.outputs)

    def describe(self) -> str:
        """What was seen, in one line, for a refusal."""
        inputs = "; ".join(map(str, self.inputs))
        outputs = "; ".join(map(str, self.outputs))
        keys = ", ".join(sorted(self.metadata)) or "none"
        return f"inputs: {inputs} | outputs: {outputs} | metadata: {keys} | classes on the card: {len(self.labels)}"


class Fit(StrEnum):
    """How a picture is put into an input of fixed size."""

    CENTRE = "centre"
    TOP_LEFT = "top_left"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Feed:
    """How a picture becomes the input tensor.

    Channels come as 0 to 1, are multiplied by `scale`, then mean and std are taken off. `size` is (rows, cols), None
    where the graph takes any multiple of `stride`. `size_tensor` names an input that wants (cols, rows) as int64.
    `pad` is the value beside the picture, before `scale`.
    """

    tensor: str
    kind: InputKind
    size: tuple[int, int] | None
    stride: int = 32
    fit: Fit = Fit.CENTRE
    pad: float = 114 / 255
    scale: float = 1.0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    is_bgr: bool = False
    has_batch: bool = True
    dtype: str = "float"
    size_tensor: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before thresholds: (n, 4) left, top, right, bottom in px of the input tensor, scores and class numbers."""

    boxes: Floats
    scores: Floats
    classes: npt.NDArray[np.intp]
    needs_nms: bool = False


class Head(Protocol):
    """One convention of outputs."""

    @property
    def convention(self) -> str: ...

    @property
    def feed(self) -> Feed: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    def decode(self, outputs: Outputs, size: tuple[int, int], /) -> Candidates:
        """Boxes from the outputs of one run on an input of `size` (rows, cols)."""
        ...
