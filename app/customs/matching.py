"""Which code belongs to which scan (码图匹配): by the time at which the code's parcel was in the beam."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Passage:
    """The time that one scanned object spent in the beam, and the parcel that it became."""

    parcel_id: int
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """A code seen by a reader; `lead` is the belt's time from there to the beam, negative behind the tunnel."""

    text: str
    read_at: datetime
    lead: timedelta = timedelta()
    symbology: str = ""
    is_doubtful: bool = False

    @property
    def in_beam_at(self) -> datetime:
        return self.read_at + self.lead


@dataclass(slots=True)
class Matcher:
    """Ties codes to scans of one lane, whichever comes first.

    A code belongs to the scan that was in the beam at its time, within `tolerance`; the nearest middle wins. A code
    whose parcel must have passed already, because a later scan has, is handed back by `expired`: nobody saw its
    parcel on the screen.
    """

    tolerance: timedelta = timedelta(milliseconds=400)
    keep: int = 8
    _waiting: list[Sighting] = field(default_factory=list)
    _passed: list[Passage] = field(default_factory=list)

    def add_code(self, sighting: Sighting) -> Passage | None:
        """The passage that this code belongs to, or None: then it waits for its scan."""
        fitting = [passage for passage in self._passed if self._fits(sighting, passage)]
        if fitting:
            return min(fitting, key=lambda passage: _distance(sighting, passage.started_at, passage.finished_at))
        self._waiting.append(sighting)
        return None

    def claim(self, started_at: datetime, finished_at: datetime) -> list[Sighting]:
        """The waiting codes of the scan that was taken between these times, in the order they were read."""
        probe = Passage(0, started_at, finished_at)
        claimed = [sighting for sighting in self._waiting if self._fits(sighting, probe)]
        self._waiting = [sighting for sighting in self._waiting if sighting not in claimed]
        return claimed

    def add_passage(self, passage: Passage) -> None:
        """Remember where a scan's parcel is, for codes that are read behind the tunnel."""
        self._passed = [*self._passed, passage][-self.keep :]

    def give_up(self) -> list[Sighting]:
        """Every code that still waits: nothing passes any more."""
        gone, self._waiting = self._waiting, []
        return gone

    def expired(self, now: datetime, patience: timedelta) -> list[Sighting]:
        """Codes that no scan will claim any more: a later scan has passed, or they waited too long."""
        last = max((passage.started_at for passage in self._passed), default=None)
        gone = [
            sighting
            for sighting in self._waiting
            if (last is not None and sighting.in_beam_at + self.tolerance < last)
            or sighting.in_beam_at + patience < now
        ]
        self._waiting = [sighting for sighting in self._waiting if sighting not in gone]
        return gone

    def _fits(self, sighting: Sighting, passage: Passage) -> bool:
        return passage.started_at - self.tolerance <= sighting.in_beam_at <= passage.finished_at + self.tolerance


def _distance(sighting: Sighting, started_at: datetime, finished_at: datetime) -> timedelta:
    return abs(sighting.in_beam_at - (started_at + (finished_at - started_at) / 2))
