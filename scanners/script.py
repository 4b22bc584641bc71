"""Events that come at their times: a generator that says when to go on, and what happens then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanners.pace import Pace
from scanners.xray import XrayEvent

_SLICE_S = 0.2
"""A wait that the clock does not end is cut so short, so that closing is never kept waiting."""


@dataclass(frozen=True, slots=True)
class At:
    """Go on when the clock shows this time."""

    played_s: float


@dataclass(frozen=True, slots=True)
class Await:
    """Go on when `is_done`, called with a timeout in seconds, says yes, or when the clock of the machine is past
    `until_s` (time.monotonic)."""

    is_done: Callable[[float], bool]
    until_s: float


class Shown:
    """End this read without an event, so that whoever asks for the status sees what has just begun."""


Step = At | Await | Shown | XrayEvent


class Script:
    """Plays a generator of steps; every read goes on where the last one ended."""

    def __init__(self, pace: Pace, steps: Iterator[Step]) -> None:
        self._pace = pace
        self._steps = steps
        self._step: Step | None = None

    def next_event(self, deadline: float) -> XrayEvent | None:
        """The next event, None when there is none before `deadline` (time.monotonic)."""
        while True:
            step = self._step = self._step or next(self._steps, None)
            left_s = max(0.0, deadline - time.monotonic())
            if step is None:
                self._pace.wait_change(left_s)
                return None
            if isinstance(step, At | Await):
                if not self._is_reached(step, left_s):
                    return None
                self._step = None
            else:
                self._step = None
                return None if isinstance(step, Shown) else step

    def skip_wait(self) -> None:
        """Do not wait for the time that the script is waiting for."""
        if isinstance(self._step, At):
            self._step = None

    def _is_reached(self, step: At | Await, left_s: float) -> bool:
        if isinstance(step, At):
            return self._pace.wait_until(step.played_s, left_s)
        if step.is_done(min(left_s, _SLICE_S, max(0.0, step.until_s - time.monotonic()))):
            return True
        return not self._pace.is_stopped and time.monotonic() >= step.until_s
