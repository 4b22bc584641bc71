"""A store that was made before events were kept in fewer bytes opens, and its log is the same to the letter."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.customs.parcel import Parcel
from app.customs.states import Action
from app.store.audit import first_hash
from app.store.database import Connection, Database, connect
from app.store.decisions import TraceLabel
from app.store.migrations import back_up, migrate, migrations
from app.store.store import FILE, Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
COMPACT = 32
Told = list[tuple[object, ...]]
_LOG = "SELECT seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash FROM {} ORDER BY seq"


@pytest.fixture
def old(store: Store, imaged: Callable[..., Parcel], tmp_path: Path) -> tuple[Path, Told]:
    """The folder of a store of the earlier version with everything that happened in one of this, and its log."""
    for number in range(3):
        parcel = imaged(f"N{number}")
        label = TraceLabel(f"T{number}", "GJ1:x")
        store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON, trace=label)
    # Bodies whose own words look like what the new layout says shorter.
    store.log_shown([(1, {"row": "", "x": '"row":""'}), (2, {"row": "0" * 64})])
    store.add_event("row", 1, {"row": {"row": ""}})
    folder = tmp_path / "old"
    folder.mkdir()
    whole = back_up(store.folder / FILE, tmp_path / "whole")
    database = Database(folder / FILE)
    migrate(database, folder / "backups", tuple(step for step in migrations() if step.number != COMPACT))
    database.close()
    with closing(connect(folder / FILE)) as older:
        older.execute("PRAGMA foreign_keys=OFF")
        older.execute("ATTACH ? AS newer", (str(whole),))
        told = older.execute(_LOG.format("newer.log")).fetchall()
        _copy(older, told)
    return folder, told


def _copy(older: Connection, told: Told) -> None:
    names = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'"
    for (name,) in older.execute(names).fetchall():
        if name not in ("events", "migrations"):
            older.execute(f"INSERT OR IGNORE INTO main.{name} SELECT * FROM newer.{name}")
    meta = dict(older.execute("SELECT name, value FROM meta"))
    previous = first_hash(meta["store_id"], meta["station"])
    for *fields, hashed in told:
        older.execute("INSERT INTO main.events VALUES (?,?,?,?,?,?,?,?,?,?)", (*fields, previous, hashed))
        previous = hashed  # type: ignore[assignment]


def _open(folder: Path) -> Store:
    return Store.open(folder, station="belt-1", ballast_bytes=1 << 16)


def test_an_older_store_opens_and_verifies_and_its_log_is_the_same(old: tuple[Path, Told], store: Store) -> None:
    folder, told = old
    opened = _open(folder)
    try:
        with closing(connect(folder / FILE)) as reader:
            assert reader.execute(_LOG.format("log")).fetchall() == told
            split = "SELECT count(*) FROM events WHERE row IS NOT NULL"
            assert reader.execute(split).fetchone() == (9,), "each of three parcels came, was scanned and released"
        opened.undo(1, officer="li", now=NOON, within_s=30)
        report = opened.verify_log(with_pictures=False)
        assert (report.problems, report.events) == ((), len(told) + 1)
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE events SET body = 'no json' WHERE seq = 4", "event_altered"),
        ('UPDATE events SET body = replace(body, \'"row":"\', \'"row": "\') WHERE seq = 4', "event_altered"),
        ("UPDATE events SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 4", "event_altered"),
        ("DELETE FROM events WHERE seq = 4", "event_missing"),
        ("UPDATE decisions SET officer = 'lu' WHERE id = 1", "row_altered"),
    ],
)
def test_what_was_forged_before_is_found_after(old: tuple[Path, Told], change: str, what: str) -> None:
    folder, _ = old
    with closing(connect(folder / FILE)) as older:
        triggers = older.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            older.execute(f"DROP TRIGGER {name}")
        older.execute(change)
        for _, sql in triggers:
            older.execute(sql)
    opened = _open(folder)
    try:
        assert what in {problem.what for problem in opened.verify_log(with_pictures=False).problems}
    finally:
        opened.close()
