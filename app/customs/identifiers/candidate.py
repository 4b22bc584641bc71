"""The record of one thing that a text may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IdentifierKind(StrEnum):
    """Kinds of numbers (编号种类); the officer's names are the texts `identifier.kind.<value>`."""

    S10 = "s10"
    S9 = "s9"
    SSCC = "sscc"
    GTIN = "gtin"
    GS1 = "gs1"
    DIGITAL_LINK = "digital_link"
    CONTAINER = "container"
    AWB = "awb"
    INVT_NO = "invt_no"
    PRE_NO = "pre_no"
    USCC = "uscc"
    RESIDENT_ID = "resident_id"
    BAGGAGE = "baggage"
    CARRIER = "carrier"
    TRACE_ID = "trace_id"
    TRACE_CODE = "trace_code"


class Remark(StrEnum):
    """What is wrong with a number whose kind is known; the texts are `identifier.finding.<value>`."""

    CHECK_DIGIT = "check_digit"
    MISREAD_LETTER = "misread_letter"
    LENGTH = "length"
    DATE = "date"
    COUNTRY = "country"
    ELEMENTS = "elements"


class Fact(StrEnum):
    """What an officer should know about a number that is in order; the texts are `identifier.fact.<value>`."""

    REUSED_AFTER_12_MONTHS = "reused_after_12_months"
    SIGNATURE_UNCHECKED = "signature_unchecked"
    PERSONAL = "personal"
    HINT_ONLY = "hint_only"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a text, `confidence` from 0 to 1.

    `is_valid` says that the number's own checks hold, nothing about whether it was ever issued. `normalised` is the
    form to store and compare. `corrections` are the numbers that one slip (a digit, a swap of two neighbours) could
    have turned into this one, likeliest first; they are offered, never applied.
    """

    kind: IdentifierKind
    normalised: str
    is_valid: bool
    confidence: float
    parts: Mapping[str, str] = field(default_factory=dict)
    finding: Remark | None = None
    corrections: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def correction(self) -> str:
        """The likeliest correction, empty where there is none."""
        return self.corrections[0] if self.corrections else ""
