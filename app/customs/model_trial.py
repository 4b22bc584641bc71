"""A new model beside the one that officers work with: where they agree, and what opening the parcels showed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from app.customs.outcome import Outcome
from app.customs.parcel import Seen

ALARMS = ("sure", "likely")
SAME_IOU = 0.3
Box = tuple[int, int, int, int]


class Mode(StrEnum):
    """ON: officers see what it finds, and the rules use it. SHADOW: it looks, and nobody is shown. OFF: it rests."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Pair:
    """What both models said of one picture, and what became of its parcel; `failed` where the new one broke."""

    live: tuple[Seen, ...]
    tried: tuple[Seen, ...]
    live_ms: float
    tried_ms: float
    outcome: Outcome
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures of a comparison. `both`, `only_live`, `only_tried` and `neither` count pictures with an alarm.

    An alarm is a find of the levels sure and likely. `same_boxes` are alarms of one class at one place; the `found_`
    and `clean_` figures are of parcels that were opened.
    """

    pictures: int = 0
    failed: int = 0
    both: int = 0
    only_live: int = 0
    only_tried: int = 0
    neither: int = 0
    live_boxes: int = 0
    tried_boxes: int = 0
    same_boxes: int = 0
    found: int = 0
    found_live: int = 0
    found_tried: int = 0
    clean: int = 0
    clean_live: int = 0
    clean_tried: int = 0
    live_ms: tuple[float, float] = (0.0, 0.0)
    tried_ms: tuple[float, float] = (0.0, 0.0)
    """Median and 95th percentile."""

    @property
    def agreement(self) -> float | None:
        """The part of the pictures on which both alarm or neither does."""
        return (self.both + self.neither) / self.pictures if self.pictures else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: agreement beyond what chance gives; None where one of them says always the same."""
        n = self.pictures
        if not n:
            return None
        live, tried = (self.both + self.only_live) / n, (self.both + self.only_tried) / n
        by_chance = live * tried + (1 - live) * (1 - tried)
        return None if by_chance == 1 else ((self.both + self.neither) / n - by_chance) / (1 - by_chance)


def compare(pairs: Iterable[Pair]) -> Trial:
    """Sum up a comparison; pictures on which the new model failed count as such, and in nothing else."""
    counts = dict.fromkeys(_COUNTED, 0)
    times: list[tuple[float, float]] = []
    for pair in pairs:
        if pair.failed:
            counts["failed"] += 1
            continue
        live, tried = ([one for one in found if one.level in ALARMS] for found in (pair.live, pair.tried))
        counts["pictures"] += 1
        counts[_WHO[bool(live), bool(tried)]] += 1
        counts["live_boxes"] += len(live)
        counts["tried_boxes"] += len(tried)
        counts["same_boxes"] += _same(live, tried)
        if pair.outcome is not Outcome.UNOPENED:
            counts[pair.outcome.value] += 1
            counts[f"{pair.outcome}_live"] += bool(live)
            counts[f"{pair.outcome}_tried"] += bool(tried)
        times.append((pair.live_ms, pair.tried_ms))
    of_live, of_tried = (_spread(sorted(each)) for each in zip(*times, strict=True)) if times else ((0.0, 0.0),) * 2
    return Trial(**counts, live_ms=of_live, tried_ms=of_tried)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Where a rate lies with 95 % certainty (Wilson 1927); from 0 to 1 where nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    z, rate = 1.96, hits / of
    middle = (rate + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(rate * (1 - rate) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0, wide) * max(0, high)
    return common / (_area(one) + _area(other) - common)


_WHO = {
    (True, True): "both", (True, False): "only_live", (False, True): "only_tried", (False, False): "neither",
}  # fmt: skip
_COUNTED = (
    "pictures", "failed", *_WHO.values(), "live_boxes", "tried_boxes", "same_boxes",
    "found", "found_live", "found_tried", "clean", "clean_live", "clean_tried",
)  # fmt: skip


def _same(live: list[Seen], tried: list[Seen]) -> int:
    """How many alarms of one model have their own partner among the other's."""
    left, count = list(tried), 0
    for one in live:
        fits = [other for other in left if (other.label, other.view) == (one.label, one.view)]
        best = max(fits, key=lambda other: overlap(one.box, other.box), default=None)
        if best is not None and overlap(one.box, best.box) >= SAME_IOU:
            left.remove(best)
            count += 1
    return count


def _spread(ordered: list[float]) -> tuple[float, float]:
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
