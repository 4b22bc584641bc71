"""Model cards: what a model file is, how it was judged and what it must not be taken for; JSON beside the .onnx."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.detector import Level, ModelAlteredError, ModelBrokenError, ModelMissingError

STORE = Path(__file__).parent / "store"
"""The models that come with Guanjian."""

LARGEST_MODEL_BYTES = 512 * 2**20
LARGEST_CARD_BYTES = 2**20
LEVEL_OF_RATE = {1: Level.SURE, 5: Level.LIKELY, 10: Level.HINT}
"""False-alarm rate in percent -> the confidence step that a score reaches at that rate's threshold."""

UNCALIBRATED_HINT = 0.5
"""Score from which a class without thresholds is worth a hint; such a class never rises above one."""


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


class ModelCard(_Strict):
    """All that is known of one model file.

    `mm_per_px` is the pixel size that the model was trained for, None where it takes pictures as they come.
    `metrics` maps a data set's name to its figures.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    version: str = Field(min_length=1, max_length=40)
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    input: InputKind
    mm_per_px: float | None = Field(default=None, gt=0, lt=1000)
    classes: tuple[ModelClass, ...] = Field(min_length=1, max_length=1000)
    training_data: str
    intended_use: str
    licence: str
    metrics: dict[str, dict[str, float]] = {}
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_each_label_once(self) -> ModelCard:
        labels = self.labels
        if len(set(labels)) != len(labels):
            raise ValueError("two classes have the same label")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(entry.label for entry in self.classes)

    @property
    def title(self) -> str:
        """Name and version, as they go into the record of a parcel."""
        return f"{self.name} {self.version}"


def load_card(path: Path | str, folder: Path = STORE) -> tuple[ModelCard, Path]:
    """Read the card of a model and say which folder it is in.

    `path` is a card, a model with its card beside it, or the bare name of a model in `folder`.

    Raises:
        ModelMissingError: there is no such card.
        ModelBrokenError: the card cannot be read.
    """
    card_path = _card_path(Path(path), folder)
    try:
        if card_path.stat().st_size > LARGEST_CARD_BYTES:
            raise ModelBrokenError(f"The model card {card_path.name} is too large to be one.", name=card_path.name)
        return ModelCard.model_validate_json(card_path.read_bytes()), card_path.parent
    except FileNotFoundError as error:
        raise ModelMissingError(
            f"No model card {card_path.name} in {card_path.parent}. Put the model and its card there, "
            "or name another model in the settings.",
            name=card_path.name,
        ) from error
    except (ValidationError, OSError) as error:
        raise ModelBrokenError(
            f"The model card {card_path.name} cannot be used: {error}", name=card_path.name
        ) from error


def read_model(card: ModelCard, folder: Path) -> bytes:
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


def write_card(card: ModelCard, folder: Path) -> Path:
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
