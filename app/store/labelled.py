"""Which pictures officers have labelled: those of parcels on which somebody decided, without exercises of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from app.store.database import Connection
from app.store.times import to_us

PAGE = 500


class Labelled:
    """What a store has to learn from. `read` opens its transactions."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def parcels(self, since: datetime, until: datetime) -> Iterator[int]:
        """Parcels whose pictures were taken in a span and that somebody decided on, oldest first.

        One on which a threat was ever projected is none of them: what was drawn or said of it may be of the threat.
        """
        after = 0
        while True:
            with self._read() as reader:
                page = reader.execute(_PARCELS, (to_us(since), to_us(until), after, PAGE)).fetchall()
            yield from (key for (key,) in page)
            if len(page) < PAGE:
                return
            after = page[-1][0]


_PARCELS = """
    SELECT DISTINCT c.parcel_id FROM captures c
    WHERE c.taken_us >= ? AND c.taken_us < ? AND c.parcel_id > ?
        AND EXISTS (SELECT 1 FROM decisions d WHERE d.parcel_id = c.parcel_id)
        AND NOT EXISTS (SELECT 1 FROM tips t WHERE t.parcel_id = c.parcel_id)
        AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.capture_id = c.id)
    ORDER BY c.parcel_id LIMIT ?
"""
