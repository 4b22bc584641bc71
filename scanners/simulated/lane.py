"""A simulated conveyor that a belt and its barcode readers share: which labels pass where, and when."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass

from scanners.pace import Pace

_REMEMBERED = 1000
_lanes: weakref.WeakValueDictionary[str, Lane] = weakref.WeakValueDictionary()
_lanes_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Passing:
    """A parcel on the conveyor: its labels, and when (in the belt's played seconds) it is in the tunnel."""

    number: int
    labels: tuple[str, ...]
    enters_s: float
    leaves_s: float
    belt_speed_mm_s: float


class Lane:
    """What passes on one conveyor. The belt announces, each reader takes what is due at its place."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pace: Pace | None = None
        self._changed = threading.Condition()
        self._expected: weakref.WeakSet[object] = weakref.WeakSet()
        self._passed: dict[int, list[Passing]] = {}
        self._unsettled: dict[int, int] = {}
        self._ahead: dict[int, int] = {}

    def drive(self, pace: Pace) -> None:
        """Say whose clock the conveyor runs by."""
        with self._changed:
            self.pace = pace
            self._changed.notify_all()

    def expect(self, reader: object) -> None:
        """A reader stands at this lane that is not open yet."""
        with self._changed:
            self._expected.add(reader)

    def attach(self, reader: object, *, is_before_tunnel: bool) -> None:
        """From now on keep what passes for this reader."""
        with self._changed:
            self._ahead[id(reader)] = int(is_before_tunnel)
            self._passed.setdefault(id(reader), [])
            self._changed.notify_all()

    def wait_attached(self, timeout_s: float) -> bool:
        """Wait until every reader that is expected is open; False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: all(id(r) in self._passed for r in self._expected), timeout_s)

    def detach(self, reader: object) -> None:
        with self._changed:
            self._passed.pop(id(reader), None)
            self._unsettled.pop(id(reader), None)
            self._expected.discard(reader)
            self._changed.notify_all()

    def announce(self, passing: Passing) -> None:
        """A parcel has been put on the conveyor."""
        with self._changed:
            for waiting in self._passed.values():
                waiting.append(passing)
                del waiting[:-_REMEMBERED]
            self._changed.notify_all()

    def first(self, reader: object) -> Passing | None:
        """The oldest parcel that this reader has not taken."""
        with self._changed:
            waiting = self._passed.get(id(reader))
            return waiting[0] if waiting else None

    def take(self, reader: object, codes: int) -> None:
        """The reader has seen its oldest parcel and is going to deliver so many codes of it."""
        with self._changed:
            if id(reader) in self._passed:
                self._passed[id(reader)].pop(0)
                self._unsettled[id(reader)] = codes
                self._changed.notify_all()

    def settle(self, reader: object, codes_left: int) -> None:
        """The codes that the reader delivered have been taken care of, but for so many."""
        with self._changed:
            if id(reader) in self._unsettled:
                self._unsettled[id(reader)] = codes_left
                self._changed.notify_all()

    def wait_announced(self, reader: object, timeout_s: float) -> None:
        """Wait until something is announced or the reader is detached, at most `timeout_s`."""
        with self._changed:
            if id(reader) in self._passed and not self._passed[id(reader)]:
                self._changed.wait(timeout_s)

    def wait_read(self, number: int, timeout_s: float) -> bool:
        """Wait until every reader has read what passed it before parcel `number` enters; False when time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._is_behind(number):
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
            return True

    def _is_behind(self, number: int) -> bool:
        return any(
            self._unsettled.get(reader, 0) > 0 or (waiting and waiting[0].number < number + self._ahead[reader])
            for reader, waiting in self._passed.items()
        )


def shared_lane(name: str) -> Lane:
    """The lane of that name: the same one for every device that asks while one of them lives."""
    with _lanes_lock:
        found = _lanes.get(name)
        if found is None:
            found = _lanes[name] = Lane(name)
        return found
