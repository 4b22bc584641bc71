"""Stations that feed one hub while it is stopped hard and one of them is cut off; at the end everything is counted."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.bench.cut import Namespace, NamespaceRefusedError, Relay
from app.bench.postgres import Cluster, password_file
from app.hub.connection import Connection, connect_as_owner
from app.hub.setup import enrol, set_up
from app.link import Link
from app.store.audit import Log
from app.store.database import Database
from app.store.store import FILE, Store
from imaging.errors import KnownError

LONGEST_S = 600.0
TOGETHER = 100
"""Events in a transaction of a store."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of it: events in the stores, at the hub, and at the hub under different numbers."""

    stations: int
    events: int
    kept: int
    distinct: int
    wrong_ends: int
    stops: int
    cut_by: str
    cut_s: float
    seconds: float


class _Lane:
    """A station of the trial: its store, its link and the thread that lets things happen."""

    def __init__(self, folder: Path, name: str, address: str, enter: Namespace | Relay | None) -> None:
        self.store = Store.open(folder / name, station=name, ballast_bytes=1 << 16)
        self._file = folder / name / FILE
        self.link = _FarLink(self.store, address, enter)
        self.key = self.store.hub.identity()[0]

    def feed(self, count: int) -> None:
        """Let events happen, some in a transaction, as a program beside the station would."""
        with closing(Database(self._file)) as beside:
            for start in range(self.store.hub.end(), count, TOGETHER):
                with beside.write() as writer:
                    log = Log(writer)
                    for number in range(start, min(start + TOGETHER, count)):
                        log.append("noted", None, {"noted": "trial", "number": number})

    @property
    def is_sent(self) -> bool:
        return self.link.state.sent == self.store.hub.end()


class _FarLink(Link):
    """A link whose thread stands in another network."""

    def __init__(self, store: Store, address: str, far: Namespace | Relay | None) -> None:
        super().__init__(store, address)
        self._far = far

    def _run(self) -> None:
        if self._far:
            self._far.enter()
        super()._run()


def count_once(stations: int, events: int, stops: int, *settings: str) -> Counted:
    """Let stations log so many events, stop the hub hard so often, cut the first station off between two of the stops.

    `settings` are PostgreSQL's own.

    Raises:
        PostgresMissingError: PostgreSQL is not installed.
    """
    with ExitStack() as stack:
        far: Namespace | Relay
        try:
            space = stack.enter_context(closing(Namespace()))
        except NamespaceRefusedError:
            cluster = stack.enter_context(Cluster(*settings))
            far = stack.enter_context(closing(Relay(cluster.port)))
        else:
            cluster, far = stack.enter_context(Cluster(*settings, far_host=space.host)), space
        stack.enter_context(password_file(cluster.passfile))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guanjian-once-")))
        with closing(connect_as_owner(cluster.owner)) as owner:
            set_up(owner)
            names = [f"lane-{number}" for number in range(stations)]
            enters = [far, *[None] * (stations - 1)]
            addresses = [_enrol(owner, cluster, name, enter) for name, enter in zip(names, enters, strict=True)]
        with ThreadPoolExecutor(stations) as openers:
            lanes = list(openers.map(partial(_Lane, folder), names, addresses, enters))
        for lane in lanes:
            stack.callback(lane.store.close)
            stack.callback(lane.link.stop)
        return _Trial(cluster, far, lanes, events // stations, stops).run()


class _Trial:
    def __init__(self, cluster: Cluster, far: Namespace | Relay, lanes: list[_Lane], each: int, stops: int) -> None:
        self._cluster, self._far, self._lanes, self._each, self._stops = cluster, far, lanes, each, stops

    def run(self) -> Counted:
        start = time.perf_counter()
        feeders = [threading.Thread(target=lane.feed, args=(self._each,), name="feeder") for lane in self._lanes]
        for lane, feeder in zip(self._lanes, feeders, strict=True):
            lane.link.start()
            feeder.start()
        cut_s = self._disturb()
        for feeder in feeders:
            feeder.join(LONGEST_S)
        self._wait(lambda: all(lane.is_sent for lane in self._lanes))
        seconds = time.perf_counter() - start
        with closing(connect_as_owner(self._cluster.owner)) as owner:
            kept, distinct = owner.execute(
                "SELECT count(*), count(DISTINCT (store, seq)) FROM guanjian.events"
            ).fetchone() or (0, 0)
            ends = {key: (seq, bytes(hashed)) for key, seq, hashed in owner.execute(
                "SELECT store, last_seq, last_hash FROM guanjian.logs")}  # fmt: skip
        wrong = sum(ends.get(lane.key) != (lane.store.hub.end(), lane.store.hub.hash_of(lane.store.hub.end()))
                    for lane in self._lanes)  # fmt: skip
        events = sum(lane.store.hub.end() for lane in self._lanes)
        return Counted(
            len(self._lanes), events, kept, distinct, wrong, self._stops, self._far.name, cut_s, seconds
        )  # fmt: skip

    def _disturb(self) -> float:
        """Stop the hub hard at even parts of the way; the first station is cut off from one to the next."""
        total, cut_at, cut_s = self._each * len(self._lanes), 0.0, 0.0
        for number in range(1, self._stops + 1):
            self._wait(lambda part=total * number // (self._stops + 1): self._arrived() >= part)  # type: ignore[misc]
            if number == 1:
                self._far.cut()
                cut_at = time.perf_counter()
            self._cluster.stop("immediate")
            time.sleep(0.5)
            self._cluster.start()
            if number == min(2, self._stops):
                self._far.mend()
                cut_s = time.perf_counter() - cut_at
        return cut_s

    def _arrived(self) -> int:
        return sum(lane.link.state.sent for lane in self._lanes)

    @staticmethod
    def _wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_S
        while not condition():
            if time.monotonic() > deadline:
                raise KnownError("The stations did not come to an end in time.", detail="once")
            time.sleep(0.05)


def _enrol(owner: Connection, cluster: Cluster, name: str, far: Namespace | Relay | None) -> str:
    """Let a station in; returns the hub's address for it."""
    enrolled = enrol(owner, f"9999/{name}")
    cluster.add_password(enrolled.role, enrolled.password)
    match far:
        case Namespace():
            return cluster.far_address(enrolled.role)
        case Relay():
            return cluster.address(enrolled.role).replace(f"port={cluster.port}", f"port={far.port}")
        case None:
            return cluster.address(enrolled.role)
