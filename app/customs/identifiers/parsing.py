"""The order in which a text is tried, and what is refused before that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from app.customs.identifiers.candidate import Candidate
from app.customs.identifiers.carriers import parse_carriers
from app.customs.identifiers.gs1 import GROUP_SEPARATOR, parse_bare, parse_elements, parse_link
from app.customs.identifiers.numbers import RECOGNISERS, parse_trace_code

MAX_TEXT = 4096
"""A QR code holds at most 4,296 letters; no identifier comes near it."""
MAX_NUMBER = 64
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_DIVIDERS = str.maketrans("", "", " -")
_AIRY = re.compile(r"[0-9A-Z]+(?:[ -][0-9A-Z]+)*")


def parse(text: str, *, symbology: str = "", now: datetime | None = None) -> list[Candidate]:
    """Everything that a text may be, surest first; empty where it is nothing known.

    `symbology` is the code's name ("EAN13") or AIM identifier ("]C1"), which may also stand before the text. With
    `now`, numbers dated in the future are found out. Texts that are too long or hold characters that no code of
    the trade has (controls other than the GS1 separator, marks that turn the direction of writing) are nothing known.
    """
    if len(text) > MAX_TEXT:
        return []
    body = unicodedata.normalize("NFKC", text).strip(" \t\r\n")
    if found := _AIM.match(body):
        symbology, body = found.group(), body[3:]
    if not body or not body.isascii() or not body.replace(GROUP_SEPARATOR, "").isprintable():
        return []
    best: dict[tuple[str, str, str], Candidate] = {}
    for candidate in _candidates(body, symbology, now):
        key = (candidate.kind, candidate.normalised, candidate.parts.get("carrier", ""))
        if key not in best or candidate.confidence > best[key].confidence:
            best[key] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.confidence)


def _candidates(body: str, symbology: str, now: datetime | None) -> Iterator[Candidate]:
    yield from parse_trace_code(body)
    yield from parse_elements(body, symbology)
    yield from parse_link(body)
    if len(body) > MAX_NUMBER or not _AIRY.fullmatch(body.upper()):
        return
    number = body.upper().translate(_DIVIDERS)
    for recognise in RECOGNISERS:
        yield from recognise(number, now)
    yield from parse_bare(number, symbology)
    yield from parse_carriers(number)
