"""Reads an element that holds fields, and names what is wrong with it.

Messages of one sender have the same tags in the same order again and again. What follows from the tags alone is
found once for each such sequence and kept as a plan; of one that comes often an expression is made, by which an element
whose values look as usual is read from its text at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from app.exchange.ceb.message import Fault, FaultKind
from app.exchange.ceb.tables import ENDLESS, INT_MAX, INT_MIN, NAMESPACE, Field

MOST_FAULTS = 500
"""Of one message; a hostile one has as many as it has letters."""

_SHOWN = 60
_PLANS = 1024
_OFTEN = 100
"""Uses of a sequence of tags from which on an expression for it pays."""
_PREFIXES, _EXPRESSIONS = 16, 8
"""Most that are kept: prefixes of the messages' namespace, and expressions for each."""
_PREFIX = f"{{{NAMESPACE}}}"
_DECIMAL = re.compile(r"[+-]?(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))", re.ASCII).fullmatch
_INTEGER = re.compile(r"[+-]?0*([0-9]+)", re.ASCII).fullmatch
_SPACE = re.compile(r"[ \t\r\n]+")
_QUICK = {"N": r"[0-9]{1,14}(?:\.[0-9]{1,5})?", "I": r"[0-9]{1,4}"}
"""Expressions of numbers in the form that nearly all have, by the letter of their type."""
_PLAIN = {letter: re.compile(pattern).fullmatch for letter, pattern in _QUICK.items()}


