"""States (状态) and actions (动作) of a parcel. The table of moves and its guards live here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the field in English and Chinese."""

    en: str
    zh: str


class State(StrEnum):
    PRE_ADVISED = "pre_advised"
    ARRIVED = "arrived"
    IMAGED = "imaged"
    DOC_REVIEW = "doc_review"
    REFERRED = "referred"
    EXAMINING = "examining"
    EXAM_ABNORMAL = "exam_abnormal"
    AWAITING_PARTY = "awaiting_party"
    AWAITING_LAB = "awaiting_lab"
    HELD = "held"
    DETAINED = "detained"
    COND_RELEASED = "cond_released"
    RELEASED = "released"
    CLOSED = "closed"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    CONFISCATED = "confiscated"
    DESTROYED = "destroyed"
    ABANDONED = "abandoned"
    REJECTED = "rejected"


class Action(StrEnum):
    REGISTER_ARRIVAL = "register_arrival"
    CAPTURE_IMAGE = "capture_image"
    RELEASE = "release"
    DOC_REVIEW = "doc_review"
    REFER = "refer"
    OPEN = "open"
    EXAM_NORMAL = "exam_normal"
    EXAM_ABNORMAL = "exam_abnormal"
    REQUIRE_PARTY = "require_party"
    PARTY_DONE = "party_done"
    SAMPLE = "sample"
    LAB_NORMAL = "lab_normal"
    LAB_ABNORMAL = "lab_abnormal"
    HOLD = "hold"
    LIFT_HOLD = "lift_hold"
    DETAIN = "detain"
    LIFT_DETENTION = "lift_detention"
    CONDITIONAL_RELEASE = "conditional_release"
    DESTINATION_NORMAL = "destination_normal"
    DESTINATION_ABNORMAL = "destination_abnormal"
    CLOSE = "close"
    RETURN = "return"
    TRANSFER = "transfer"
    CONFISCATE = "confiscate"
    DESTROY = "destroy"
    ABANDON = "abandon"
    REJECT = "reject"
