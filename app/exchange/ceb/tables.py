"""The table of messages, as Python sees it: which fields a message has, of which type, how often, in which order."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from app.exchange.ceb.codes import allowed, check_of

NAMESPACE: Final = "http://www.chinaport.gov.cn/ceb"
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
ENDLESS = 1 << 30
"""How often or how long, where the schema sets no end."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: its tag and its type, as the table writes it.

    `letter` is the type's first letter; `low` and `high` bound the length of a text, or the digits of an integer.
    `codes` are the values that are right, where only some are; `is_right` says whether a value is, None where any is.
    `when_empty` is the value of an empty field; `is_fixed` says that the schema allows no other.
    """

    tag: str
    form: str
    letter: str
    low: int
    high: int
    is_optional: bool
    codes: frozenset[str] | None = None
    is_right: Callable[[str], object] | None = None
    when_empty: str = ""
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """An element that holds fields, and how often it may stand where it stands."""

    tag: str
    low: int
    high: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """A kind of message. A record holds its fields itself where `head` is empty, else a head and perhaps lines."""

    type: str
    en: str
    zh: str
    answer: str
    record: Group
    head: str
    line: Group | None
    tail: tuple[Group, ...]


def spec(kind: str) -> Spec:
    """The table of a message such as "CEB621". Raises KeyError where there is none."""
    return specs()[kind]


@cache
def specs() -> dict[str, Spec]:
    """All kinds of messages by name."""
    text = (resources.files("app.exchange.ceb") / "messages.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {kind: _spec(kind, entry, table) for kind, entry in table.items() if kind.startswith("CEB")}


def _spec(kind: str, entry: dict[str, Any], table: dict[str, Any]) -> Spec:
    fields = tuple(_field(kind, text) for text in _split(entry["fields"]))
    lines = tuple(_field(kind, text) for text in _split(entry.get("line", "")))
    side = entry.get("tail", "")
    groups: dict[str, str] = table["group"]
    tail = []
    for text in _split(table["tail"][side]) if side else ():
        tag, low, high = _occurrence(text)
        inside = groups.get(f"{side} {tag}", groups.get(tag, ""))
        tail.append(Group(tag, low, high, tuple(_field("", each) for each in _split(inside))))
    return Spec(
        type=kind,
        en=entry["en"],
        zh=entry["zh"],
        answer=entry.get("answer", ""),
        record=Group(*_occurrence(entry["record"]), fields),
        head=entry.get("head", ""),
        line=Group(*_occurrence(entry["list"]), lines) if lines else None,
        tail=tuple(tail),
    )


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _occurrence(text: str) -> tuple[str, int, int]:
    tag, _, span = text.partition(" ")
    low, _, high = span.partition("..")
    return tag, int(low), int(high or ENDLESS)


_TYPE = re.compile(
    r"(?P<letter>[CWTDNIX])(?:(?P<low>\d*)(?P<dots>\.\.)(?P<high>\d*)|(?P<exact>\d*)(?:,5)?)"
    r"(?P<opt>\??)(?P<value>[=~]\w+)?",
    re.ASCII,
)


def _field(kind: str, text: str) -> Field:
    tag, _, form = text.partition(" ")
    match = _TYPE.fullmatch(form)
    if match is None:
        raise ValueError(f"{kind}: {text!r} is no field of the table.")
    letter = match["letter"]
    if match["dots"]:
        low, high = int(match["low"] or 0), int(match["high"] or ENDLESS)
    else:
        high = int(match["exact"] or ENDLESS)
        low = 0 if letter in "NIX" else high
    value = (match["value"] or "")[1:]
    is_fixed = bool(value) and form.endswith(f"={value}")
    codes = frozenset({value}) if is_fixed else allowed(kind, tag)
    is_right = check_of(tag, letter, high) if codes is None else codes.__contains__
    form = form.partition("~")[0].rstrip("?")
    return Field(tag, form, letter, low, high, bool(match["opt"]), codes, is_right, value, is_fixed)
