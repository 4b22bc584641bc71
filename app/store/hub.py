"""The station's side of the hub: its log from any place on, what is known of parcels, and verdicts from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from app.customs.errors import GuardError
from app.customs.parcel import Decision
from app.customs.states import State
from app.store import decisions, outbox, parcels
from app.store.audit import Log
from app.store.checkpoints import Checkpoint, last
from app.store.database import Connection
from app.store.decisions import Verdict
from app.store.errors import ParcelChangedError, ParcelUnknownError
from imaging.errors import KnownError

TARGET = "hub"
_BATCH_BYTES = 2 << 20

EventRow = tuple[int, int, int, str, int, str, int | None, str, bytes]
"""seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a parcel stands now."""

    parcel_id: int
    version: int
    number: str
    state: State
    lane: str
    arrived_us: int
    has_alarm: bool
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a verdict from elsewhere: "applied", "refused" or "conflict", and where the parcel stands then."""

    outcome: str
    detail: str
    state: str
    decision: Decision | None = None


class HubSide:
    """What the hub gets from a store and what it brings. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def identity(self) -> tuple[UUID, str]:
        """The store's own id, and the station's name with which its log begins."""
        with self._read() as reader:
            meta = dict(reader.execute("SELECT name, value FROM meta"))
        return UUID(meta["store_id"]), meta["station"]

    def end(self) -> int:
        """The number of the last event."""
        with self._read() as reader:
            return int(reader.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def sent(self) -> int:
        """The last event of which it is known here that the hub has it."""
        with self._read() as reader:
            return outbox.sent(reader, TARGET)

    def mark_sent(self, seq: int) -> None:
        with self._write() as writer:
            outbox.mark_sent(writer, TARGET, seq)

    def hash_of(self, seq: int) -> bytes | None:
        with self._read() as reader:
            found = reader.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()
        return found and bytes(found[0])

    def events_after(self, seq: int, limit: int) -> list[EventRow]:
        """The next events in their order, without gap; fewer where they are long."""
        found, size = list[EventRow](), 0
        with self._read() as reader:
            for row in reader.execute(_EVENTS, (seq, limit)):
                found.append(row)
                size += len(row[7])
                if size > _BATCH_BYTES:
                    break
        return found

    def stands(self, parcel_ids: Iterable[int]) -> list[Stand]:
        """Where parcels stand now."""
        with self._read() as reader:
            rows = [reader.execute(_STAND, (key,)).fetchone() for key in parcel_ids]
        return [
            Stand(key, version, number, State(state), lane, arrived_us, bool(has_alarm), bool(is_waiting))
            for key, version, number, state, lane, arrived_us, has_alarm, is_waiting in filter(None, rows)
        ]

    def last_checkpoint(self) -> Checkpoint | None:
        with self._read() as reader:
            return last(reader)

    def picture(self, parcel_id: int, sha256: str) -> PurePosixPath | None:
        """Where a picture of a parcel is, below the folder of pictures."""
        sql = "SELECT path FROM captures WHERE parcel_id = ? AND sha256 = ?"
        with self._read() as reader:
            found = reader.execute(sql, (parcel_id, sha256)).fetchone()
        return PurePosixPath(found[0]) if found else None

    def answered(self, key: UUID) -> Answer | None:
        """What became of a verdict that came before."""
        with self._read() as reader:
            return _answered(reader, key)

    def apply(
        self, key: UUID, parcel_id: int, seat: str, verdict: Verdict, refusal: KnownError | None = None
    ) -> Answer:
        """Decide as an officer elsewhere said, or log why not; the same verdict again gets the same answer.

        A verdict on a parcel that was decided on meanwhile is a conflict: both stay in the log. `refusal` is what the
        station has against it beyond the store's guards.
        """
        with self._write() as writer:
            if before := _answered(writer, key):
                return before
            answer = _refused(writer, parcel_id, verdict, refusal) if refusal else _decide(writer, parcel_id, verdict)
            row = (
                str(key), parcel_id, seat, verdict.officer, verdict.action.value, answer.outcome, answer.detail,
                answer.decision.id if answer.decision else None,
            )  # fmt: skip
            log = Log(writer)
            writer.execute("INSERT INTO hub_verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, log.seq))
            log.append("verdict_answered", parcel_id, {"answer": list(row)})
            return answer


_EVENTS = (
    "SELECT seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash FROM log WHERE seq > ? ORDER BY seq "
    "LIMIT ?"
)
_STAND = "SELECT id, version, number, state, lane, arrived_us, has_alarm, is_waiting FROM parcels WHERE id = ?"


def _decide(connection: Connection, parcel_id: int, verdict: Verdict) -> Answer:
    # A savepoint: what a refused decision had begun must not stay in the transaction that logs the refusal.
    connection.execute("SAVEPOINT verdict")
    try:
        decision = decisions.decide(connection, parcel_id, verdict)
    except (GuardError, ParcelChangedError, ParcelUnknownError) as error:
        connection.execute("ROLLBACK TO verdict")
        return _refused(connection, parcel_id, verdict, error)
    finally:
        connection.execute("RELEASE verdict")
    return Answer("applied", "", decision.after.value, decision)


def _refused(connection: Connection, parcel_id: int, verdict: Verdict, error: KnownError) -> Answer:
    try:
        state = parcels.load_row(connection, parcel_id)["state"]
    except ParcelUnknownError:
        return Answer("refused", error.key, "")
    return Answer("conflict" if _was_decided(connection, parcel_id, verdict) else "refused", error.key, state)


def _was_decided(connection: Connection, parcel_id: int, verdict: Verdict) -> bool:
    """Whether somebody decided on the parcel after the version that the verdict is about.

    Each change of a parcel's row is one event and one version, so the events after so many are the later ones.
    """
    if verdict.expected_version is None:
        return False
    later = connection.execute(_CHANGES, (parcel_id, verdict.expected_version)).fetchall()
    return any(kind in ("decided", "undone") for (kind,) in later)


_CHANGES = (
    "SELECT kind FROM events WHERE parcel_id = ? AND kind NOT IN ('shown', 'noted') "
    "AND coalesce(row, body ->> '$.row') IS NOT NULL ORDER BY seq LIMIT -1 OFFSET ?"
)


def _answered(connection: Connection, key: UUID) -> Answer | None:
    found = connection.execute(
        "SELECT outcome, detail, coalesce(p.state, '') FROM hub_verdicts v LEFT JOIN parcels p ON p.id = v.parcel_id "
        "WHERE verdict = ?",
        (str(key),),
    ).fetchone()
    return Answer(*found) if found else None
