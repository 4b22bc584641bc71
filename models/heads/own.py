"""Guanjian's own models: metadata `xray.*`, outputs as Ultralytics raw but with scores at local peaks only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from models.card import InputKind
from models.detector import ModelRefusedError
from models.heads.boxes import pick
from models.heads.signature import Candidates, Feed, Outputs, Signature

VERSIONS = ("1",)
LAYOUTS = ("peaks",)
_THRESHOLDS = TypeAdapter(dict[str, dict[int, float]])
CHANNELS = {InputKind.ATTEN_ZEFF: 2, InputKind.LOW_HIGH: 2, InputKind.GRAY: 1, InputKind.RGB_PSEUDO: 3}


@dataclass(frozen=True, slots=True)
class PeaksHead:
    """`output0` (1, 4 + classes, n): centre x, centre y, width, height in input px, then scores at local peaks."""

    feed: Feed
    labels: tuple[str, ...]
    convention: str = "xray.peaks"

    def decode(self, outputs: Outputs, _size: tuple[int, int], /) -> Candidates:
        found = outputs["output0"][0]
        return pick(found[:4], found[4:], needs_nms=True)


def recognise(seen: Signature) -> PeaksHead | None:
    """The head of a model that says by its `xray.*` metadata what it is; None where it says nothing.

    Raises:
        ModelRefusedError: it speaks of a version, layout or input that this station does not know.
    """
    if "xray.version" not in seen.metadata:
        return None
    version, layout = seen.metadata["xray.version"], seen.metadata.get("xray.layout", "")
    kind = seen.metadata.get("xray.input", "")
    if version not in VERSIONS or layout not in LAYOUTS or kind not in set(InputKind):
        raise ModelRefusedError(
            f"The model says xray.version {version!r}, xray.layout {layout!r}, xray.input {kind!r}; "
            f"this station knows versions {VERSIONS}, layouts {LAYOUTS} and inputs {tuple(InputKind)}."
        )
    labels = tuple(name for name in seen.metadata.get("xray.classes", "").split(",") if name)
    output = seen.output("output0")
    fits = output is not None and len(output.shape) == 3 and output.shape[1] in (4 + len(labels), None)
    if len(seen.inputs) != 1 or not fits:
        raise ModelRefusedError(f"The model's xray.classes do not fit its outputs; {seen.describe()}.")
    source = seen.inputs[0]
    if len(source.shape) != 4 or source.shape[1] not in (CHANNELS[InputKind(kind)], None):
        raise ModelRefusedError(f"The model's xray.input {kind!r} does not fit its input; {seen.describe()}.")
    stride = seen.metadata.get("xray.stride", "32")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", stride):
        raise ModelRefusedError(f"The model's xray.stride is {stride!r}; a whole number of px is expected.")
    rows, cols = source.shape[2:]
    feed = Feed(
        tensor=source.name,
        kind=InputKind(kind),
        size=None if rows is None or cols is None else (rows, cols),
        stride=int(stride),
        pad=0.0,
        dtype=source.dtype,
    )
    return PeaksHead(feed, labels)


def read_scale(metadata: Mapping[str, str]) -> float | None:
    """The pixel size in mm that a model says it was trained for; None where it says nothing.

    Raises:
        ModelRefusedError: it is no such number.
    """
    told = metadata.get("xray.mm_per_px")
    if told is None:
        return None
    try:
        scale = float(told)
    except ValueError:
        scale = 0.0
    if not 0 < scale < 1000:
        raise ModelRefusedError(f"The model's xray.mm_per_px is {told!r}; mm are expected, such as 2.0.")
    return scale


def read_thresholds(metadata: Mapping[str, str]) -> dict[str, dict[int, float]]:
    """The thresholds that a model brings: class -> false-alarm rate in percent -> score; empty where it brings none.

    Raises:
        ModelRefusedError: `xray.thresholds` is no JSON of that form.
    """
    told = metadata.get("xray.thresholds", "{}")
    try:
        return _THRESHOLDS.validate_json(told)
    except ValidationError as error:
        raise ModelRefusedError(
            f"The model's xray.thresholds cannot be read: {told[:80]!r}. JSON is expected: class, percent, score."
        ) from error
