"""Officers' accounts, of which every version is kept, and who came and went."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.store import audit
from app.store.audit import Log
from app.store.database import Connection
from app.store.errors import AccountChangedError, AdminMissingError, BadgeTakenError
from app.store.times import from_us, to_us

COLUMNS = "login, version, name, role, is_active, in_directory, is_temporary, pin, badge, changed_by, changed_us"
_NEWEST = "version = (SELECT max(version) FROM officers other WHERE other.login = officers.login)"
_PASSED = "('proved', 'freed')"


@dataclass(frozen=True, slots=True)
class Account:
    """One version of an account. `pin` and `badge` are hashes, empty where there is none.

    A temporary PIN was set by somebody else and is good for choosing one's own only.
    """

    login: str
    name: str
    role: str
    changed_by: str
    changed_at: datetime
    version: int = 0
    is_active: bool = True
    in_directory: bool = False
    is_temporary: bool = False
    pin: str = field(default="", repr=False)
    badge: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Attended:
    """An officer came or went, or somebody tried his secret."""

    login: str
    what: str
    detail: str
    at: datetime


class Officers:
    """The accounts of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def salt(self) -> bytes:
        """What badges are hashed with in this store."""
        with self._read() as reader:
            store_id = reader.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()[0]
        return hashlib.sha256(f"guanjian badge {store_id}".encode()).digest()[:16]

    def is_empty(self) -> bool:
        """Whether nobody has an account yet."""
        with self._read() as reader:
            return reader.execute("SELECT 1 FROM officers LIMIT 1").fetchone() is None

    def find(self, login: str) -> Account | None:
        with self._read() as reader:
            return _find(reader, login)

    def find_badge(self, badge: str) -> Account | None:
        """The account that has a badge now, by the badge's hash."""
        with self._read() as reader:
            sql = f"SELECT {COLUMNS} FROM officers WHERE badge = ? AND badge <> '' AND {_NEWEST}"
            row = reader.execute(sql, (badge,)).fetchone()
        return _account(row) if row else None

    def every(self, *, after: str = "", limit: int = 200) -> list[Account]:
        """Accounts by login, those after one of them."""
        with self._read() as reader:
            sql = f"SELECT {COLUMNS} FROM officers WHERE login > ? AND {_NEWEST} ORDER BY login LIMIT ?"
            return [_account(row) for row in reader.execute(sql, (after, limit)).fetchall()]

    def put(self, account: Account, *, is_first: bool = False) -> Account:
        """Keep the next version of an account, `account.version` being the one that it was made from; 0 is a new one.

        Raises:
            AccountChangedError: there is another version meanwhile, or with `is_first` any account at all.
            BadgeTakenError: another account has this badge. AdminMissingError: no active admin would be left.
        """
        with self._write() as writer:
            found = _find(writer, account.login)
            is_behind = (found.version if found else 0) != account.version
            if is_behind or (is_first and writer.execute("SELECT 1 FROM officers LIMIT 1").fetchone()):
                raise AccountChangedError(f"{account.login} was changed meanwhile; look again.", login=account.login)
            kept = replace(account, version=account.version + 1)
            log, values = Log(writer), _values(kept)
            writer.execute(f"INSERT INTO officers VALUES ({', '.join('?' * 12)})", (*values, log.seq))
            _check(writer, kept)
            log.append("officer_changed", None, {"officer": sealed(values)})
        return kept

    def attend(self, login: str, what: str, at: datetime, detail: str = "") -> None:
        """Log that an officer came or went."""
        with self._write() as writer:
            _attend(writer, login, what, at, detail)

    def attempt(self, login: str, at: datetime, wait_s: Callable[[int], float], detail: str = "") -> float:
        """Log that a secret is tried; returns how long the officer has to wait instead, 0 where the try counts.

        The try is counted before its outcome is known, so that many at once gain nothing.
        """
        with self._write() as writer:
            left = _wait_left(writer, login, at, wait_s)
            if not left:
                _attend(writer, login, "tried", at, detail)
        return left

    def wait_left(self, login: str, at: datetime, wait_s: Callable[[int], float]) -> float:
        """Seconds that an officer has to wait after failures."""
        with self._read() as reader:
            return _wait_left(reader, login, at, wait_s)

    def attendance(self, *, login: str = "", before: int | None = None, limit: int = 100) -> list[tuple[int, Attended]]:
        """What was attended, with its number, newest first: of one officer or of all, before a number."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT id, login, what, detail, at_us FROM attendance WHERE (?1 = '' OR login = ?1) "
                "AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
                (login, before, limit),
            ).fetchall()
        return [(key, Attended(who, what, detail, from_us(at_us))) for key, who, what, detail, at_us in rows]


def sealed(values: Any) -> list[Any]:
    """An account's values as the log holds them: of the hashes of PIN and badge their hash."""
    return [*values[:7], _seal(values[7]), _seal(values[8]), *values[9:]]


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _find(connection: Connection, login: str) -> Account | None:
    sql = f"SELECT {COLUMNS} FROM officers WHERE login = ? ORDER BY version DESC LIMIT 1"
    row = connection.execute(sql, (login,)).fetchone()
    return _account(row) if row else None


