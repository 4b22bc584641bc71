"""GS1 keys: element strings behind an AIM identifier or in brackets, Digital Links, bare SSCC and GTIN."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from app.customs.identifiers import checks
from app.customs.identifiers.candidate import Candidate, IdentifierKind, Remark

GROUP_SEPARATOR = "\x1d"
AIM_GS1 = frozenset({"]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1"})
"""AIM identifiers of symbols that hold element strings (GS1 General Specifications, figure 5.1.2-1)."""
RETAIL = ("EAN", "UPC", "]E", "DATABAR", "]e")
_BRACKETS = re.compile(r"\([0-9]{2,4}\)[^()]+(?:\([0-9]{2,4}\)[^()]+)*")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_BARE_SSCC = re.compile(r"(?:00)?([0-9]{18})")
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")


def parse_link(text: str) -> Iterator[Candidate]:
    """A GS1 Digital Link and the key in it."""
    if not _LINK.match(text):
        return
    try:
        link = GS1DigitalLinkURI.parse(text)
    except (ParseError, ValueError):
        return
    yield from _message(IdentifierKind.DIGITAL_LINK, text, link.element_strings, 0.9)


def parse_elements(text: str, aim: str) -> Iterator[Candidate]:
    """Element strings and the keys in them; without an AIM identifier only what carries its own marks."""
    is_marked = aim in AIM_GS1
    try:
        if _BRACKETS.fullmatch(text):
            message = GS1Message.parse_hri(text)
        elif is_marked or GROUP_SEPARATOR in text:
            message = GS1Message.parse(text.strip(GROUP_SEPARATOR))
        else:
            return
    except (ParseError, ValueError, ArithmeticError):
        if is_marked:
            yield Candidate(IdentifierKind.GS1, text, False, 0.8, finding=Remark.ELEMENTS)
        return
    if message.element_strings:
        yield from _message(IdentifierKind.GS1, message.value, message.element_strings, 0.9)


def _message(
    kind: IdentifierKind, normalised: str, elements: Sequence[GS1ElementString], confidence: float
) -> Iterator[Candidate]:
    parts = {element.ai.ai: element.value for element in elements}
    faults = [element for element in elements if element.sscc_error or element.gtin_error or element.gln_error]
    for element in elements:
        if element.ai.ai == "00":
            yield _sscc(element.value, 0.97)
        elif element.ai.ai in {"01", "02"}:
            yield _gtin(element.value, 0.95)
    yield Candidate(kind, normalised, not faults, confidence, parts, Remark.CHECK_DIGIT if faults else None)


def parse_bare(text: str, symbology: str) -> Iterator[Candidate]:
    """An SSCC or GTIN without its identifier; only the check digit and the symbology speak for it."""
    if found := _BARE_SSCC.fullmatch(text):
        digits = found.group(1)
        is_long = len(text) == 20
        yield _sscc(digits, (0.9 if is_long else 0.6) if checks.is_gs1_checked(digits) else 0.4)
    if _GTIN.fullmatch(text):
        is_retail = symbology.upper().startswith(RETAIL) or symbology in {"ITF14", "]I1"}
        is_right = checks.is_gs1_checked(text)
        yield _gtin(text, (0.95 if is_retail else 0.65) if is_right else (0.7 if is_retail else 0.15))


def _sscc(digits: str, confidence: float) -> Candidate:
    parts = {"extension": digits[0], "payload": digits[:-1], "check": digits[-1]}
    return _checked(IdentifierKind.SSCC, digits, confidence, parts)


def _gtin(digits: str, confidence: float) -> Candidate:
    return _checked(IdentifierKind.GTIN, digits, confidence, {"gtin14": digits.zfill(14), "check": digits[-1]})


def _checked(kind: IdentifierKind, digits: str, confidence: float, parts: dict[str, str]) -> Candidate:
    if checks.is_gs1_checked(digits):
        return Candidate(kind, digits, True, confidence, parts)
    fixes = checks.corrections(digits, _is_checked_digits)
    return Candidate(kind, digits, False, confidence, parts, Remark.CHECK_DIGIT, fixes)


def _is_checked_digits(text: str) -> bool:
    return text.isdigit() and checks.is_gs1_checked(text)
