"""A station without a window that a bench feeds by hand, and what was missed of a fault."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.build import build_station
from app.officers.rights import Role
from app.settings import Detection, DeviceEntry, Officers, Settings
from app.station import Station
from app.store.space import Space
from app.watcher import Watcher
from imaging.errors import KnownError
from imaging.scan import Scan, View
from scanners.barcode import Code, Reading
from scanners.xray import ScanFinished

OFFICER = "officer-1"
BELT = DeviceEntry(name="belt", driver="hand", lane="mail")
READER = DeviceEntry(name="reader", driver="hand", lane="mail")


@dataclass(slots=True)
class Tried:
    """How often a fault was made, and how often it was missed or something was lost by it, by kind."""

    times: int = 0
    missed: Counter[str] = field(default_factory=Counter)

    def expect(self, is_so: bool, kind: str) -> None:
        if not is_so:
            self.missed[kind] += 1


class Told(Watcher):
    """What the officer was told."""

    def __init__(self) -> None:
        self.errors: list[KnownError] = []
        self.spaces: list[Space] = []

    def failed(self, error: KnownError) -> None:
        self.errors.append(error)

    def room_changed(self, space: Space) -> None:
        self.spaces.append(space)

    @property
    def keys(self) -> set[str]:
        return {error.key for error in self.errors}


class Lane:
    """A station with a lane that the bench feeds."""

    def __init__(self, data: Path, seed: int = 1) -> None:
        officers = Officers(sign_in="demo", demo={OFFICER: Role.SUPERVISOR, "officer-2": Role.SUPERVISOR})
        settings = Settings(data=data, detection=Detection(is_on=False), officers=officers)
        self.station: Station = build_station(settings)
        self.told = Told()
        self.rng = np.random.default_rng(seed)
        self.station.start([], self.told)

    def scan(self, number: str, *, is_waited: bool = True, shape: tuple[int, int] = (40, 60)) -> Scan:
        """A parcel passes; `number` is what the machine itself read on it."""
        counts = self.rng.integers(9_000, 50_000, shape, dtype=np.uint16)
        now = datetime.now(UTC)
        scan = Scan((View(high=counts, low=counts // 2),), started_at=now, finished_at=now, codes=(number,))
        arrivals = self.station._arrivals
        assert arrivals is not None
        arrivals.take_xray(BELT, ScanFinished(scan))
        if is_waited:
            self.station.wait_until_idle()
        return scan

    def read(self, *texts: str) -> None:
        """A reader at the beam reads codes."""
        arrivals = self.station._arrivals
        assert arrivals is not None
        for text in texts:
            arrivals.take_code(READER, Reading(Code("Code128", text), "reader", datetime.now(UTC)))

    def find(self, number: str) -> int | None:
        found = self.station._store.find_number(number)
        return found.id if found else None

    @property
    def undo_s(self) -> int:
        return self.station.settings.work.undo_s

    def is_sound(self) -> bool:
        return self.station.verify_log().is_ok

    def stop(self) -> None:
        self.station.stop()


@contextmanager
def lane(data: Path) -> Iterator[Lane]:
    opened = Lane(data)
    try:
        yield opened
    finally:
        opened.stop()


def arrives(at: Lane, number: str) -> bool:
    return within(20, lambda: at.find(number) is not None)


def is_told(at: Lane, key: str) -> bool:
    return within(10, lambda: key in at.told.keys)


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
