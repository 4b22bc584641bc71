"""Versions of rules: who wrote what when, and which of them is switched on by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.customs.parcel import Lane
from app.customs.risk.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule as it was written; it is never changed, a change is a version more."""

    rule: Rule
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Switch:
    """A version was switched on, or with version 0 the rule was switched off."""

    rule_id: str
    version: int
    officer: str
    switched_at: datetime


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as the post has it: its newest version, and the one in force, if any."""

    newest: RuleVersion
    in_force: RuleVersion | None
    switch: Switch | None

    @property
    def is_pending(self) -> bool:
        """Whether the newest version has never been switched on or off."""
        return (
            self.switch is None
            or (self.switch.version not in (0, self.newest.rule.version))
            or (self.switch.version == 0 and self.newest.written_at > self.switch.switched_at)
        )


@dataclass(frozen=True, slots=True)
class Selected:
    """A parcel that a rule selected."""

    id: int
    parcel_id: int
    number: str
    version: int
    is_drawn: bool
    lane: Lane
    selected_at: datetime
    was_opened: bool
    was_hit: bool
