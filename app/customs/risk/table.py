"""Rules as a file: TOML that a post keeps and exchanges, and the CSV table of the first version."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from app.customs.parcel import Lane
from app.customs.risk.errors import RulesError, RuleTextError
from app.customs.risk.rule import Rule, make_rule
from app.customs.states import Term

MAX_RULES = 5_000
_KEYS = frozenset(
    {"id", "name", "when", "lane", "from", "to", "reason", "precedence", "expected", "floor", "delay_min"}
)


def parse_rules(table: str) -> list[Rule]:
    """Rules from TOML with a table [[rule]] for each, or from the CSV table of the first version.

    Raises:
        RulesError: it is neither, or a value is not understood; the message names line or rule.
    """
    rules = _parse_csv(table) if table.lstrip().lower().startswith("id,") else _parse_toml(table)
    seen = set[str]()
    for rule in rules:
        if rule.id in seen:
            raise _refuse(f"The id {rule.id!r} is used twice.")
        seen.add(rule.id)
    return rules


def write_rules(rules: Iterable[Rule], language: str = "en") -> str:
    """Rules as TOML that `parse_rules` reads."""
    return "\n".join(_entry(rule, language) for rule in rules)


def to_json(rule: Rule) -> dict[str, Any]:
    """A rule as the store keeps it; the version stands beside it."""
    return {
        "name": {"en": rule.title.en, "zh": rule.title.zh},
        "when": rule.text("en"),
        "lane": rule.lane.value,
        "from": rule.valid_from.isoformat(),
        "to": rule.valid_to and rule.valid_to.isoformat(),
        "reason": rule.reason,
        "precedence": rule.precedence,
        "expected": rule.expected,
        "floor": rule.floor,
        "delay_min": rule.delay_min,
    }


def from_json(id: str, version: int, said: dict[str, Any]) -> Rule:
    """Raises RulesError, RuleTextError where it is no rule."""
    return _rule({"id": id, **{name: value for name, value in said.items() if value is not None}}, version)


def _parse_toml(table: str) -> list[Rule]:
    try:
        entries = tomllib.loads(table).get("rule", [])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refuse(f"The rules are not valid TOML: {error}.") from error
    if not isinstance(entries, list) or len(entries) > MAX_RULES or not all(isinstance(each, dict) for each in entries):
        raise _refuse(f"The rules are no list of up to {MAX_RULES} tables [[rule]].")
    return [_named(f"Rule {place}", _rule, entry) for place, entry in enumerate(entries, 1)]


def _named(where: str, make: Callable[[dict[str, Any]], Rule], entry: dict[str, Any]) -> Rule:
    """Make a rule of an entry; what is wrong with it is told with the place in the file."""
    try:
        return make(entry)
    except RuleTextError as error:
        raise _refuse(f"{where}, character {error.at + 1} of the condition: {error}") from error
    except RulesError as error:
        raise _refuse(f"{where}: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _refuse(f"{where} of the rules: {error}. Correct it and load again.") from error


def _rule(entry: dict[str, Any], version: int = 1) -> Rule:
    if strange := set(entry) - _KEYS:
        raise ValueError(f"{', '.join(sorted(strange))} is nothing that a rule has")
    return make_rule(
        str(entry["id"]),
        Term(entry["name"]["en"], entry["name"]["zh"]),
        entry["when"],
        Lane(entry["lane"]),
        _day(entry["from"]),
        valid_to=_day(entry["to"]) if "to" in entry else None,
        reason=str(entry.get("reason", "")),
        precedence=int(entry.get("precedence", 0)),
        expected=float(entry["expected"]) if "expected" in entry else None,
        floor=float(entry.get("floor", 0)),
        delay_min=int(entry.get("delay_min", 0)),
        version=version,
    )


def _day(said: object) -> date:
    if isinstance(said, date) and not isinstance(said, datetime):
        return said
    return date.fromisoformat(str(said))


def _entry(rule: Rule, language: str) -> str:
    lines = ["[[rule]]"]
    for name, value in {"id": rule.id, **to_json(rule), "when": rule.text(language)}.items():
        if name in ("from", "to"):
            lines += [f"{name} = {value}"] if value else []
        elif name == "name":
            lines.append(f"name = {{ en = {_quoted(rule.title.en)}, zh = {_quoted(rule.title.zh)} }}")
        elif isinstance(value, str):
            lines += [f"{name} = {_quoted(value)}"] if value else []
        elif value:
            lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return f"'{value}'" if '"' in value and "'" not in value else json.dumps(value, ensure_ascii=False)


# The table of the first version: one test and its argument a line.


def _parse_csv(table: str) -> list[Rule]:
    rows = enumerate(csv.DictReader(io.StringIO(table)), start=2)
    return [_named(f"Line {line}", _old_rule, row) for line, row in rows]


def _old_rule(row: dict[str, str]) -> Rule:
    return make_rule(
        row["id"],
        Term(row["title_en"], row["title_zh"]),
        _OLD[row["test"]](row["argument"]),
        Lane(row["lane"]),
        date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        reason=row["source"],
    )


def _old_seen(argument: str) -> str:
    label, _, level = argument.partition(":")
    tests = [f'{name} = "{value}"' for name, value in (("class", label), ("level", level)) if value not in ("*", "")]
    return f"any detection ({' and '.join(tests)})" if tests else "count detections > 0"


def _listed(argument: str) -> str:
    return "(" + ", ".join(f'"{each}"' for each in argument.split()) + ")"


_OLD: dict[str, Callable[[str], str]] = {
    "seen": _old_seen,
    "finding": lambda argument: f"findings contains {argument}",
    "hs_prefix": lambda argument: f"any goods (hs starts_with {_listed(argument)})",
    "origin": lambda argument: f"origin in {_listed(argument)}",
    "value_over": lambda argument: f"value > {int(argument)} CNY",
    "weight_over_g": lambda argument: f"weight > {int(argument)} g",
    "random_permille": lambda argument: f"random {int(argument) / 10:g}%",
}


def _refuse(detail: str) -> RulesError:
    return RulesError(detail, detail=detail)
