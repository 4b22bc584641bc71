"""A clock for what is played back: it runs at a speed, can be paused, and wakes whoever waits on it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

Speed = Annotated[float, Field(gt=0, le=10_000)] | Literal["max"]
"""1 is real time, 2 twice as fast; "max" is as fast as the station takes what comes."""


class Pace:
    """Played seconds. At "max" they do not run by themselves: `wait_until` leaps ahead."""

    def __init__(self, speed: float | Literal["max"] = 1.0) -> None:
        self.speed = speed
        self._changed = threading.Condition()
        self._played_s = 0.0
        self._since: float | None = None
        self._is_stopped = True
        self._interrupts = 0
        self._begun_at = datetime.now(UTC)

    def start(self) -> None:
        """Run on from where it stood."""
        with self._changed:
            if self._played_s == 0:
                self._begun_at = datetime.now(UTC)
            self._is_stopped = False
            self._since = time.monotonic()
            self._changed.notify_all()

    def stop(self) -> None:
        """Stand still, and let every wait return at once until the next start."""
        with self._changed:
            self._hold()
            self._is_stopped = True
            self._changed.notify_all()

    def pause(self) -> None:
        with self._changed:
            self._hold()
            self._changed.notify_all()

    def resume(self) -> None:
        with self._changed:
            if self._since is None and not self._is_stopped:
                self._since = time.monotonic()
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Let every wait that is under way return now."""
        with self._changed:
            self._interrupts += 1
            self._changed.notify_all()

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    @property
    def is_paused(self) -> bool:
        return self._since is None

    @property
    def is_max(self) -> bool:
        return self.speed == "max"

    def now_s(self) -> float:
        with self._changed:
            return self._now()

    def time_at(self, played_s: float) -> datetime:
        """The time of a played second, counted from the first start; at another speed than 1 it leaves the wall's."""
        return self._begun_at + timedelta(seconds=played_s)

    def set_speed(self, speed: float | Literal["max"]) -> None:
        with self._changed:
            self._played_s = self._now()
            if self._since is not None:
                self._since = time.monotonic()
            self.speed = speed
            self._changed.notify_all()

    def wait_until(self, at_s: float, timeout_s: float) -> bool:
        """Wait for a played time, at most `timeout_s` of real time; at "max" go there at once. True when reached.

        Nothing is reached while paused or stopped.
        """
        with self._changed:
            if self.speed == "max" and self._since is not None:
                self._played_s = max(self._played_s, at_s)
                self._changed.notify_all()
            return self._wait(at_s, timeout_s, must_run=True)

    def wait_for(self, at_s: float, timeout_s: float) -> bool:
        """As `wait_until`, for one who follows the clock of another and must not move it."""
        with self._changed:
            return self._wait(at_s, timeout_s, must_run=False)

    def wait_change(self, timeout_s: float) -> None:
        """Wait until something starts, stops, pauses, resumes or interrupts, at most `timeout_s`."""
        with self._changed:
            if not self._is_stopped:
                self._changed.wait(max(0.0, timeout_s))

    def _wait(self, at_s: float, timeout_s: float, *, must_run: bool) -> bool:
        deadline = time.monotonic() + timeout_s
        interrupts = self._interrupts
        while self._now() < at_s or (must_run and self._since is None):
            left_s = deadline - time.monotonic()
            if self._is_stopped or left_s <= 0 or interrupts != self._interrupts:
                return False
            if self._since is not None and self.speed != "max":
                left_s = min(left_s, (at_s - self._now()) / self.speed)
            self._changed.wait(max(0.0, left_s))
        return True

    def _now(self) -> float:
        if self._since is None or self.speed == "max":
            return self._played_s
        return self._played_s + (time.monotonic() - self._since) * float(self.speed)

    def _hold(self) -> None:
        self._played_s = self._now()
        self._since = None
