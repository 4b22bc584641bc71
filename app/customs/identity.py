"""Who a scanned object is: its number from the codes that were read on it, and what is remarkable about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.customs.identifiers import Candidate, IdentifierKind, parse
from app.customs.parcel import Finding, FindingKind, Kind


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """A label of a customs office (追溯标签): its trace id and the number of the parcel that it was printed for.

    `number` is empty where nobody here knows it or the label is not to be believed; `is_released` says that the label
    is good and the release that it speaks of stands.
    """

    trace_id: str
    number: str = ""
    is_released: bool = False


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code as a reader gave it; `label` is what it is as a label of ours, None where it is another number."""

    text: str
    symbology: str = ""
    is_doubtful: bool = False
    label: OwnLabel | None = None


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
    labels = {code.text: code.label for code in codes if code.label}
    best = {code.text: _best(parse(code.text, symbology=code.symbology)) for code in codes if not code.label}
    plain = [candidate.normalised if candidate else text for text, candidate in best.items()]
    items = tuple(dict.fromkeys([*plain, *(label.number for label in labels.values() if label.number)]))
    findings = [Finding(FindingKind.DOUBTFUL_CODE, code.text) for code in codes if code.text in doubtful]
    findings += [
        Finding(FindingKind.BAD_CHECK_DIGIT, _advice(candidate))
        for candidate in best.values()
        if candidate and not candidate.is_valid
    ]
    findings += [
        Finding(FindingKind.ALREADY_RELEASED if label.is_released else FindingKind.DOUBTED_LABEL, label.trace_id)
        for label in labels.values()
    ]
    if len(items) > 1:
        findings.append(Finding(FindingKind.SEVERAL_CODES, "  ".join(items)))
    valid = {candidate.normalised for candidate in best.values() if candidate and candidate.is_valid}
    valid |= {label.number for label in labels.values()}
    names = items or tuple(labels)
    number = min(names, key=lambda each: (not is_declared(each), each not in valid, names.index(each)))
    if not is_declared(number):
        findings.append(Finding(FindingKind.NO_DECLARATION))
    is_container = any(candidate and candidate.kind is IdentifierKind.CONTAINER for candidate in best.values())
    return Identity(
        number,
        Kind.CONTAINER if is_container else kind,
        tuple(dict.fromkeys([*items, *labels])),
        tuple(dict.fromkeys(findings)),
    )


def provisional_number(seen_at: datetime, scan_id: str) -> str:
    """A number for an object without a code: NC, the time, and the head of the scan's id."""
    return f"NC{seen_at:%Y%m%d-%H%M%S}-{scan_id[:8].upper()}"


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    return max(candidates, key=lambda candidate: (candidate.is_valid, candidate.confidence), default=None)


def _advice(candidate: Candidate) -> str:
    return f"{candidate.normalised} → {candidate.correction}?" if candidate.correction else candidate.normalised
