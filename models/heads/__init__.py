"""How the outputs of other people's models are read: one decoder a convention, recognised and never guessed."""

from __future__ import annotations

from models.detector import ModelRefusedError
from models.heads import anomalib, own, torchvision, transformers, ultralytics, yolox
from models.heads.signature import Candidates, Feed, Fit, Head, Signature, Tensor

__all__ = ["Candidates", "Feed", "Fit", "Head", "Signature", "Tensor", "resolve"]

_IN_ORDER = (
    own.recognise,
    ultralytics.recognise,
    transformers.recognise,
    torchvision.recognise,
    yolox.recognise,
    ultralytics.recognise_shape,
    anomalib.recognise,
    anomalib.recognise_sidecar,
)
"""Own metadata first, then Ultralytics' metadata, then names and shapes, then a side-car file."""


def resolve(seen: Signature) -> Head:
    """The one head that fits a model.

    Raises:
        ModelRefusedError: no convention fits, or what the model says does not fit itself or its card.
    """
    for recognise in _IN_ORDER:
        head: Head | None = recognise(seen)
        if head is None:
            continue
        if seen.labels and seen.labels != head.labels:
            raise ModelRefusedError(
                f"The card names the classes {', '.join(seen.labels)}, the model {', '.join(head.labels)}. "
                "Correct the card."
            )
        if head.feed.dtype not in ("float", "float16"):
            raise ModelRefusedError(
                f"Inputs of type {head.feed.dtype} are not fed; export the model with float inputs."
            )
        return head
    raise ModelRefusedError(
        f"No known convention fits this model; {seen.describe()}. "
        "Export it with its metadata, or give it xray.* metadata as the documentation says."
    )
