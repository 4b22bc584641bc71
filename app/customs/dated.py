"""Rules with dates (有效期规则): limits, rates and terms, in force from one local day to another, with their source."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from app.customs.errors import CustomsError
from app.customs.states import Term

CHINA: Final = timezone(timedelta(hours=8))
"""The law's days begin at midnight in China, which has no summer time."""


class DatedRulesError(CustomsError):
    """A table of dated rules cannot be used; the message names the line."""

    key = "dated_rules"


class RuleMissingError(CustomsError):
    """No rule of a kind is in force on a day; the post's table has to be completed."""

    key = "rule_missing"


@dataclass(frozen=True, slots=True)
class DatedRule:
    """One line of a table: what holds for an argument from a local day to another, both included."""

    id: str
    kind: str
    argument: str
    value: str
    valid_from: date
    valid_to: date | None
    source: Term

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def number(self) -> int:
        return int(self.value)


class DatedRules:
    """A table of dated rules, asked for a day."""

    def __init__(self, rules: Iterable[DatedRule]) -> None:
        self._rules = tuple(rules)
        self._by_kind: dict[tuple[str, str], list[DatedRule]] = {}
        for rule in self._rules:
            self._by_kind.setdefault((rule.kind, rule.argument), []).append(rule)

    def find(self, kind: str, day: date, argument: str = "") -> DatedRule | None:
        """The rule of a kind for an argument that is in force on a day."""
        return next((rule for rule in self._by_kind.get((kind, argument), ()) if rule.is_in_force(day)), None)

    def get(self, kind: str, day: date, argument: str = "") -> DatedRule:
        """As `find`.

        Raises:
            RuleMissingError: none is in force.
        """
        rule = self.find(kind, day, argument)
        if rule is None:
            what = " ".join(filter(None, (kind, argument)))
            raise RuleMissingError(
                f"No rule {what!r} is in force on {day}; add it to the table of rules.", what=what, day=day.isoformat()
            )
        return rule

    def of_kind(self, kind: str, day: date) -> list[DatedRule]:
        """All rules of a kind in force on a day, in the table's order."""
        return [rule for rule in self._rules if rule.kind == kind and rule.is_in_force(day)]


def local_day(moment: datetime) -> date:
    """The day of a moment in China, by which rules are chosen."""
    return moment.astimezone(CHINA).date()


def parse_dated(table: str, kinds: Mapping[str, Callable[[str], object]]) -> DatedRules:
    """Rules from CSV text with the columns of `DatedRule` (source_en and source_zh for the source).

    `kinds` says for each kind what reads its value.

    Raises:
        DatedRulesError: a column is missing, a value is not understood, or two rules hold on the same day.
    """
    rules: list[DatedRule] = []
    for line, row in enumerate(csv.DictReader(io.StringIO(table)), start=2):
        try:
            rule = _parse(row)
            kinds[rule.kind](rule.value)
        except (KeyError, ValueError, TypeError) as error:
            raise _refuse(line, f"{error}. Correct it and load again") from error
        if any(rule.id == other.id for other in rules):
            raise _refuse(line, f"the id {rule.id!r} is used twice")
        if other := next((other for other in rules if _overlap(rule, other)), None):
            raise _refuse(line, f"{rule.id} and {other.id} hold on the same day")
        rules.append(rule)
    return DatedRules(rules)


def one_of(*values: str) -> Callable[[str], str]:
    """Reads a value that is one of a few words."""

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"{text!r} is not one of {', '.join(values)}")
        return text

    return read


def natural(text: str) -> int:
    """Reads a whole number from zero."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _parse(row: Mapping[str, str]) -> DatedRule:
    if not all(row[name] for name in ("id", "source_en", "source_zh")):
        raise ValueError("a rule needs an id and its source")
    rule = DatedRule(
        id=row["id"],
        kind=row["kind"],
        argument=row["argument"],
        value=row["value"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        source=Term(row["source_en"], row["source_zh"]),
    )
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        raise ValueError("it ends before it begins")
    return rule


def _overlap(one: DatedRule, other: DatedRule) -> bool:
    if (one.kind, one.argument) != (other.kind, other.argument):
        return False
    first, second = sorted((one, other), key=lambda rule: rule.valid_from)
    return first.valid_to is None or second.valid_from <= first.valid_to


def _refuse(line: int, detail: str) -> DatedRulesError:
    return DatedRulesError(f"Line {line} of the rules: {detail}.", line=line, detail=detail)
