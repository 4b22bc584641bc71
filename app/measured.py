"""How long things took and how often they happened, for the report and the lamps; bounded memory."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import numpy as np

KEPT = 20_000
"""Times kept of each kind; older ones go."""


class Measured:
    """Times in ms and counts by name. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times_ms: dict[str, deque[float]] = {}
        self.counts: Counter[str] = Counter()

    def add_time(self, name: str, ms: float) -> None:
        with self._lock:
            self._times_ms.setdefault(name, deque(maxlen=KEPT)).append(ms)

    def count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self.counts[name] += by

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the wall time of the block, also when it raises."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.add_time(name, (perf_counter() - begun) * 1000)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """name -> {"n", "p50", "p95", "p99"}, times in ms."""
        with self._lock:
            times = {name: np.fromiter(values, float) for name, values in self._times_ms.items() if values}
        return {
            name: {"n": float(len(values))} | {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (50, 95, 99)}
            for name, values in times.items()
        }
