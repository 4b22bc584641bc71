"""How the rows of each table follow from the events that vouch for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.store import declarations, messages, officers
from app.store.database import Connection
from app.store.decisions import payload_hash


@dataclass(frozen=True, slots=True)
class Kept:
    """How the rows of a table follow from the events that wrote them.

    `columns` are read from the table, `read` makes of them what `expect` makes of an event's parcel and body.
    """

    table: str
    key: str
    columns: str
    kinds: tuple[str, ...]
    expect: Callable[[int, dict[str, Any]], list[list[Any]]]
    read: Callable[[Any], list[Any]] = list


class Feed:
    """The rows of a table in the order of the events that they name; each is (event, key, columns...)."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        sql = f"SELECT event_seq, {kept.key}, {kept.columns} FROM {kept.table} ORDER BY event_seq, {kept.key}"
        self.kept = kept
        self._rows: Iterator[tuple[Any, ...]] = iter(connection.execute(sql))
        self._next = next(self._rows, None)

    def take(self, seq: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """The rows of an event, and those before it that no event of theirs asked for; each is given once."""
        row = self._next
        if row is None or row[0] > seq:
            return [], []
        rows, strays = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        while row is not None and row[0] <= seq:
            (rows if row[0] == seq else strays).append(row)
            row = next(self._rows, None)
        self._next = row
        return rows, strays

    def rest(self) -> Iterator[tuple[Any, ...]]:
        """Everything that was not taken."""
        while self._next is not None:
            yield self._next
            self._next = next(self._rows, None)


def tables(connection: Connection) -> tuple[Kept, ...]:
    """All tables whose rows an event vouches for; a declaration is held against its goods too."""
    goods = declarations.Goods(connection)
    declared = Kept(
        "declarations", "id", f"id, lower(hex(digest)), {declarations.FIELDS}", ("declared",),
        lambda _, body: [[key, said, said] for key, said in body["declarations"]],
        lambda row: [*row[:2], declarations.fingerprint(row[2:], goods.of(row[0]))],
    )  # fmt: skip
    return *TABLES, declared


def _labels(_: int, body: dict[str, Any]) -> list[list[Any]]:
    return [body["label"]] if "label" in body else []


def _waitings(_: int, body: dict[str, Any]) -> list[list[Any]]:
    return [body["waiting"]] if "waiting" in body else []


def _screenings(_: int, body: dict[str, Any]) -> list[list[Any]]:
    return [body["screening"]] if "screening" in body else []


TABLES = (
    Kept(
        "decisions", "id",
        "id, parcel_id, action, before, after, return_state, officer, second_officer, reason, note, decided_us, "
        "trace_id", ("decided",), lambda _, body: [body["decision"]],
    ),
    Kept(
        "labels", "trace_id", "trace_id, decision_id, payload", ("decided",), _labels,
        lambda row: [row[0], row[1], payload_hash(row[2])],
    ),
    Kept("undos", "decision_id", "decision_id, officer, undone_us", ("undone",), lambda _, body: [body["undo"]]),
    Kept(
        "captures", "id", "parcel_id, scan_id, path, sha256, device, taken_us", ("scanned",),
        lambda parcel_id, body: [[parcel_id, *body["capture"]]],
    ),
    Kept("screenings", "id", "id, capture_id, model, ms", ("scanned", "screened"), _screenings),
    Kept(
        "detections", "id", "screening_id, label, score, level, x0, y0, x1, y1, view", ("scanned", "screened"),
        lambda _, body: [[body["screening"][0], *box] for box in body.get("seen", ())],
    ),
    Kept(
        "codes", "id", "parcel_id, text", ("registered", "codes_added", "identified"),
        lambda parcel_id, body: [[parcel_id, text] for text in body["codes"]],
    ),
    Kept(
        "sightings", "id", "id, trace_id, place, verdict, seen_us", ("sighted",), lambda _, body: [body["sighting"]],
    ),
    Kept(
        "notices", "id", "id, kind, reason, sought, officer, issued_us", ("notice_issued",),
        lambda _, body: [body["notice"]],
    ),
    Kept(
        "notice_codes", "code", "notice_id, code", ("notice_issued",),
        lambda _, body: [[body["notice"][0], code] for code in body["codes"]],
    ),
    Kept(
        "lifted_notices", "notice_id", "notice_id, officer, lifted_us", ("notice_lifted",),
        lambda _, body: [body["lifted"]],
    ),
    Kept(
        "prints", "trace_id", "trace_id, copy, officer, printer, printed_us", ("printed",),
        lambda _, body: [body["print"]],
    ),
    Kept(
        "messages", "id", f"id, hex(digest), {messages.COLUMNS}", ("received",),
        lambda _, body: [[key, said, said] for key, said in body["messages"]], messages.read_back,
    ),
    Kept(
        "waitings", "id", "id, parcel_id, kind, officer, note, since_us, due_us, decision_id",
        ("decided", "waiting_begun"), _waitings,
    ),
    Kept(
        "settlements", "id", "id, waiting_id, outcome, officer, settled_us, decision_id",
        ("decided", "waiting_settled"), lambda _, body: body.get("settlements", []),
    ),
    Kept(
        "officers", "login", officers.COLUMNS, ("officer_changed",), lambda _, body: [body["officer"]], officers.sealed,
    ),
    Kept(
        "attendance", "id", "id, login, what, detail, at_us", ("attended",), lambda _, body: [body["attended"]],
    ),
    Kept(
        "matters", "id", "id, area, key, other_key, parcel_id", ("stepped",),
        lambda _, body: [body["matter"]] if "matter" in body else [],
    ),
    Kept(
        "steps", "id", "id, matter_id, kind, actor, at_us, stand, body, reference", ("stepped",),
        lambda _, body: [body["step"]],
    ),
    Kept(
        "removals", "capture_id", "capture_id, rule, keep_days, since_us, removed_us", ("removed",),
        lambda _, body: [body["removal"]],
    ),
)  # fmt: skip
