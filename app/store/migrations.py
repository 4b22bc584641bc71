"""Brings a store's file to this version: numbered SQL files, each applied once, its text remembered by hash."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

import sqlite_utils

from app.store.database import Connection, Database, complete_statement, connect, open_with
from app.store.errors import MigrationError, StoreForeignError
from app.store.sealed import key_for

APPEND_ONLY = (
    "events", "boots",
    "declarations", "goods", "codes", "captures", "screenings", "detections", "decisions", "undos", "labels",
    "messages",
    "sightings", "notices", "notice_codes", "lifted_notices", "prints",
    "checkpoints", "tiles", "removals",
    "rules", "rule_switches", "day_keys", "revealed_keys", "selections",
    "officers", "attendance", "sidecars",
    "waitings", "settlements",
    "control_orders", "order_numbers", "revoked_orders", "order_hits", "order_steps", "handovers", "withdrawals",
    "examinations", "photographs", "filings", "filing_imports",
    "matters", "steps",
    "hub_verdicts",
    "tips", "tip_results", "tip_rates",
    "shadows", "model_switches",
)  # fmt: skip
"""Tables whose rows are never changed and never removed."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """The SQL files of this version, by number."""
    folder = resources.files("app.store") / "schema"
    found = []
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            number, name = file.name.removesuffix(".sql").split("_", 1)
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8").replace("\r\n", "\n")))
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(database: Database, backups: Path, steps: tuple[Migration, ...] | None = None) -> int:
    """Apply what is missing, each step in its own transaction, after a backup; returns how many were applied.

    Two processes that migrate at once take turns by SQLite's own write lock, and the second finds nothing to do.

    Raises:
        MigrationError: a step that was applied has another text now, or the append-only guards are not there after.
        StoreForeignError: the file comes from a newer version.
    """
    steps = migrations() if steps is None else steps
    with database.write() as writer:
        writer.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "digest TEXT NOT NULL, applied_us INTEGER NOT NULL) STRICT"
        )
        applied = _applied(writer, steps)
    missing = [step for step in steps if step.number not in applied]
    if missing and applied:
        back_up(database.path, backups)
    count = sum(_apply(database, step, steps) for step in missing)
    with database.write() as writer:
        assert_guards(writer)
    return count


def assert_guards(connection: Connection) -> None:
    """Check that every append-only table has its triggers; a rebuilt table silently loses them.

    Raises:
        MigrationError: a trigger is missing or says something else.
    """
    if bad := [name for name, sql in guards(connection) if sql is not None]:
        raise MigrationError(f"The store lost its append-only guards: {', '.join(bad)}.", detail=", ".join(bad))


def guards(connection: Connection) -> Iterator[tuple[str, str | None]]:
    """Each guard's name, and the SQL that makes it where it is missing or altered; a table of a later step has none."""
    database = sqlite_utils.Database(connection)
    found = {trigger.name: trigger.sql for trigger in database.triggers}
    there = set(database.table_names())
    for table in (name for name in APPEND_ONLY if name in there):
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_never_{verb.lower()}"
            sql = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            yield name, None if found.get(name) == sql else sql


def back_up(path: Path, folder: Path) -> Path:
    """Copy a store's file as it is at this moment, whoever else is using it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite"
    source, copy = connect(path), open_with(target, key_for(path.parent))
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    return target


def _apply(database: Database, step: Migration, steps: tuple[Migration, ...]) -> bool:
    with database.write() as writer:
        if step.number in _applied(writer, steps):
            return False
        for statement in _statements(step.sql):
            writer.execute(statement)
        for name, sql in list(guards(writer)):
            if sql is not None:
                writer.execute(f"DROP TRIGGER IF EXISTS {name}")
                writer.execute(sql)
        assert_guards(writer)
        writer.execute(
            "INSERT INTO migrations VALUES (?, ?, ?, ?)",
            (step.number, step.name, step.digest, time.time_ns() // 1000),
        )
    return True


def _applied(connection: Connection, steps: tuple[Migration, ...]) -> set[int]:
    known = {step.number: step for step in steps}
    applied = connection.execute("SELECT number, name, digest FROM migrations").fetchall()
    for number, name, digest in applied:
        if number not in known:
            raise StoreForeignError(
                f"The store was made by a newer version (step {number} {name}); update Guanjian.", detail=name
            )
        if known[number].digest != digest:
            raise MigrationError(
                f"Migration {number} {name} was edited after it had been applied; write a new one.", detail=name
            )
    return {number for number, _, _ in applied}


def _statements(sql: str) -> Iterator[str]:
    """The statements of a script; SQLite's own executescript would commit the transaction first."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip():
        yield gathered
