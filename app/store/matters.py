"""The matters of the counters: opened and led on step by step, read by key, by parcel, and by age."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from app.customs.matters import Area, Entry, Matter, Step
from app.store.audit import Log, canonical
from app.store.database import Connection, IntegrityError
from app.store.errors import AlreadyKeptError, MatterUnknownError
from app.store.times import from_us, to_us

After = tuple[datetime, int]


class Matters:
    """The matters of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def open(
        self,
        area: Area,
        key: str,
        entry: Entry,
        *,
        actor: str,
        at: datetime,
        other_key: str = "",
        parcel_id: int | None = None,
        reference: str = "",
    ) -> Matter:
        """Open a matter with its first step; it is found by either key.

        Raises:
            AlreadyKeptError: the message with this reference was taken before.
        """
        step = Step(entry.kind, actor, at, entry.stand, entry.body, reference)
        with self._write() as writer:
            return open_one(writer, (area.value, key, other_key, parcel_id), step)

    def lead_on(
        self, matter_id: int, make: Callable[[Matter], Entry], *, actor: str, at: datetime, reference: str = ""
    ) -> Matter:
        """Add the step that `make` says, from the matter as it stands at that moment; it may refuse by raising.

        Raises:
            MatterUnknownError: there is no such matter. AlreadyKeptError: as `open`.
        """
        with self._write() as writer:
            entry = make(load(writer, matter_id))
            add(writer, matter_id, Step(entry.kind, actor, at, entry.stand, entry.body, reference))
            return load(writer, matter_id)

    def load(self, matter_id: int) -> Matter:
        """Raises MatterUnknownError where there is none."""
        with self._read() as reader:
            return load(reader, matter_id)

    def find(self, area: Area, key: str) -> Matter | None:
        """The newest matter of a counter with this key, of either kind."""
        found = self.every(area, key)
        return found[-1] if found else None

    def of_parcel(self, parcel_id: int, area: Area) -> Matter | None:
        """The newest matter of a counter about a parcel."""
        with self._read() as reader:
            key = find_of_parcel(reader, parcel_id, area)
            return None if key is None else load(reader, key)

    def every(self, area: Area, key: str) -> list[Matter]:
        """All matters of a counter with this key, of either kind, oldest first."""
        sql = (
            "SELECT id FROM matters WHERE area = ?1 AND key = ?2 UNION "
            "SELECT id FROM matters WHERE area = ?1 AND other_key = ?2 AND other_key <> '' ORDER BY 1"
        )
        with self._read() as reader:
            found = reader.execute(sql, (area.value, key)).fetchall()
            return [load(reader, matter_id) for (matter_id,) in found]

    def page(self, area: Area, stands: Sequence[str] = (), *, limit: int, after: After | None = None) -> list[Matter]:
        """Open matters of a counter, those that stand longest first; `after` is time and id of the last one before."""
        since_us, key = (to_us(after[0]), after[1]) if after else (-1, -1)
        marks = f"AND stand IN ({', '.join('?' * len(stands))})" if stands else ""
        sql = (
            f"SELECT matter_id FROM open_matters WHERE area = ? AND (since_us, matter_id) > (?, ?) {marks} "
            "ORDER BY since_us, matter_id LIMIT ?"
        )
        with self._read() as reader:
            found = reader.execute(sql, (area.value, since_us, key, *stands, limit)).fetchall()
            return [load(reader, matter_id) for (matter_id,) in found]

    def counts(self, area: Area) -> dict[str, int]:
        """How many matters of a counter are open, by where they stand."""
        with self._read() as reader:
            found = reader.execute("SELECT stand, count(*) FROM open_matters WHERE area = ? GROUP BY 1", (area.value,))
            return dict(found.fetchall())


def open_one(connection: Connection, values: tuple[str, str, str, int | None], step: Step) -> Matter:
    """Write a matter, its area, both keys and parcel, with its first step, and the event that vouches for both."""
    matter_id = connection.execute(
        "INSERT INTO matters (area, key, other_key, parcel_id, event_seq) VALUES (?,?,?,?,?)",
        (*values, Log(connection).seq),
    ).lastrowid
    assert matter_id is not None
    _write(connection, matter_id, step, {"matter": [matter_id, *values]})
    return load(connection, matter_id)


def add(connection: Connection, matter_id: int, step: Step) -> None:
    """Write a step, and the event that vouches for it."""
    _write(connection, matter_id, step, {})


def find_of_parcel(connection: Connection, parcel_id: int, area: Area) -> int | None:
    found: tuple[int | None] = connection.execute(
        "SELECT max(id) FROM matters WHERE parcel_id = ? AND area = ?", (parcel_id, area.value)
    ).fetchone()
    return found[0]


def load(connection: Connection, matter_id: int) -> Matter:
    """Raises MatterUnknownError where there is none."""
    found = connection.execute(
        "SELECT area, key, other_key, parcel_id FROM matters WHERE id = ?", (matter_id,)
    ).fetchone()
    if found is None:
        raise MatterUnknownError(f"There is no matter {matter_id} in the store.", id=matter_id)
    rows = connection.execute(
        "SELECT kind, actor, at_us, stand, body, reference FROM steps WHERE matter_id = ? ORDER BY id", (matter_id,)
    ).fetchall()
    steps = tuple(
        Step(kind, actor, from_us(at_us), stand, json.loads(body), reference)
        for kind, actor, at_us, stand, body, reference in rows
    )
    area, key, other_key, parcel_id = found
    return Matter(matter_id, Area(area), key, other_key, parcel_id, steps)


def _write(connection: Connection, matter_id: int, step: Step, body: dict[str, object]) -> None:
    log, at_us = Log(connection), to_us(step.at)
    values = (matter_id, step.kind, step.actor, at_us, step.stand, canonical(dict(step.body)), step.reference)
    try:
        key = connection.execute(
            "INSERT INTO steps (matter_id, kind, actor, at_us, stand, body, reference, event_seq) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (*values, log.seq),
        ).lastrowid
    except IntegrityError as error:
        raise AlreadyKeptError(f"The message {step.reference} was taken before.", detail=step.reference) from error
    _stand(connection, matter_id, step.stand, at_us)
    parcel_id = connection.execute("SELECT parcel_id FROM matters WHERE id = ?", (matter_id,)).fetchone()[0]
    log.append("stepped", parcel_id, body | {"step": [key, *values]})


def _stand(connection: Connection, matter_id: int, stand: str, at_us: int) -> None:
    """Keep the list of open matters: one that stands where it stood keeps its age."""
    if not stand:
        connection.execute("DELETE FROM open_matters WHERE matter_id = ?", (matter_id,))
        return
    connection.execute(
        "INSERT INTO open_matters SELECT id, area, ?2, ?3 FROM matters WHERE id = ?1 ON CONFLICT (matter_id) DO UPDATE "
        "SET stand = excluded.stand, since_us = excluded.since_us WHERE stand <> excluded.stand",
        (matter_id, stand, at_us),
    )


OPEN_BY_STEPS = """
    SELECT m.id, m.area, s.stand, (SELECT t.at_us FROM steps t WHERE t.matter_id = m.id AND t.id > coalesce(
            (SELECT max(u.id) FROM steps u WHERE u.matter_id = m.id AND u.stand <> s.stand), 0) ORDER BY t.id LIMIT 1)
    FROM matters m JOIN steps s ON s.id = (SELECT max(id) FROM steps WHERE matter_id = m.id) WHERE s.stand <> ''
"""
"""What has to be in open_matters, from the rows that never change."""
