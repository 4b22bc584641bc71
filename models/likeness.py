"""Vectors of pictures and what their likeness means, in three steps; knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from imaging.scan import Scan
from models.detector import ViewUnsuitedError

Vector = npt.NDArray[np.float32]
"""Of length one."""


class Embeds(Protocol):
    """Makes the vectors of scans."""

    def embed(self, scan: Scan) -> Vector: ...


class NoXrayError(ViewUnsuitedError):
    """The model compares X-ray scans, and this is a picture of a camera."""

    key = "no_xray"


class NoPhotographError(ViewUnsuitedError):
    """The model compares pictures of a camera, and this is an X-ray scan."""

    key = "no_photograph"


class Likeness(StrEnum):
    """How alike two pictures are, in three steps."""

    SAME = "same"
    UNSURE = "unsure"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Steps:
    """The scores that part the steps, from a model's card."""

    same_from: float
    alike_from: float

    def of(self, score: float) -> Likeness:
        if score >= self.same_from:
            return Likeness.SAME
        return Likeness.UNSURE if score >= self.alike_from else Likeness.OTHER