class Faults(list[Fault]):
    """The faults of one message, no more than MOST_FAULTS of them."""

    def put(self, kind: FaultKind, path: str, value: str = "", expected: str = "") -> None:
        if len(self) < MOST_FAULTS:
            self.append(Fault(kind, path, value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…", expected))
        elif len(self) == MOST_FAULTS:
            self.append(Fault(FaultKind.MORE_FAULTS, ""))


_Check = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Step:
    """How one tag of a sequence is read: its field, a quick look at a number, and what its value looks like usually."""

    field: Field
    is_plain: _Check | None
    usual: str
    may_be_empty: bool = False

    def expression(self, before: str) -> str:
        """Of the element with its value as a group; `before` goes before its name."""
        name = f"{before}{self.field.tag}"
        full = f"<{name}>({self.usual})</{name}>"
        return f"(?:{full}|<{name}/>)" if self.may_be_empty else full


class _Plan:
    """What a sequence of tags means: for each a step, None where it is unknown or repeated."""

    __slots__ = ("checks", "expression", "faults", "steps", "tags", "uses")

    def __init__(self, steps: Sequence[_Step | None], faults: Sequence[Fault]) -> None:
        known = [(place, step.field) for place, step in enumerate(steps) if step is not None]
        self.steps, self.faults = steps, faults
        self.tags = [field.tag for _, field in known]
        self.checks = [(place, field.is_right, field) for place, field in known if field.is_right is not None]
        self.uses = 0
        self.expression: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """An element of which every value looks as usual: what is left to check, its values, and where its text ends."""

    plan: _Plan
    texts: tuple[str | Any, ...]
    end: int

    def read(self, faults: Faults, path: str) -> dict[str, str]:
        """The values of the element's fields by tag, and its faults: those of its tags, and wrong codes and shapes."""
        plan, texts = self.plan, self.texts
        _put_all(plan.faults, faults, path)
        for place, is_right, field in plan.checks:
            text = texts[place]
            if text is not None and not is_right(text):
                _put_wrong(field, text, faults, path)
        if None not in texts:
            return dict(zip(plan.tags, texts, strict=True))
        return {tag: text for tag, text in zip(plan.tags, texts, strict=True) if text is not None}


class Reader:
    """Reads elements that hold given fields. `names_empty` makes a fault of a needed field that is empty."""

    def __init__(self, fields: Sequence[Field], *, names_empty: bool) -> None:
        self._fields = {f"{_PREFIX}{field.tag}": (place, field) for place, field in enumerate(fields)}
        self._needed = tuple(field.tag for field in fields if not field.is_optional)
        self._names_empty = names_empty
        self._plans: dict[tuple[str | None, tuple[str, ...]], _Plan] = {}
        self._usual: dict[str | None, list[_Plan]] = {}

    def is_learned(self, prefix: str | None) -> bool:
        """Whether there is anything that `match` could find."""
        return prefix in self._usual

    def match(self, text: str, start: int, prefix: str | None) -> Usual | None:
        """The element that begins there in an XML text, None unless all in it is usual.

        `prefix` is that of the messages' namespace. An element without attributes whose prefix it is belongs to them.
        """
        for plan in self._usual.get(prefix, ()):
            if plan.expression is not None and (found := plan.expression.match(text, start)):
                return Usual(plan, found.groups(), found.end())
        return None

    def read(self, element: etree._Element, faults: Faults, path: str) -> dict[str, str]:
        """The values of the element's fields by tag; those that are absent or empty are left out."""
        children = list(element)
        prefix, tags = element.prefix, tuple([child.tag for child in children])
        plan = self._plans.get((prefix, tags)) or self._plan(prefix, tags)
        plan.uses += 1
        if plan.uses % _OFTEN == 0 and children and None not in plan.steps:
            self._learn(plan, prefix, local_name(element.tag))
        _put_all(plan.faults, faults, path)
        return self._read_each(plan, [child.text or "" for child in children], faults, path)

    def _learn(self, plan: _Plan, prefix: str | None, name: str) -> None:
        """Make an expression of an element whose tags came often; the last few are kept."""
        if len(self._usual) >= _PREFIXES:
            self._usual.clear()
        known = self._usual.setdefault(prefix, [])
        if plan in known:
            return
        before = f"{prefix}:" if prefix else ""
        fields = "".join([step.expression(before) for step in plan.steps if step is not None])
        plan.expression = re.compile(f"<{before}{name}>{fields}</{before}{name}>")
        known.insert(0, plan)
        del known[_EXPRESSIONS:]

    def _read_each(self, plan: _Plan, texts: Sequence[str], faults: Faults, path: str) -> dict[str, str]:
        """The same where something is unusual: each value is looked at alone."""
        values: dict[str, str] = {}
        for step, text in zip(plan.steps, texts, strict=True):
            if step is None:
                continue
            field = step.field
            if step.is_plain is None:
                if not field.low <= len(text) <= field.high or text.strip() != text:
                    text = _odd_text(field, text, faults, path)  # noqa: PLW2901  as it is kept
            elif not step.is_plain(text):
                text = _odd_number(field, text, faults, path)  # noqa: PLW2901
            if text:
                values[field.tag] = text
                if field.is_right is not None and not field.is_right(text):
                    _put_wrong(field, text, faults, path)
            elif self._is_empty_named(field):
                faults.put(FaultKind.EMPTY, f"{path}/{field.tag}")
        return values

    def _is_empty_named(self, field: Field) -> bool:
        """Whether a field that the schema lets be empty is a fault where it is."""
        return self._names_empty and not field.is_optional and field.low == 0 and field.letter not in _QUICK

    def _plan(self, prefix: str | None, tags: tuple[str, ...]) -> _Plan:
        steps: list[_Step | None] = []
        faults = Faults()
        seen: set[str] = set()
        last = -1
        for tag in tags:
            place, field = self._fields.get(tag, (-1, None))
            if field is None:
                faults.put(FaultKind.UNKNOWN_TAG, local_name(tag))
            elif field.tag in seen:
                faults.put(FaultKind.REPEATED, field.tag)
                field = None
            else:
                seen.add(field.tag)
                if place < last:
                    faults.put(FaultKind.WRONG_ORDER, field.tag)
                last = max(last, place)
            steps.append(None if field is None else self._step(field))
        for tag in self._needed:
            if tag not in seen:
                faults.put(FaultKind.MISSING, tag)
        plan = _Plan(steps, faults)
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        self._plans[prefix, tags] = plan
        return plan

    def _step(self, field: Field) -> _Step:
        if field.letter in _QUICK:
            return _Step(field, _PLAIN[field.letter], _QUICK[field.letter])
        high = "" if field.high == ENDLESS else field.high
        usual = rf"(?!\s)[^<&]{{{max(field.low, 1)},{high}}}+(?<!\s)"
        may_be_empty = field.low == 0 and not field.when_empty and not self._is_empty_named(field)
        return _Step(field, None, usual, may_be_empty)


def _put_all(found: Sequence[Fault], faults: Faults, path: str) -> None:
    for fault in found:
        faults.put(fault.kind, f"{path}/{fault.path}", fault.value, fault.expected)


def local_name(tag: str) -> str:
    """A tag for people: without the namespace of the messages, with any other."""
    return tag.removeprefix(_PREFIX)


def _odd_text(field: Field, text: str, faults: Faults, path: str) -> str:
    """A text that is too short, too long, or has space around it; the schema counts that space."""
    if not text and field.when_empty:
        return field.when_empty
    if field.letter == "W":
        text = _SPACE.sub(" ", text).strip(" ")
    if len(text) < field.low:
        faults.put(FaultKind.TOO_SHORT, f"{path}/{field.tag}", text, field.form)
    elif len(text) > field.high:
        faults.put(FaultKind.TOO_LONG, f"{path}/{field.tag}", text, field.form)
    elif field.is_fixed and not text.strip():
        _put_wrong(field, text, faults, path)
    return text.strip()


def _odd_number(field: Field, text: str, faults: Faults, path: str) -> str:
    """A number in an unusual form, or none."""
    if not text and field.when_empty:
        return field.when_empty
    text = text.strip(" \t\r\n")
    where = f"{path}/{field.tag}"
    if field.letter == "I":
        _check_integer(field, text, faults, where)
    elif match := _DECIMAL(text):
        whole, after, only = match.groups()
        digits, decimals = (whole or "").lstrip("0"), (after or only or "").rstrip("0")
        if len(digits) + len(decimals) > 19 or len(decimals) > 5:
            faults.put(FaultKind.TOO_MANY_DIGITS, where, text, field.form)
        if text.startswith("-") and (digits or decimals):
            faults.put(FaultKind.NEGATIVE, where, text)
    else:
        faults.put(FaultKind.NOT_DECIMAL, where, text, field.form)
    return text


def _check_integer(field: Field, text: str, faults: Faults, where: str) -> None:
    match = _INTEGER(text)
    # Python refuses to convert thousands of digits, and none is right here.
    if match is None or len(match[1]) > 10 or not INT_MIN <= int(text) <= INT_MAX:
        faults.put(FaultKind.NOT_INTEGER, where, text, field.form)
    elif len(match[1]) > field.high:
        faults.put(FaultKind.TOO_MANY_DIGITS, where, text, field.form)


def _put_wrong(field: Field, text: str, faults: Faults, path: str) -> None:
    if field.codes is None:
        faults.put(FaultKind.WRONG_SHAPE, f"{path}/{field.tag}", text, field.form)
    elif field.is_fixed:
        faults.put(FaultKind.WRONG_FIXED, f"{path}/{field.tag}", text, field.when_empty)
    else:
        faults.put(FaultKind.WRONG_CODE, f"{path}/{field.tag}", text, " ".join(sorted(field.codes)))
