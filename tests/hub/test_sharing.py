"""Central review through the station's own functions: claim, picture, decision, hand-over, rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from app.customs.parcel import Lane, Parcel
from app.customs.states import Action, State
from app.hub.errors import ClaimLateError, HubAwayError, HubSettingsError
from app.officers.errors import OfficerError
from app.officers.rights import KnownOfficers, Role
from app.settings import Hub as HubSettings
from app.sharing import Sharing
from imaging.scan import Scan, View

from .conftest import Light, Post, wait_for

PEOPLE = KnownOfficers({"li": Role.OFFICER, "wang": Role.OFFICER, "zhao": Role.SUPERVISOR, "root": Role.ADMIN})


@pytest.fixture
def belt(post: Post) -> Light:
    return post.open("belt-1", offers=tuple(Lane))


@pytest.fixture
def seat(post: Post) -> Iterator[Sharing]:
    light = post.open("seat-1", may_supervise=True)
    sharing = share(light)
    sharing.start()
    yield sharing
    assert sharing.stop()


def share(light: Light, address: str = "") -> Sharing:
    def refuse(_: object) -> None:
        raise AssertionError("nobody decides on this station's parcels")

    return Sharing(
        light.store, HubSettings(address=address or light.address), light.station, PEOPLE, apply=refuse,  # type: ignore[arg-type]
        on_changed=lambda _: None, on_error=light.errors.append,
    )  # fmt: skip


def scanned(light: Light, number: str) -> Parcel:
    counts = np.random.default_rng(1).integers(0, 60_000, (60, 80), dtype=np.uint16)
    capture = light.store.keep(Scan((View(high=counts, low=counts // 2),), started_at=datetime.now(UTC)))
    return light.store.record_scan(None, capture, number=number, arrived_at=datetime.now(UTC))


def test_a_picture_of_another_lane_is_looked_at_and_decided_on(belt: Light, seat: Sharing) -> None:
    parcel = scanned(belt, "EB123456785CN")
    belt.start()
    wait_for(lambda: seat.overview().offers)
    review = seat.next_review("li")
    assert review is not None
    assert review.parcel == parcel
    assert review.station == belt.station
    assert {offer.action for offer in seat.offers(review)} >= {Action.RELEASE, Action.REFER, Action.HOLD}
    scan = seat.scan(review)
    assert scan is not None
    assert scan.views[0].high is not None
    assert scan.views[0].high.shape == (60, 80)
    seat.extend(review)
    seat.decide(review, Action.HOLD, reason="content_doubt")
    wait_for(lambda: seat.answers()[0].outcome)
    assert seat.answers()[0].outcome == "applied"
    assert belt.store.parcel(parcel.id).state is State.HELD
    assert seat.next_review("li") is None


def test_a_claim_is_handed_over_and_the_first_officer_has_it_no_more(belt: Light, seat: Sharing) -> None:
    scanned(belt, "A1")
    belt.sync()
    review = seat.next_review("li")
    assert review is not None
    seat.hand_over(review, "wang", seat.place)
    (row,) = seat.handed_to("wang")
    with pytest.raises(ClaimLateError):
        seat.decide(review, Action.RELEASE)
    taken = seat.take(row, "wang")
    assert taken.parcel.number == "A1"
    seat.give_back(taken)
    assert seat.handed_to("wang") == []
    assert len(seat.overview().offers) == 1


def test_every_act_asks_for_the_right(belt: Light, seat: Sharing) -> None:
    scanned(belt, "A1")
    belt.sync()
    review = seat.next_review("li")
    assert review is not None
    row = seat.overview().claims[0]
    for act in (
        lambda: seat.next_review("root"),
        lambda: seat.take(row, "root"),
        lambda: seat.decide(replace(review, officer="root"), Action.RELEASE),
        lambda: seat.hand_over(replace(review, officer="root"), "li", seat.place),
        lambda: seat.reassign(row, "li", "li", seat.place),
        lambda: seat.set_urgency(row, "li", 9),
        lambda: seat.resolve(None, "li", ""),  # type: ignore[arg-type]
        lambda: seat.next_review("nobody"),
    ):
        with pytest.raises(OfficerError):
            act()
    seat.reassign(row, "zhao", "wang", seat.place)
    seat.set_urgency(row, "zhao", 4)
    assert [(each.officer, each.urgency) for each in seat.overview().claims] == [("wang", 4)]


def test_without_a_hub_everything_says_so_at_once(post: Post) -> None:
    light = post.open("alone")
    nowhere = share(light, "host=127.0.0.1 port=1 dbname=x user=x")
    with pytest.raises(HubAwayError):
        nowhere.overview()
    none = Sharing(
        light.store, HubSettings(), "9999/alone", PEOPLE, apply=lambda _: None,  # type: ignore[arg-type, return-value]
        on_changed=lambda _: None, on_error=light.errors.append,
    )  # fmt: skip
    assert none.state is None
    with pytest.raises(HubSettingsError):
        none.overview()
    assert none.stop()


def test_a_broken_connection_is_made_anew(belt: Light, seat: Sharing, post: Post) -> None:
    scanned(belt, "A1")
    belt.sync()
    assert seat.overview().offers
    post.owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'guanjian%'")
    assert seat.overview().offers
