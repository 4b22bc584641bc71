"""What becomes of a label: where it was scanned, how often it was printed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from app.store.audit import Log
from app.store.database import Connection
from app.store.times import from_us, to_us


@dataclass(frozen=True, slots=True)
class Sighted:
    """One scan of a trace code: where, when, and what it was found to be worth."""

    trace_id: str
    place: str
    verdict: str
    seen_at: datetime


class Labels:
    """The scans and prints of a store's labels. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def add_sighting(self, sighted: Sighted) -> None:
        """Log a scan of a trace code."""
        values = (sighted.trace_id, sighted.place, sighted.verdict, to_us(sighted.seen_at))
        with self._write() as writer:
            log = Log(writer)
            cursor = writer.execute(
                "INSERT INTO sightings (trace_id, place, verdict, seen_us, event_seq) VALUES (?,?,?,?,?)",
                (*values, log.seq),
            )
            log.append("sighted", None, {"sighting": [cursor.lastrowid, *values]})

    def sightings(self, trace_id: str) -> list[Sighted]:
        """All scans of a trace code, oldest first."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT trace_id, place, verdict, seen_us FROM sightings WHERE trace_id = ? ORDER BY id", (trace_id,)
            ).fetchall()
        return [Sighted(found, place, verdict, from_us(seen_us)) for found, place, verdict, seen_us in rows]

    def was_printed(self, trace_id: str) -> bool:
        """Whether the label went to a printer before."""
        with self._read() as reader:
            return reader.execute("SELECT 1 FROM prints WHERE trace_id = ?", (trace_id,)).fetchone() is not None

    def add_print(self, trace_id: str, parcel_id: int, *, officer: str, printer: str, printed_at: datetime) -> int:
        """Count a print of a label; returns 0 for the first and the number of the reprint (补打) after it."""
        with self._write() as writer:
            log = Log(writer)
            found = writer.execute("SELECT count(*) FROM prints WHERE trace_id = ?", (trace_id,)).fetchone()
            copy: int = found[0]
            values = (trace_id, copy, officer, printer, to_us(printed_at))
            writer.execute("INSERT INTO prints VALUES (?,?,?,?,?,?)", (*values, log.seq))
            log.append("printed", parcel_id, {"print": list(values)})
        return copy
