"""What is still to be sent: each target has a place in the log, and everything after it is pending."""

from __future__ import annotations

import time

from app.store.audit import Event, read_events
from app.store.database import Connection
from app.store.errors import StoreError


def pending(connection: Connection, target: str, limit: int) -> list[Event]:
    """The next events for a target, in order and without gap."""
    return list(read_events(connection, "WHERE seq > ?", (sent(connection, target),), limit))


def mark_sent(connection: Connection, target: str, seq: int) -> None:
    """Remember that a target has everything up to an event; a target never goes back.

    Raises:
        StoreError: there is no such event yet.
    """
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
    if not 0 <= seq <= last:
        raise StoreError(f"Event {seq} cannot have been sent; the log ends at {last}.", detail=str(seq))
    connection.execute(
        "INSERT INTO deliveries VALUES (?, ?, ?) ON CONFLICT (target) DO UPDATE "
        "SET sent_seq = excluded.sent_seq, sent_us = excluded.sent_us WHERE excluded.sent_seq > sent_seq",
        (target, seq, time.time_ns() // 1000),
    )


def sent(connection: Connection, target: str) -> int:
    """The last event that a target has; 0 where it has none."""
    found = connection.execute("SELECT sent_seq FROM deliveries WHERE target = ?", (target,)).fetchone()
    return int(found[0]) if found else 0
