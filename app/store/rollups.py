"""Keeps the figures up to the log: in the transaction of what happened, from the events since the last time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta, timezone

import structlog

from app.store.contributions import DAY_US, Figure, Sums, contributions, read_life
from app.store.database import Connection

log = structlog.get_logger()

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


class Rollups:
    """The figures of a store as a whole: brought up to date, checked, and summed anew."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def catch_up(self) -> int:
        """Bring in all events that are not in the figures yet; returns how many were missing."""
        count = 0
        while missing := self.behind():
            # Each transaction brings in a batch as it ends.
            with self._write():
                pass
            if self.behind() >= missing:
                return count
            count += missing
        return count

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
        wanted = {figure: (sums.n[figure], sums.amount[figure]) for figure in sums.places()}
        differing = sorted(figure for figure in wanted.keys() | kept.keys() if wanted.get(figure) != kept.get(figure))
        return Check(count, len(kept), tuple(" ".join(map(str, figure)) for figure in differing))

    def rebuild(self, offset_s: int | None = None, progress: Callable[[int], None] = lambda _: None) -> None:
        """Sum all parcels anew, by another local time where one is given."""
        with self._write() as writer:
            if offset_s is not None:
                writer.execute("UPDATE figures_state SET value = ? WHERE name = 'offset_s'", (offset_s,))
            seq = writer.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
            writer.execute("DELETE FROM figures")
            writer.execute("DELETE FROM finds")
            sums, _ = _sum(writer, seq, progress, finds=True)
            _keep(writer, sums)
            writer.execute("UPDATE figures_state SET value = ? WHERE name = 'seq'", (seq,))

    def offset_s(self) -> int:
        """The local time that the figures are summed by, in seconds east of UTC."""
        with self._read() as reader:
            return _state(reader, "offset_s")


def follow(connection: Connection) -> None:
    """Bring the events since the last time into the figures, as a part of the transaction that wrote them.

    The figures are made from the log and can be made again, so an error in them must not cost an officer his decision:
    it is logged, the figures stay behind, and the next transaction tries again.
    """
    connection.execute("SAVEPOINT figures")
    try:
        _follow(connection)
    except Exception as error:
        connection.execute("ROLLBACK TO figures")
        log.exception("figures stay behind", error=repr(error))
    connection.execute("RELEASE figures")


def local_zone(connection: Connection) -> timezone:
    """The local time that the figures are summed by."""
    return timezone(timedelta(seconds=_state(connection, "offset_s")))


def local_day(connection: Connection, at_us: int) -> int:
    """The local day of a time, in days since 1970."""
    return (at_us + _state(connection, "offset_s") * 1_000_000) // DAY_US


def _follow(connection: Connection) -> None:
    done = _state(connection, "seq")
    events = connection.execute(
        "SELECT seq, parcel_id FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (done, BATCH)
    ).fetchall()
    if not events:
        return
    last, sums = events[-1][0], Sums()
    offset_us = _state(connection, "offset_s") * 1_000_000
    for parcel_id in sorted({parcel_id for _, parcel_id in events if parcel_id is not None}):
        before, after = read_life(connection, parcel_id, done), read_life(connection, parcel_id, last)
        if before:
            sums.add(contributions(before, offset_us), -1)
        if after:
            sums.add(contributions(after, offset_us))
            _keep_find(connection, parcel_id, after.found_us)
    _keep(connection, sums)
    connection.execute("UPDATE figures_state SET value = ? WHERE name = 'seq'", (last,))


def _keep(connection: Connection, sums: Sums) -> None:
    connection.executemany(
        "INSERT INTO figures VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE "
        "SET n = n + excluded.n, amount = amount + excluded.amount",
        [(*figure, sums.n[figure], sums.amount[figure]) for figure in sums.places()],
    )


def _keep_find(connection: Connection, parcel_id: int, found_us: int | None) -> None:
    if found_us is None:
        connection.execute("DELETE FROM finds WHERE parcel_id = ?", (parcel_id,))
    else:
        connection.execute("INSERT OR REPLACE INTO finds VALUES (?, ?)", (parcel_id, found_us))


def _state(connection: Connection, name: str) -> int:
    found: tuple[int] = connection.execute("SELECT value FROM figures_state WHERE name = ?", (name,)).fetchone()
    return found[0]


def _kept(connection: Connection) -> Iterator[tuple[Figure, tuple[int, int]]]:
    for *figure, n, amount in connection.execute("SELECT * FROM figures WHERE n <> 0 OR amount <> 0"):
        yield Figure(*figure), (n, amount)


def _sum(
    connection: Connection, until_seq: int, progress: Callable[[int], None], *, finds: bool = False
) -> tuple[Sums, int]:
    """What all parcels add up to an event, and how many there are; `finds` keeps what was found too."""
    sums, count, offset_us = Sums(), 0, _state(connection, "offset_s") * 1_000_000
    last: int = connection.execute("SELECT coalesce(max(id), 0) FROM parcels").fetchone()[0]
    for parcel_id in range(1, last + 1):
        life = read_life(connection, parcel_id, until_seq)
        if life is None:
            continue
        count += 1
        sums.add(contributions(life, offset_us))
        if finds and life.found_us is not None:
            _keep_find(connection, parcel_id, life.found_us)
        if parcel_id % _PARCELS == 0:
            progress(parcel_id)
    return sums, count
