"""Baggage at the hall (先期机检): its picture was taken before, and its tag says whether it may pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.customs.notices import Notice
from app.customs.parcel import Parcel
from app.customs.states import LETS_GO, TERMINAL, State

_UNSEEN = frozenset({State.PRE_ADVISED, State.ARRIVED})


class HallVerdict(StrEnum):
    """What the hall is told when a tag is read."""

    PASS = "pass"
    STOP = "stop"
    NOT_DECIDED = "not_decided"
    NOT_IMAGED = "not_imaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hall:
    """What a tag at the hall leads to: the verdict, the bag where it is known, and the intercepts on it."""

    tag: str
    verdict: HallVerdict
    bag: Parcel | None = None
    notices: tuple[Notice, ...] = ()


def judge_bag(tag: str, bag: Parcel | None, notices: Sequence[Notice]) -> Hall:
    """What the hall does with a bag: an intercept stops it, whatever else is known; only a released one passes."""
    if notices:
        return Hall(tag, HallVerdict.STOP, bag, tuple(notices))
    if bag is None:
        return Hall(tag, HallVerdict.UNKNOWN)
    if bag.state in LETS_GO or bag.state is State.CLOSED:
        return Hall(tag, HallVerdict.PASS, bag)
    if bag.state in _UNSEEN or not bag.captures:
        return Hall(tag, HallVerdict.NOT_IMAGED, bag)
    stops = bag.state in TERMINAL or bag.state in (State.REFERRED, State.EXAMINING, State.EXAM_ABNORMAL, State.DETAINED)
    return Hall(tag, HallVerdict.STOP if stops else HallVerdict.NOT_DECIDED, bag)
