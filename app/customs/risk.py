"""Risk lanes (风险通道) by dated rules that the post controls; the strictest rule that fires decides."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.customs.parcel import Declaration, Finding, Lane, Seen
from app.customs.states import Term
from imaging.errors import KnownError

STRICTNESS = (Lane.GREEN, Lane.BLUE, Lane.YELLOW, Lane.RED)


class RulesError(KnownError):
    """The table of rules cannot be used; the message names the line."""

    key = "rules"


class Test(StrEnum):
    """What a rule looks at; `argument` of the rule says what for."""

    SEEN = "seen"
    FINDING = "finding"
    HS_PREFIX = "hs_prefix"
    ORIGIN = "origin"
    VALUE_OVER = "value_over"
    WEIGHT_OVER_G = "weight_over_g"
    RANDOM_PERMILLE = "random_permille"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: if `test` fires with `argument`, the parcel goes to `lane` at least."""

    id: str
    title: Term
    test: Test
    argument: str
    lane: Lane
    valid_from: date
    valid_to: date | None
    source: str

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a parcel when its lane is set."""

    number: str
    arrived_on: date
    declaration: Declaration | None
    seen: Sequence[Seen]
    findings: Sequence[Finding]
    day_salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The lane and the ids of the rules that fired, strictest first."""

    lane: Lane
    reasons: tuple[str, ...]


def assess(facts: Facts, rules: Sequence[Rule]) -> Assessment:
    """Set the lane by the rules in force on the day of arrival; green where none fires."""
    fired = [rule for rule in rules if rule.is_in_force(facts.arrived_on) and _TESTS[rule.test](rule.argument, facts)]
    fired.sort(key=lambda rule: -STRICTNESS.index(rule.lane))
    return Assessment(fired[0].lane if fired else Lane.GREEN, tuple(rule.id for rule in fired))


def parse_rules(table: str) -> list[Rule]:
    """Rules from CSV text with the columns of `Rule` (title_en and title_zh for the title).

    Raises:
        RulesError: a column is missing or a value is not understood.
    """
    rules: list[Rule] = []
    for line, row in enumerate(csv.DictReader(io.StringIO(table)), start=2):
        try:
            rule = _parse_rule(row)
        except (KeyError, ValueError, TypeError) as error:
            raise _refuse(f"Line {line} of the rules: {error}. Correct it and load again.") from error
        if any(rule.id == other.id for other in rules):
            raise _refuse(f"Line {line} of the rules: the id {rule.id!r} is used twice.")
        rules.append(rule)
    return rules


def _refuse(detail: str) -> RulesError:
    return RulesError(detail, detail=detail)


def _parse_rule(row: dict[str, str]) -> Rule:
    test = Test(row["test"])
    if test in _NUMERIC:
        int(row["argument"])
    return Rule(
        id=row["id"],
        title=Term(row["title_en"], row["title_zh"]),
        test=test,
        argument=row["argument"],
        lane=Lane(row["lane"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        source=row["source"],
    )


def is_randomly_selected(number: str, permille: int, day_salt: bytes) -> bool:
    """Whether a parcel falls into the random share: a keyed hash, so that a replay selects the same parcels."""
    digest = hmac.new(day_salt, number.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) % 1000 < permille


def _has_seen(argument: str, facts: Facts) -> bool:
    """`argument` is "label:level", either may be "*"."""
    label, _, level = argument.partition(":")
    return any(label in ("*", seen.label) and level in ("*", seen.level) for seen in facts.seen)


def _has_hs_prefix(argument: str, facts: Facts) -> bool:
    goods = facts.declaration.goods if facts.declaration else ()
    return any(line.hs_code.startswith(prefix) for line in goods for prefix in argument.split())


def _exceeds(argument: str, amount: int | None) -> bool:
    return amount is not None and amount > int(argument)


_NUMERIC = (Test.VALUE_OVER, Test.WEIGHT_OVER_G, Test.RANDOM_PERMILLE)
_TESTS: dict[Test, Callable[[str, Facts], bool]] = {
    Test.SEEN: _has_seen,
    Test.FINDING: lambda argument, facts: any(finding.kind == argument for finding in facts.findings),
    Test.HS_PREFIX: _has_hs_prefix,
    Test.ORIGIN: lambda argument, facts: bool(facts.declaration and facts.declaration.origin in argument.split()),
    Test.VALUE_OVER: lambda argument, facts: (
        facts.declaration is not None
        and _exceeds(argument, facts.declaration.value and facts.declaration.value // 100_000)
    ),
    Test.WEIGHT_OVER_G: lambda argument, facts: (
        facts.declaration is not None and _exceeds(argument, facts.declaration.gross_weight_g)
    ),
    Test.RANDOM_PERMILLE: lambda argument, facts: is_randomly_selected(facts.number, int(argument), facts.day_salt),
}
