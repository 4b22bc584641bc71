"""What a store is asked of parcels, their declarations and their events."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from app.customs.parcel import ArchiveFilter, Decision, Declaration, Parcel, QueueFilter, QueueRow
from app.customs.states import Facts, State
from app.store import archive, decisions, declarations, outbox, parcels, queue
from app.store.audit import Event, read_events
from app.store.database import Database
from app.store.decisions import TraceFound
from app.store.hours import day_counts
from app.store.times import to_us


class Reads:
    """The reading half of a store. Every function may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, wanted: QueueFilter, limit: int = 500) -> list[QueueRow]:
        with self._database.read() as reader:
            return queue.page(reader, wanted, limit)

    def row(self, parcel_id: int) -> QueueRow | None:
        """One parcel as the queue shows it."""
        with self._database.read() as reader:
            return queue.one(reader, parcel_id)

    def counts(self) -> dict[str, int]:
        with self._database.read() as reader:
            return queue.counts(reader)

    def parcel(self, parcel_id: int) -> Parcel:
        """Raises ParcelUnknownError where there is none."""
        with self._database.read() as reader:
            return parcels.load(reader, parcel_id)

    def facts(self, parcel_id: int, *, officer: str = "") -> tuple[State, Facts]:
        """A parcel's state and what the guards know of it, for `offers`."""
        with self._database.read() as reader:
            row = parcels.load_row(reader, parcel_id)
            return State(row["state"]), decisions.facts_of(reader, row, officer=officer, now=datetime.now(UTC))

    def history(self, parcel_id: int) -> list[Decision]:
        with self._database.read() as reader:
            return decisions.history(reader, parcel_id)

    def events(self, parcel_id: int) -> list[Event]:
        with self._database.read() as reader:
            return list(read_events(reader, "WHERE parcel_id = ?", (parcel_id,)))

    def find_number(self, number: str) -> Parcel | None:
        """The parcel that came last with exactly this number."""
        with self._database.read() as reader:
            key = queue.find_number(reader, number)
            return None if key is None else parcels.load(reader, key)

    def find_code(self, text: str) -> Parcel | None:
        """The parcel that came last with this code or number."""
        with self._database.read() as reader:
            key = queue.find_code(reader, text)
            return None if key is None else parcels.load(reader, key)

    def find_trace(self, trace_id: str) -> TraceFound | None:
        with self._database.read() as reader:
            return decisions.find_trace(reader, trace_id)

    def find_declaration(self, number: str) -> Declaration | None:
        """The declaration in force now for a number."""
        with self._database.read() as reader:
            key = declarations.newest(reader, number, to_us(datetime.now(UTC)))
            return None if key is None else declarations.load(reader, key)

    def withdrawal_of(self, number: str) -> str:
        """The source of the cancellation that a parcel with this number is marked by; "" where there is none."""
        with self._database.read() as reader:
            return parcels.withdrawal_of(reader, number)

    def last_trace_id(self, prefix: str) -> str | None:
        """The greatest trace id given so far that begins with this text, to go on counting from."""
        with self._database.read() as reader:
            return decisions.last_trace_id(reader, prefix)

    def search(self, text: str, limit: int = 50) -> list[QueueRow]:
        """Parcels by the beginning of number or code, or by words of their goods; newest first."""
        with self._database.read() as reader:
            return queue.search(reader, text, limit)

    def archive(self, wanted: ArchiveFilter, limit: int = 200) -> list[QueueRow]:
        """Parcels of any time and state that fit all that is wanted, newest first."""
        with self._database.read() as reader:
            return archive.find(reader, wanted, limit)

    def day_counts(self, day: date, zone: tzinfo = UTC) -> dict[str, int]:
        with self._database.read() as reader:
            return day_counts(reader, day, zone)

    def pending(self, limit: int, *, target: str = "hub") -> list[Event]:
        """The next events that a target has not had."""
        with self._database.read() as reader:
            return outbox.pending(reader, target, limit)
