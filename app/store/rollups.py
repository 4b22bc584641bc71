"""Keeps the figures up to the log, beside the work: from the events since the last time, a second behind at most."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta, timezone

import structlog

from app.store import finds
from app.store.contributions import DAY_US, Figure, Sums, read_life
from app.store.database import Connection
from app.store.errors import StoreError

log = structlog.get_logger()

EVERY_S = 1.0
BATCH = 200
"""Events that one transaction brings into the figures: more would keep an officer's decision waiting."""
_PARCELS = 5_000


@dataclass(frozen=True, slots=True)
class Check:
    """The figures held against the log: how many parcels and figures were summed, and which differ."""

    parcels: int
    figures: int
    differing: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        return not self.differing


@dataclass(frozen=True, slots=True)
class _Part:
    """What the events after `done` up to `last` change in the figures."""

    done: int
    last: int
    figures: dict[Figure, tuple[int, int]]


class Rollups:
    """The figures of a store as a whole: brought up to date, checked, and summed anew.

    They are made from the log and can be made again, so they are no part of the transaction that an officer waits for:
    a thread brings them up once a second, and who makes a report does so first.
    """

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="store-figures", daemon=True)

    def start(self) -> None:
        """Begin to bring the figures up to date in the background."""
        self._thread.start()

    def stop(self) -> None:
        """What is missing then is brought in when the store is opened again."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def catch_up(self) -> int:
        """Bring in all events that are not in the figures yet; returns how many were missing.

        Raises:
            StoreError: the store does not take them now.
        """
        count = 0
        while brought := self._bring_in():
            count += brought
        return count

    def _bring_in(self) -> int:
        """Bring in the next events; returns how many. The sums are made before the transaction that keeps them."""
        with self._lock:
            part = self._next_part()
            if part is None:
                return 0
            self._keep_part(part)
            return part.last - part.done

    def _keep_part(self, part: _Part) -> None:
        with self._write() as writer:
            # Another program may have been faster.
            if _state(writer, "seq") == part.done:
                _keep(writer, part.figures)
                writer.execute("UPDATE figures_state SET value = ? WHERE name = 'seq'", (part.last,))

    def _next_part(self) -> _Part | None:
        """The sums of the next events, None where there are none."""
        with self._read() as reader:
            done = _state(reader, "seq")
            events = reader.execute(
                "SELECT seq, parcel_id FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (done, BATCH)
            ).fetchall()
            if not events:
                return None
            last, sums = events[-1][0], Sums(_state(reader, "offset_s") * 1_000_000)
            for parcel_id in sorted({parcel_id for _, parcel_id in events if parcel_id is not None}):
                if before := read_life(reader, parcel_id, done):
                    sums.add(before, -1)
                if after := read_life(reader, parcel_id, last):
                    sums.add(after)
        return _Part(done, last, sums.figures())

    def _follow(self) -> None:
        wait_s = EVERY_S
        while not self._stop.wait(wait_s):
            wait_s = EVERY_S
            try:
                if self._bring_in() >= BATCH:
                    wait_s = 0
            except StoreError as error:
                # Busy or full: the next turn tries again, and what writes for an officer says it to him.
                log.warning("figures stay behind", error=repr(error))
            except Exception as error:
                log.exception("figures stay behind", error=repr(error))

    def behind(self) -> int:
        """How many events are not in the figures yet."""
        with self._read() as reader:
            found: tuple[int] = reader.execute(
                "SELECT (SELECT coalesce(max(seq), 0) FROM events) - value FROM figures_state WHERE name = 'seq'"
            ).fetchone()
        return found[0]

    def check(self, progress: Callable[[int], None] = lambda _: None) -> Check:
        """Sum all parcels anew and hold the figures against it."""
        with self._read() as reader:
            seq = _state(reader, "seq")
            sums, count = _sum(reader, seq, progress)
            kept = dict(_kept(reader))
        wanted = sums.figures()
        differing = sorted(figure for figure in wanted.keys() | kept.keys() if wanted.get(figure) != kept.get(figure))
        return Check(count, len(kept), tuple(" ".join(map(str, figure)) for figure in differing))

    def rebuild(self, offset_s: int | None = None, progress: Callable[[int], None] = lambda _: None) -> None:
        """Sum all parcels anew, by another local time where one is given."""
        with self._write() as writer:
            if offset_s is not None:
                writer.execute("UPDATE figures_state SET value = ? WHERE name = 'offset_s'", (offset_s,))
            seq = writer.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
            writer.execute("DELETE FROM figures")
            finds.rebuild(writer)
            sums, _ = _sum(writer, seq, progress)
            _keep(writer, sums.figures())
            writer.execute("UPDATE figures_state SET value = ? WHERE name = 'seq'", (seq,))

    def offset_s(self) -> int:
        """The local time that the figures are summed by, in seconds east of UTC."""
        with self._read() as reader:
            return _state(reader, "offset_s")


def local_zone(connection: Connection) -> timezone:
    """The local time that the figures are summed by."""
    return timezone(timedelta(seconds=_state(connection, "offset_s")))


def local_day(connection: Connection, at_us: int) -> int:
    """The local day of a time, in days since 1970."""
    return (at_us + _state(connection, "offset_s") * 1_000_000) // DAY_US


def _keep(connection: Connection, figures: Mapping[Figure, tuple[int, int]]) -> None:
    connection.executemany(
        "INSERT INTO figures VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE "
        "SET n = n + excluded.n, amount = amount + excluded.amount",
        [(*figure, *values) for figure, values in figures.items()],
    )


def _state(connection: Connection, name: str) -> int:
    found: tuple[int] = connection.execute("SELECT value FROM figures_state WHERE name = ?", (name,)).fetchone()
    return found[0]


def _kept(connection: Connection) -> Iterator[tuple[Figure, tuple[int, int]]]:
    for *figure, n, amount in connection.execute("SELECT * FROM figures WHERE n <> 0 OR amount <> 0"):
        yield Figure(*figure), (n, amount)


def _sum(connection: Connection, until_seq: int, progress: Callable[[int], None]) -> tuple[Sums, int]:
    """What all parcels add up to an event, and how many there are."""
    sums, count = Sums(_state(connection, "offset_s") * 1_000_000), 0
    last: int = connection.execute("SELECT coalesce(max(id), 0) FROM parcels").fetchone()[0]
    for parcel_id in range(1, last + 1):
        life = read_life(connection, parcel_id, until_seq)
        if life is None:
            continue
        count += 1
        sums.add(life)
        if parcel_id % _PARCELS == 0:
            progress(parcel_id)
    return sums, count
