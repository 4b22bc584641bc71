"""A barcode reader at a simulated lane: it reads what passes, and sometimes nothing, too much or wrongly."""

from __future__ import annotations

import random
import time
from collections import deque
from datetime import datetime

from pydantic import Field, model_validator

from scanners.barcode import BarcodeReader, Code, Reading
from scanners.codetext import parse_code
from scanners.device import (
    DeviceLostError,
    DeviceSettings,
    DeviceState,
    DeviceStatus,
    DeviceUnavailableError,
    FaultKind,
)
from scanners.simulated.content import s10_number
from scanners.simulated.faults import Faults
from scanners.simulated.lane import Passing, shared_lane


class ReaderSettings(DeviceSettings):
    """Where the reader stands and how often it fails; the chances add up to 1 at most."""

    lane: str
    seed: int = 0
    offset_mm: float = Field(default=-200.0, ge=-5000, le=5000)
    """Along the belt from the tunnel: negative is before it, positive behind it."""
    no_code: float = Field(default=0.0, ge=0, le=1)
    two_codes: float = Field(default=0.0, ge=0, le=1)
    damaged: float = Field(default=0.0, ge=0, le=1)
    """A digit is misread, so that the check digit is wrong."""
    unknown: float = Field(default=0.0, ge=0, le=1)
    """A code of no kind that customs knows."""

    @model_validator(mode="after")
    def _adds_up(self) -> ReaderSettings:
        if self.no_code + self.two_codes + self.damaged + self.unknown > 1:
            raise ValueError("the chances of no_code, two_codes, damaged and unknown add up to more than 1")
        return self


class SimulatedReader(BarcodeReader):
    """Reads the labels of each parcel when it passes the reader's place."""

    Settings = ReaderSettings

    def __init__(self, name: str, settings: ReaderSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._lane = shared_lane(settings.lane)
        self._lane.expect(self)
        self._faults = Faults()
        self._is_open = False
        self._codes: deque[tuple[Code, datetime]] = deque()

    def open(self) -> None:
        if self._faults.has(FaultKind.DISCONNECTED):
            raise DeviceUnavailableError(
                f"The reader {self.name} does not answer: its cable is pulled. Plug it in.", name=self.name
            )
        self._codes.clear()
        self._is_open = True
        self._lane.attach(self, is_before_tunnel=self.settings.offset_mm < 0)

    def close(self) -> None:
        self._is_open = False
        self._lane.detach(self)

    def status(self) -> DeviceStatus:
        faults = self._faults.now()
        if not self._is_open:
            return DeviceStatus(DeviceState.CLOSED, faults)
        return DeviceStatus(DeviceState.FAULT if faults else DeviceState.READY, faults)

    def inject(self, kind: FaultKind) -> None:
        """Let a fault happen now, until `clear`. May be called from any thread.

        Raises:
            ValueError: no fault of a reader; its cable can be pulled.
        """
        if kind is not FaultKind.DISCONNECTED:
            raise ValueError(f"A reader has no fault {kind}; it has {FaultKind.DISCONNECTED}.")
        self._faults.begin(kind)

    def clear(self, kind: FaultKind) -> None:
        self._faults.clear(kind)

    def read(self, timeout_s: float) -> Reading | None:
        if not self._is_open:
            raise DeviceLostError(f"The reader {self.name} is not open. Open it first.", name=self.name)
        self._lane.settle(self, len(self._codes))
        deadline = time.monotonic() + timeout_s
        while self._is_open:
            if self._faults.has(FaultKind.DISCONNECTED):
                raise DeviceLostError(f"The reader {self.name} has gone: its cable was pulled. Plug it in.")
            if self._codes:
                code, read_at = self._codes.popleft()
                return Reading(code, self.name, read_at)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            self._look(min(left_s, 0.2))
        return None

    def _look(self, timeout_s: float) -> None:
        """Wait for a parcel to pass the reader's place and read its labels."""
        self._lane.wait_announced(self, timeout_s)
        passing, pace = self._lane.first(self), self._lane.pace
        if passing is None or pace is None:
            return
        if pace.is_stopped:
            time.sleep(min(timeout_s, 0.05))
            return
        place_s = self.settings.offset_mm / passing.belt_speed_mm_s
        due_s = passing.enters_s + place_s if place_s < 0 else passing.leaves_s + place_s
        if pace.wait_for(due_s, timeout_s):
            self._codes.extend((code, pace.time_at(due_s)) for code in self._read_labels(passing))
            self._lane.take(self, len(self._codes))

    def _read_labels(self, passing: Passing) -> list[Code]:
        """What the reader makes of a parcel's labels; seeded by the parcel's number."""
        settings = self.settings
        chance = random.Random(f"{settings.seed} {passing.number}")
        texts = list(passing.labels)
        drawn = chance.random()
        if drawn < settings.no_code:
            return []
        drawn -= settings.no_code
        if drawn < settings.two_codes:
            texts.append(s10_number(chance))
        elif drawn - settings.two_codes < settings.damaged:
            texts = [_misread(text, chance) for text in texts]
        elif drawn - settings.two_codes - settings.damaged < settings.unknown:
            texts = [f"?{chance.getrandbits(48):012X}"]
        return [parse_code(text) for text in texts]


def _misread(text: str, chance: random.Random) -> str:
    """The text with one digit read as another, which every check digit in use reveals."""
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    place = chance.choice(places)
    other = chance.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]
