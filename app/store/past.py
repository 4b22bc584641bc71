"""What the store remembers for the rules: a party's earlier parcels, and what came of those of the last days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from app.customs.parcel import Kind
from app.customs.risk.facts import Facts, Party
from app.customs.risk.whatif import Judged
from app.store import declarations
from app.store.database import Connection
from app.store.parcels import findings_of, seen_in
from app.store.rollups import local_day, local_zone
from app.store.times import from_us, to_us

MOST = 1_000
"""Where a count stops: a rule that asks for more asks for a large trader, and should say so."""
_LOOKED_AT = 5_000
"""Declarations of one party that a count looks at, the newest; nobody shall slow the belt by a name."""
PAGE = 500


class Past:
    """History as rules ask for it, read from the tables as they were before a moment; nothing is counted in advance."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def arrivals(self, party: Party, key: str, days: int, before: datetime) -> int:
        """How many parcels of a party arrived in the days before a moment; up to 1,000."""
        return self._count(_ARRIVALS, party, key, days, before)

    def hits(self, party: Party, key: str, days: int, before: datetime) -> int:
        """In how many parcels of a party officers found something in the days before a moment; up to 1,000."""
        return self._count(_HITS, party, key, days, before)

    def judged(self, since: datetime, most: int) -> Iterator[list[Judged]]:
        """The parcels that arrived since a moment, the newest first, a page at a time, with what became of them."""
        last, left = (1 << 62, 1 << 62), most
        while left > 0:
            with self._read() as reader:
                page, last = _page(reader, to_us(since), last, min(PAGE, left))
            if not page:
                return
            left -= len(page)
            yield page

    def _count(self, count: str, party: Party, key: str, days: int, before: datetime) -> int:
        end = to_us(before)
        if party is Party.GOODS:
            return self._count_goods("hits" if count is _HITS else "registered", key, days, end)
        column = "sender" if party is Party.CONSIGNOR else "consignee"
        with self._read() as reader:
            found: tuple[int] = reader.execute(count.format(column), (key, end, end - days * 86_400_000_000)).fetchone()
        return found[0]

    def _count_goods(self, what: str, heading: str, days: int, end_us: int) -> int:
        """Of goods whole days are counted, up to the one before: their parcels are too many to go through."""
        with self._read() as reader:
            today = local_day(reader, end_us)
            found: tuple[int] = reader.execute(
                "SELECT coalesce(sum(n), 0) FROM figures WHERE grain = 'd' AND dim = 'goods' AND slot >= ? "
                "AND slot < ? AND is_drill = 0 AND key = ? AND what = ?",
                (today - days, today, heading, what),
            ).fetchone()
        return min(found[0], MOST)


# The declarations of a party are found by its name, their parcels by the declaration: both have an index.
_OF_PARTY = (
    "(SELECT id FROM declarations WHERE {0} = ?1 AND {0} <> '' AND received_us < ?2 ORDER BY id DESC "
    f"LIMIT {_LOOKED_AT}) k JOIN parcels p ON p.declaration_id = k.id"
)
_ARRIVALS = (
    f"SELECT count(*) FROM (SELECT 1 FROM {_OF_PARTY} WHERE p.arrived_us < ?2 AND p.arrived_us >= ?3 LIMIT {MOST})"
)
_HITS = (
    f"SELECT count(*) FROM (SELECT 1 FROM {_OF_PARTY} JOIN finds f ON f.parcel_id = p.id "
    f"WHERE f.found_us < ?2 AND f.found_us >= ?3 LIMIT {MOST})"
)
_JUDGED = (
    "SELECT p.id, p.number, p.kind, p.arrived_us, p.findings, p.declaration_id, "
    "EXISTS (SELECT 1 FROM decisions d WHERE d.parcel_id = p.id AND d.action = 'open'), "
    "EXISTS (SELECT 1 FROM finds f WHERE f.parcel_id = p.id), "
    "(SELECT max(s.id) FROM screenings s WHERE s.capture_id = (SELECT max(c.id) FROM captures c "
    "WHERE c.parcel_id = p.id)) FROM parcels p WHERE p.arrived_us >= ?1 "
    "AND (p.arrived_us, p.id) < (?2, ?3) ORDER BY p.arrived_us DESC, p.id DESC LIMIT ?4"
)


def _page(
    connection: Connection, since_us: int, last: tuple[int, int], limit: int
) -> tuple[list[Judged], tuple[int, int]]:
    """Parcels before the last one of the page before, and the last of these."""
    rows = connection.execute(_JUDGED, (since_us, *last, limit)).fetchall()
    seen = seen_in(connection, [row[8] for row in rows if row[8] is not None])
    zone = local_zone(connection)
    page = []
    for key, number, kind, arrived_us, findings, declared, was_opened, was_hit, screening in rows:
        arrived_at = from_us(arrived_us)
        facts = Facts(
            number=number,
            arrived_on=arrived_at.astimezone(zone).date(),
            declaration=None if declared is None else declarations.load(connection, declared),
            seen=seen.get(screening, ()),
            findings=findings_of(findings),
            arrived_at=arrived_at,
            kind=Kind(kind),
        )
        page.append(Judged(key, facts, bool(was_opened), bool(was_hit)))
    return page, (rows[-1][3], rows[-1][0]) if rows else last
