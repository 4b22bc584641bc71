"""What the queue shows: a page of rows, counts by state, and searches."""

from __future__ import annotations

from app.customs.parcel import FindingKind, Kind, Lane, QueueFilter, QueueRow
from app.customs.states import State
from app.store.database import Connection
from app.store.parcels import findings_of
from app.store.search import after_prefix, match
from app.store.times import from_us

_SELECT = (
    "SELECT id, kind, number, state, lane, arrived_us, goods, top_label, top_score, findings FROM parcels INDEXED BY {}"
)


# Calling an enumeration takes three times as long, and a page has 150 of them.
_KINDS = {kind.value: kind for kind in Kind}
_STATES = {state.value: state for state in State}
_LANES = {lane.value: lane for lane in Lane}


def page(connection: Connection, wanted: QueueFilter, limit: int) -> list[QueueRow]:
    """The first rows of the queue. Each state is read in its own order, so that no more than a page is touched."""
    conditions, values = _conditions(wanted)
    order = "DESC" if wanted.newest_first else "ASC"
    if wanted.states:
        index, heads = "parcels_by_state", [("state = ?", [state.value]) for state in dict.fromkeys(wanted.states)]
    else:
        # The literal is what lets SQLite use the partial index.
        index, heads = "parcels_waiting", [("is_waiting = 1", [])]
    parts, bound = [], []
    for head, own in heads:
        where = " AND ".join([head, *conditions])
        select = _SELECT.format(index)
        parts.append(f"SELECT * FROM ({select} WHERE {where} ORDER BY arrived_us {order}, id {order} LIMIT ?)")
        bound += [*own, *values, limit]
    sql = f"{' UNION ALL '.join(parts)} ORDER BY arrived_us {order}, id {order} LIMIT ?"
    return [_row(found) for found in connection.execute(sql, (*bound, limit))]


def counts(connection: Connection) -> dict[str, int]:
    """How many parcels there are in each state; states without any are absent."""
    return dict(connection.execute("SELECT state, n FROM states WHERE n > 0").fetchall())


def one(connection: Connection, parcel_id: int) -> QueueRow | None:
    """The row of one parcel, as the queue would show it."""
    return next(iter(rows(connection, [parcel_id])), None)


def search(connection: Connection, text: str, limit: int) -> list[QueueRow]:
    """Parcels whose number or code begins with the text, or whose goods hold its words; newest first."""
    return rows(connection, sorted(_matching(connection, text.strip(), limit), reverse=True)[:limit])


def find_number(connection: Connection, number: str) -> int | None:
    """The parcel that came last with exactly this number."""
    found = connection.execute(
        "SELECT id FROM parcels WHERE number = ? ORDER BY arrived_us DESC LIMIT 1", (number,)
    ).fetchone()
    return found[0] if found and number else None


def find_code(connection: Connection, text: str) -> int | None:
    """The parcel that came last with a code of exactly this text, or with this number."""
    found = connection.execute("SELECT max(parcel_id) FROM codes WHERE text = ?", (text,)).fetchone()
    return found[0] if found[0] is not None else find_number(connection, text)


_BY_NUMBER = "SELECT id FROM parcels WHERE number >= ? AND number < ? ORDER BY number DESC LIMIT ?"
_BY_CODE = "SELECT parcel_id FROM codes WHERE text >= ? AND text < ? ORDER BY text DESC LIMIT ?"


def _matching(connection: Connection, text: str, limit: int) -> set[int]:
    if not text:
        return set()
    keys: set[int] = set()
    for sql, begin in ((_BY_NUMBER, text.upper()), (_BY_CODE, text)):
        keys.update(key for (key,) in connection.execute(sql, (begin, after_prefix(begin), limit)))
    # Not by rank: ranking a common word reads every parcel that has it.
    sql = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?"
    found: list[int] = []
    for query in dict.fromkeys((match(text, by_beginning=False), match(text))):
        if query and len(found) < limit:
            found = [key for (key,) in connection.execute(sql, (query, limit))]
    keys.update(found)
    return keys


def _conditions(wanted: QueueFilter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for column, chosen in (("lane", wanted.lanes), ("kind", wanted.kinds)):
        if chosen:
            conditions.append(f"{column} IN ({', '.join('?' * len(chosen))})")
            values += [one.value for one in chosen]
    if text := wanted.text.strip():
        begin = text.upper()
        tests = ["(number >= ? AND number < ?)"]
        values += [begin, after_prefix(begin)]
        if query := match(text):
            tests.append("id IN (SELECT rowid FROM search WHERE search MATCH ?)")
            values.append(query)
        conditions.append(f"({' OR '.join(tests)})")
    return conditions, values


def rows(connection: Connection, keys: list[int]) -> list[QueueRow]:
    """The rows of parcels, in the order of their keys."""
    sql = (
        "SELECT id, kind, number, state, lane, arrived_us, goods, top_label, top_score, findings FROM parcels "
        "WHERE id = ?"
    )
    found = (connection.execute(sql, (key,)).fetchone() for key in keys)
    return [_row(values) for values in found if values is not None]


def _row(values: tuple[str, ...]) -> QueueRow:
    key, kind, number, state, lane, arrived_us, goods, label, score, findings = values
    kinds: tuple[FindingKind, ...] = ()
    if findings != "[]":
        kinds = tuple(dict.fromkeys(finding.kind for finding in findings_of(findings)))
    return QueueRow(
        int(key), _KINDS[kind], number, _STATES[state], _LANES[lane], from_us(int(arrived_us)), goods, label,
        float(score), kinds,
    )  # fmt: skip
