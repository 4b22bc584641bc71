"""Embeddings: pictures as vectors of length one, alike things near each other, whatever the position or the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort

from imaging.scan import Colour, Scan, ViewKind
from models.card import STORE, EmbeddingCard, EmbeddingInput, InputKind, load_embedding_card, read_model
from models.detector import ModelBrokenError, ModelRefusedError
from models.inputs import Planes, read_planes
from models.likeness import NoPhotographError, NoXrayError, Steps, Vector
from models.onnx import open_session
from models.upright import set_upright

DEFAULT = "same-1"
"""The model that ships, for X-ray pictures."""
THREADS = 1
"""It computes while nothing else is to be done, and takes no core from what is."""
BELT_BRIGHT, BELT_GREY = 190, 40
"""What no ray was stopped by is bright and without colour in a colour picture of an X-ray machine: least mean of the
three channels, greatest difference of them."""
BELT_LEAST, RIM_LEAST = 0.08, 0.3
"""So much of an X-ray picture, and of its rim, is such background."""


def load(path: Path | str = DEFAULT, folder: Path = STORE, *, provider: str = "cpu") -> Embedder:
    """The embedding model of a card, a model with its card beside it, or a bare name in `folder`; checked and warm.

    Raises:
        ModelMissingError, ModelAlteredError, ModelBrokenError: as `models.onnx.load`.
        ModelRefusedError: it is no embedding model, or not of the shape that its card tells.
    """
    card, home = load_embedding_card(path, folder)
    session = open_session(read_model(card, home), card.file, threads=THREADS, provider=provider)
    embedder = Embedder(card, session)
    embedder.warm()
    return embedder


class Embedder:
    """An embedding model with its card; one thread calls it at a time."""

    def __init__(self, card: EmbeddingCard, session: ort.InferenceSession) -> None:
        self.card = card
        self.steps = Steps(card.same_from, card.alike_from)
        self._session = session
        self._input = _only_tensor(session.get_inputs(), card)

    @property
    def name(self) -> str:
        return self.card.title

    def embed(self, scan: Scan) -> Vector:
        """The vector of a scan's first view.

        Raises:
            NoPhotographError: the model looks at pictures of a camera.
            NoXrayError: the picture is none of an X-ray machine.
            ModelBrokenError: the model failed on it.
        """
        view = scan.views[0]
        if self.card.input is not EmbeddingInput.XRAY:
            raise NoPhotographError(
                f"{self.name} compares pictures of cameras, and this is a scan. Choose a model for X-ray pictures.",
                name=self.name,
            )
        if view.kind is ViewKind.COLOUR and view.colour is not None and not is_xray(view.colour):
            raise NoXrayError(
                "This does not look like the picture of an X-ray machine: there is no bright background. "
                f"{self.name} compares scans; for pictures of a camera a model for visible light is needed.",
                name=self.name,
            )
        planes = read_planes(view, InputKind.ATTEN_ZEFF, scan.generator)
        return self.embed_upright(set_upright(planes, self.card.size))

    def embed_upright(self, frame: Planes) -> Vector:
        """The vector of a picture that `set_upright` has made."""
        return self._run(frame[None])

    def embed_photograph(self, picture: Colour) -> Vector:
        """The vector of a camera's picture, (rows, cols, 3) RGB.

        Raises:
            NoXrayError: the model looks at X-ray scans.
            ModelBrokenError: the model failed on it.
        """
        if self.card.input is not EmbeddingInput.RGB:
            raise NoXrayError(
                f"{self.name} compares X-ray scans and knows nothing of pictures in visible light. "
                "Put an embedding model for RGB pictures into the model folder, and name it in the settings.",
                name=self.name,
            )
        rows, cols = self.card.size
        small = cv2.resize(picture, (cols, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
        mean, std = np.array(self.card.mean, np.float32), np.array(self.card.std, np.float32)
        normal = ((small - mean) / std).astype(np.float32)
        return self._run(np.ascontiguousarray(normal.transpose(2, 0, 1))[None])

    def warm(self) -> None:
        """Run once on a blank picture.

        Raises:
            ModelRefusedError: what comes out is not what the card tells.
        """
        self._run(np.zeros((1, 3, *self.card.size), np.float32))

    def _run(self, tensor: Planes) -> Vector:
        try:
            first: Any = self._session.run(None, {self._input: tensor})[0]
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            raise ModelBrokenError(f"The model {self.name} failed: {error}", name=self.name) from error
        vector = np.asarray(first, np.float32).reshape(-1)
        if vector.size != self.card.dimensions:
            raise ModelRefusedError(
                f"{self.name} gives {vector.size} numbers a picture, and its card tells {self.card.dimensions}."
            )
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length):
            raise ModelBrokenError(f"The model {self.name} gave numbers that are none.", name=self.name)
        return np.asarray(vector / max(length, 1e-12), np.float32)


def is_xray(colour: Colour) -> bool:
    """Whether a colour picture may be one of an X-ray machine: bright and grey where nothing is, at its rim above all.

    A photograph on a white ground passes; what it is compared with will tell.
    """
    small = cv2.resize(colour, (96, 96), interpolation=cv2.INTER_AREA).astype(np.int16)
    is_air = (small.mean(axis=2) >= BELT_BRIGHT) & (small.max(axis=2) - small.min(axis=2) <= BELT_GREY)
    rim = np.concatenate([is_air[:3].ravel(), is_air[-3:].ravel(), is_air[:, :3].ravel(), is_air[:, -3:].ravel()])
    return bool(is_air.mean() >= BELT_LEAST and rim.mean() >= RIM_LEAST)


def _only_tensor(tensors: Any, card: EmbeddingCard) -> str:
    """The name of the model's only input, which takes (n, 3, rows, cols) of floats."""
    if len(tensors) != 1 or tensors[0].type != "tensor(float)" or len(tensors[0].shape) != 4:
        seen = ", ".join(f"{each.name} {each.type} {each.shape}" for each in tensors)
        raise ModelRefusedError(f"{card.file} takes {seen}; an embedding model takes one float tensor (n, 3, h, w).")
    return str(tensors[0].name)
