"""Threat image projection (TIP, 威胁图像注入): what becomes of a projected picture, and how it measures officers.

Nothing of it is a fact about a parcel: no decision, state, find or figure of the real ones comes from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from statistics import NormalDist, median

from app.customs.parcel import FindingKind, Kind, Parcel
from app.customs.states import Action, State

RELIABLE_FROM = 100
"""Projected pictures before a sensitivity says much of an officer (reference, detection section 5)."""
SLOPE = 0.6
"""Of the receiver's curve in *da*; screeners have 0.5 to 0.6 (reference, imaging)."""
ALARMING = frozenset({Action.REFER, Action.HOLD, Action.OPEN, Action.DETAIN})
"""What an officer does who suspects a picture; everything else lets it pass."""
_EARNEST = frozenset(
    {FindingKind.RECALLED, FindingKind.INTERCEPTED, FindingKind.CONTROLLED, FindingKind.WITHDRAWN,
     FindingKind.PARTIAL_SCAN, FindingKind.ALREADY_RELEASED, FindingKind.DOUBTED_LABEL}
)  # fmt: skip
"""What needs an officer's whole attention on the parcel itself."""


class Outcome(StrEnum):
    """How a projected picture ended. Void ones measure nobody."""

    HIT = "hit"
    MISS = "miss"
    LATE = "late"
    VOID = "void"


class Ending(StrEnum):
    """Why a projected picture measures nobody."""

    LEFT = "left"
    COVERED = "covered"
    HANDED_OVER = "handed_over"
    CHANGED = "changed"
    OVERTAKEN = "overtaken"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Rate:
    """How large a share of the pictures gets a threat, on a lane and for an officer; empty: on all, for all.

    Of those rates that fit, the one that names the officer goes before the one that names the lane.
    """

    lane: str
    officer: str
    share: float
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tip:
    """A threat that was projected into a parcel's picture before an officer.

    `threat` names the image of the library, `boxes` are where it lay in each view, `is_helped` says whether the
    detector looked at the projected picture, `is_boxed` whether what it showed touches the threat.
    """

    id: int
    parcel_id: int
    scan_id: str
    officer: str
    lane: str
    category: str
    threat: str
    placement: str
    boxes: tuple[tuple[int, int, int, int], ...]
    is_helped: bool
    is_boxed: bool
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of a projected picture; `why` is the action or ending, `is_located` None where nothing was marked."""

    tip: Tip
    outcome: Outcome
    why: str
    resolved_at: datetime
    is_located: bool | None = None

    @property
    def response_s(self) -> float:
        return max(0.0, (self.resolved_at - self.tip.shown_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Quiet:
    """Pictures of an officer without a threat in them: those he let pass, and those he stopped for nothing.

    Only first decisions count; what was found, or is not opened yet, says nothing about false alarms.
    """

    passed: int = 0
    false_alarms: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """How an officer, or all, did on projected pictures of one kind."""

    officer: str
    category: str = ""
    help: str = ""
    hits: int = 0
    misses: int = 0
    late: int = 0
    void: int = 0
    quiet: Quiet = field(default=Quiet())
    median_s: float | None = None

    @property
    def shown(self) -> int:
        return self.hits + self.misses + self.late

    @property
    def hit_rate(self) -> float | None:
        return self.hits / self.shown if self.shown else None

    @property
    def false_alarm_rate(self) -> float | None:
        pictures = self.quiet.passed + self.quiet.false_alarms
        return self.quiet.false_alarms / pictures if pictures else None

    @property
    def d_prime(self) -> float | None:
        """Sensitivity z(hits) - z(false alarms), each rate with half a case added so that none is 0 or 1
        (Hautus 1995)."""
        found = self._z()
        return None if found is None else found[0] - found[1]

    @property
    def d_a(self) -> float | None:
        """Sensitivity where threats vary more than other pictures do: sqrt(2 / (1 + s2)) * (z(hits) - s * z(false))."""
        found = self._z()
        return None if found is None else (2 / (1 + SLOPE**2)) ** 0.5 * (found[0] - SLOPE * found[1])

    @property
    def is_reliable(self) -> bool:
        return self.shown >= RELIABLE_FROM

    def _z(self) -> tuple[float, float] | None:
        pictures = self.quiet.passed + self.quiet.false_alarms
        if not self.shown or not pictures:
            return None
        normal = NormalDist()
        hits, false = (self.hits + 0.5) / (self.shown + 1), (self.quiet.false_alarms + 0.5) / (pictures + 1)
        return normal.inv_cdf(hits), normal.inv_cdf(false)


def judge(action: Action) -> Outcome:
    """What a decision on a projected picture says."""
    return Outcome.HIT if action in ALARMING else Outcome.MISS


def rate_for(rates: Sequence[Rate], lane: str, officer: str, usual: float) -> float:
    """The share that holds on a lane for an officer; `usual` where nobody set any. The last that was set wins."""
    best, found = -1, usual
    for rate in rates:
        fits = rate.lane in ("", lane) and rate.officer in ("", officer)
        weight = 2 * bool(rate.officer) + bool(rate.lane)
        if fits and weight >= best:
            best, found = weight, rate.share
    return found


def is_suited(parcel: Parcel, kinds: Sequence[Kind]) -> bool:
    """Whether a threat may be projected into a parcel's picture: it waits for its first look, and nothing about it
    needs that look to be at the parcel alone."""
    return (
        parcel.state is State.IMAGED
        and parcel.kind in kinds
        and bool(parcel.captures)
        and not parcel.waiting
        and not any(finding.kind in _EARNEST for finding in parcel.findings)
        and not any(seen.level in ("sure", "likely") for seen in parcel.seen)
    )


def add_up(resolved: Sequence[Resolved], officer: str, quiet: Quiet, *, category: str = "", help: str = "") -> Score:
    """The score of pictures that belong together."""
    counts = {outcome: sum(each.outcome is outcome for each in resolved) for outcome in Outcome}
    times = [each.response_s for each in resolved if each.outcome in (Outcome.HIT, Outcome.MISS)]
    return Score(
        officer, category, help, counts[Outcome.HIT], counts[Outcome.MISS], counts[Outcome.LATE],
        counts[Outcome.VOID], quiet, median(times) if times else None,
    )  # fmt: skip


def score(resolved: Sequence[Resolved], quiet: dict[str, Quiet]) -> list[Score]:
    """Scores by officer: all pictures first, then with and without the detector's help, then by category."""
    scores: list[Score] = []
    for officer in sorted({each.tip.officer for each in resolved}):
        own, pictures = [each for each in resolved if each.tip.officer == officer], quiet.get(officer, Quiet())
        scores.append(add_up(own, officer, pictures))
        for help, is_helped in (("with", True), ("without", False)):
            arm = [each for each in own if each.tip.is_helped is is_helped]
            scores.append(add_up(arm, officer, pictures, help=help))
        for category in sorted({each.tip.category for each in own}):
            kind = [each for each in own if each.tip.category == category]
            scores.append(add_up(kind, officer, pictures, category=category))
    return scores
