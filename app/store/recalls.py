"""Recalls and intercepts, and the released parcels as a recall looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from app.customs.notices import LastEvent, Marking, Notice, NoticeKind, Released
from app.store import declarations, parcels
from app.store.audit import Log, canonical
from app.store.database import Connection, IntegrityError
from app.store.errors import AlreadyKeptError, NoticeUnknownError
from app.store.times import from_us, to_us

_BATCH = re.compile(r"(?:批号|批次|\blot|\bbatch)[\s:：.#№]*([0-9A-Za-z][0-9A-Za-z/_-]{1,29})", re.IGNORECASE)
"""A lot as the goods' names of a declaration give it, which has no field for one."""


class Recalls:
    """The recalls and intercepts of a store, and what they are looked for in."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def issue(self, notice: Notice, sought: Mapping[str, str], markings: Sequence[Marking]) -> None:
        """Keep a notice and mark the parcels that it names. Raises AlreadyKeptError where its id is taken."""
        with self._write() as writer:
            _issue(writer, notice, sought, markings)

    def lift(self, notice_id: str, *, officer: str, now: datetime, markings: Sequence[Marking]) -> None:
        """End a notice; it stays in the record, its marks go. Raises NoticeUnknownError where none is in force."""
        with self._write() as writer:
            _lift(writer, notice_id, officer=officer, now=now, markings=markings)

    def every(self) -> list[Notice]:
        """All notices ever issued, the latest first."""
        with self._read() as reader:
            return _every(reader)

    def newest_seq(self) -> int:
        """The number of the last event that changed a notice, whichever program wrote it."""
        with self._read() as reader:
            return _newest_seq(reader)

    def next_id(self, kind: NoticeKind, year: int) -> str:
        """R2026-0001 for the first recall of a year, I2026-0001 for an intercept."""
        with self._read() as reader:
            return _next_id(reader, kind, year)

    def named(self, codes: Iterable[str]) -> list[int]:
        """The parcels that have one of these as number, code or trace id."""
        with self._read() as reader:
            return _named(reader, codes)

    def released(self, parcel_id: int | None = None, *, is_out: bool = True) -> Iterator[Released]:
        """Every parcel that was let go, or one of them, read row by row; `is_out` only where its label still counts."""
        with self._read() as reader:
            yield from _released(reader, parcel_id, is_out=is_out)

    def last_event(self, parcel_id: int) -> LastEvent | None:
        """The last decision on a parcel or the last scan of its label; the place of a decision is this station."""
        with self._read() as reader:
            return _last_event(reader, parcel_id)


def _issue(connection: Connection, notice: Notice, sought: Mapping[str, str], markings: Sequence[Marking]) -> None:
    log = Log(connection)
    values = (
        notice.id, notice.kind.value, notice.reason, canonical(dict(sought)), notice.issued_by, to_us(notice.issued_at),
    )  # fmt: skip
    codes = sorted(notice.codes)
    try:
        connection.execute("INSERT INTO notices VALUES (?,?,?,?,?,?,?)", (*values, log.seq))
    except IntegrityError as error:
        raise AlreadyKeptError(f"There is a notice {notice.id} already.", detail=notice.id) from error
    connection.executemany("INSERT INTO notice_codes VALUES (?, ?, ?)", [(notice.id, code, log.seq) for code in codes])
    log.append("notice_issued", None, {"notice": list(values), "codes": codes})
    _mark(connection, log, notice.id, markings)


def _lift(connection: Connection, notice_id: str, *, officer: str, now: datetime, markings: Sequence[Marking]) -> None:
    if not any(notice.id == notice_id and notice.lifted_at is None for notice in _every(connection)):
        raise NoticeUnknownError(f"No recall or intercept {notice_id} is in force.", id=notice_id)
    log = Log(connection)
    values = (notice_id, officer, to_us(now))
    connection.execute("INSERT INTO lifted_notices VALUES (?, ?, ?, ?)", (*values, log.seq))
    log.append("notice_lifted", None, {"lifted": list(values)})
    _mark(connection, log, notice_id, markings)


def _mark(connection: Connection, log: Log, notice_id: str, markings: Sequence[Marking]) -> None:
    for marking in markings:
        row = parcels.load_row(connection, marking.parcel_id)
        changes = {
            "findings": parcels.merged("[]", marking.findings),
            "lane": marking.lane.value,
            "lane_reasons": canonical(list(marking.lane_reasons)),
        }
        parcels.change(connection, log, row, "marked", {"notice": notice_id}, **changes)


def _every(connection: Connection) -> list[Notice]:
    codes: dict[str, set[str]] = {}
    for notice_id, code in connection.execute("SELECT notice_id, code FROM notice_codes"):
        codes.setdefault(notice_id, set()).add(code)
    rows = connection.execute(
        "SELECT n.id, kind, reason, n.officer, issued_us, lifted_us FROM notices n LEFT JOIN lifted_notices "
        "ON notice_id = n.id ORDER BY issued_us DESC, n.id DESC"
    )
    return [
        Notice(
            key, NoticeKind(kind), reason, frozenset(codes.get(key, ())), from_us(issued_us), officer,
            None if lifted_us is None else from_us(lifted_us),
        )
        for key, kind, reason, officer, issued_us, lifted_us in rows
    ]  # fmt: skip


def _newest_seq(connection: Connection) -> int:
    found: tuple[int] = connection.execute(
        "SELECT max(coalesce((SELECT max(event_seq) FROM notices), 0), "
        "coalesce((SELECT max(event_seq) FROM lifted_notices), 0))"
    ).fetchone()
    return found[0]


def _next_id(connection: Connection, kind: NoticeKind, year: int) -> str:
    prefix = f"{kind.value[0].upper()}{year}-"
    last = connection.execute(
        "SELECT max(CAST(substr(id, ?) AS INTEGER)) FROM notices WHERE id >= ? AND id < ?",
        (len(prefix) + 1, prefix, f"{prefix}~"),
    ).fetchone()[0]
    return f"{prefix}{(last or 0) + 1:04d}"


def _named(connection: Connection, codes: Iterable[str]) -> list[int]:
    sql = (
        "SELECT id FROM parcels WHERE number = ?1 UNION SELECT parcel_id FROM codes WHERE text = ?1 "
        "UNION SELECT d.parcel_id FROM labels l JOIN decisions d ON d.id = l.decision_id WHERE l.trace_id = ?1"
    )
    return sorted({key for code in codes for (key,) in connection.execute(sql, (code,))})


_RELEASED = (
    "SELECT l.trace_id, p.id, p.number, d.decided_us, p.declaration_id FROM labels l JOIN decisions d "
    "ON d.id = l.decision_id JOIN parcels p ON p.id = d.parcel_id WHERE (p.trace_id = l.trace_id OR NOT ?1)"
)


def _released(connection: Connection, parcel_id: int | None, *, is_out: bool) -> Iterator[Released]:
    where = "" if parcel_id is None else " AND p.id = ?2"
    values = (is_out,) if parcel_id is None else (is_out, parcel_id)
    for trace_id, key, number, released_us, declaration_id in connection.execute(_RELEASED + where, values):
        declared = None if declaration_id is None else declarations.load(connection, declaration_id)
        goods = declared.goods if declared else ()
        yield Released(
            trace_id=trace_id,
            number=number,
            released_at=from_us(released_us),
            goods=goods,
            batches=tuple(lot for line in goods for lot in _BATCH.findall(line.name)),
            enterprises=(declared.sender,) if declared and declared.sender else (),
            detections=_detections(connection, key),
            declaration=declared.number if declared else "",
            consignee=declared.consignee if declared else "",
            last_event=_last_event(connection, key),
            parcel_id=key,
        )


def _last_event(connection: Connection, parcel_id: int) -> LastEvent | None:
    station = connection.execute("SELECT value FROM meta WHERE name = 'station'").fetchone()[0]
    found = connection.execute(
        "SELECT after, ?2, decided_us FROM decisions WHERE parcel_id = ?1 "
        "AND id NOT IN (SELECT decision_id FROM undos) "
        "UNION ALL SELECT 'scanned', s.place, s.seen_us FROM sightings s JOIN labels l ON l.trace_id = s.trace_id "
        "JOIN decisions d ON d.id = l.decision_id WHERE d.parcel_id = ?1 ORDER BY 3 DESC LIMIT 1",
        (parcel_id, station),
    ).fetchone()
    return None if found is None else LastEvent(found[0], found[1], from_us(found[2]))


def _detections(connection: Connection, parcel_id: int) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT DISTINCT label FROM detections WHERE screening_id IN (SELECT max(s.id) FROM screenings s "
        "JOIN captures c ON c.id = s.capture_id WHERE c.parcel_id = ? GROUP BY c.id) ORDER BY 1",
        (parcel_id,),
    )
    return tuple(label for (label,) in rows)
