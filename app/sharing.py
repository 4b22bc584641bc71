"""What officers do through the hub: look at parcels of other lanes, hand them on, and lead the queue of the post."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from app.customs.parcel import Capture, Parcel
from app.customs.states import Action, Facts, Offer, offers
from app.hub.errors import HubAwayError, HubSettingsError, NotWaitingError, PictureAwayError
from app.hub.hub import Hub
from app.hub.parcels import load_parcel
from app.hub.records import Answered, Claim, ClaimRow, ConflictRow, LaneRow, OfferRow, Verdict
from app.link import Apply, Link, LinkState
from app.officers.rights import RIGHT_FOR, Right, Rights
from app.settings import Hub as HubSettings
from app.store.store import Store
from imaging.errors import KnownError
from imaging.files import native
from imaging.scan import Scan

PICTURE_WAIT_S = 30.0
_ASK_AGAIN_S = 0.25
_ALARMS = ("sure", "likely")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Review:
    """A parcel of some lane that an officer here has claimed: everything about it, under its number at that lane."""

    claim: Claim
    parcel: Parcel
    officer: str
    station: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The post as a supervisor sees it at one moment."""

    lanes: Sequence[LaneRow]
    claims: Sequence[ClaimRow]
    offers: Sequence[OfferRow]
    conflicts: Sequence[ConflictRow]


