"""Model cards: what a model file is, how it was judged and what it must not be taken for; JSON beside the .onnx."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.detector import Level, ModelAlteredError, ModelBrokenError, ModelMissingError, ModelRefusedError

STORE = Path(__file__).parent / "store"
"""The models that come with Guanjian."""

LARGEST_MODEL_BYTES = 512 * 2**20
LARGEST_CARD_BYTES = 2**20
LEVEL_OF_RATE = {1: Level.SURE, 5: Level.LIKELY, 10: Level.HINT}
"""False-alarm rate in percent -> the confidence step that a score reaches at that rate's threshold."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
UNCALIBRATED_HINT = 0.5
"""Score from which a class without thresholds is worth a hint; such a class never rises above one."""


PARCEL_LONG_PX = (480, 320, 240, 160)
"""Lengths to which a parcel's picture of unknown scale is brought, one after the other."""


class InputKind(StrEnum):
    """What the channels of a model's input are."""

    ATTEN_ZEFF = "atten_zeff"
    LOW_HIGH = "low_high"
    GRAY = "gray"
    RGB_PSEUDO = "rgb_pseudo"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelClass(_Strict):
    """One class of a model. `thresholds`: false-alarm rate in percent of clean pictures -> score, by calibration."""

    label: str = Field(min_length=1, max_length=80)
    text_key: str = ""
    thresholds: dict[int, float] = {}

    @field_validator("thresholds")
    @classmethod
    def _fall_with_the_rate(cls, thresholds: dict[int, float]) -> dict[int, float]:
        ordered = [thresholds[rate] for rate in sorted(thresholds)]
        if ordered != sorted(ordered, reverse=True):
            raise ValueError("a threshold may not rise with the false-alarm rate that is accepted")
        return thresholds

    def level(self, score: float) -> Level:
        """The confidence step that a score of this class reaches."""
        if not self.thresholds:
            return Level.HINT if score >= UNCALIBRATED_HINT else Level.BELOW
        for rate, level in LEVEL_OF_RATE.items():
            if rate in self.thresholds and score >= self.thresholds[rate]:
                return level
        return Level.BELOW


class FileCard(_Strict):
    """What is told of a model file whatever it is for. `metrics` maps a data set's name to its figures."""

    name: str = Field(pattern=NAME)
    version: str = Field(min_length=1, max_length=40)
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    training_data: str
    intended_use: str
    licence: str
    metrics: dict[str, dict[str, float]] = {}
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and version, as they go into the record of a parcel."""
        return f"{self.name} {self.version}"


class ModelCard(FileCard):
    """All that is known of a detector.

    `mm_per_px` is the pixel size that the model was trained for, None where it takes pictures as they come; a picture
    of unknown scale is looked at with its longer side of each of `unknown_long_px`. A model for measured pictures only,
    of two energies and known scale, names in `others` the model of its folder that looks at the rest.
    """

    kind: Literal["detector"] = "detector"
    input: InputKind
    mm_per_px: float | None = Field(default=None, gt=0, lt=1000)
    unknown_long_px: tuple[Annotated[int, Field(ge=32, le=8192)], ...] = Field(
        PARCEL_LONG_PX, min_length=1, max_length=8
    )
    others: str | None = Field(default=None, pattern=NAME)
    classes: tuple[ModelClass, ...] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _has_each_label_once(self) -> ModelCard:
        labels = self.labels
        if len(set(labels)) != len(labels):
            raise ValueError("two classes have the same label")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(entry.label for entry in self.classes)


def calibrated(card: ModelCard, cuts: Mapping[str, Mapping[int, float]]) -> ModelCard:
    """The card with the thresholds of its classes: class -> false-alarm rate in percent -> score."""
    classes = tuple(entry.model_copy(update={"thresholds": dict(cuts[entry.label])}) for entry in card.classes)
    return card.model_copy(update={"classes": classes})


class EmbeddingInput(StrEnum):
    """What an embedding model looks at.

    XRAY: (n, 3, rows, cols) of `models.upright`. RGB: the picture of a camera stretched to (rows, cols), from 0 to 1,
    less `mean`, over `std`.
    """

    XRAY = "xray"
    RGB = "rgb"


class EmbeddingCard(FileCard):
    """All that is known of a model that turns a picture into a vector: alike things, vectors near each other.

    `size` is (rows, cols) of its input. From a cosine of `same_from` on two pictures show the same, below
    `alike_from` not; between them it is not sure.
    """

    kind: Literal["embedding"]
    input: EmbeddingInput
    size: tuple[int, int]
    dimensions: int = Field(ge=2, le=4096)
    same_from: float = Field(gt=-1, lt=1)
    alike_from: float = Field(gt=-1, lt=1)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _can_be_used(self) -> EmbeddingCard:
        if self.same_from <= self.alike_from:
            raise ValueError("same_from must lie above alike_from")
        if not all(8 <= side <= 1024 for side in self.size) or min(self.std) <= 0:
            raise ValueError("size must be from 8 to 1024 px, and std above 0")
        return self


C = TypeVar("C", bound=FileCard)


def load_card(path: Path | str, folder: Path = STORE) -> tuple[ModelCard, Path]:
    """Read the card of a detector and say which folder it is in.

    `path` is a card, a model with its card beside it, or the bare name of a model in `folder`.

    Raises:
        ModelMissingError: there is no such card.
        ModelBrokenError: the card cannot be read.
        ModelRefusedError: it is the card of another kind of model, or of another file than the model that was named.
    """
    return _load(path, folder, ModelCard)


def load_embedding_card(path: Path | str, folder: Path = STORE) -> tuple[EmbeddingCard, Path]:
    """The same for the card of an embedding model."""
    return _load(path, folder, EmbeddingCard)


def _load(path: Path | str, folder: Path, wanted: type[C]) -> tuple[C, Path]:
    card_path = _card_path(Path(path), folder)
    try:
        if card_path.stat().st_size > LARGEST_CARD_BYTES:
            raise ModelBrokenError(f"The model card {card_path.name} is too large to be one.", name=card_path.name)
        content = card_path.read_bytes()
        _refuse_other_kind(content, card_path.name, wanted)
        card = wanted.model_validate_json(content)
        if Path(path).suffix == ".onnx" and card.file != Path(path).name:
            raise ModelRefusedError(
                f"{card_path.name} is the card of {card.file}, not of {Path(path).name}. Correct its file and sha256, "
                "or take it away and have it written anew."
            )
        return card, card_path.parent
    except FileNotFoundError as error:
        raise ModelMissingError(
            f"No model card {card_path.name} in {card_path.parent}. Put the model and its card there, "
            "or name another model in the settings.",
            name=card_path.name,
        ) from error
    except (ValueError, OSError) as error:
        raise ModelBrokenError(
            f"The model card {card_path.name} cannot be used: {error}", name=card_path.name
        ) from error


def _kind_of(content: bytes) -> object:
    """What a card calls itself; one that says nothing is a detector's, as the first ones were."""
    said = json.loads(content)
    return said.get("kind", "detector") if isinstance(said, dict) else ""


