"""The tree of a condition: one meaning, written in English or in Chinese."""

from __future__ import annotations

from dataclasses import dataclass

from app.customs.risk.facts import Party
from app.customs.risk.vocabulary import UNITS, Field, Kind, Measure, Scope


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, with its unit; the unit's id is empty where it has none."""

    written: str
    unit: str = ""

    kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, or the word of a choice by its id."""

    value: str
    field: Field | None = None
    """The field whose choice it is."""

    kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, for `in`, `starts_with` and `contains`."""

    items: tuple[Text, ...]

    kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a field."""

    field: Field

    @property
    def kind(self) -> Kind:
        return self.field.kind


@dataclass(frozen=True, slots=True)
class Past:
    """How many parcels of a party arrived in the last days, or in how many of them something was found."""

    is_hits: bool
    party: Party
    days: int

    kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Count:
    """How many lines of goods or detections fulfil a condition; all where there is none."""

    scope: Scope
    condition: Node | None

    kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Reckon:
    """Two numbers added, subtracted, multiplied or divided."""

    sign: str
    left: Node
    right: Node

    kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared by = ≠ < ≤ > ≥."""

    sign: str
    left: Node
    right: Node

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class Match:
    """A text held against texts: `how` is in, not_in, starts or contains."""

    how: str
    left: Node
    right: Texts

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a value is known, or unknown."""

    value: Node
    is_known: bool

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class Some:
    """Whether any line of goods or detection fulfils a condition, or every one of at least one."""

    scope: Scope
    is_every: bool
    condition: Node

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class Random:
    """Whether the parcel falls into the random share, by the key of its day."""

    share: Number

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class Not:
    part: Node

    kind = Kind.YES_NO


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; `is_any`: one of them is enough."""

    parts: tuple[Node, ...]
    is_any: bool

    kind = Kind.YES_NO


Node = Number | Text | Texts | Read | Past | Count | Reckon | Compare | Match | Known | Some | Random | Not | All


def measure_of(node: Node) -> Measure:
    """What a number measures; a bare number, and what is multiplied, may stand for anything."""
    match node:
        case Number(unit=unit) if unit:
            return UNITS[unit].measure
        case Read(field=field):
            return field.measure
        case Reckon(sign=sign, left=left, right=right):
            measures = [measure for measure in (measure_of(left), measure_of(right)) if measure is not Measure.PLAIN]
            if len(measures) == 1 and not (sign == "/" and measure_of(left) is Measure.PLAIN):
                return measures[0]
            return measures[0] if sign in "+-" and measures else Measure.PLAIN
        case _:
            return Measure.PLAIN


def is_random(node: Node) -> bool:
    """Whether chance has a part in a condition."""
    match node:
        case Random():
            return True
        case Not(part=part):
            return is_random(part)
        case All(parts=parts):
            return any(is_random(part) for part in parts)
        case _:
            return False
