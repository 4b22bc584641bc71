"""A store whose checkpoints an office signs, and what somebody with the file and the code can do to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.customs.parcel import Seen
from app.customs.states import Action
from app.store.audit import event_hash, first_hash
from app.store.database import connect
from app.store.decisions import TraceLabel
from app.store.found import LogReport, Trust
from app.store.notes import Note
from app.store.retention import parse_rules
from app.store.store import Store
from imaging.errors import KnownError
from imaging.scan import Scan, View

LONG_AGO = datetime(2020, 5, 1, 12, tzinfo=UTC)
RULES = parse_rules(
    "id,title_en,title_zh,states,keep_days,valid_from,valid_to,source\n"
    "short,Released,放行,released;closed,30,2020-01-01,,test\nlong,Released,放行,released,400,2020-01-01,,test\n"
    "ever,Case,案件,confiscated,,2020-01-01,,test\n"
)


class Office:
    """Signs checkpoints; `broken` is what happens instead."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes_raw()
        self.broken: KnownError | None = None

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        if self.broken:
            raise self.broken
        return self.public, self.private.sign(message)

    def key_list(self) -> bytes:
        return json.dumps({"keys": [{"public": self.public.hex()}]}).encode()


def fill(store: Store, first: int, last: int) -> None:
    for i in range(first, last):
        high = np.full((6, 8), 30_000 + i, np.uint16)
        scan = Scan((View(high=high, low=high // 2, mm_per_row=1.0, mm_per_col=1.0),), id=f"s{i}", started_at=LONG_AGO)
        parcel = store.record_scan(
            None, store.keep(scan), number=f"N{i}", codes=(f"N{i}",), seen=(Seen("knife", 0.8, "hint", (1, 2, 3, 4)),),
            model="m1", arrived_at=LONG_AGO,
        )  # fmt: skip
        if i % 2:
            trace = TraceLabel(f"T{i:04d}", f"PT1:{i}")
            store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=LONG_AGO, trace=trace)


def check(store: Store, office: Office, held: tuple[Note, ...] = ()) -> LogReport:
    return store.keeping.verify(Trust(frozenset({office.public}), held, RULES))


def found(store: Store, office: Office, held: tuple[Note, ...] = ()) -> dict[str, str]:
    return {problem.what: problem.where for problem in check(store, office, held).problems}


def forget_guards(path: Path, change: Callable[..., None]) -> None:
    """Change the file behind the store's back, and put its guards back afterwards."""
    with closing(connect(path)) as other:
        saved = other.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        other.execute("PRAGMA foreign_keys=OFF")
        for name, _ in saved:
            other.execute(f"DROP TRIGGER {name}")
        change(other)
        for _, sql in saved:
            other.execute(sql)


def chain_anew(other, change: Callable[[list], None]) -> None:  # type: ignore[no-untyped-def, type-arg]
    """Write the whole log anew so that its chain is right: what somebody with the file and the code can do."""
    rows = other.execute("SELECT * FROM log ORDER BY seq").fetchall()
    previous = first_hash(*(value for _, value in other.execute("SELECT * FROM meta ORDER BY name DESC")))
    for row in rows:
        fields = list(row[:8])
        change(fields)
        previous = event_hash(previous, fields)
        sql = "UPDATE events SET at_us = ?, ahead_us = ?, body = ?, row = NULL, hash = ? WHERE seq = ?"
        other.execute(sql, (fields[1], fields[4] - fields[1], fields[7], previous, fields[0]))
