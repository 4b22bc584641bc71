"""Time on task and pace; 20 minutes is the longest continuous image review that EU rules allow before a break."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

PACE_OVER_S = 600.0


class Pace:
    """Counts decisions and the seconds since the last break; a break stops the clock."""

    def __init__(self, break_after_s: float, clock: Callable[[], float] = monotonic) -> None:
        self.break_after_s = break_after_s
        self._clock = clock
        self._began_s = clock()
        self._decided_s: deque[float] = deque()
        self._break_began_s: float | None = None
        self.decided = 0

    def count(self) -> None:
        """An item was decided now."""
        self.decided += 1
        self._decided_s.append(self._clock())

    def uncount(self) -> None:
        """The last decision was undone."""
        self.decided = max(0, self.decided - 1)
        if self._decided_s:
            self._decided_s.pop()

    def start_break(self) -> None:
        self._break_began_s = self._clock()

    def end_break(self) -> None:
        """Back at work: time on task and pace begin anew."""
        self._break_began_s = None
        self._began_s = self._clock()
        self._decided_s.clear()

    @property
    def is_on_break(self) -> bool:
        return self._break_began_s is not None

    @property
    def break_s(self) -> float:
        return 0.0 if self._break_began_s is None else self._clock() - self._break_began_s

    @property
    def on_task_s(self) -> float:
        return 0.0 if self.is_on_break else self._clock() - self._began_s

    @property
    def is_break_due(self) -> bool:
        return self.on_task_s >= self.break_after_s

    @property
    def per_hour(self) -> int:
        """Items an hour, over the last ten minutes at work; 0 in the first minute."""
        now = self._clock()
        while self._decided_s and now - self._decided_s[0] > PACE_OVER_S:
            self._decided_s.popleft()
        over_s = min(PACE_OVER_S, now - self._began_s)
        return round(len(self._decided_s) * 3600 / over_s) if over_s >= 60 else 0
