"""How the rows of each table follow from the events that vouch for them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from sys import maxsize
from typing import Any

from pydantic_core import to_json

from app.store import declarations, filings, messages, officers
from app.store.database import Connection
from app.store.decisions import payload_hash
from app.store.rules import key_hash

_AHEAD = 1000
_VALUES = itemgetter(slice(2, None))


class RowsOutOfOrder(Exception):  # noqa: N818  no error: the rows are read again, sorted
    """The rows of a table do not come in the order of their events."""


@dataclass(slots=True)
class Said:
    """What some rows say, and of each the event that vouches for it."""

    seqs: list[int] = field(default_factory=list)
    values: list[list[Any]] = field(default_factory=list)

    def by_event(self) -> dict[int, list[list[Any]]]:
        found: dict[int, list[list[Any]]] = {}
        for seq, values in zip(self.seqs, self.values, strict=True):
            found.setdefault(seq, []).append(values)
        return found


@dataclass(frozen=True, slots=True)
class Kept:
    """How the rows of a table follow from the events that wrote them.

    `columns` are read from the table, `read` makes of them what `expect` makes of an event's parcel and body; where an
    event vouches for a whole batch, `gather` makes one digest of all rows. `order` names a column that grows with the
    events, so that the rows need not be sorted.
    """

    table: str
    key: str
    columns: str
    kinds: tuple[str, ...]
    expect: Callable[[int, dict[str, Any]], list[list[Any]]]
    read: Callable[[Any], list[Any]] | None = None
    gather: Callable[[list[Any]], str] | None = None
    order: str = ""

    def read_all(self, rows: list[tuple[Any, ...]]) -> Said:
        """The rows of some events, as `expect` gives them."""
        if self.gather is not None:
            groups = [(seq, list(map(_VALUES, group))) for seq, group in groupby(rows, itemgetter(0))]
            return Said([seq for seq, _ in groups], [[self.gather(group)] for _, group in groups])
        return Said([row[0] for row in rows], list(map(self.read or list, map(_VALUES, rows))))


class Feed:
    """The rows of a table in the order of the events that they name; each is (event, key, columns...).

    `wanted` is what the events since the last rows were taken say that these are.
    """

    def __init__(self, connection: Connection, kept: Kept, *, is_sorting: bool) -> None:
        order = kept.order if kept.order and not is_sorting else f"event_seq, {kept.key}"
        self.kept = kept
        self.wanted = Said()
        self._cursor = connection.execute(
            f"SELECT event_seq, {kept.key}, {kept.columns} FROM {kept.table} ORDER BY {order}"
        )
        self._rows: list[tuple[Any, ...]] = []
        self._last = -maxsize
        self._read()

    def expect(self, seq: int, parcel_id: int, body: dict[str, Any]) -> None:
        """Note what an event says of the rows of this table."""
        if values := self.kept.expect(parcel_id, body):
            self.wanted.values += values
            self.wanted.seqs += [seq] * len(values)

    def name(self, row: tuple[Any, ...]) -> str:
        return f"{self.kept.table} {row[1]} (event {row[0]})"

    def take(self, until: int) -> list[tuple[Any, ...]]:
        """The rows up to an event; each is given once. Raises RowsOutOfOrder."""
        taken = list[tuple[Any, ...]]()
        while self._rows and self._rows[-1][0] <= until:
            taken += self._rows
            self._read()
        count = bisect_right(self._rows, until, key=itemgetter(0))
        taken += self._rows[:count]
        del self._rows[:count]
        return taken

    def rest(self) -> Iterator[tuple[Any, ...]]:
        """Everything that was not taken."""
        while self._rows:
            yield from self._rows
            self._read()

    def _read(self) -> None:
        self._rows = self._cursor.fetchmany(_AHEAD)
        for row in self._rows:
            if row[0] < self._last:
                raise RowsOutOfOrder(self.kept.table)
            self._last = row[0]


def tables(connection: Connection) -> tuple[Kept, ...]:
    """All tables whose rows an event vouches for; a declaration is held against its goods too."""
    goods = declarations.Goods(connection)

    def read(row: Any) -> list[Any]:
        key, said, values = row[0], row[1], row[2:]
        lines = goods.of(key)
        # The quicker JSON writes some numbers otherwise than the one that was hashed.
        if sha256(to_json([values, lines])).digest()[:16].hex() == said:
            return [key, said, said]
        return [key, said, declarations.fingerprint(values, lines)]

    declared = Kept(
        "declarations", "id", f"id, lower(hex(digest)), {declarations.FIELDS}", ("declared",),
        lambda _, body: [[key, said, said] for key, said in body["declarations"]], read, order="id",
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
        "trace_id", ("decided",), lambda _, body: [body["decision"]], order="id",
    ),
    Kept(
        "labels", "trace_id", "trace_id, decision_id, payload", ("decided",), _labels,
        lambda row: [row[0], row[1], payload_hash(row[2])], order="decision_id",
    ),
    Kept("undos", "decision_id", "decision_id, officer, undone_us", ("undone",), lambda _, body: [body["undo"]]),
    Kept(
        "captures", "id", "parcel_id, scan_id, path, sha256, device, taken_us", ("scanned",),
        lambda parcel_id, body: [[parcel_id, *body["capture"]]], order="id",
    ),
    Kept(
        "sidecars", "scan_id", "scan_id, sha256", ("scanned",),
        lambda _, body: [[body["capture"][0], body["sidecar"]]] if "sidecar" in body else [],
    ),
    Kept("screenings", "id", "id, capture_id, model, ms", ("scanned", "screened"), _screenings, order="id"),
    Kept(
        "detections", "id", "screening_id, label, score, level, x0, y0, x1, y1, view", ("scanned", "screened"),
        lambda _, body: [[body["screening"][0], *box] for box in body.get("seen", ())], order="id",
    ),
    Kept(
        "codes", "id", "parcel_id, text", ("registered", "codes_added", "identified"),
        lambda parcel_id, body: [[parcel_id, text] for text in body["codes"]], order="id",
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
        lambda _, body: [[key, said, said] for key, said in body["messages"]], messages.read_back, order="id",
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
        "hub_verdicts", "verdict", "verdict, parcel_id, seat, officer, action, outcome, detail, decision_id",
        ("verdict_answered",), lambda _, body: [body["answer"]],
    ),
    Kept(
        "control_orders", "id",
        "id, issuer, level, work, destination_work, instruction, target, has_conditions, valid_from_us, valid_to_us, "
        "issued_us, received_us, source", ("order_received",), lambda _, body: [body["order"]],
    ),
    Kept(
        "order_numbers", "number", "number, order_id", ("order_received",),
        lambda _, body: [[number, body["order"][0]] for number in body["numbers"]],
    ),
    Kept(
        "revoked_orders", "order_id", "order_id, issuer, reason, revoked_us", ("order_revoked",),
        lambda _, body: [body["revoked"]],
    ),
    Kept(
        "order_hits", "id", "id, order_id, parcel_id, part, work, hit_us, due_us", ("order_hit",),
        lambda _, body: body.get("hits", []),
    ),
    Kept(
        "order_steps", "id", "id, hit_id, step, officer, second_officer, result, note, at_us", ("order_step",),
        lambda _, body: [body["step"]],
    ),
    Kept(
        "handovers", "id", "id, parcel_id, way, place, digest, officer, at_us", ("handed_over",),
        lambda _, body: [body["handover"]],
    ),
    Kept(
        "withdrawals", "id", "id, number, source, reason, outcome, received_us", ("withdrawn",),
        lambda _, body: body["withdrawals"],
    ),
    Kept(
        "examinations", "id", "id, parcel_id, body, officer, second_officer, signed_us", ("examined",),
        lambda _, body: [body["examination"]],
    ),
    Kept(
        "photographs", "id", "id, parcel_id, path, sha256, source, officer, taken_us", ("photographed",),
        lambda _, body: [body["photograph"]],
    ),
    Kept(
        "filings", "id", "id, book, key, name, status, valid_from, valid_to, body", ("filed",),
        lambda _, body: [[body["import"][7]]], gather=filings.digest_of, order="id",
    ),
    Kept(
        "filing_imports", "id", "id, book, source, officer, first_id, rows, added, digest, imported_us", ("filed",),
        lambda _, body: [body["import"]],
    ),
    Kept(
        "rules", "id", "id, version, body, author, written_us", ("rules_written",), lambda _, body: body["rules"],
    ),
    Kept(
        "rule_switches", "id", "id, rule_id, version, officer, switched_us", ("rules_switched",),
        lambda _, body: body["switches"],
    ),
    Kept(
        "day_keys", "day", "day, key", ("day_key_made",), lambda _, body: [body["day_key"]],
        lambda row: [row[0], key_hash(row[1])],
    ),
    Kept(
        "revealed_keys", "day", "day, revealed_us", ("day_keys_revealed",),
        lambda _, body: [[day, at_us] for day, _, at_us in body["keys"]],
    ),
    Kept(
        "selections", "id", "id, parcel_id, rule_id, version, is_drawn, lane, selected_us",
        ("scanned", "screened", "identified", "marked", "order_hit", "order_step"),
        lambda _, body: body.get("selected", []),
    ),
    Kept(
        "shadows", "id", "id, capture_id, model, ms, found, error, is_drill", ("shadowed",),
        lambda _, body: [body["shadow"]], order="id",
    ),
    Kept(
        "model_switches", "id", "id, model, mode, officer, switched_us", ("model_switched",),
        lambda _, body: body["switches"],
    ),
    Kept(
        "tips", "id",
        "id, parcel_id, scan_id, officer, lane, category, threat, placement, boxes, is_helped, is_boxed, shown_us",
        ("tip_shown",), lambda _, body: [body["tip"]],
    ),
    Kept(
        "tip_results", "tip_id", "tip_id, outcome, why, is_located, resolved_us", ("tip_resolved",),
        lambda _, body: [body["tip_result"]],
    ),
    Kept(
        "tip_rates", "id", "id, lane, officer, share, set_by, set_us", ("tip_rate_set",),
        lambda _, body: [body["tip_rate"]],
    ),
    Kept(
        "removals", "capture_id", "capture_id, rule, keep_days, since_us, removed_us", ("removed",),
        lambda _, body: [body["removal"]],
    ),
)  # fmt: skip
