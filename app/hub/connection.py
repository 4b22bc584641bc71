"""Connections to the hub: time limits on everything, TLS on any network, no more rights than a station needs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.hub.errors import (
    REFUSALS,
    HubAwayError,
    HubError,
    HubInsecureError,
    HubLoginError,
    HubServerOldError,
    HubSettingsError,
    HubSetupError,
    HubUnreachableError,
)

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_S = 5
STATEMENT_MS = 10_000
LEAST_SERVER = 150_000
"""PostgreSQL 15, in its own numbers: the oldest version that the hub's schema is tried on."""
_NO_DATABASE = re.compile('database ".*" does not exist')
_NO_LOGIN = re.compile(
    'password authentication failed|no password supplied|role ".*" does not exist|no pg_hba.conf entry'
)
_SECRETS = ("password", "sslpassword", "passfile")


def check_address(address: str) -> dict[str, Any]:
    """An address in libpq's form (`host=... dbname=... user=...` or `service=...`) that may stand in the settings.

    Raises:
        HubSettingsError: it is none, or holds a secret.
        HubInsecureError: it goes over a network with less than verified TLS.
    """
    try:
        parts: dict[str, Any] = conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise HubSettingsError(f"The hub's address is no connection string: {error}.", detail=str(error)) from error
    if not parts:
        raise HubSettingsError("No hub is set; give its address under [hub] in the profile.", detail="address")
    if secret := next((name for name in _SECRETS if name in parts), None):
        raise HubSettingsError(
            f"The hub's address holds a {secret}; keep secrets in a password file or service file.", detail=secret
        )
    if not _is_local(parts):
        if parts.get("sslmode", "verify-full") != "verify-full":
            raise HubInsecureError("Over a network the hub is reached with sslmode=verify-full only.", detail="sslmode")
        parts["sslmode"] = "verify-full"
    return parts


def connect(address: str, *, name: str = "guanjian", statement_ms: int = STATEMENT_MS) -> Connection:
    """A connection as a station has it, in autocommit: each call of a function is one transaction.

    Raises:
        HubAwayError: nobody answers. HubInsecureError: the role may do more than a station needs.
        HubSettingsError, HubError: the address cannot be used, or the hub refuses it.
    """
    limits = f"-c statement_timeout={statement_ms} -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"
    parts = check_address(address) | {
        "application_name": name, "connect_timeout": CONNECT_S, "options": limits, "keepalives_idle": 5,
        "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000,
    }  # fmt: skip
    with known_errors():
        connection = psycopg.connect(make_conninfo(**parts), autocommit=True)
    try:
        with known_errors():
            _refuse_strong_role(connection)
            connection.execute("SET search_path = guanjian")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_as_owner(address: str) -> Connection:
    """A connection for setting the hub up, with whatever rights its role has; in autocommit.

    Raises:
        HubUnreachableError: nobody answers. HubServerOldError: the server is older than the hub needs.
        HubSettingsError, HubInsecureError, HubError: as for `connect`.
    """
    parts = check_address(address) | {"application_name": "guanjian hub", "connect_timeout": CONNECT_S}
    try:
        with known_errors():
            connection = psycopg.connect(make_conninfo(**parts), autocommit=True)
    except HubAwayError as error:
        said = error.details["detail"]
        raise HubUnreachableError(
            f"No server answers at the owner's address ({said}). Start PostgreSQL, or correct host and port.",
            detail=said,
        ) from error
    if connection.info.server_version < LEAST_SERVER:
        found = str(connection.info.server_version // 10_000)
        connection.close()
        raise HubServerOldError(
            f"The server is PostgreSQL {found}; the hub needs {LEAST_SERVER // 10_000} or newer. Upgrade the server.",
            found=found, needed=str(LEAST_SERVER // 10_000),
        )  # fmt: skip
    return connection


@contextmanager
def known_errors() -> Iterator[None]:
    """Turn what the driver raises into the hub's own errors."""
    try:
        yield
    except psycopg.Error as error:
        raise known(error) from error


def known(error: psycopg.Error) -> HubError:
    """The hub's own error for what the driver raised."""
    state = error.sqlstate or ""
    said = error.diag.message_primary or str(error).strip()
    if refusal := REFUSALS.get(state):
        return refusal(f"The hub refuses it: {said}.", detail=said)
    if state in ("42883", "42P01", "3F000"):
        return HubSetupError(f"The hub is not set up for this version; run guanjian hub init ({said}).", detail=said)
    if state in ("42501", "28P01", "28000"):
        return HubInsecureError(f"The hub does not let this role do that ({said}).", detail=said)
    if isinstance(error, psycopg.OperationalError) and not state:
        # What is refused while connecting has no code, only words; in another language it counts as no answer.
        if _NO_DATABASE.search(said):
            return HubSettingsError(
                f"The server has no such database ({said}); make it, or correct dbname.", detail=said
            )
        if _NO_LOGIN.search(said):
            return HubLoginError(
                f"The server does not let this role in ({said}). Correct user, or put its password into ~/.pgpass.",
                detail=said,
            )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return HubAwayError(f"The hub does not answer ({said}). The station works on alone.", detail=said)
    return HubError(f"The hub failed ({said}).", detail=said)


def _refuse_strong_role(connection: Connection) -> None:
    found = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = session_user "
        "AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
    ).fetchone()
    if found:
        raise HubInsecureError(
            f"Role {found[0]} may do more than a station needs; enrol the station and use its own role.",
            detail=str(found[0]),
        )


def _is_local(parts: dict[str, Any]) -> bool:
    """Whether every host is a socket of this machine or its loopback; an address that is elsewhere decided is not."""
    if "service" in parts:
        return False
    hosts = str(parts.get("hostaddr") or parts.get("host") or "").split(",")
    return all(_is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
