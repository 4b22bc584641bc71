"""What parcels wait for: begun and ended with decisions or on their own, counted while it is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from app.customs.waiting import Waiting, WaitingKind
from app.store import parcels, waiting_rows
from app.store.audit import Log
from app.store.database import Connection
from app.store.errors import WaitingUnknownError
from app.store.times import to_us


class Waitings:
    """The waiting reasons of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def begin(
        self, parcel_id: int, kind: WaitingKind, *, officer: str, since_at: datetime, due_at: datetime | None = None,
        note: str = "",
    ) -> Waiting:  # fmt: skip
        """Hang a waiting reason on a parcel without a decision, such as a tax assessed while others are open.

        Raises:
            ParcelUnknownError: there is no such parcel.
        """
        with self._write() as writer:
            log, row = Log(writer), parcels.load_row(writer, parcel_id)
            values = waiting_rows.begin(
                writer, parcel_id, kind, officer=officer, note=note, since_us=to_us(since_at),
                due_us=None if due_at is None else to_us(due_at), decision_id=None, seq=log.seq,
            )  # fmt: skip
            parcels.change(writer, log, row, "waiting_begun", {"waiting": values})
            return waiting_rows.find(writer, values[0])

    def settle(self, waiting_id: int, *, officer: str, outcome: str, now: datetime) -> Waiting:
        """End an open waiting reason; the parcel's state stays.

        Raises:
            WaitingUnknownError: none is open with this number.
        """
        with self._write() as writer:
            if not writer.execute("SELECT 1 FROM open_waitings WHERE waiting_id = ?", (waiting_id,)).fetchone():
                raise WaitingUnknownError(f"No waiting reason {waiting_id} is open.", id=waiting_id)
            log = Log(writer)
            row = parcels.load_row(writer, waiting_rows.find(writer, waiting_id).parcel_id)
            values = waiting_rows.settle(
                writer, waiting_id, outcome=outcome, officer=officer, at_us=to_us(now), decision_id=None, seq=log.seq
            )
            parcels.change(writer, log, row, "waiting_settled", {"settlements": [values]})
            return waiting_rows.find(writer, waiting_id)

    def of(self, parcel_id: int) -> list[Waiting]:
        """All waiting reasons that a parcel ever had, oldest first; those of undone decisions left out."""
        with self._read() as reader:
            return waiting_rows.every(reader, parcel_id)

    def page(
        self, kinds: Sequence[WaitingKind] = (), *, limit: int, after: tuple[datetime, int] | None = None
    ) -> list[Waiting]:
        """Open waiting reasons, the oldest first; `after` is time and id of the last one of the page before."""
        since_us, key = (to_us(after[0]), after[1]) if after else (-1, -1)
        marks = f"AND o.kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        sql = (
            f"SELECT waiting_id FROM open_waitings o WHERE (since_us, waiting_id) > (?, ?) {marks} "
            "ORDER BY since_us, waiting_id LIMIT ?"
        )
        with self._read() as reader:
            found = reader.execute(sql, (since_us, key, *(kind.value for kind in kinds), limit)).fetchall()
            return [waiting_rows.find(reader, waiting_id) for (waiting_id,) in found]

    def counts(self) -> dict[str, int]:
        """How many are open, by kind."""
        with self._read() as reader:
            return dict(reader.execute("SELECT kind, count(*) FROM open_waitings GROUP BY kind").fetchall())
