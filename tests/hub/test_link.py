"""Stations that share a queue: what goes to the hub, what comes back, and what happens while it is away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from app.customs.parcel import Lane
from app.customs.states import Action, State
from app.hub.errors import HubAwayError, PictureAwayError
from app.hub.hub import Hub
from app.hub.parcels import dump_parcel, load_parcel
from app.hub.records import Verdict
from app.link import HOLDER, Link
from imaging.scan import Scan, View

from .conftest import Light, Post, wait_for

ALL = tuple(Lane)


@pytest.fixture
def belt(post: Post) -> Light:
    return post.open("belt-1", offers=ALL)


@pytest.fixture
def other(post: Post) -> Light:
    return post.open("belt-2")


def sent(light: Light) -> bool:
    return light.link is not None and light.link.state.sent == light.store.hub.end()


def decide(light: Light, parcel_id: int, action: Action, reason: str = "") -> None:
    light.store.decide(parcel_id, action, officer="wang", decided_at=datetime.now(UTC), reason=reason)


def claim_and_say(hub: Hub, action: Action, version: int, reason: str = "") -> Verdict:
    claim = hub.claim_next("li", 60)
    assert claim is not None
    said = Verdict(uuid4(), action.value, "li", version, reason=reason)
    hub.submit(claim.fence, said)
    return said


def outcome(hub: Hub) -> tuple[str, str]:
    wait_for(lambda: hub.own_verdicts()[0].outcome)
    answered = hub.own_verdicts()[0]
    return answered.outcome or "", answered.detail


def test_a_verdict_from_elsewhere_is_applied_by_its_owner_with_the_officers_name(belt: Light, other: Light) -> None:
    changed: list[int] = []
    belt.given["on_changed"] = changed.append
    parcel = belt.put()
    belt.start()
    wait_for(lambda: sent(belt))
    with closing(other.hub()) as hub:
        said = claim_and_say(hub, Action.REFER, parcel.version, "content_doubt")
        assert outcome(hub) == ("applied", "")
        decided = belt.store.history(parcel.id)[-1]
        assert (decided.officer, decided.action, decided.reason) == ("li", Action.REFER, "content_doubt")
        assert belt.store.parcel(parcel.id).state is State.REFERRED
        assert changed == [parcel.id]
        # Once more, as after a lost answer: nothing happens twice.
        answer = belt.store.hub.answered(said.key)
        assert answer is not None
        assert answer.outcome == "applied"
    assert len(belt.store.history(parcel.id)) == 1
    assert belt.store.verify_log(with_pictures=False).is_ok


def test_what_was_decided_at_the_lane_meanwhile_is_a_conflict_and_the_stricter_word_holds(
    belt: Light, other: Light, post: Post
) -> None:
    parcel = belt.put()
    belt.sync()
    with closing(other.hub()) as hub:
        claim_and_say(hub, Action.REFER, parcel.version, "content_doubt")
        decide(belt, parcel.id, Action.RELEASE)
        belt.start()
        assert outcome(hub) == ("conflict", "held")
        wait_for(lambda: sent(belt))
        (conflict,) = hub.conflicts()
    assert (conflict.kind, conflict.station, conflict.other_state) == ("verdict", belt.station, "refer")
    history = belt.store.history(parcel.id)
    assert [(each.officer, each.action) for each in history] == [("wang", Action.RELEASE), (HOLDER, Action.HOLD)]
    assert "li" in history[-1].note
    head = post.open("head", may_supervise=True)
    with closing(head.hub()) as desk:
        desk.resolve(conflict.id, "zhao", "opened and found empty")
        assert desk.conflicts() == []


def test_a_milder_verdict_on_what_was_held_changes_nothing(belt: Light, other: Light) -> None:
    parcel = belt.put()
    belt.sync()
    with closing(other.hub()) as hub:
        claim_and_say(hub, Action.RELEASE, parcel.version)
        decide(belt, parcel.id, Action.HOLD, "content_doubt")
        belt.start()
        assert outcome(hub) == ("conflict", "kept")
    assert belt.store.parcel(parcel.id).state is State.HELD


def test_a_code_that_came_later_is_no_conflict_but_asks_for_another_look(belt: Light, other: Light) -> None:
    parcel = belt.put()
    belt.sync()
    with closing(other.hub()) as hub:
        claim_and_say(hub, Action.RELEASE, parcel.version)
        belt.store.add_codes(parcel.id, ["LATE"])
        belt.start()
        assert outcome(hub) == ("refused", "parcel_changed")
        wait_for(lambda: sent(belt))
        claim = hub.claim_next("li", 60)
        assert claim is not None
        assert claim.version == belt.store.parcel(parcel.id).version


def test_one_number_let_go_here_and_stopped_there_is_held_whoever_comes_first(belt: Light, other: Light) -> None:
    here, there = belt.put("EB123456785CN"), other.put("EB123456785CN")
    decide(belt, here.id, Action.RELEASE)
    decide(other, there.id, Action.REFER, "content_doubt")
    belt.start()
    wait_for(lambda: sent(belt))
    other.start()
    wait_for(lambda: belt.store.parcel(here.id).state is State.HELD)
    assert other.store.parcel(there.id).state is State.REFERRED
    assert other.station in belt.store.history(here.id)[-1].note
    with closing(other.hub()) as hub:
        wait_for(lambda: [each.outcome for each in hub.conflicts()] == ["held"])


def test_pictures_come_over_the_network_by_their_hash(belt: Light, other: Light, post: Post) -> None:
    counts = np.random.default_rng(1).integers(0, 60_000, (700, 900), dtype=np.uint16)
    scan = Scan((View(high=counts, low=counts // 2),), started_at=datetime.now(UTC))
    capture = belt.store.keep(scan)
    parcel = belt.store.record_scan(None, capture, number="P1", arrived_at=datetime.now(UTC))
    size = (belt.store.captures_folder / capture.path).stat().st_size
    assert size > 1 << 20  # more than one part
    belt.start()
    wait_for(lambda: sent(belt))
    with closing(other.hub()) as hub:
        hub.want_picture(belt.key, parcel.id, capture.sha256)
        wait_for(lambda: hub.fetch_picture(belt.key, capture.sha256))
        found = hub.fetch_picture(belt.key, capture.sha256)
        assert found is not None
        assert hashlib.sha256(found[0]).hexdigest() == capture.sha256
        post.owner.execute("UPDATE picture_parts SET bytes = set_byte(bytes, 7, (get_byte(bytes, 7) + 1) % 256)")
        with pytest.raises(PictureAwayError):
            hub.fetch_picture(belt.key, capture.sha256)
        hub.want_picture(belt.key, parcel.id, "0" * 64)
        with pytest.raises(PictureAwayError):
            wait_for(lambda: hub.fetch_picture(belt.key, "0" * 64))


def test_a_parcels_record_survives_the_journey(belt: Light) -> None:
    parcel = belt.put("EB123456785CN", lane=Lane.BLUE)
    assert load_parcel(dump_parcel(parcel)) == parcel


def test_only_offered_lanes_are_offered(post: Post) -> None:
    belt = post.open("belt-3", offers=(Lane.GREEN,))
    belt.put(lane=Lane.RED)
    green = belt.put(lane=Lane.GREEN)
    belt.sync()
    with closing(post.open("seat").hub()) as hub:
        assert [row.parcel_id for row in hub.offered()] == [green.id]
        (lane, _) = hub.lanes()
        assert (lane.station, lane.waiting, lane.offered, lane.red, lane.backlog) == (belt.station, 2, 1, 1, 0)


def test_a_station_works_on_alone_and_loses_nothing(belt: Light, other: Light, post: Post) -> None:
    belt.put()
    belt.start("host=127.0.0.1 port=1 dbname=guanjian user=nobody")
    wait_for(lambda: belt.errors)
    assert isinstance(belt.errors[0], HubAwayError)
    parcels = [belt.put() for _ in range(20)]
    decide(belt, parcels[0].id, Action.RELEASE)
    assert belt.link is not None
    assert not belt.link.state.is_joined
    assert len(belt.errors) == 1  # told once, not at every try
    assert belt.link.stop()
    belt.start()
    wait_for(lambda: sent(belt))
    end = belt.store.hub.end()
    assert (
        post.one("SELECT count(*), count(DISTINCT seq), max(seq) FROM events WHERE store = %s", belt.key) == (end,) * 3
    )


def test_a_hub_that_was_put_back_gets_again_what_it_lost(belt: Light, post: Post) -> None:
    belt.put()
    belt.sync()
    middle = belt.store.hub.end()
    belt.put()
    belt.sync()
    post.owner.execute("DELETE FROM events WHERE seq > %s", (middle,))
    post.owner.execute("UPDATE logs SET last_seq = %s, last_hash = %s", (middle, belt.store.hub.hash_of(middle)))
    belt.put()
    belt.sync()
    assert post.one("SELECT count(*), max(seq) FROM events") == (belt.store.hub.end(),) * 2


def test_a_running_link_goes_on_after_the_hub_was_put_back(belt: Light, post: Post) -> None:
    belt.put()
    belt.start()
    wait_for(lambda: sent(belt))
    middle = belt.store.hub.end()
    post.owner.execute("DELETE FROM events WHERE seq > 1")
    post.owner.execute("UPDATE logs SET last_seq = 1, last_hash = %s", (belt.store.hub.hash_of(1),))
    belt.put()
    wait_for(lambda: post.one("SELECT count(*) FROM events")[0] == belt.store.hub.end() > middle)
    assert belt.errors == []


def test_the_checkpoints_lie_at_the_hub(belt: Light, post: Post, tmp_path: Path) -> None:
    class Signer:
        def sign(self, message: bytes) -> tuple[bytes, bytes]:
            return bytes(32), hashlib.sha512(message).digest()

    belt.put()
    belt.store.keeping.take_checkpoint(Signer())
    belt.sync()
    size, note = post.one("SELECT size, note FROM checkpoints")
    assert size == belt.store.hub.end()
    assert str(note).startswith("guanjian/belt-1/")


def test_draining_needs_no_running_link(belt: Light) -> None:
    belt.put()
    drain: Callable[[], int] = Link(belt.store, belt.address).drain
    assert drain() == belt.store.hub.end() == belt.store.hub.sent()
    assert drain() == belt.store.hub.end()
