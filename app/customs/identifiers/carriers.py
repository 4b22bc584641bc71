"""Carriers' waybill shapes: hints only, no authority publishes them, and several carriers share some."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.customs.identifiers.candidate import Candidate, Fact, IdentifierKind

_SHAPES = (
    ("sf", re.compile(r"SF[0-9]{12,15}"), 0.8),
    ("jd", re.compile(r"JD[A-Z0-9]{10,}"), 0.7),
    ("yto", re.compile(r"YT[0-9]{10,20}"), 0.8),
    ("zto", re.compile(r"7[3-68][0-9]{12}"), 0.4),
    ("cainiao", re.compile(r"621[0-9]{12}"), 0.6),
    ("china_post", re.compile(r"[19][0-9]{12}"), 0.3),
    ("yunda", re.compile(r"[0-9]{13}"), 0.2),
    ("sf", re.compile(r"[0-9]{12}"), 0.2),
    ("yto", re.compile(r"88[0-9A-Z_]{16}"), 0.3),
    ("yto", re.compile(r"(?=.*[0-9])(?=.*[A-Z])[A-Z0-9]{10,12}"), 0.1),
)
MAX_WAYBILL = 60
"""A waybill number has at most 60 characters (CEB 202205, import)."""


def parse_carriers(text: str) -> Iterator[Candidate]:
    """Every carrier whose waybills look like this text."""
    if len(text) > MAX_WAYBILL:
        return
    for carrier, shape, confidence in _SHAPES:
        if shape.fullmatch(text):
            parts = {"carrier": carrier}
            yield Candidate(IdentifierKind.CARRIER, text, True, confidence, parts, facts=(Fact.HINT_ONLY,))
