"""The hub as a station asks it: its log goes there, errands come back, parcels are claimed and decided on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.hub.connection import Connection, connect, known_errors
from app.hub.errors import PictureAwayError, TooLargeError
from app.hub.records import (
    Answered,
    Claim,
    ClaimRow,
    ConflictRow,
    Due,
    Errands,
    EventRow,
    Hold,
    LaneRow,
    OfferRow,
    Standing,
    Verdict,
)  # fmt: skip

PART_BYTES = 1 << 20
MOST_PARTS = 256
MAX_PICTURE_BYTES = PART_BYTES * MOST_PARTS


class Hub:
    """One connection to the hub, for one thread at a time; every function is one transaction there.

    Raises, each of them: HubAwayError where it does not answer in time, else the HubError that says what it refuses.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, address: str, *, name: str = "guanjian") -> Self:
        return cls(connect(address, name=name))

    def close(self) -> None:
        self._connection.close()

    # The log, and what others want

    def hello(self, store: UUID, log_name: str, version: str) -> tuple[int, bytes]:
        """Introduce a store; returns how far its log is here, and the hash of the last event."""
        seq, hashed = self._row("SELECT * FROM hello(%s, %s, %s)", store, log_name, version)
        return int(seq), bytes(hashed)

    def push(self, store: UUID, events: Sequence[EventRow], changed: Sequence[Standing], *, left: int = 0) -> int:
        """Send events in their order, with what is now known of their parcels; returns the last one that is here.

        `left` is how many are still to come.

        Raises:
            GapError, ForkError, ForgedError: nothing of the batch was taken.
        """
        columns = [list(column) for column in zip(*events, strict=True)] if events else [[] for _ in range(9)]
        sql = (
            "SELECT push(%s, %s, %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], "
            "%s::bigint[], %s::text[], %b::bytea[], %s)"
        )
        return int(self._row(sql, store, left, *columns, Jsonb([asdict(each) for each in changed]))[0])

    def put_checkpoint(self, store: UUID, size: int, root: bytes, note: str) -> None:
        """Leave a signed root of the log where who holds the station does not reach. Raises ForkError."""
        self._call("SELECT put_checkpoint(%s, %s, %s, %s)", store, size, root, note)

    def pull(self, store: UUID) -> Errands:
        """What others want of this station."""
        said: dict[str, Any] = self._row("SELECT pull(%s)", store)[0]
        return Errands(
            [_due(each) for each in said["verdicts"]],
            [Hold(**each) for each in said["holds"]],
            [(parcel_id, sha256) for parcel_id, sha256 in said["pictures"]],
        )

    def answer_verdict(self, store: UUID, key: UUID, outcome: str, detail: str, state: str) -> None:
        self._call("SELECT answer_verdict(%s, %s, %s, %s, %s)", store, key, outcome, detail, state)

    def answer_hold(self, store: UUID, hold_id: int, outcome: str) -> None:
        self._call("SELECT answer_hold(%s, %s, %s)", store, hold_id, outcome)

    def listen(self) -> None:
        self._call("LISTEN guanjian")

    def wait(self, seconds: float) -> bool:
        """Wait until somebody calls, which may be for another station, or the time is over."""
        with known_errors():
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))

    # Claims

    def claim_next(self, officer: str, lease_s: int) -> Claim | None:
        """The parcel that is to be looked at next, by nobody else until the lease ends."""
        store, parcel_id, version, fence = self._row("SELECT * FROM claim_next(%s, %s)", officer, lease_s)
        return None if fence is None else Claim(store, parcel_id, version, fence)

    def claim(self, store: UUID, parcel_id: int, officer: str, lease_s: int) -> int:
        """Claim one parcel; returns the fence. Raises ClaimedError, NotWaitingError."""
        return int(self._row("SELECT claim(%s, %s, %s, %s)", store, parcel_id, officer, lease_s)[0])

    def record_of(self, fence: int) -> tuple[str, str] | None:
        """The station of a claimed parcel, and everything about it as JSON."""
        station, record = self._row("SELECT * FROM record_of(%s)", fence)
        return (station, record) if record else None

    def extend(self, fence: int, lease_s: int) -> None:
        """Raises ClaimLateError where the claim has ended already."""
        self._call("SELECT extend(%s, %s)", fence, lease_s)

    def give_back(self, fence: int) -> None:
        self._call("SELECT give_back(%s)", fence)

    def hand_over(self, fence: int, officer: str, seat: str, lease_s: int) -> int:
        """Give a claim to another officer, there or here; returns his fence."""
        return int(self._row("SELECT hand_over(%s, %s, %s, %s)", fence, officer, seat, lease_s)[0])

    def submit(self, fence: int, verdict: Verdict) -> None:
        """Decide on what is claimed; its owner applies it. Raises ClaimLateError, ClaimUsedError."""
        self._call(
            "SELECT submit(%s, %s, %s, %s, %s, %s, %s, %s, %s)", verdict.key, fence, verdict.officer,
            verdict.second_officer, verdict.action, verdict.reason, verdict.note, verdict.annotations,
            verdict.seen_version,
        )  # fmt: skip

    # Supervision

    def reassign(self, store: UUID, parcel_id: int, officer: str, seat: str, lease_s: int) -> int:
        """Give what somebody may be looking at to somebody else. Raises NoSupervisorError."""
        return int(self._row("SELECT reassign(%s, %s, %s, %s, %s)", store, parcel_id, officer, seat, lease_s)[0])

    def set_urgency(self, store: UUID, parcel_id: int, urgency: int) -> None:
        """0 to 9; the greater goes first, before any lane. Raises NoSupervisorError."""
        self._call("SELECT set_urgency(%s, %s, %s)", store, parcel_id, urgency)

    def resolve(self, conflict_id: int, officer: str, note: str) -> None:
        """Say that a conflict is settled. Raises NoSupervisorError."""
        self._call("SELECT resolve(%s, %s, %s)", conflict_id, officer, note)

    def lanes(self) -> list[LaneRow]:
        sql = (
            "SELECT station, seen_at, events, backlog, waiting, offered, claimed, red, version, verdicts, "
            "to_timestamp(oldest_us / 1e6) AS oldest_at FROM lanes ORDER BY station"
        )
        return self._rows(LaneRow, sql)

    def claimed(self, limit: int = 200) -> list[ClaimRow]:
        sql = (
            "SELECT store, parcel_id, station, number, lane, state, urgency, officer, seat, fence, lease_until, "
            "is_decided FROM claimed ORDER BY lease_until LIMIT %s"
        )
        return self._rows(ClaimRow, sql, limit)

    def offered(self, limit: int = 200) -> list[OfferRow]:
        sql = (
            "SELECT store, parcel_id, station, number, lane, state, urgency, "
            "to_timestamp(arrived_us / 1e6) AS arrived_at FROM offered "
            "ORDER BY urgency DESC, priority DESC, arrived_us LIMIT %s"
        )
        return self._rows(OfferRow, sql, limit)

    def conflicts(self, limit: int = 200) -> list[ConflictRow]:
        return self._rows(ConflictRow, "SELECT * FROM open_conflicts ORDER BY id DESC LIMIT %s", limit)

    def own_verdicts(self, limit: int = 50) -> list[Answered]:
        sql = (
            "SELECT verdict AS key, officer, action, made_at, outcome, detail FROM own_verdicts ORDER BY made_at DESC "
            "LIMIT %s"
        )
        return self._rows(Answered, sql, limit)

    # Pictures

    def want_picture(self, store: UUID, parcel_id: int, sha256: str) -> None:
        """Ask a parcel's lane for a picture; `fetch_picture` has it some time later."""
        self._call("SELECT want_picture(%s, %s, %s)", store, parcel_id, sha256)

    def put_picture(self, store: UUID, sha256: str, picture: bytes, sidecar: bytes) -> None:
        """Send a picture that was asked for, in parts. Raises TooLargeError."""
        if len(picture) > MAX_PICTURE_BYTES:
            raise TooLargeError(f"A picture of {len(picture) >> 20} MiB is too large to be sent.", detail=sha256)
        starts = range(0, len(picture), PART_BYTES)
        for part, start in enumerate(starts):
            self._call("SELECT put_part(%s, %s, %s, %b)", store, sha256, part, picture[start : start + PART_BYTES])
        self._call("SELECT end_picture(%s, %s, %s, %b, '')", store, sha256, len(starts), sidecar)

    def refuse_picture(self, store: UUID, sha256: str, why: str) -> None:
        self._call("SELECT end_picture(%s, %s, 0, ''::bytea, %s)", store, sha256, why)

    def fetch_picture(self, store: UUID, sha256: str) -> tuple[bytes, bytes] | None:
        """A picture and what is kept beside it; None while its lane has not sent it.

        Raises:
            PictureAwayError: its lane cannot send it, or it is not the picture that was announced.
        """
        parts, sidecar, why = self._row("SELECT * FROM picture_head(%s, %s)", store, sha256)
        if why:
            raise PictureAwayError(f"The lane cannot send the picture: {why}.", detail=why)
        if parts is None:
            return None
        if not 0 < parts <= MOST_PARTS:
            raise PictureAwayError("The picture has an impossible size; it was not fetched.", detail=str(parts))
        picture = bytearray()
        for part in range(parts):
            found = self._row("SELECT picture_part(%s, %s, %s)", store, sha256, part)[0]
            picture += found or b""
        if hashlib.sha256(picture).hexdigest() != sha256:
            raise PictureAwayError(
                "What arrived is not the picture that was taken; look at the parcel at its lane.", detail=sha256[:12]
            )
        return bytes(picture), bytes(sidecar)

    def _row(self, sql: str, *values: object) -> tuple[Any, ...]:
        with known_errors():
            found = self._connection.execute(sql, values, prepare=True).fetchone()
        assert found is not None
        row: tuple[Any, ...] = found
        return row

    def _call(self, sql: str, *values: object) -> None:
        with known_errors():
            self._connection.execute(sql, values)

    def _rows(self, kind: type[Any], sql: str, *values: object) -> list[Any]:
        with known_errors(), self._connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(sql, values).fetchall()


def _due(said: dict[str, Any]) -> Due:
    verdict = Verdict(
        UUID(said["verdict"]), said["action"], said["officer"], said["seen_version"], said["second_officer"],
        said["reason"], said["note"], said["annotations"],
    )  # fmt: skip
    return Due(said["parcel_id"], said["seat"], datetime.fromisoformat(said["made_at"]).astimezone(UTC), verdict)
