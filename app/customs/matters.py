"""Matters (事项): what customs and a party have to settle at a counter, as a list of steps that only grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.customs.errors import CustomsError


class CounterRefusedError(CustomsError):
    """Something at a counter cannot be done like this; `code` chooses the sentence (`error.<key>_<code>`)."""

    key = "counter_refused"

    def __init__(self, message: str, code: str, **details: object) -> None:
        super().__init__(message, **details)
        self.key = f"{type(self).key}_{code}"


class Area(StrEnum):
    """The counters."""

    MAIL = "mail"
    RETURN = "return"
    REFUND = "refund"
    SAMPLE = "sample"
    VEHICLE = "vehicle"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a step says: its kind, where the matter stands after it ("" once it is settled), and values as JSON."""

    kind: str
    stand: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who took it when. `reference` is the id of the message that brought it."""

    kind: str
    actor: str
    at: datetime
    stand: str
    body: Mapping[str, Any]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter with all its steps. Both keys find it, such as the number of a form or the plate of a vehicle."""

    id: int
    area: Area
    key: str
    other_key: str
    parcel_id: int | None
    steps: tuple[Step, ...]

    @property
    def stand(self) -> str:
        return self.steps[-1].stand if self.steps else ""

    @property
    def opened_at(self) -> datetime:
        return self.steps[0].at

    @property
    def since_at(self) -> datetime:
        """When it came to where it stands now."""
        since_at = self.steps[-1].at
        for step in reversed(self.steps):
            if step.stand != self.stand:
                break
            since_at = step.at
        return since_at

    def last(self, kind: str) -> Step | None:
        """The newest step of a kind."""
        return next((step for step in reversed(self.steps) if step.kind == kind), None)
