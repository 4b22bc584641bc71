"""Checks a store's file beside its log: the structure, references between tables, and the counts that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.store import order_rows
from app.store.database import Connection, Database, DatabaseError
from app.store.found import MOST, Problem
from app.store.matters import OPEN_BY_STEPS
from app.store.waiting_rows import OPEN_BY_HISTORY


@contextmanager
def reading_anything(database: Database) -> Iterator[Connection]:
    """Reads texts that are no UTF-8 too, which takes longer."""
    with database.read(from_disk=True) as reader:
        reader.text_factory = lambda text: text.decode(errors="replace")
        try:
            yield reader
        finally:
            reader.text_factory = str


def check_file(database: Database) -> list[Problem]:
    """The structure of the file, references between tables, and the counts that are kept."""
    problems: list[Problem] = []
    with reading_anything(database) as reader:
        for step in (_structure, _counts):
            try:
                problems += step(reader)
            except DatabaseError as error:
                problems.append(Problem("file_damaged", str(error)))
    return problems[:MOST]


def _structure(connection: Connection) -> Iterator[Problem]:
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Problem("file_damaged", said)
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem("row_missing", f"{parent} of {table} {row}")


def _counts(connection: Connection) -> Iterator[Problem]:
    for hour, what in connection.execute(
        f"WITH true AS ({_TRUE_HOURS}) "
        "SELECT hour, what FROM (SELECT * FROM true EXCEPT SELECT * FROM hours) UNION "
        "SELECT hour, what FROM (SELECT * FROM hours EXCEPT SELECT * FROM true)"
    ):
        yield Problem("count_wrong", f"hours {hour} {what}")
    for state, n, true in connection.execute(
        "WITH true AS (SELECT state, count(*) AS n FROM parcels GROUP BY state) "
        "SELECT s.state, s.n, coalesce(t.n, 0) FROM states s LEFT JOIN true t ON t.state = s.state "
        "WHERE s.n <> coalesce(t.n, 0)"
    ):
        yield Problem("count_wrong", f"states {state}: {n}, not {true}")
    for table, columns, true in (
        ("open_hits", "hit_id AS id, parcel_id", order_rows.OPEN_BY_HISTORY),
        ("open_waitings", "waiting_id AS id, parcel_id, kind, since_us", OPEN_BY_HISTORY),
        ("open_matters", "matter_id AS id, area, stand, since_us", OPEN_BY_STEPS),
    ):
        for (key,) in connection.execute(
            f"WITH true AS ({true}), kept AS (SELECT {columns} FROM {table}) SELECT id FROM "
            "(SELECT * FROM true EXCEPT SELECT * FROM kept) UNION SELECT id FROM "
            "(SELECT * FROM kept EXCEPT SELECT * FROM true)"
        ):
            yield Problem("count_wrong", f"{table} {key}")


_TRUE_HOURS = """
    SELECT decided_us / 3600000000 AS hour, action AS what, count(*) AS n FROM decisions GROUP BY 1, 2
    UNION ALL SELECT decided_us / 3600000000, 'labels', count(*) FROM decisions JOIN labels ON id = decision_id
        GROUP BY 1
    UNION ALL SELECT undone_us / 3600000000, 'undone', count(*) FROM undos GROUP BY 1
    UNION ALL SELECT taken_us / 3600000000, 'scans', count(*) FROM captures GROUP BY 1
    UNION ALL SELECT arrived_us / 3600000000, 'registered', count(*) FROM parcels GROUP BY 1
    UNION ALL SELECT received_us / 3600000000, 'declared', count(*) FROM declarations GROUP BY 1
"""
