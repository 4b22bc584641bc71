"""What a parcel's codes, declaration and picture say of it: number, findings and lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from app.customs.identity import Identity, OwnLabel, ReadCode, identify
from app.customs.likeness import TOLD_FROM, compare
from app.customs.parcel import Declaration, Finding, FindingKind, Kind, Parcel, Seen
from app.customs.states import UNDECIDED
from app.risk_office import RiskOffice
from app.screening import Screening
from app.store.errors import ParcelChangedError
from app.store.store import Store
from imaging.content import measure_content
from imaging.errors import KnownError
from imaging.scan import Scan

T = TypeVar("T")


class Assessing:
    """Identifies what comes in, holds it against its declaration, and assesses anew what is in the store already.

    It keeps nothing of its own: every thread may ask.
    """

    def __init__(
        self, store: Store, risk: RiskOffice, screening: Screening, *, on_error: Callable[[KnownError], None]
    ) -> None:
        self.marks_on: Callable[[Sequence[str]], tuple[Finding, ...]] = lambda _: ()
        """What the recalls and intercepts in force say of a parcel with these codes."""
        self.label_of: Callable[[str], OwnLabel | None] = lambda _: None
        """What a code is as a label of ours."""
        self._store = store
        self._risk = risk
        self._screening = screening
        self._on_error = on_error

    def identify(self, codes: Sequence[ReadCode], seen_at: datetime, scan_id: str, kind: Kind) -> Identity:
        """Which number a parcel has by its codes, and what is remarkable about them."""
        return identify(codes, seen_at=seen_at, scan_id=scan_id, kind=kind, is_declared=self._is_declared)

    def compare(
        self, declaration: Declaration | None, load: Callable[[], Scan], seen: Sequence[Seen], model: str
    ) -> tuple[Finding, ...]:
        """What does not look as declared, where it says enough; the first view is weighed, where it can be read.

        `model` names who saw what was seen.
        """
        if declaration is None:
            return ()
        content = None
        try:
            scan = load()
            content = measure_content(scan.views[0], scan.generator)
        except KnownError as error:  # what comes late must not be lost with a picture that is gone
            self._on_error(error)
        worth = self._screening.worth_of(model, is_measured=content is not None) if seen else {}
        likeness = compare(declaration, content, seen, worth)
        return (likeness.to_finding(),) if likeness.mismatch >= TOLD_FROM else ()

    def reassess(self, parcel_id: int) -> Parcel | None:
        """Assess a parcel anew by what was declared since; None where somebody has decided on it."""

        def assess(parcel: Parcel) -> Parcel | None:
            return self.assess_anew(parcel) if parcel.state in UNDECIDED else None

        return self.until_unchanged(parcel_id, assess)

    def until_unchanged(self, parcel_id: int, change: Callable[[Parcel], T]) -> T:
        """Change a parcel as it is; once more where somebody else has changed it while that was worked out."""
        while True:
            with suppress(ParcelChangedError):
                return change(self._store.parcel(parcel_id))

    def assess_anew(self, parcel: Parcel, read: ReadCode | None = None) -> Parcel:
        """Set number, findings and lane by all that is declared by now and was read, the last of it just now.

        Raises:
            ParcelChangedError: it was changed meanwhile.
        """
        texts = parcel.codes or (() if read else (parcel.number,))
        codes = [ReadCode(text, label=self.label_of(text)) for text in texts] + ([read] if read else [])
        identity = self.identify(codes, parcel.arrived_at, "", parcel.kind)
        settled = [Finding(FindingKind.DOUBTFUL_CODE, read.text)] if read and not read.is_doubtful else []
        kept = [each for each in parcel.findings if each.kind not in ANEW and each not in settled]
        declaration = self._store.find_declaration(identity.number)
        told: tuple[Finding, ...] = ()
        if parcel.captures:
            last = parcel.captures[-1]
            told = self.compare(declaration, partial(self._store.load, last), parcel.seen, last.model)
        findings = (*kept, *identity.findings, *self.marks_on((identity.number, *identity.numbers)), *told)
        assessment = self._risk.assess_declared(
            identity.number, parcel.arrived_at, parcel.seen, findings, parcel.kind, declaration=declaration
        )
        return self._store.identify(
            parcel.id,
            number=identity.number,
            codes=identity.numbers,
            findings=findings,
            lane=assessment.lane,
            lane_reasons=assessment.reasons,
            expected_version=parcel.version,
        )

    def _is_declared(self, number: str) -> bool:
        return self._store.find_declaration(number) is not None


ANEW = (
    FindingKind.NO_CODE,
    FindingKind.SEVERAL_CODES,
    FindingKind.NO_DECLARATION,
    FindingKind.NOT_AS_DECLARED,
    FindingKind.RECALLED,
    FindingKind.INTERCEPTED,
    FindingKind.ALREADY_RELEASED,
    FindingKind.DOUBTED_LABEL,
)
"""What follows from codes and declarations as they are known by now. What a reader said of its code stays."""