class Sharing:
    """The station's part in the shared queue. What asks the hub may take seconds: never from the window's thread.

    Raises, each of those: HubAwayError where the hub does not answer, else the HubError that says what it refuses.
    """

    def __init__(
        self,
        store: Store,
        settings: HubSettings,
        place: str,
        rights: Rights,
        *,
        apply: Apply,
        on_changed: Callable[[int], None],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self.place = place
        self._settings = settings
        self._rights = rights
        self._link: Link | None = None
        if settings.address:
            self._link = Link(
                store, settings.address, offers=settings.offers, apply=apply, on_changed=on_changed, on_error=on_error
            )
        self._asking = threading.Lock()
        self._hub: Hub | None = None

    def start(self) -> None:
        if self._link:
            self._link.start()

    def stop(self) -> bool:
        """End the link; False when it still runs."""
        with self._asking:
            self._close()
        return self._link.stop() if self._link else True

    @property
    def state(self) -> LinkState | None:
        """How the link stands, at once; None where the post has no hub."""
        return self._link.state if self._link else None

    # Central image review (集中审像)

    def next_review(self, officer: str) -> Review | None:
        """Claim the parcel that is to be looked at next; None where none waits. Raises OfficerError."""
        self._rights.require(officer, Right.SCREEN)
        return self._ask(lambda hub: self._claimed(hub, hub.claim_next(officer, self._settings.lease_s), officer))

    def take(self, row: OfferRow | ClaimRow, officer: str) -> Review:
        """Claim a parcel that was chosen, or was handed to this officer.

        Raises:
            ClaimedError: somebody else looks at it. OfficerError: he may not screen.
        """
        self._rights.require(officer, Right.SCREEN)

        def act(hub: Hub) -> Review:
            fence = hub.claim(row.store, row.parcel_id, officer, self._settings.lease_s)
            review = self._claimed(hub, Claim(row.store, row.parcel_id, 0, fence), officer)
            if review is None:
                raise NotWaitingError(f"{row.number} does not wait any more.", detail=row.number)
            return review

        return self._ask(act)

    def scan(self, review: Review) -> Scan | None:
        """The newest picture of a parcel from its lane, checked against its sha256; None where there is none.

        Raises:
            PictureAwayError: its lane does not send it in time, or not as it was taken.
        """
        if not review.parcel.captures:
            return None
        capture = review.parcel.captures[-1]
        return _read(capture, *self._fetch(review, capture))

    def offers(self, review: Review) -> list[Offer]:
        """What can be decided on it; its lane has the last word."""
        parcel = review.parcel
        has_alarm = any(each.level in _ALARMS for each in parcel.seen)
        facts = Facts(officer=review.officer, return_state=parcel.return_state, has_alarm=has_alarm)
        return offers(parcel.state, facts)

    def extend(self, review: Review) -> None:
        """Keep the claim while the officer looks. Raises ClaimLateError."""
        self._ask(lambda hub: hub.extend(review.claim.fence, self._settings.lease_s))

    def give_back(self, review: Review) -> None:
        """Let it wait for anybody again."""
        self._ask(lambda hub: hub.give_back(review.claim.fence))

    def hand_over(self, review: Review, officer: str, seat: str) -> None:
        """Give it to another officer (移交), here or at another seat."""
        self._rights.require(review.officer, Right.SCREEN)
        self._ask(lambda hub: hub.hand_over(review.claim.fence, officer, seat, self._settings.lease_s))

    def decide(
        self,
        review: Review,
        action: Action,
        *,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        second_pin: str = "",
        annotations: str = "",
    ) -> UUID:
        """Send a decision to the parcel's lane, which applies it by its own rules; `answers` says what became of it.

        Raises:
            OfficerError: an officer may not do it. ClaimLateError: the claim has ended.
        """
        right = RIGHT_FOR[action]
        self._rights.require(review.officer, right)
        if second_officer:
            second_officer = self._rights.approve(second_officer, second_pin, first=review.officer, right=right)
        verdict = Verdict(
            uuid4(), action.value, review.officer, review.parcel.version, second_officer, reason, note, annotations
        )
        # Once more after a broken connection: the hub knows the verdict by its key and takes it once.
        self._ask(lambda hub: hub.submit(review.claim.fence, verdict))
        return verdict.key

    def answers(self) -> list[Answered]:
        """What became of the decisions of this seat, newest first."""
        return self._ask(lambda hub: hub.own_verdicts())

    def handed_to(self, officer: str) -> list[ClaimRow]:
        """What an officer here has claimed, or was given."""
        claims = self._ask(lambda hub: hub.claimed())
        return [row for row in claims if (row.officer, row.seat) == (officer, self.place) and not row.is_decided]

    # Leading the queue

    def overview(self) -> Overview:
        """All lanes, who looks at what, what waits, and where two stations disagree."""
        return self._ask(lambda hub: Overview(hub.lanes(), hub.claimed(), hub.offered(), hub.conflicts()))

    def reassign(self, row: ClaimRow | OfferRow, officer: str, to_officer: str, seat: str) -> None:
        """Give a parcel to an officer, whoever looks at it now. Raises OfficerError, NoSupervisorError."""
        self._rights.require(officer, Right.HUB_SUPERVISE)
        self._ask(lambda hub: hub.reassign(row.store, row.parcel_id, to_officer, seat, self._settings.lease_s))

    def set_urgency(self, row: ClaimRow | OfferRow, officer: str, urgency: int) -> None:
        """0 to 9; the greater goes before all lanes. Raises OfficerError, NoSupervisorError."""
        self._rights.require(officer, Right.HUB_SUPERVISE)
        self._ask(lambda hub: hub.set_urgency(row.store, row.parcel_id, urgency))

    def resolve(self, conflict: ConflictRow, officer: str, note: str) -> None:
        """Say that a disagreement is settled. Raises OfficerError, NoSupervisorError."""
        self._rights.require(officer, Right.HUB_SUPERVISE)
        self._ask(lambda hub: hub.resolve(conflict.id, officer, note))

    def _claimed(self, hub: Hub, claim: Claim | None, officer: str) -> Review | None:
        found = hub.record_of(claim.fence) if claim else None
        return Review(claim, load_parcel(found[1]), officer, found[0]) if claim and found else None

    def _fetch(self, review: Review, capture: Capture) -> tuple[bytes, bytes]:
        claim = review.claim
        self._ask(lambda hub: hub.want_picture(claim.store, claim.parcel_id, capture.sha256))
        deadline = time.monotonic() + PICTURE_WAIT_S
        while time.monotonic() < deadline:
            found = self._ask(lambda hub: hub.fetch_picture(claim.store, capture.sha256))
            if found is not None:
                return found
            time.sleep(_ASK_AGAIN_S)
        raise PictureAwayError("The lane does not send the picture; it may be cut off.", detail="late")

    def _ask(self, act: Callable[[Hub], _Answer]) -> _Answer:
        """Ask on a connection that is kept; once more on a fresh one where it had broken."""
        if not self._settings.address:
            raise HubSettingsError("No hub is set; give its address under [hub] in the profile.", detail="address")
        with self._asking:
            is_fresh = self._hub is None
            try:
                return act(self._open())
            except HubAwayError:
                self._close()
                if is_fresh:
                    raise
            try:
                return act(self._open())
            except HubAwayError:
                self._close()
                raise

    def _open(self) -> Hub:
        if self._hub is None:
            self._hub = Hub.open(self._settings.address, name="guanjian desk")
        return self._hub

    def _close(self) -> None:
        if self._hub is not None:
            self._hub.close()
            self._hub = None


def _read(capture: Capture, picture: bytes, sidecar: bytes) -> Scan:
    """A scan from its two files as they came over the network; the picture's hash was checked when it came."""
    if capture.sidecar_sha256 and hashlib.sha256(sidecar).hexdigest() != capture.sidecar_sha256:
        raise PictureAwayError("The description of the picture is not the one that was kept.", detail="description")
    return native.decode(Path(capture.path), picture, sidecar)
