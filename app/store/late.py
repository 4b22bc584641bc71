"""Parcels that wait here and were declared, or declared anew, since their lane was set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, NamedTuple

from app.customs.states import UNDECIDED
from app.store import declarations
from app.store.database import Connection


class Place(NamedTuple):
    """A parcel's place in the order of arrival."""

    arrived_us: int
    parcel_id: int


FIRST: Final = Place(-(2**63), 0)

_NEWER = f"d.event_seq > a.seq AND d.received_us > p.arrived_us - {declarations.YEAR_US}"
_DUE = f"""
    SELECT p.arrived_us, p.id FROM parcels p INDEXED BY parcels_waiting
    CROSS JOIN events a ON a.seq = (
        SELECT seq FROM events WHERE parcel_id = p.id AND kind IN ('registered', 'scanned', 'identified')
        ORDER BY seq DESC LIMIT 1)
    WHERE p.is_waiting = 1 AND (p.arrived_us, p.id) > (?, ?)
    AND p.state IN ({", ".join(f"'{state}'" for state in UNDECIDED)})
    AND (EXISTS (SELECT 1 FROM declarations d WHERE d.number = p.number AND {_NEWER})
        OR EXISTS (SELECT 1 FROM codes c CROSS JOIN declarations d ON d.number = c.text
            WHERE c.parcel_id = p.id AND {_NEWER}))
    ORDER BY p.arrived_us, p.id LIMIT ?
"""


class Late:
    """What declarations that come after their parcels leave to be done. `read` opens the store's transactions.

    The log says when a lane was set with all that is declared: when the parcel was registered, scanned or identified.
    """

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def newest(self) -> int:
        """The row of the last declaration that came, 0 before the first."""
        with self._read() as reader:
            return int(reader.execute("SELECT coalesce(max(id), 0) FROM declarations").fetchone()[0])

    def due(self, after: Place, limit: int) -> list[Place]:
        """The next parcels whose number or code was declared since; some 3 us for each parcel that waits."""
        with self._read() as reader:
            return [Place(*row) for row in reader.execute(_DUE, (*after, limit))]
