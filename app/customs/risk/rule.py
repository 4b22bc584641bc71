"""A rule of the post: what it looks for, the lane it sends a parcel to, and from when to when it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.customs.parcel import Lane
from app.customs.risk.condition import Node
from app.customs.risk.errors import RulesError
from app.customs.risk.parse import parse
from app.customs.risk.spell import spell
from app.customs.states import Term

STRICTNESS = (Lane.GREEN, Lane.BLUE, Lane.YELLOW, Lane.RED)
MOST_DELAY_MIN = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a rule.

    Among the rules that fire, those of the highest `precedence` decide, and of these the strictest lane. `expected` is
    the share of parcels that it should select. `floor` is the share of what it lets pass green that is drawn at random
    all the same. `delay_min` keeps a green parcel from being released before so many minutes have passed (延时放行).
    `reason` says why the post has the rule.
    """

    id: str
    title: Term
    condition: Node
    lane: Lane
    valid_from: date
    valid_to: date | None = None
    reason: str = ""
    precedence: int = 0
    expected: float | None = None
    floor: float = 0.0
    delay_min: int = 0
    version: int = 1

    @property
    def key(self) -> str:
        """The rule and its version, as a parcel keeps what it was selected by."""
        return f"{self.id}@{self.version}"

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def text(self, language: str) -> str:
        """The condition in a language, zh_CN or en."""
        return spell(self.condition, language)


def make_rule(
    id: str,
    title: Term,
    when: str,
    lane: Lane,
    valid_from: date,
    *,
    valid_to: date | None = None,
    reason: str = "",
    precedence: int = 0,
    expected: float | None = None,
    floor: float = 0.0,
    delay_min: int = 0,
    version: int = 1,
) -> Rule:
    """A rule from the text of its condition, checked.

    Raises:
        RuleTextError: the condition cannot be read. RulesError: a value is out of range.
    """
    condition = parse(when)
    rule = Rule(
        id, title, condition, lane, valid_from, valid_to, reason, precedence, expected, floor, delay_min, version
    )  # fmt: skip
    if problem := next(_problems(rule), None):
        raise RulesError(problem, detail=problem)
    return rule


def _problems(rule: Rule) -> Iterator[str]:
    """What is wrong with the values of a rule."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", rule.id, re.ASCII):
        yield f"{rule.id!r} is no id of a rule: up to 40 letters, digits, - and _."
    if not rule.title.en.strip() or not rule.title.zh.strip():
        yield f"The rule {rule.id} needs a name in both languages."
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        yield f"The rule {rule.id} ends before it begins."
    if any(share is not None and not 0 <= share <= 1 for share in (rule.expected, rule.floor)):
        yield f"A share of the rule {rule.id} is not between 0 and 100 %."
    if not -100 <= rule.precedence <= 100:
        yield f"The precedence of the rule {rule.id} is not between -100 and 100."
    if not 0 <= rule.delay_min <= MOST_DELAY_MIN:
        yield f"The delay of the rule {rule.id} is not between 0 and {MOST_DELAY_MIN} minutes."
