"""Makes of a condition a function of the facts. Nothing of it is ever given to Python to evaluate."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from app.customs.risk.condition import (
    All,
    Compare,
    Count,
    Known,
    Match,
    Node,
    Not,
    Number,
    Past,
    Random,
    Read,
    Reckon,
    Some,
    Text,
    Texts,
)
from app.customs.risk.facts import Facts, draw
from app.customs.risk.vocabulary import COLLECTIONS, UNITS, Scope

Test = Callable[[Facts], bool]
_Step = Callable[[Facts, Any], Any]
"""Takes the facts, and inside any, every and count the line of goods or detection that is looked at."""

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "≠": operator.ne, "<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip


def build(condition: Node, rule_id: str) -> Test:
    """The test of a condition; `rule_id` goes into its random draw, so that no two rules draw the same parcels.

    A comparison with what is not known does not hold, whatever its sign.
    """
    step = _build(condition, rule_id)
    return lambda facts: step(facts, None)


def _build(node: Node, rule_id: str) -> _Step:
    match node:
        case All(parts, is_any):
            return _joined([_build(part, rule_id) for part in parts], is_any=is_any)
        case Not(part):
            inner = _build(part, rule_id)
            return lambda facts, item: not inner(facts, item)
        case Compare():
            return _compare(node, rule_id)
        case Match():
            return _match(node, rule_id)
        case Known(value, is_known):
            read = _build(value, rule_id)
            return lambda facts, item: (read(facts, item) is not None) == is_known
        case Some(scope, is_every, condition):
            return _some(scope, _build(condition, rule_id), is_every=is_every)
        case Random(share):
            limit = _amount(share)
            return lambda facts, _: draw(facts.day_key, rule_id, facts.number) < limit
        case _:
            return _value(node, rule_id)


def _joined(steps: list[_Step], *, is_any: bool) -> _Step:
    if len(steps) == 2:
        first, second = steps
        if is_any:
            return lambda facts, item: first(facts, item) or second(facts, item)
        return lambda facts, item: first(facts, item) and second(facts, item)

    def join(facts: Facts, item: Any) -> bool:
        # The first that says is_any decides.
        for step in steps:
            if bool(step(facts, item)) is is_any:
                return is_any
        return not is_any

    return join


def _compare(node: Compare, rule_id: str) -> _Step:
    act = _SIGNS[node.sign]
    read, other = _build(node.left, rule_id), _build(node.right, rule_id)
    if isinstance(node.left, Read) and node.left.field.is_ordered:
        rank = {choice: place for place, choice in enumerate(node.left.field.choices)}

        def compare_ranks(facts: Facts, item: Any) -> bool:
            left, right = rank.get(read(facts, item)), rank.get(other(facts, item))
            return left is not None and right is not None and bool(act(left, right))

        return compare_ranks
    if isinstance(node.right, Number | Text):
        value = other(None, None)  # type: ignore[arg-type]

        def compare_with(facts: Facts, item: Any) -> bool:
            left = read(facts, item)
            return left is not None and bool(act(left, value))

        return compare_with

    def compare(facts: Facts, item: Any) -> bool:
        left, right = read(facts, item), other(facts, item)
        return left is not None and right is not None and bool(act(left, right))

    return compare


def _match(node: Match, rule_id: str) -> _Step:
    read = _build(node.left, rule_id)
    texts = tuple(text.value for text in node.right.items)
    chosen = frozenset(texts)
    match node.how:
        case "in":
            return lambda facts, item: read(facts, item) in chosen
        case "not_in":
            return lambda facts, item: (found := read(facts, item)) is not None and found not in chosen
        case "starts":
            return lambda facts, item: (found := read(facts, item)) is not None and found.startswith(texts)
        case _:
            # A text holds another, a set one of its members.
            return lambda facts, item: (found := read(facts, item)) is not None and any(t in found for t in texts)


def _some(scope: Scope, inner: _Step, *, is_every: bool) -> _Step:
    every = COLLECTIONS[scope][1]
    if is_every:

        def hold_all(facts: Facts, _: Any) -> bool:
            items = every(facts)
            return bool(items) and all(inner(facts, item) for item in items)

        return hold_all
    return lambda facts, _: any(inner(facts, item) for item in every(facts))


def _value(node: Node, rule_id: str) -> _Step:
    match node:
        case Number():
            amount = _amount(node)
            return lambda *_: amount
        case Text(value):
            return lambda *_: value
        case Read(field):
            read = field.read
            if field.scope is Scope.PARCEL:
                return lambda facts, _: read(facts)
            return lambda _, item: read(item)
        case Reckon(sign, left, right):
            return _reckon(sign, _build(left, rule_id), _build(right, rule_id))
        case Count(scope, None):
            counted = COLLECTIONS[scope][1]
            return lambda facts, _: len(counted(facts))
        case Count(scope, condition) if condition is not None:
            every, inner = COLLECTIONS[scope][1], _build(condition, rule_id)
            return lambda facts, _: sum(1 for item in every(facts) if inner(facts, item))
        case Past():
            return _past(node)
        case Texts():
            raise AssertionError("a list stands only behind in, starts_with and contains")
    raise AssertionError(node)


def _reckon(sign: str, left: _Step, right: _Step) -> _Step:
    act = _SIGNS[sign]

    def reckon(facts: Facts, item: Any) -> float | None:
        one, two = left(facts, item), right(facts, item)
        if one is None or two is None or (sign == "/" and not two):
            return None
        return float(act(one, two))

    return reckon


def _past(node: Past) -> _Step:
    def look_back(facts: Facts, _: Any) -> int | None:
        if facts.history is None:
            return None
        before = facts.arrived_at or datetime.combine(facts.arrived_on, time(), UTC)
        ask = facts.history.hits if node.is_hits else facts.history.arrivals
        keys = facts.key_of(node.party)
        return max((ask(node.party, key, node.days, before) for key in keys), default=None)

    return look_back


def _amount(number: Number) -> float:
    factor = UNITS[number.unit].factor if number.unit else 1
    # 500 g must be exactly what 0.5 kg is.
    return round(float(number.written) * factor, 12)
