"""What a detector is and what it says: boxes with class and confidence, in the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from imaging.errors import KnownError
from imaging.scan import Box, Scan


class ModelError(KnownError):
    """Root of the errors of this package."""

    key = "model"


class ModelMissingError(ModelError):
    """The model file or its card is not where the settings say."""

    key = "model_missing"


class ModelAlteredError(ModelError):
    """The model file is not the one whose sha256 is on its card."""

    key = "model_altered"


class ModelBrokenError(ModelError):
    """The model cannot be loaded, or it fails when it runs."""

    key = "model_broken"


class ViewUnsuitedError(ModelBrokenError):
    """The model cannot look at this kind of picture, such as one energy where it needs two."""

    key = "view_unsuited"


class ModelRefusedError(ModelError):
    """The model's inputs or outputs follow no convention that is known; it is not guessed at."""

    key = "model_refused"


class CleanSetError(ModelError):
    """Too few clean pictures to calibrate a model by."""

    key = "clean_set"


TOGETHER = " + "
"""Stands between the names of models that looked at one scan."""


class Level(StrEnum):
    """Confidence in three steps, from thresholds that were calibrated per class at fixed false-alarm rates."""

    SURE = "sure"
    LIKELY = "likely"
    HINT = "hint"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found: class, score from 0 to 1, confidence step and box in px of view number `view`."""

    label: str
    score: float
    level: Level
    box: Box
    view: int = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """What a detector said of one scan; best first. `ms` is the wall time that it took."""

    model: str
    ms: float
    detections: tuple[Detection, ...]


class Detector(Protocol):
    """Finds objects in scans. One thread calls `find` at a time."""

    @property
    def name(self) -> str:
        """Name and version of the model, as it goes into the record of a parcel."""
        ...

    def find(self, scan: Scan) -> Findings:
        """Look at every view of a scan.

        Raises:
            ModelBrokenError: the model failed on this scan; the parcel then counts as unscreened.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; it is not asked any more."""
        ...
