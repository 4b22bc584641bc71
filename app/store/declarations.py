"""Declarations as they come in, and which of them belongs to a parcel."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

from pydantic_core import to_json

from app.customs.parcel import Declaration, GoodsLine
from app.store.audit import Log
from app.store.database import Connection, blob
from app.store.hours import tally
from app.store.times import from_us, to_us

YEAR_US = 365 * 86_400 * 1_000_000
"""An S10 number may be given again after 12 months."""

FIELDS = "number, channel, sender, consignee, origin, gross_weight_g, value, currency, declared_us, source"
_GOODS = "name, hs_code, quantity, unit, weight_g, value, origin FROM goods"


def add(connection: Connection, declarations: Sequence[Declaration]) -> list[tuple[str, int]]:
    """Keep a batch of declarations; returns number and row of those that were new.

    One that was kept before, the same in every field, is passed over: a message may come twice.
    """
    found: dict[bytes, tuple[list[str | int | None], list[list[str | int | None]]]] = {}
    for declaration in declarations:
        row, lines = _values(declaration), [_line(line) for line in declaration.goods]
        found[_digest(row, lines)] = row, lines
    marks = ", ".join("?" * len(found))
    sql = f"SELECT digest FROM declarations WHERE digest IN ({marks})"
    for (digest,) in connection.execute(sql, list(map(blob, found))).fetchall():
        del found[digest]
    if not found:
        return []
    log, now_us = Log(connection), time.time_ns() // 1000
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM declarations").fetchone()[0]
    connection.executemany(
        f"INSERT INTO declarations (id, {FIELDS}, received_us, digest, event_seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        [(key, *row, now_us, blob(digest), log.seq) for key, (digest, (row, _)) in enumerate(found.items(), first)],
    )
    connection.executemany(
        "INSERT INTO goods VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (key, place, *line)
            for key, (_, lines) in enumerate(found.values(), first)
            for place, line in enumerate(lines)
        ],
    )
    log.append("declared", None, {"declarations": [[key, digest.hex()] for key, digest in enumerate(found, first)]})
    tally(connection, now_us, "declared", len(found))
    return [(str(row[0]), key) for key, (row, _) in enumerate(found.values(), first)]


def newest(connection: Connection, number: str, arrived_us: int) -> int | None:
    """The declaration that belongs to a number at its arrival: the last one that is not a year old."""
    found = connection.execute(
        "SELECT id FROM declarations WHERE number = ? AND received_us > ? ORDER BY id DESC LIMIT 1",
        (number, arrived_us - YEAR_US),
    ).fetchone()
    return found[0] if found and number else None


def load(connection: Connection, key: int) -> Declaration:
    values = connection.execute(f"SELECT {FIELDS} FROM declarations WHERE id = ?", (key,)).fetchone()
    number, channel, sender, consignee, origin, weight_g, value, currency, declared_us, source = values
    lines = connection.execute(
        "SELECT name, hs_code, quantity, unit, weight_g, value, origin FROM goods WHERE declaration_id = ? "
        "ORDER BY line",
        (key,),
    )
    return Declaration(
        number=number,
        goods=tuple(GoodsLine(*line) for line in lines),
        channel=channel,
        sender=sender,
        consignee=consignee,
        origin=origin,
        gross_weight_g=weight_g,
        value=value,
        currency=currency,
        declared_at=None if declared_us is None else from_us(declared_us),
        source=source,
    )


def fingerprint(values: Sequence[object], lines: Sequence[Sequence[object]]) -> str:
    """The digest that a declaration and its goods should have, from the rows as they are now."""
    return _digest(values, lines).hex()


def values(connection: Connection, key: int) -> list[object]:
    """A declaration's row and its goods as `fingerprint` takes them."""
    row = connection.execute(f"SELECT {FIELDS} FROM declarations WHERE id = ?", (key,)).fetchone()
    lines = connection.execute(f"SELECT {_GOODS} WHERE declaration_id = ? ORDER BY line", (key,))
    return [list(row), [list(line) for line in lines]]


class Goods:
    """The goods of declarations that are asked for one after the other, read in one go."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = iter(connection.execute(f"SELECT declaration_id, {_GOODS} ORDER BY declaration_id, line"))
        self._next = next(self._rows, None)

    def of(self, key: int) -> list[tuple[object, ...]]:
        """A declaration's goods; out of turn they are looked up."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._rows, None)
        lines = list[tuple[object, ...]]()
        while self._next is not None and self._next[0] == key:
            lines.append(self._next[1:])
            self._next = next(self._rows, None)
        if not lines:
            sql = f"SELECT {_GOODS} WHERE declaration_id = ? ORDER BY line"
            return self._connection.execute(sql, (key,)).fetchall()
        return lines


def summary(connection: Connection, key: int | None) -> str:
    """The goods in one line, for the queue."""
    lines = connection.execute("SELECT name FROM goods WHERE declaration_id = ? ORDER BY line", (key,))
    return "、".join(name for (name,) in lines)


def _line(line: GoodsLine) -> list[str | int | None]:
    return [line.name, line.hs_code, line.quantity, line.unit, line.weight_g, line.value, line.origin]


def _values(declaration: Declaration) -> list[str | int | None]:
    return [
        declaration.number,
        declaration.channel,
        declaration.sender,
        declaration.consignee,
        declaration.origin,
        declaration.gross_weight_g,
        declaration.value,
        declaration.currency,
        None if declaration.declared_at is None else to_us(declaration.declared_at),
        declaration.source,
    ]


def _digest(values: Sequence[object], lines: Sequence[Sequence[object]]) -> bytes:
    return hashlib.sha256(to_json([values, lines])).digest()[:16]
