"""Counts of what happened, kept by the hour as it happens, so that a day's figures cost nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.store.database import Connection
from app.store.times import to_us

_HOUR_US = 3_600_000_000


_COUNT = "INSERT INTO hours VALUES (?, ?, ?) ON CONFLICT (hour, what) DO UPDATE SET n = n + excluded.n"


def tally(connection: Connection, at_us: int, what: str, n: int = 1) -> None:
    """Count something into its hour; the caller's transaction makes it true together with the thing itself."""
    connection.execute(_COUNT, (at_us // _HOUR_US, what, n))


def tally_each(connection: Connection, at_us: int, whats: Iterable[str]) -> None:
    """Count each of several things."""
    connection.executemany(_COUNT, [(at_us // _HOUR_US, what, 1) for what in whats])


def day_counts(connection: Connection, day: date, zone: tzinfo = UTC) -> dict[str, int]:
    """What happened on a local day: "registered", "scans", "labels", "undone", and each action by its id."""
    first = to_us(datetime.combine(day, time(), zone)) // _HOUR_US
    last = to_us(datetime.combine(day + timedelta(days=1), time(), zone)) // _HOUR_US
    found = connection.execute(
        "SELECT what, sum(n) FROM hours WHERE hour >= ? AND hour < ? GROUP BY what", (first, last)
    )
    return dict(found.fetchall())
