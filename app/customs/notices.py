"""Recalls (召回) and intercepts (拦截): orders to stop what carries one of their codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.customs.parcel import Finding, FindingKind, GoodsLine, Lane


class NoticeKind(StrEnum):
    RECALL = "recall"
    INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Notice:
    """An order to stop what carries one of these codes: trace ids, item numbers, bag tags."""

    id: str
    kind: NoticeKind
    reason: str
    codes: frozenset[str]
    issued_at: datetime
    issued_by: str
    lifted_at: datetime | None = None

    @property
    def finding(self) -> Finding:
        """What hangs on a parcel that the notice means."""
        return Finding(_FINDINGS[self.kind], f"{self.id} {self.reason}")


_FINDINGS = {NoticeKind.RECALL: FindingKind.RECALLED, NoticeKind.INTERCEPT: FindingKind.INTERCEPTED}


@dataclass(frozen=True, slots=True)
class Marking:
    """A parcel that a notice names: its findings and lane, set anew."""

    parcel_id: int
    findings: tuple[Finding, ...]
    lane: Lane
    lane_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last that is known of a parcel: what happened, where, when."""

    what: str
    place: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """A released parcel as a recall looks at it. `enterprises` are sender, platform and agent, by name and code."""

    trace_id: str
    number: str
    released_at: datetime
    goods: tuple[GoodsLine, ...] = ()
    batches: tuple[str, ...] = ()
    enterprises: tuple[str, ...] = ()
    detections: tuple[str, ...] = ()
    declaration: str = ""
    consignee: str = ""
    last_event: LastEvent | None = None
    parcel_id: int | None = None
