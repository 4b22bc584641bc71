"""A scan as it came from the machine: one or two views of counts, checked once and read-only after."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from imaging.errors import ScanInvalidError

Counts = npt.NDArray[np.uint16]
Colour = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in px of a view, half-open."""


class ViewKind(StrEnum):
    """What a view was measured with; a colour picture is never passed off as dual energy."""

    DUAL = "dual"
    SINGLE = "single"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True)
class Generator:
    """X-ray generator settings; `kv_low` is set where two tube voltages are interlaced (as in 6/4 MeV)."""

    kv: float
    ma: float | None = None
    kv_low: float | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What a phantom really holds: class name and box in px of view number `view`."""

    label: str
    box: Box
    view: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture of the object, (rows, cols) as on screen; the belt moves along the columns.

    Either `high` and `low` (uint16 counts of the two energies, same shape), or `high` alone (single energy), or
    `colour` (uint8, (rows, cols, 3), RGB, from a legacy machine). Arrays are made read-only.

    `air_low`, `air_high` and `dark` are the counts without an object and without beam, where the machine told
    them; `mm_per_row` and `mm_per_col` are the size of a pixel at the object, None where it is not calibrated.

    Raises:
        ScanInvalidError: the arrays are absent, empty, of the wrong type or do not fit together.
    """

    name: str = "top"
    high: Counts | None = None
    low: Counts | None = None
    colour: Colour | None = None
    mm_per_row: float | None = None
    mm_per_col: float | None = None
    air_low: float | None = None
    air_high: float | None = None
    dark: float = 0.0

    def __post_init__(self) -> None:
        if self.colour is not None:
            if self.high is not None or self.low is not None:
                raise ScanInvalidError("A view holds either counts or a colour picture, not both.")
            _check(self.colour, np.uint8, 3)
            if self.colour.shape[2] != 3:
                raise ScanInvalidError(f"A colour picture has 3 channels, this one has {self.colour.shape[2]}.")
        elif self.high is None:
            raise ScanInvalidError("A view needs high-energy counts, or a colour picture.")
        else:
            _check(self.high, np.uint16, 2)
            if self.low is not None:
                _check(self.low, np.uint16, 2)
                if self.low.shape != self.high.shape:
                    raise ScanInvalidError(f"Low energy is {self.low.shape}, high energy is {self.high.shape}.")
        for array in (self.high, self.low, self.colour):
            if array is not None:
                array.setflags(write=False)
        for name in ("mm_per_row", "mm_per_col"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1000:
                raise ScanInvalidError(f"{name} is {value}; a pixel has a size between 0 and 1000 mm.")

    @property
    def kind(self) -> ViewKind:
        if self.colour is not None:
            return ViewKind.COLOUR
        return ViewKind.SINGLE if self.low is None else ViewKind.DUAL

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        array = self.high if self.high is not None else self.colour
        assert array is not None
        return int(array.shape[0]), int(array.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One pass of one object through one machine: one or two views and how they were taken.

    `id` is unique for ever. Times are aware UTC. `codes` are those that the machine itself read, `extra` is what a
    file said besides, kept as text. `truth` is filled for phantoms only.

    Raises:
        ScanInvalidError: no view, more than two, or a time without a zone.
    """

    views: tuple[View, ...]
    device: str = "unknown"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    belt_speed_mm_s: float | None = None
    generator: Generator | None = None
    codes: tuple[str, ...] = ()
    truth: tuple[Truth, ...] = ()
    source: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if not 1 <= len(self.views) <= 2:
            raise ScanInvalidError(f"A scan has one or two views, this one has {len(self.views)}.")
        for name in ("started_at", "finished_at"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                raise ScanInvalidError(f"{name} has no time zone; times are aware UTC.")
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))


def _check(array: np.ndarray, dtype: type, dimensions: int) -> None:
    if array.ndim != dimensions or array.dtype != dtype or 0 in array.shape:
        raise ScanInvalidError(
            f"An array of {dtype.__name__} with {dimensions} dimensions was expected, "
            f"this one is {array.dtype} {array.shape}."
        )
