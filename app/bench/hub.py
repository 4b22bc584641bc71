"""Figures of the hub: claims and events a second, exactly once by count, and what goes on to a region's server."""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID, uuid4

from psycopg import sql

from app.bench.once import count_once
from app.bench.postgres import OWNER, Cluster, password_file
from app.bench.rows import Row
from app.hub.connection import Connection, connect_as_owner
from app.hub.hub import Hub
from app.hub.records import EventRow, Standing
from app.hub.setup import enrol, set_up
from app.store.audit import event_hash, first_hash

STATIONS = 16
EVENTS = 50_000
STOPS = 3
REACH_CLAIMS = 4_000
_PROCESSES = 4
_BATCH = 500
_PUSHED = 6_000
_CLAIM_S = 10.0


def run(data: Path | None) -> list[Row]:
    """PostgreSQL is started for the time of the measurement, with its writes safe on the disk.

    Raises:
        PostgresMissingError: it is not installed.
    """
    del data
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster("wal_level=logical", "max_connections=60"))
        stack.enter_context(password_file(cluster.passfile))
        owner = stack.enter_context(closing(connect_as_owner(cluster.owner)))
        set_up(owner)
        addresses = [_enrol(owner, cluster, f"lane-{number}") for number in range(STATIONS)]
        return [
            *_claims(cluster, owner, addresses),
            *_events(cluster, owner, addresses),
            *_region(stack, cluster, owner),
            *_once(),
        ]


def _enrol(owner: Connection, cluster: Cluster, name: str) -> str:
    enrolled = enrol(owner, f"9999/{name}")
    cluster.add_password(enrolled.role, enrolled.password)
    return cluster.address(enrolled.role)


def _claims(cluster: Cluster, owner: Connection, addresses: Sequence[str]) -> list[Row]:
    """Officers at all stations claim as fast as they can, from a queue that is longer than they get through."""
    store = uuid4()
    owner.execute(
        "INSERT INTO guanjian.queue (store, parcel_id, version, lane, state, priority, arrived_us, offered) "
        "SELECT %s, n, 2, 'green', 'imaged', n %% 7, n, true FROM generate_series(1, 100000) n",
        (store,),
    )
    owner.execute("ANALYZE guanjian.queue")
    parts = [addresses[start::_PROCESSES] for start in range(_PROCESSES)]
    before = cluster.cpu_s()
    with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
        found = pool.map(_claim_all, parts)
    cpu_us = (cluster.cpu_s() - before) * 1e6
    took_ms = sorted(ms for part in found for ms, _ in part)
    parcels = [parcel for part in found for _, parcel in part]
    rate = len(parcels) / _CLAIM_S
    owner.execute("TRUNCATE guanjian.queue, guanjian.claims CASCADE")
    doubled = len(parcels) - len(set(parcels))
    return [
        Row("disk.sync_p50_ms", _sync_ms(cluster.folder), "ms"),
        Row("hub.claims_doubled", doubled, "", 0, doubled == 0),
        Row("hub.claims_per_second", rate, "1/s", REACH_CLAIMS, rate >= REACH_CLAIMS),
        Row("hub.claim_server_cpu_us", cpu_us / len(parcels), "us"),
        Row("hub.claim_p50_ms", statistics.median(took_ms), "ms"),
        Row("hub.claim_p99_ms", took_ms[int(len(took_ms) * 0.99)], "ms"),
    ]


def _sync_ms(folder: Path) -> float:
    """How long the disk takes to make a page safe now: a claim waits for one such sync."""
    took_ms = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(8192))
            start = time.perf_counter()
            os.fsync(file.fileno())
            took_ms.append((time.perf_counter() - start) * 1000)
    return statistics.median(took_ms)


def _claim_all(addresses: Sequence[str]) -> list[tuple[float, int]]:
    """Claim on one connection a station, each in a thread, for a while; what each took, and what it got."""
    found: list[tuple[float, int]] = []

    def work(address: str) -> None:
        with closing(Hub.open(address)) as hub:
            hub.claim_next("warm", 600)
            end = time.perf_counter() + _CLAIM_S
            while (start := time.perf_counter()) < end:
                if claim := hub.claim_next("officer", 600):
                    found.append(((time.perf_counter() - start) * 1000, claim.parcel_id))

    _together([lambda each=address: work(each) for address in addresses])  # type: ignore[misc]
    return found


