"""Faults of simulated machines: on demand, or planned for a parcel and a line."""

from __future__ import annotations

import threading
import time

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scanners.device import Fault, FaultKind

MACHINE_FAULTS = (
    FaultKind.BELT_STALLED,
    FaultKind.LINES_LOST,
    FaultKind.GENERATOR_OFF,
    FaultKind.DISCONNECTED,
)
"""What a simulated X-ray machine can suffer."""


class PlannedFault(BaseModel):
    """A fault that comes by itself: at which parcel (from 0), at which line of it, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    parcel: int = Field(ge=0)
    line: int = Field(default=0, ge=0)
    lasts_s: float = Field(default=2.0, ge=0, le=3600)

    @field_validator("kind")
    @classmethod
    def _is_of_a_machine(cls, kind: FaultKind) -> FaultKind:
        if kind not in MACHINE_FAULTS:
            raise ValueError(f"a machine has no fault {kind}; it has {', '.join(MACHINE_FAULTS)}")
        return kind


class Faults:
    """The faults that a machine has now, each until it is cleared or its time has passed. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[FaultKind, float | None] = {}

    def begin(self, kind: FaultKind, lasts_s: float | None = None) -> None:
        """Begin a fault; without a length it lasts until it is cleared."""
        with self._lock:
            self._until[kind] = None if lasts_s is None else time.monotonic() + lasts_s

    def clear(self, kind: FaultKind) -> None:
        with self._lock:
            self._until.pop(kind, None)

    def end_due(self) -> list[FaultKind]:
        """End the faults whose time has passed, and name them."""
        now = time.monotonic()
        with self._lock:
            due = [kind for kind, until in self._until.items() if until is not None and until <= now]
            for kind in due:
                del self._until[kind]
        return due

    def next_end_s(self) -> float | None:
        """Seconds until the next planned end, None when nothing is going to end by itself."""
        with self._lock:
            ends = [until for until in self._until.values() if until is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def has(self, *kinds: FaultKind) -> bool:
        with self._lock:
            return any(kind in self._until for kind in kinds)

    def now(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(Fault(kind) for kind in self._until)
