"""Searches of everything that was ever kept: by code, time, goods, what was seen, what was decided, by whom."""

from __future__ import annotations

from app.customs.parcel import ArchiveFilter, QueueRow
from app.store.database import Connection
from app.store.queue import rows
from app.store.search import after_prefix, match
from app.store.times import to_us

_BY_CODE = (
    "p.id IN (SELECT id FROM parcels WHERE number >= ? AND number < ? "
    "UNION SELECT parcel_id FROM codes WHERE text >= ? AND text < ?)"
)
_BY_SENDER = "p.declaration_id IN (SELECT id FROM declarations WHERE sender = ? AND sender <> '')"
_BY_GOODS = "p.id IN (SELECT rowid FROM search WHERE search MATCH ?)"
_BY_LABEL = (
    "EXISTS (SELECT 1 FROM captures c JOIN screenings s ON s.capture_id = c.id JOIN detections d "
    "ON d.screening_id = s.id WHERE c.parcel_id = p.id AND d.label = ?)"
)
_BY_DECISION = (
    "EXISTS (SELECT 1 FROM decisions d WHERE d.parcel_id = p.id{} AND d.id NOT IN (SELECT decision_id FROM undos))"
)


def find(connection: Connection, wanted: ArchiveFilter, limit: int) -> list[QueueRow]:
    """Parcels that fit all that is wanted, newest first.

    Codes and senders are found by their index. The rest is tested on the way back in time, so that a search for
    something rare is as long as the span of time that it is sought in.
    """
    sql, values = query(wanted, limit)
    return rows(connection, [key for (key,) in connection.execute(sql, values)])


def query(wanted: ArchiveFilter, limit: int) -> tuple[str, list[object]]:
    """The SQL of a search and its values."""
    conditions: list[str] = []
    values: list[object] = []
    if code := wanted.code.strip():
        conditions.append(_BY_CODE)
        values += [code.upper(), after_prefix(code.upper()), code, after_prefix(code)]
    if wanted.sender:
        conditions.append(_BY_SENDER)
        values.append(wanted.sender)
    # An index that finds few parcels comes first; the time must not take its place.
    arrived = "+p.arrived_us" if conditions else "p.arrived_us"
    for moment, sign in ((wanted.arrived_from, ">="), (wanted.arrived_to, "<")):
        if moment is not None:
            conditions.append(f"{arrived} {sign} ?")
            values.append(to_us(moment))
    if wanted.goods.strip():
        conditions.append(_BY_GOODS)
        values.append(match(wanted.goods.strip()) or '""')
    if wanted.label:
        conditions.append(_BY_LABEL)
        values.append(wanted.label)
    decided, by = _decided(wanted)
    if decided:
        conditions.append(_BY_DECISION.format(decided))
        values += by
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return f"SELECT p.id FROM parcels p {where}ORDER BY {arrived} DESC, p.id DESC LIMIT ?", [*values, limit]


def _decided(wanted: ArchiveFilter) -> tuple[str, list[object]]:
    """What a decision has to be; an officer is sought by his login name or by the name in his account."""
    tests, values = "", list[object]()
    if wanted.action:
        tests += " AND d.action = ?"
        values.append(wanted.action.value)
    if officer := wanted.officer.strip():
        tests += " AND (d.officer = ? COLLATE NOCASE OR d.officer IN (SELECT login FROM officers WHERE name = ?))"
        values += [officer, officer]
    return tests, values
