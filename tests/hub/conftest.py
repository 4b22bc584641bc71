"""A real PostgreSQL for the tests' time, a hub of its own for each test, and light stations: a store and its link."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.bench.postgres import Cluster, PostgresMissingError, password_file
from app.customs.parcel import Capture, Lane, Parcel, Seen
from app.customs.states import Action
from app.hub.connection import Connection, connect_as_owner
from app.hub.hub import Hub
from app.hub.records import Due
from app.hub.setup import enrol, set_up
from app.link import Link
from app.store.decisions import Verdict
from app.store.hub import Answer
from app.store.store import Store
from imaging.errors import KnownError


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    try:
        cluster = Cluster("fsync=off", "max_connections=120")
    except PostgresMissingError as error:
        pytest.skip(str(error))
    with cluster, password_file(cluster.passfile):
        yield cluster


@dataclass
class Post:
    """A hub with its stations."""

    cluster: Cluster
    folder: Path
    owner: Connection
    stores: list[Store] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def enrol(self, station: str, **given: bool) -> str:
        """The address for a station's role."""
        enrolled = enrol(self.owner, station, **given)
        if enrolled.password:
            self.cluster.add_password(enrolled.role, enrolled.password)
        return self.cluster.address(enrolled.role)

    def one(self, sql: str, *values: object) -> tuple[object, ...]:
        """A row as the hub's owner sees it."""
        found = self.owner.execute(sql.encode(), values).fetchone()
        assert found is not None
        return found

    def open(self, name: str, *, may_supervise: bool = False, **given: object) -> Light:
        address = self.enrol(f"9999/{name}", may_supervise=may_supervise)
        store = Store.open(self.folder / name, station=name, ballast_bytes=1 << 16)
        self.stores.append(store)
        return Light(self, name, store, address, given)


@dataclass
class Light:
    """A station without a window: a store, its link, and short ways to let things happen."""

    post: Post
    name: str
    store: Store
    address: str
    given: dict[str, object]
    errors: list[KnownError] = field(default_factory=list)
    link: Link | None = None

    @property
    def key(self):  # type: ignore[no-untyped-def]
        return self.store.hub.identity()[0]

    @property
    def station(self) -> str:
        return f"9999/{self.name}"

    def put(self, number: str = "", *, lane: Lane = Lane.GREEN, seen: tuple[Seen, ...] = ()) -> Parcel:
        """A parcel passes; its picture is a few bytes, which is all that rows care for."""
        scan = uuid4().hex
        capture = Capture(scan, f"{scan}.tif", scan * 2, "belt", datetime.now(UTC))
        return self.store.record_scan(
            None, capture, number=number or f"X{scan[:12].upper()}", lane=lane, seen=seen, model="m",
            arrived_at=datetime.now(UTC),
        )  # fmt: skip

    def start(self, address: str = "") -> Light:
        given: dict[str, Any] = {"apply": self.apply, "on_error": self.errors.append, **self.given}
        self.link = Link(self.store, address or self.address, **given)
        self.post.links.append(self.link)
        self.link.start()
        return self

    def apply(self, due: Due) -> Answer:
        """What an officer elsewhere decided, without a label."""
        said = due.verdict
        verdict = Verdict(
            Action(said.action), said.officer, datetime.now(UTC), said.reason, said.note, said.second_officer,
            said.seen_version, annotations=said.annotations,
        )  # fmt: skip
        return self.store.hub.apply(said.key, due.parcel_id, due.seat, verdict)

    def hub(self) -> Hub:
        return Hub.open(self.address)

    def sync(self) -> None:
        Link(self.store, self.address, **self.given).drain()  # type: ignore[arg-type]


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until something is so; fails where it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def owner(cluster: Cluster) -> Iterator[Connection]:
    with closing(connect_as_owner(cluster.owner)) as connection:
        connection.execute("SET search_path = guanjian")
        yield connection


@pytest.fixture
def post(cluster: Cluster, owner: Connection, tmp_path: Path) -> Iterator[Post]:
    set_up(owner)
    owner.execute(
        "TRUNCATE stations, logs, events, checkpoints, parcels, queue, records, claims, verdicts, conflicts, "
        "wanted_pictures, picture_parts"
    )
    made = Post(cluster, tmp_path, owner)
    yield made
    for link in made.links:
        assert link.stop()
    for store in made.stores:
        store.close()
