"""A measured figure, beside what is to be reached and what a peer reached in the same run."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `ok` says whether `reach` was reached, None where nothing is to be reached."""

    name: str
    value: float
    unit: str
    reach: float | None = None
    ok: bool | None = None
    peer: str | None = None
    peer_value: float | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"value": None if math.isnan(self.value) else self.value}


def rate(count: int, act: Callable[[], object], rounds: int) -> float:
    """How many of what an act does `count` times are done in a second of processor time, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return count / best
