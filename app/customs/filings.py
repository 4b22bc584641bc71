"""Filings (备案): enterprises and goods on record, lists, listed prices; what they say of a declaration on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from app.customs.parcel import Declaration


class Book(StrEnum):
    """What is filed, one book a kind: its keys are registration codes, record numbers, or commodity codes."""

    ENTERPRISE = "enterprise"
    GOODS = "goods"
    WHITELIST = "whitelist"
    BLACKLIST = "blacklist"
    NEGATIVE = "negative"
    POSITIVE = "positive"
    PRICE = "price"


class Standing(StrEnum):
    """Where a filing is in its life (备案状态): in force (有效), suspended (暂停), cancelled (注销)."""

    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


class Credit(StrEnum):
    """Credit class of an enterprise (企业信用等级): advanced certified, ordinary, dishonest."""

    ADVANCED = "advanced"
    ORDINARY = "ordinary"
    DISHONEST = "dishonest"


FIELDS: Mapping[Book, tuple[str, ...]] = {
    Book.ENTERPRISE: ("credit", "kind", "address", "note"),
    Book.GOODS: ("enterprise", "hs_code", "model", "unit", "origin", "bar_code", "note"),
    Book.WHITELIST: ("reason", "note"),
    Book.BLACKLIST: ("reason", "note"),
    Book.NEGATIVE: ("reason", "note"),
    Book.POSITIVE: ("note",),
    Book.PRICE: ("price", "unit", "note"),
}
"""What a filing of each book says beside key, name, standing and dates."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One version of a filing, in force on the days from `valid_from` to `valid_to`, both included.

    The newest version that has begun counts; a suspended or cancelled one is the newest and says so.
    """

    book: Book
    key: str
    name: str = ""
    standing: Standing = Standing.IN_FORCE
    valid_from: date = date.min
    valid_to: date | None = None
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Underpriced:
    """A line that is declared below its listed price; both are in 1e-5 units of the currency for one unit."""

    line: int
    declared: int
    listed: int


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """What the filings say of a declaration on a day; lines are numbered from 1.

    `standing` and `credit` are the declaring enterprise's, None where it is not on record. `lists` are the books that
    name it or its goods. `negative_lines` are on the negative list; `unlisted_lines` are not on the positive list,
    where the post has one.
    """

    enterprise: str = ""
    standing: Standing | None = None
    credit: Credit | None = None
    lists: frozenset[Book] = frozenset()
    negative_lines: tuple[int, ...] = ()
    unlisted_lines: tuple[int, ...] = ()
    underpriced: tuple[Underpriced, ...] = ()


class KnowsFilings(Protocol):
    """Whoever can say what the filings hold; the rules ask it."""

    def facts_of(self, declaration: Declaration, day: date) -> FilingFacts: ...


def code_prefixes(code: str) -> tuple[str, ...]:
    """The commodity codes under which goods may be listed: chapter, heading, subheading, line, the whole."""
    return tuple(dict.fromkeys(code[:length] for length in (2, 4, 6, 8, 10) if len(code) >= length))
