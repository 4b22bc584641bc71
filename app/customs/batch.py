"""Release in batch (批量放行): which parcels of a consignment are clear, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.customs.match import Match
from app.customs.parcel import Lane, Parcel
from app.customs.states import Action, Offer, State
from imaging.errors import KnownError


class WhyNot(StrEnum):
    """Why a parcel is not released with the others; each has to be decided on its own."""

    STATE = "state"
    WAITING = "waiting"
    FINDING = "finding"
    DETECTION = "detection"
    LANE = "lane"
    PAPERS = "papers"
    NOT_OFFERED = "not_offered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Excluded:
    """A parcel that is not released in batch; `detail` says which finding or lane, `error` what refused it."""

    parcel: Parcel
    why: WhyNot
    detail: str = ""
    error: KnownError | None = None


def exclude(parcel: Parcel, release: Offer | None, papers: Match | None) -> Excluded | None:
    """Why a parcel has to be decided on its own, None where it is clear.

    Clear is what was imaged and screened, is in the green lane, has nothing remarkable about it and whose papers agree;
    `release` is what the table of moves offers for it, `papers` the match of its documents where it has any.
    """
    if parcel.state is not State.IMAGED:
        return Excluded(parcel, WhyNot.STATE, parcel.state.value)
    if parcel.waiting:
        return Excluded(parcel, WhyNot.WAITING, parcel.waiting[0].kind.value)
    if parcel.findings:
        return Excluded(parcel, WhyNot.FINDING, parcel.findings[0].kind.value)
    if parcel.seen:
        return Excluded(parcel, WhyNot.DETECTION, parcel.seen[0].label)
    if parcel.lane is not Lane.GREEN:
        return Excluded(parcel, WhyNot.LANE, parcel.lane.value)
    if papers is not None and not papers.is_equal:
        return Excluded(parcel, WhyNot.PAPERS)
    if release is None or not release.is_allowed or release.after is not State.RELEASED or _asks(release):
        return Excluded(parcel, WhyNot.NOT_OFFERED)
    return None


def find_release(offers: list[Offer]) -> Offer | None:
    return next((offer for offer in offers if offer.action is Action.RELEASE), None)


def _asks(offer: Offer) -> bool:
    return offer.needs_reason or offer.needs_second_officer or offer.needs_document
