"""The attacker's page of the hub: what is forged, replayed, late or beyond a station's rights is refused by name."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from app.customs.parcel import Lane
from app.customs.states import Action
from app.hub.connection import check_address, connect
from app.hub.errors import (
    ClaimedError,
    ClaimLateError,
    ClaimUsedError,
    ForeignStoreError,
    ForgedError,
    ForkError,
    GapError,
    HubInsecureError,
    HubNewerError,
    HubSettingsError,
    HubSetupError,
    NoSupervisorError,
    NotEnrolledError,
    NotWaitingError,
    TooLargeError,
)  # fmt: skip
from app.hub.hub import Hub
from app.hub.records import Verdict
from app.hub.setup import set_up
from app.link import Link
from app.store.audit import event_hash

from .conftest import Light, Post, wait_for

ALL = tuple(Lane)


@pytest.fixture
def belt(post: Post) -> Light:
    return post.open("belt-1", offers=ALL)


@pytest.fixture
def seat(post: Post) -> Light:
    return post.open("seat-1")


def joined(light: Light) -> Hub:
    hub = light.hub()
    hub.hello(light.key, light.name, "1")
    return hub


def verdict(officer: str = "li", **given: object) -> Verdict:
    return Verdict(uuid4(), "release", officer, 2, **given)  # type: ignore[arg-type]


def test_the_same_events_again_change_nothing(belt: Light, post: Post) -> None:
    belt.put()
    with closing(joined(belt)) as hub:
        events = belt.store.hub.events_after(0, 100)
        assert hub.push(belt.key, events, []) == len(events)
        assert hub.push(belt.key, events, []) == len(events)
        assert hub.push(belt.key, events[1:], []) == len(events)
    assert post.one("SELECT count(*), count(DISTINCT seq), max(seq) FROM events") == (len(events),) * 3


def test_events_after_a_gap_are_refused(belt: Light) -> None:
    belt.put()
    with closing(joined(belt)) as hub, pytest.raises(GapError):
        hub.push(belt.key, belt.store.hub.events_after(1, 100), [])


def test_events_that_leave_one_out_are_refused(belt: Light) -> None:
    belt.put()
    events = belt.store.hub.events_after(0, 100)
    with closing(joined(belt)) as hub, pytest.raises(ForgedError):
        hub.push(belt.key, [events[0], *events[2:]], [])


@pytest.mark.parametrize(("column", "value"), [(1, 7), (3, "x"), (5, "noted"), (6, 99), (7, "{}"), (8, bytes(32))])
def test_a_forged_event_is_refused_whatever_was_changed(belt: Light, post: Post, column: int, value: object) -> None:
    belt.put()
    events = belt.store.hub.events_after(0, 100)
    forged = list(events[1])
    forged[column] = value
    with closing(joined(belt)) as hub, pytest.raises(ForgedError):
        hub.push(belt.key, [events[0], tuple(forged), *events[2:]], [])  # type: ignore[list-item]
    assert post.one("SELECT count(*) FROM events") == (0,)


def test_another_event_under_a_number_that_is_there_is_a_fork(belt: Light) -> None:
    belt.put()
    events = belt.store.hub.events_after(0, 100)
    with closing(joined(belt)) as hub:
        hub.push(belt.key, events, [])
        with pytest.raises(ForkError):
            hub.push(belt.key, [*events[:-1], (*events[-1][:8], bytes(32))], [])


def test_a_store_that_was_put_back_is_told_and_sends_nothing(belt: Light, post: Post) -> None:
    belt.put()
    belt.sync()
    with closing(joined(belt)) as hub:
        seq = belt.store.hub.end()
        fields = (seq + 1, 1, 1, "b", 1, "noted", None, "{}")
        known = belt.store.hub.hash_of(seq)
        assert known is not None
        hub.push(belt.key, [(*fields, event_hash(known, fields))], [])
    belt.put()
    with pytest.raises(ForkError):
        Link(belt.store, belt.address).drain()


def test_a_station_cannot_write_the_log_of_another(belt: Light, seat: Light, post: Post) -> None:
    belt.put()
    events = belt.store.hub.events_after(0, 100)
    with closing(joined(belt)), closing(joined(seat)) as hub:
        for act in (
            lambda: hub.push(belt.key, events, []),
            lambda: hub.hello(belt.key, "belt-1", "1"),
            lambda: hub.pull(belt.key),
            lambda: hub.put_checkpoint(belt.key, 1, bytes(32), "note"),
            lambda: hub.answer_verdict(belt.key, uuid4(), "applied", "", ""),
            lambda: hub.put_picture(belt.key, "0" * 64, b"x", b"{}"),
        ):
            with pytest.raises(ForeignStoreError):
                act()
    assert post.one("SELECT count(*) FROM events") == (0,)


def test_a_second_store_of_a_station_is_refused_until_it_is_enrolled_anew(belt: Light, post: Post) -> None:
    other = uuid4()
    with closing(joined(belt)) as hub:
        with pytest.raises(ForeignStoreError):
            hub.hello(other, "belt-1", "1")
        post.enrol(belt.station, is_new_store=True)
        assert hub.hello(other, "belt-1", "1")[0] == 0


def test_a_role_that_no_station_has_is_refused(post: Post) -> None:
    address = post.enrol("9999/gone")
    post.owner.execute("DELETE FROM stations WHERE station = '9999/gone'")
    with closing(Hub.open(address)) as hub, pytest.raises(NotEnrolledError):
        hub.claim_next("li", 60)


def test_a_station_has_no_right_on_a_table_and_makes_none(belt: Light) -> None:
    with closing(connect(belt.address)) as connection:
        for sql in (
            "SELECT * FROM events", "UPDATE events SET body = ''", "DELETE FROM verdicts", "TRUNCATE queue",
            "INSERT INTO stations VALUES ('9999/x', 'x')", "SELECT nextval('fences')", "SELECT me()",
            "SELECT put_parcels(gen_random_uuid(), 'x', '[]')", "SELECT pass_on(gen_random_uuid(), 1, 'a', 'b', 9, '')",
            "SELECT make_month('2030-01-01')", "CREATE TEMPORARY TABLE t (a int)", "CREATE TABLE guanjian.t (a int)",
            "CREATE TABLE public.t (a int)", "ALTER FUNCTION me() OWNER TO CURRENT_USER", "CREATE ROLE x",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.encode())


def test_a_role_that_may_more_than_a_station_is_refused(post: Post) -> None:
    with pytest.raises(HubInsecureError):
        connect(post.cluster.owner)


def test_a_claim_is_had_by_one_officer_and_handed_on_by_fence(belt: Light, seat: Light) -> None:
    parcel = belt.put()
    belt.sync()
    with closing(joined(belt)) as lane, closing(joined(seat)) as pool:
        claim = pool.claim_next("li", 60)
        assert claim is not None
        assert (claim.store, claim.parcel_id, claim.version) == (belt.key, parcel.id, parcel.version)
        assert lane.claim_next("wang", 60) is None
        with pytest.raises(ClaimedError):
            lane.claim(belt.key, parcel.id, "wang", 60)
        with pytest.raises(ClaimLateError):  # known by its number alone, from another seat
            lane.extend(claim.fence, 60)
        fence = pool.hand_over(claim.fence, "wang", belt.station, 60)
        assert fence > claim.fence
        with pytest.raises(ClaimLateError):
            pool.submit(claim.fence, verdict("li"))
        with pytest.raises(ClaimLateError):
            pool.give_back(claim.fence)
        with pytest.raises(ClaimLateError):  # in another officer's name
            lane.submit(fence, verdict("li"))
        lane.submit(fence, verdict("wang"))


def test_a_claim_that_ran_out_is_worth_nothing_and_goes_to_the_next(belt: Light, seat: Light, post: Post) -> None:
    belt.put()
    belt.sync()
    with closing(joined(seat)) as pool:
        first = pool.claim_next("li", 60)
        assert first is not None
        post.owner.execute("UPDATE queue SET lease_until = now() - interval '1 second'")
        with pytest.raises(ClaimLateError):
            pool.submit(first.fence, verdict("li"))
        second = pool.claim_next("wang", 60)
        assert second is not None
        assert second.parcel_id == first.parcel_id
        assert second.fence > first.fence
        with pytest.raises(ClaimLateError):
            pool.extend(first.fence, 60)


def test_a_decided_claim_is_not_decided_again(belt: Light, seat: Light, post: Post) -> None:
    belt.put()
    belt.sync()
    with closing(joined(seat)) as pool:
        claim = pool.claim_next("li", 60)
        assert claim is not None
        said = verdict("li")
        pool.submit(claim.fence, said)
        pool.submit(claim.fence, said)  # the answer was lost, and it is sent again
        with pytest.raises(ClaimUsedError):
            pool.submit(claim.fence, verdict("li"))
        assert pool.claim_next("wang", 60) is None
    assert post.one("SELECT count(*) FROM verdicts") == (1,)


def test_only_a_supervisors_station_supervises(belt: Light, seat: Light, post: Post) -> None:
    parcel = belt.put()
    belt.sync()
    head = post.open("head", may_supervise=True)
    with closing(joined(seat)) as pool, closing(joined(head)) as desk:
        claim = pool.claim_next("li", 60)
        assert claim is not None
        for act in (
            lambda: pool.reassign(belt.key, parcel.id, "li", seat.station, 60),
            lambda: pool.set_urgency(belt.key, parcel.id, 9),
            lambda: pool.resolve(1, "li", ""),
        ):
            with pytest.raises(NoSupervisorError):
                act()
        desk.reassign(belt.key, parcel.id, "zhao", head.station, 60)
        with pytest.raises(ClaimLateError):
            pool.submit(claim.fence, verdict("li"))
        with pytest.raises(NotWaitingError):
            desk.reassign(belt.key, parcel.id, "zhao", "9999/nowhere", 60)


def test_the_most_urgent_then_the_riskiest_then_the_oldest_goes_first(belt: Light, post: Post) -> None:
    green, red, old = belt.put(), belt.put(lane=Lane.RED), belt.put(lane=Lane.RED)
    belt.sync()
    head = post.open("head", may_supervise=True)
    with closing(joined(head)) as desk:
        desk.set_urgency(belt.key, green.id, 5)
        got = [desk.claim_next("li", 60) for _ in range(4)]
    assert [claim and claim.parcel_id for claim in got] == [green.id, red.id, old.id, None]


def test_another_checkpoint_of_the_same_events_is_a_fork(belt: Light) -> None:
    belt.put()
    belt.sync()
    with closing(joined(belt)) as hub:
        hub.put_checkpoint(belt.key, 2, bytes(32), "note")
        hub.put_checkpoint(belt.key, 2, bytes(32), "note")
        with pytest.raises(ForkError):
            hub.put_checkpoint(belt.key, 2, b"\1" * 32, "note")


def test_what_is_too_large_is_refused(belt: Light, seat: Light) -> None:
    belt.put()
    belt.sync()
    with closing(joined(seat)) as pool:
        claim = pool.claim_next("li", 60)
        assert claim is not None
        with pytest.raises(TooLargeError):
            pool.submit(claim.fence, verdict("li", annotations="x" * 300_000))


def test_an_address_keeps_no_secret_and_no_network_goes_without_tls() -> None:
    assert check_address("host=hub.example dbname=g user=u")["sslmode"] == "verify-full"
    assert check_address("service=hub")["sslmode"] == "verify-full"
    assert "sslmode" not in check_address("host=127.0.0.1 dbname=g user=u")
    for address, error in (
        ("host=hub.example password=x", HubSettingsError),
        ("postgresql://u:secret@127.0.0.1/g", HubSettingsError),
        ("host=hub.example sslmode=require", HubInsecureError),
        ("host=127.0.0.1,hub.example sslmode=prefer", HubInsecureError),
        ("host=127.0.0.1 hostaddr=10.1.1.1 sslmode=disable", HubInsecureError),
        ("no such thing", HubSettingsError),
        ("", HubSettingsError),
    ):
        with pytest.raises(error):
            check_address(address)


def test_a_hub_that_is_not_set_up_or_was_changed_says_so(post: Post, seat: Light) -> None:
    assert set_up(post.owner) == 0
    post.owner.execute("UPDATE guanjian.migrations SET digest = 'x'")
    try:
        with pytest.raises(HubNewerError):
            set_up(post.owner)
    finally:
        post.owner.execute("DROP SCHEMA guanjian CASCADE")
    with closing(Hub.open(seat.address)) as hub, pytest.raises(HubSetupError):
        hub.claim_next("li", 60)


def test_a_refused_verdict_is_logged_once_and_offered_again(belt: Light, seat: Light) -> None:
    parcel = belt.put()
    belt.sync()
    with closing(joined(seat)) as pool:
        claim = pool.claim_next("li", 60)
        assert claim is not None
        pool.submit(claim.fence, Verdict(uuid4(), Action.REFER.value, "li", parcel.version))  # without a reason
        belt.start()
        wait_for(lambda: pool.own_verdicts()[0].outcome)
        answered = pool.own_verdicts()[0]
        assert (answered.outcome, answered.detail) == ("refused", "reason_missing")
        assert belt.store.parcel(parcel.id).state == "imaged"
        assert pool.claim_next("li", 60) is not None
    assert datetime.now(UTC) > answered.made_at
