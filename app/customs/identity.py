"""Who a scanned object is: its number from the codes that were read on it, and what is remarkable about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.customs.identifiers import Candidate, IdentifierKind, parse
from app.customs.parcel import Finding, FindingKind, Kind


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code as a reader gave it."""

    text: str
    symbology: str = ""
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """The number that an object goes by, every number read on it, and findings."""

    number: str
    kind: Kind
    numbers: tuple[str, ...]
    findings: tuple[Finding, ...]


def identify(
    codes: Sequence[ReadCode], *, seen_at: datetime, scan_id: str, kind: Kind, is_declared: Callable[[str], bool]
) -> Identity:
    """Choose the number of an object: a declared one first, then a valid one, then the first that was read.

    Without any code it gets a provisional number that says when it was seen, so that nothing goes nameless.
    """
    if not codes:
        return Identity(provisional_number(seen_at, scan_id), kind, (), (Finding(FindingKind.NO_CODE),))
    doubtful = {code.text for code in codes} - {code.text for code in codes if not code.is_doubtful}
    best = {code.text: _best(parse(code.text, symbology=code.symbology)) for code in codes}
    numbers = tuple(dict.fromkeys(candidate.normalised if candidate else text for text, candidate in best.items()))
    findings = [Finding(FindingKind.DOUBTFUL_CODE, text) for text in best if text in doubtful]
    findings += [
        Finding(FindingKind.BAD_CHECK_DIGIT, _advice(candidate))
        for candidate in best.values()
        if candidate and not candidate.is_valid
    ]
    if len(numbers) > 1:
        findings.append(Finding(FindingKind.SEVERAL_CODES, "  ".join(numbers)))
    valid = {candidate.normalised for candidate in best.values() if candidate and candidate.is_valid}
    number = min(numbers, key=lambda each: (not is_declared(each), each not in valid, numbers.index(each)))
    if not is_declared(number):
        findings.append(Finding(FindingKind.NO_DECLARATION))
    is_container = any(candidate and candidate.kind is IdentifierKind.CONTAINER for candidate in best.values())
    return Identity(number, Kind.CONTAINER if is_container else kind, numbers, tuple(dict.fromkeys(findings)))


def provisional_number(seen_at: datetime, scan_id: str) -> str:
    """A number for an object without a code: NC, the time, and the head of the scan's id."""
    return f"NC{seen_at:%Y%m%d-%H%M%S}-{scan_id[:8].upper()}"


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    return max(candidates, key=lambda candidate: (candidate.is_valid, candidate.confidence), default=None)


def _advice(candidate: Candidate) -> str:
    return f"{candidate.normalised} → {candidate.correction}?" if candidate.correction else candidate.normalised