def _refuse_other_kind(content: bytes, name: str, wanted: type[FileCard]) -> None:
    kind = _kind_of(content)
    expected = "embedding" if wanted is EmbeddingCard else "detector"
    if kind in ("detector", "embedding") and kind != expected:
        raise ModelRefusedError(f"{name} is the card of a model of the kind {kind}, and here a {expected} is needed.")


def is_embedding(path: Path | str, folder: Path = STORE) -> bool:
    """Whether the card of a model says that it is an embedding; a card that cannot be read says nothing."""
    try:
        return _kind_of(_card_path(Path(path), folder).read_bytes()[:LARGEST_CARD_BYTES]) == "embedding"
    except (OSError, ValueError):
        return False


def read_model(card: FileCard, folder: Path) -> bytes:
    """The bytes of a card's model, after comparing them with the card's sha256.

    Raises:
        ModelMissingError: the model is not beside its card.
        ModelAlteredError: it is another file than the card describes.
        ModelBrokenError: it is larger than any model that is accepted, or cannot be read.
    """
    data = read_model_file(folder / card.file)
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelAlteredError(
            f"{card.file} is not the file that its card describes (sha256 differs). Restore the file from its origin.",
            name=card.file,
        )
    return data


def read_model_file(path: Path) -> bytes:
    """The bytes of a model file of acceptable size.

    Raises:
        ModelMissingError: there is no such file.
        ModelBrokenError: it is empty, too large or unreadable.
    """
    try:
        size = path.stat().st_size
        if not 0 < size <= LARGEST_MODEL_BYTES:
            raise ModelBrokenError(
                f"{path.name} has {size} bytes; a model has 1 to {LARGEST_MODEL_BYTES}.", name=path.name
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelMissingError(f"The model {path.name} is not in {path.parent}.", name=path.name) from error
    except OSError as error:
        raise ModelBrokenError(f"The model {path.name} cannot be read: {error}", name=path.name) from error


def write_card(card: FileCard, folder: Path) -> Path:
    """Write a card beside its model."""
    path = (folder / card.file).with_suffix(".json")
    path.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def _card_path(path: Path, folder: Path) -> Path:
    if path.suffix == ".onnx":
        path = path.with_suffix(".json")
    elif path.suffix != ".json":
        path = path.with_name(path.name + ".json")
    return path if path.is_absolute() or path.parent != Path() else folder / path
