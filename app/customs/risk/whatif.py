"""What a changed set of rules would have selected, hit and missed, on parcels that were judged already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.customs.parcel import Lane
from app.customs.risk.facts import Facts
from app.customs.risk.lanes import RuleSet, judge
from app.customs.states import Action

HITS = frozenset(
    {
        Action.EXAM_ABNORMAL,
        Action.LAB_ABNORMAL,
        Action.DESTINATION_ABNORMAL,
        Action.DETAIN,
        Action.CONFISCATE,
        Action.TRANSFER,
        Action.DESTROY,
    }
)
"""Actions by which officers say that they found something."""
SHOWN = 50
"""Parcels that an answer names of those that change their lane."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A parcel that passed the post: what was known of it, whether it was opened, and whether something was found."""

    parcel_id: int
    facts: Facts
    was_opened: bool
    was_hit: bool


@dataclass(slots=True)
class Tally:
    """Parcels that rules select; how many of them were opened and held something; and what the rules miss.

    A parcel that nobody opened is neither a hit nor a miss: nobody knows.
    """

    selected: int = 0
    opened: int = 0
    hits: int = 0
    missed: int = 0

    @property
    def hit_rate(self) -> float | None:
        """Of those opened, the share that held something; None where none was opened."""
        return self.hits / self.opened if self.opened else None

    def add(self, judged: Judged, *, is_selected: bool) -> None:
        if is_selected:
            self.selected += 1
            self.opened += judged.was_opened or judged.was_hit
            self.hits += judged.was_hit
        elif judged.was_hit:
            self.missed += 1


@dataclass(slots=True)
class Line:
    """A rule before and after; None where it is not in the set."""

    rule_id: str
    before: Tally | None = None
    after: Tally | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A parcel whose lane would have been another."""

    parcel_id: int
    number: str
    before: Lane
    after: Lane
    was_hit: bool


@dataclass(slots=True)
class WhatIf:
    """The answer: the whole sets before and after, every rule, and parcels that would have gone another way."""

    parcels: int = 0
    hits: int = 0
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    lines: dict[str, Line] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    moved_count: int = 0


class Trial:
    """Holds two sets of rules against parcels, page by page."""

    def __init__(self, before: RuleSet, after: RuleSet) -> None:
        self._before, self._after = before, after
        self.found = WhatIf()
        for rule in before:
            self._line(rule.id).before = Tally()
        for rule in after:
            self._line(rule.id).after = Tally()

    def add(self, page: Iterable[Judged]) -> None:
        for judged in page:
            self._add(judged)

    def _add(self, judged: Judged) -> None:
        found = self.found
        found.parcels += 1
        found.hits += judged.was_hit
        before = self._tell(judged, self._before, found.before, "before")
        after = self._tell(judged, self._after, found.after, "after")
        if before is not after:
            found.moved_count += 1
            if len(found.moved) < SHOWN:
                found.moved.append(Moved(judged.parcel_id, judged.facts.number, before, after, judged.was_hit))

    def _tell(self, judged: Judged, rules: RuleSet, tally: Tally, side: str) -> Lane:
        """Count what one set says of a parcel, in whole and rule by rule; returns the lane."""
        fired = rules.fired(judged.facts)
        lane = judge(fired, judged.facts).lane
        tally.add(judged, is_selected=lane is not Lane.GREEN)
        named = {rule.id for rule in fired}
        for line in self.found.lines.values():
            own: Tally | None = getattr(line, side)
            if own is not None and (judged.was_hit or line.rule_id in named):
                own.add(judged, is_selected=line.rule_id in named)
        return lane

    def _line(self, rule_id: str) -> Line:
        return self.found.lines.setdefault(rule_id, Line(rule_id))
