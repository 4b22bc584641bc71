"""Two whole stations without a window: what is decided at one is applied, labelled and logged at the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.build import build_station
from app.customs.parcel import Lane
from app.customs.states import Action, State
from app.settings import Detection, DeviceEntry, Hub, Officers, Settings
from app.settings import Post as PostSettings
from app.station import Station
from imaging.scan import Scan, View
from scanners.xray import ScanFinished
from tests.flow.conftest import Watched

from .conftest import Post, wait_for


@pytest.fixture
def open_station(post: Post, tmp_path: Path) -> Iterator[Callable[..., tuple[Station, Watched]]]:
    stations: list[Station] = []

    def open_one(name: str, *, may_supervise: bool = False, offers: tuple[Lane, ...] = ()) -> tuple[Station, Watched]:
        address = post.enrol(f"9999/{name}", may_supervise=may_supervise)
        settings = Settings(
            data=tmp_path / name, post=PostSettings(station=name), officers=Officers(sign_in="demo"),
            detection=Detection(is_on=False), hub=Hub(address=address, offers=offers),
        )  # fmt: skip
        station, watched = build_station(settings), Watched()
        station.start([], watched)
        stations.append(station)
        return station, watched

    yield open_one
    for station in stations:
        assert station.stop()


def scan(station: Station) -> None:
    counts = np.full((40, 60), 50_000, np.uint16)
    counts[10:30, 20:40] = 9_000
    taken = Scan((View(high=counts, low=counts // 2),), started_at=datetime.now(UTC), codes=("EB123456785CN",))
    entry = DeviceEntry(name="belt", driver="hand", lane="mail")
    station._arrivals.take_xray(entry, ScanFinished(taken))  # type: ignore[union-attr]
    station.wait_until_idle()


def test_a_release_from_elsewhere_gets_the_lanes_own_label(
    open_station: Callable[..., tuple[Station, Watched]],
) -> None:
    lane, watched = open_station("belt-1", offers=tuple(Lane))
    seat, _ = open_station("review-1", may_supervise=True)
    scan(lane)
    wait_for(lambda: seat.sharing.overview().offers)
    review = seat.sharing.next_review("officer-1")
    assert review is not None
    assert seat.sharing.scan(review) is not None
    seat.sharing.decide(review, Action.RELEASE, reason="no_suspicion")
    wait_for(lambda: seat.sharing.answers()[0].outcome)
    assert seat.sharing.answers()[0].outcome == "applied"
    parcel = lane.parcel(review.claim.parcel_id)
    assert parcel.state is State.RELEASED
    assert parcel.trace_code is not None
    assert lane.trace(parcel.trace_code, is_scan=False).parcel == parcel
    wait_for(lambda: watched.rows[parcel.id].state is State.RELEASED)  # the window at the lane is told
    assert lane.history(parcel.id)[-1].officer == "officer-1"
    assert lane.verify_log().is_ok
    state = lane.sharing.state
    assert state is not None
    assert state.is_joined