def _events(cluster: Cluster, owner: Connection, addresses: Sequence[str]) -> list[Row]:
    """All stations send at once: events alone, and with what is known of a parcel for every third."""
    rows = []
    for name, with_parcels in (("events", False), ("events_with_parcels", True)):
        before = cluster.cpu_s()
        sent, seconds = _push_all(owner, addresses, with_parcels=with_parcels)
        rows.append(Row(f"hub.{name}_per_second", sent / seconds, "1/s"))
        rows.append(Row(f"hub.{name}_server_cpu_us", (cluster.cpu_s() - before) / sent * 1e6, "us"))
    size = owner.execute(
        "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'guanjian.events'::regclass"
    ).fetchone()
    return [*rows, Row("hub.bytes_an_event", float(size[0]) / _count(owner) if size else math.nan, "B")]


def _push_all(owner: Connection, addresses: Sequence[str], *, with_parcels: bool) -> tuple[int, float]:
    logs = [_make_log(number, with_parcels=with_parcels) for number in range(len(addresses))]
    sent = [0] * len(addresses)
    owner.execute("UPDATE guanjian.stations SET store = NULL")

    def send(number: int) -> None:
        key, log_name, events = logs[number]
        with closing(Hub.open(addresses[number])) as hub:
            hub.hello(key, log_name, "bench")
            for start in range(0, len(events), _BATCH):
                batch = events[start : start + _BATCH]
                changed = [_standing(event[6]) for event in batch if event[6]] if with_parcels else []
                sent[number] = hub.push(key, batch, changed)

    start = time.perf_counter()
    _together([lambda each=number: send(each) for number in range(len(addresses))])  # type: ignore[misc]
    return sum(sent), time.perf_counter() - start


def _standing(parcel_id: int | None) -> Standing:
    assert parcel_id is not None
    return Standing(parcel_id, 1, f"CP{parcel_id:09d}CN", "imaged", "green", parcel_id, 0, True, True, "{}" * 400)


def _make_log(number: int, *, with_parcels: bool) -> tuple[UUID, str, list[EventRow]]:
    key, name = uuid4(), f"lane-{number}"
    previous = first_hash(key.hex, name)
    events: list[EventRow] = []
    for seq in range(1, _PUSHED // STATIONS * 4 + 1):
        parcel_id = seq if with_parcels and seq % 3 == 0 else None
        body = f'{{"row":"{previous.hex()}","scan":[{seq},"2026/01/01/x.tif","{previous.hex()}"]}}'
        fields = (seq, seq, seq, "boot", seq, "scanned", parcel_id, body)
        previous = event_hash(previous, fields)
        events.append((*fields, previous))
    return key, name, events


def _region(stack: ExitStack, cluster: Cluster, owner: Connection) -> list[Row]:
    """PostgreSQL's own replication takes the events to a second server, as a region would have it."""
    region = stack.enter_context(Cluster())
    known = Path(os.environ["PGPASSFILE"])
    known.write_text(known.read_text("utf-8") + region.passfile.read_text("utf-8"), "utf-8")
    password = next(line for line in known.read_text("utf-8").splitlines() if f":{OWNER}:" in line).rsplit(":", 1)[1]
    there = stack.enter_context(closing(connect_as_owner(region.owner)))
    set_up(there)
    owner.execute(
        "CREATE PUBLICATION region FOR TABLE guanjian.events, guanjian.checkpoints "
        "WITH (publish_via_partition_root = true)"
    )
    there.execute("ALTER TABLE guanjian.checkpoints DROP CONSTRAINT checkpoints_store_fkey")
    events = _count(owner)
    start = time.perf_counter()
    there.execute(
        sql.SQL("CREATE SUBSCRIPTION post CONNECTION {} PUBLICATION region").format(
            sql.Literal(f"{cluster.owner} password={password}")
        )
    )
    while _count(there) < events and time.perf_counter() - start < 120:
        time.sleep(0.02)
    seconds, arrived = time.perf_counter() - start, _count(there)
    there.execute("DROP SUBSCRIPTION post")
    return [
        Row("region.events_missing", events - arrived, "", 0, events == arrived),
        Row("region.events_per_second", arrived / seconds, "1/s"),
    ]


def _count(connection: Connection) -> int:
    found = connection.execute("SELECT count(*) FROM guanjian.events").fetchone()
    return int(found[0]) if found else 0


def _once() -> list[Row]:
    counted = count_once(STATIONS, EVENTS, STOPS)
    lost, doubled = counted.events - counted.distinct, counted.kept - counted.distinct
    return [
        Row("once.events", counted.events, ""),
        Row("once.hub_stops", counted.stops, ""),
        Row(f"once.cut_off_s ({counted.cut_by})", counted.cut_s, "s"),
        Row("once.lost", lost, "", 0, lost == 0),
        Row("once.doubled", doubled, "", 0, doubled == 0),
        Row("once.logs_with_another_end", counted.wrong_ends, "", 0, counted.wrong_ends == 0),
    ]


def _together(acts: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act, name="bench-hub") for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
