"""What passes between a station and the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

EventRow = tuple[int, int, int, str, int, str, int | None, str, bytes]
"""An event as it is sent: seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is now known of a parcel. `record` is all of it as JSON, where it is offered to officers elsewhere."""

    parcel_id: int
    version: int
    number: str
    state: str
    lane: str
    arrived_us: int
    priority: int
    waits: bool
    offered: bool
    record: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to decide on a parcel until its lease ends. A later claim has a greater fence; only that one counts."""

    store: UUID
    parcel_id: int
    version: int
    fence: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision taken elsewhere than at the parcel's owner. `key` is the same however often it is sent."""

    key: UUID
    action: str
    officer: str
    seen_version: int
    second_officer: str = ""
    reason: str = ""
    note: str = ""
    annotations: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A verdict as its owner gets it: which parcel, from which seat, and when it was made."""

    parcel_id: int
    seat: str
    made_at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Hold:
    """A parcel that was let go here while another station stopped one with its number."""

    id: int
    parcel_id: int
    number: str
    state: str
    other_station: str
    other_state: str


@dataclass(frozen=True, slots=True)
class Errands:
    """What others want of a station: verdicts to apply, parcels to hold, pictures (parcel and sha256) to send."""

    verdicts: Sequence[Due]
    holds: Sequence[Hold]
    pictures: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A station as the supervisor sees it."""

    station: str
    seen_at: datetime | None
    events: int
    backlog: int
    waiting: int
    offered: int
    claimed: int
    red: int
    oldest_at: datetime | None
    verdicts: int
    version: str


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A parcel that an officer looks at, or that was decided on and waits for its owner (`is_decided`)."""

    store: UUID
    parcel_id: int
    station: str
    number: str
    lane: str
    state: str
    urgency: int
    officer: str
    seat: str
    fence: int
    lease_until: datetime
    is_decided: bool


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A parcel that waits for any officer of the post."""

    store: UUID
    parcel_id: int
    station: str
    number: str
    lane: str
    state: str
    urgency: int
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Two stations that said contrary things of a parcel. `outcome` is what its owner did: "held" or "kept"."""

    id: int
    kind: str
    station: str
    parcel_id: int
    number: str
    state: str
    other_station: str
    other_state: str
    found_at: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a verdict of this station; `outcome` None as long as its owner has not answered."""

    key: UUID
    officer: str
    action: str
    made_at: datetime
    outcome: str | None
    detail: str