def _account(row: tuple[Any, ...]) -> Account:
    login, version, name, role, is_active, in_directory, is_temporary, pin, badge, changed_by, changed_us = row
    return Account(
        login, name, role, changed_by, from_us(changed_us), version, bool(is_active), bool(in_directory),
        bool(is_temporary), pin, badge,
    )  # fmt: skip


def _values(account: Account) -> list[Any]:
    return [
        account.login, account.version, account.name, account.role, int(account.is_active), int(account.in_directory),
        int(account.is_temporary), account.pin, account.badge, account.changed_by, to_us(account.changed_at),
    ]  # fmt: skip


def _check(writer: Connection, kept: Account) -> None:
    """What must be so after a change, or else the transaction is taken back."""
    others = "SELECT count(*) FROM officers WHERE badge = ? AND badge <> '' AND login <> ? AND " + _NEWEST
    if writer.execute(others, (kept.badge, kept.login)).fetchone()[0]:
        raise BadgeTakenError("Another officer has this badge.", login=kept.login)
    admins = f"SELECT count(*) FROM officers WHERE role = 'admin' AND is_active = 1 AND {_NEWEST}"
    if not writer.execute(admins).fetchone()[0]:
        raise AdminMissingError("One active admin must be left; make another one first.", login=kept.login)


def _attend(writer: Connection, login: str, what: str, at: datetime, detail: str) -> None:
    log, values = Log(writer), [login, what, detail, to_us(at)]
    cursor = writer.execute(
        "INSERT INTO attendance (login, what, detail, at_us, event_seq) VALUES (?,?,?,?,?)", (*values, log.seq)
    )
    log.append("attended", None, {"attended": [cursor.lastrowid, *values]})


def _wait_left(connection: Connection, login: str, at: datetime, wait_s: Callable[[int], float]) -> float:
    failures, last = connection.execute(
        "SELECT count(*), max(id) FROM attendance WHERE login = ?1 AND what = 'tried' AND id > "
        f"coalesce((SELECT max(id) FROM attendance WHERE login = ?1 AND what IN {_PASSED}), 0)",
        (login,),
    ).fetchone()
    return max(0.0, wait_s(failures) - _since_s(connection, last, at)) if failures else 0.0


def _since_s(connection: Connection, attended: int, at: datetime) -> float:
    """How long ago something was attended, whatever was done to the wall clock since.

    Within one start of the machine its own clock tells. From an earlier start on it is as long as the wall clock says,
    but no longer than the machine has run since; and as long as that where the wall clock was set back.
    """
    at_us, monotonic_us, boot = connection.execute(
        "SELECT a.at_us, l.monotonic_us, l.boot FROM attendance a JOIN log l ON l.seq = a.event_seq WHERE a.id = ?",
        (attended,),
    ).fetchone()
    running_us, passed_us = audit.running_us(), to_us(at) - at_us
    if boot == audit.BOOT:
        passed_us = running_us - monotonic_us
    elif not 0 <= passed_us <= running_us:
        passed_us = running_us
    return float(passed_us / 1e6)
