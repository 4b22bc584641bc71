"""Setting a hub up: its schema in numbered steps, its functions, and the roles of the stations."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources

from psycopg import sql

from app.hub.connection import Connection, known_errors
from app.hub.errors import HubNewerError

GROUP = "guanjian_station"
"""The role that all stations are members of: it may call the hub's functions and read its views, and nothing else."""
_MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A station's login at the hub; `password` is empty where it had one already."""

    station: str
    role: str
    password: str


def set_up(connection: Connection) -> int:
    """Bring a database to this version's schema; returns how many steps were missing. May be run again at any time.

    Raises:
        HubNewerError: the hub is of a newer version, or a step was edited after it had been applied.
        HubInsecureError: the role may not do it.
    """
    with known_errors(), connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('guanjian hub init'))")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (GROUP,)).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(GROUP)))
        connection.execute("CREATE SCHEMA IF NOT EXISTS guanjian")
        connection.execute("SET LOCAL search_path = guanjian")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number int PRIMARY KEY, name text NOT NULL, digest text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        missing = _missing(connection)
        for number, name, text in missing:
            connection.execute(text.encode())
            connection.execute(
                "INSERT INTO migrations (number, name, digest) VALUES (%s, %s, %s)", (number, name, _digest(text))
            )
        connection.execute(_read("functions.sql").encode())
        today = datetime.now(UTC).date().replace(day=1)
        for month in range(_MONTHS_AHEAD):
            connection.execute("SELECT make_month(%s)", (today + timedelta(days=31 * month),))
        _revoke_from_public(connection)
    return len(missing)


def enrol(connection: Connection, station: str, *, may_supervise: bool = False, is_new_store: bool = False) -> Enrolled:
    """Let a station ("office/name") in, under a login role of its own.

    `is_new_store` lets a station that lost its store begin a new log; the old one stays.

    Raises:
        HubSetupError: the hub is not set up, or the name is none of a station.
    """
    role = "guanjian_" + station.lower().replace("/", "_").replace("-", "_")
    password = ""
    with known_errors(), connection.transaction():
        connection.execute("SET LOCAL search_path = guanjian")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
            password = secrets.token_urlsafe(24)
            # The server gets what it keeps, never the secret: a statement may stand in its log.
            kept = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            login = "CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {} CONNECTION LIMIT 8"
            connection.execute(sql.SQL(login).format(sql.Identifier(role), sql.Literal(kept), sql.Identifier(GROUP)))
        database = connection.info.dbname
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
        )
        connection.execute(
            "INSERT INTO stations AS s (station, role, may_supervise) VALUES (%s, %s, %s) ON CONFLICT (station) "
            "DO UPDATE SET may_supervise = excluded.may_supervise, store = CASE WHEN %s THEN NULL ELSE s.store END",
            (station, role, may_supervise, is_new_store),
        )
    return Enrolled(station, role, password)


def _missing(connection: Connection) -> list[tuple[int, str, str]]:
    steps = _steps()
    known = {number: _digest(text) for number, _, text in steps}
    applied: dict[int, str] = dict(connection.execute("SELECT number, digest FROM migrations").fetchall())
    for number, digest in applied.items():
        if known.get(number) != digest:
            raise HubNewerError(
                f"Step {number} of the hub's schema is not this version's; update Guanjian on this machine.",
                detail=f"step {number}",
            )
    return [step for step in steps if step[0] not in applied]


@cache
def _steps() -> tuple[tuple[int, str, str], ...]:
    """Number, name and text of each step."""
    found = []
    for file in (resources.files("app.hub") / "schema").iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if number.isdigit():
            found.append((int(number), name, _read(file.name)))
    return tuple(sorted(found))


def _read(name: str) -> str:
    return (resources.files("app.hub") / "schema" / name).read_text("utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _revoke_from_public(connection: Connection) -> None:
    """A station's own tables, even temporary ones, have no place at the hub."""
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
