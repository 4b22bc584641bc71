"""Which code belongs to which scan (码图匹配): by the time at which the code's parcel was in the beam."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=10)
"""So long a scan that has begun is waited for: its machine may have gone without a word."""
NEXT_WITHIN_S = 5.0
"""After so long no scan comes any more that begins within the tolerance behind one that was handed in."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The time that one scanned object spent in the beam; `parcel_id` is None until its row is written."""

    started_at: datetime
    finished_at: datetime
    known_s: float
    """When it was handed in, by the clock that `now_s` is read from."""
    parcel_id: int | None = None


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

    A code belongs to the scan that was in the beam at its time, or within `tolerance` of it; the nearest wins, and of
    two as near the one whose middle is nearer. A scan counts from when it is handed in, or begins, though it gets its
    codes only with its row. A code in the tail of the last scan may be that of the next parcel: it waits until the
    next scan is known, or NEXT_WITHIN_S after the last one was handed in. A code that fits no scan is handed out by
    `expired` once a later scan has its row, or after the patience: nobody saw its parcel on the screen.

    A code is kept until `settle` says that what became of it is written. `now_s` is any clock that nobody sets.
    """

    tolerance: timedelta = timedelta(milliseconds=400)
    keep: int = 8
    _waiting: list[Sighting] = field(default_factory=list)
    _handed_in: dict[str, Passage] = field(default_factory=dict)
    """By scan, in the order in which they came: those on their way to their row, and the last that have one."""
    _begun: dict[str, Passage] = field(default_factory=dict)
    """By device: what is in the beam now."""

    @property
    def waiting(self) -> tuple[Sighting, ...]:
        """Every code that is not settled, in the order they were read."""
        return tuple(self._waiting)

    def begin(self, device: str, started_at: datetime) -> None:
        """An object has entered a device's beam."""
        self._begun[device] = Passage(started_at, started_at + LONGEST, math.inf)

    def abandon(self, device: str) -> None:
        """What has begun at a device will not be handed in."""
        self._begun.pop(device, None)

    def hand_in(self, scan_id: str, device: str, started_at: datetime, finished_at: datetime, now_s: float) -> None:
        """A scan is finished and on its way to its row."""
        self.abandon(device)
        self._handed_in[scan_id] = Passage(started_at, finished_at, now_s)

    def forget(self, scan_id: str) -> None:
        """A scan that was handed in gets no row now; one that has its row stays."""
        if scan_id in self._handed_in and self._handed_in[scan_id].parcel_id is None:
            del self._handed_in[scan_id]

    def add_code(self, sighting: Sighting) -> None:
        """Keep a code until it is settled."""
        self._waiting.append(sighting)

    def settle(self, sighting: Sighting) -> None:
        """What became of a code is written."""
        self._waiting.remove(sighting)

    def codes_of(self, scan_id: str, now_s: float) -> list[Sighting]:
        """The codes of a scan that was handed in, in the order they were read."""
        passage = self._handed_in.get(scan_id)
        return [each for each in self._waiting if passage is not None and self._find(each, now_s) is passage]

    def enter(self, scan_id: str, parcel_id: int) -> None:
        """The row of a scan is written: what is found for it from now on joins its parcel."""
        self._handed_in[scan_id] = replace(self._handed_in[scan_id], parcel_id=parcel_id)
        for old in [key for key, each in self._handed_in.items() if each.parcel_id is not None][: -self.keep]:
            del self._handed_in[old]

    def late(self, now_s: float) -> list[tuple[int, Sighting]]:
        """The codes whose parcel has its row already, with the parcel."""
        found = [(self.parcel_of(each, now_s), each) for each in self._waiting]
        return [(parcel_id, each) for parcel_id, each in found if parcel_id is not None]

    def parcel_of(self, sighting: Sighting, now_s: float) -> int | None:
        """The parcel that a code is to join; None while its scan has no row, or none is found."""
        passage = self._find(sighting, now_s)
        return passage.parcel_id if passage else None

    def expired(self, now: datetime, patience: timedelta) -> list[Sighting]:
        """Codes that no scan will claim any more: a later scan has passed, or they waited too long."""
        last = [each.started_at for each in self._handed_in.values() if each.parcel_id is not None][-1:]
        return [
            sighting
            for sighting in self._waiting
            if not self._may_be_claimed(sighting, now)
            and (
                any(sighting.in_beam_at + self.tolerance < started_at for started_at in last)
                or sighting.in_beam_at + patience < now
            )
        ]

    def _find(self, sighting: Sighting, now_s: float) -> Passage | None:
        """The passage that a code belongs to; None while that is open."""
        known = [*self._handed_in.values(), *self._begun.values()]
        fitting = [passage for passage in known if self._fits(sighting, passage)]
        if not fitting:
            return None
        nearest = min(fitting, key=lambda passage: _distance(sighting, passage))
        is_in_tail = nearest is known[-1] and sighting.in_beam_at > nearest.finished_at
        return None if is_in_tail and now_s < nearest.known_s + NEXT_WITHIN_S else nearest

    def _may_be_claimed(self, sighting: Sighting, now: datetime) -> bool:
        begun = [passage for passage in self._begun.values() if now < passage.finished_at]
        return any(self._fits(sighting, passage) for passage in [*self._handed_in.values(), *begun])

    def _fits(self, sighting: Sighting, passage: Passage) -> bool:
        return passage.started_at - self.tolerance <= sighting.in_beam_at <= passage.finished_at + self.tolerance


def _distance(sighting: Sighting, passage: Passage) -> tuple[timedelta, timedelta]:
    """From a code to a passage, 0 within it; and to its middle."""
    at, started_at, finished_at = sighting.in_beam_at, passage.started_at, passage.finished_at
    outside = max(started_at - at, at - finished_at, timedelta())
    return outside, abs(at - (started_at + (finished_at - started_at) / 2))
