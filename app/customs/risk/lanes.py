"""Sets the lane (风险通道) of a parcel by the rules in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.customs.parcel import Lane
from app.customs.risk.build import Test, build
from app.customs.risk.condition import Node
from app.customs.risk.facts import Facts, draw
from app.customs.risk.rule import STRICTNESS, Rule

DRAWN = "%"
"""Ends the reason of a parcel that a rule let pass, and that was drawn at random all the same."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The lane and the rules that fired, as `id@version`, those that decided first."""

    lane: Lane
    reasons: tuple[str, ...]
    delay_min: int = 0


class RuleSet:
    """Rules ready to be asked. Immutable; may be asked from any thread."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._tests = [(rule, _test(rule.condition, rule.id)) for rule in rules]

    def __iter__(self) -> Iterator[Rule]:
        return (rule for rule, _ in self._tests)

    def __len__(self) -> int:
        return len(self._tests)

    def fired(self, facts: Facts) -> list[Rule]:
        """The rules that fire on a parcel, those that decide first, the strictest of them at the head."""
        day = facts.arrived_on
        found = [rule for rule, test in self._tests if rule.is_in_force(day) and test(facts)]
        found.sort(key=lambda rule: (-rule.precedence, -STRICTNESS.index(rule.lane)))
        return found

    def assess(self, facts: Facts) -> Assessment:
        """Set the lane by the rules in force on the day of arrival; green where none fires."""
        return judge(self.fired(facts), facts)


def judge(fired: Sequence[Rule], facts: Facts) -> Assessment:
    """The lane that follows from the rules that fired, in the order of `RuleSet.fired`."""
    if not fired:
        return Assessment(Lane.GREEN, ())
    if fired[0].lane is not Lane.GREEN:
        return Assessment(fired[0].lane, tuple(rule.key for rule in fired))
    deciding = [rule for rule in fired if rule.precedence == fired[0].precedence]
    drawn = {rule.id for rule in deciding if draw(facts.day_key, floor_of(rule), facts.number) < rule.floor}
    reasons = tuple(rule.key + DRAWN * (rule.id in drawn) for rule in fired)
    return Assessment(Lane.BLUE if drawn else Lane.GREEN, reasons, max(rule.delay_min for rule in deciding))


def floor_of(rule: Rule) -> str:
    """Under what name a rule draws its random floor."""
    return f"{rule.id}/floor"


@lru_cache(maxsize=4096)
def _test(condition: Node, rule_id: str) -> Test:
    """Trees are values, so a rule that stays the same from set to set is built once."""
    return build(condition, rule_id)


def split_reason(reason: str) -> tuple[str, int, bool]:
    """Id and version of the rule behind a reason, and whether it was drawn at random; version 0 where none is said."""
    is_drawn = reason.endswith(DRAWN)
    rule_id, _, version = reason.removesuffix(DRAWN).partition("@")
    return rule_id, int(version) if version.isdecimal() else 0, is_drawn
