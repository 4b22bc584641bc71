"""The officers' accounts: who has one, with which role, badge and secret; every change is a new version in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.officers.errors import DirectoryError, LoginInvalidError, OfficerUnknownError, SetUpError
from app.officers.lockout import wait_s
from app.officers.pins import Hashing, check_login, check_pin
from app.officers.rights import Right, Rights, Role
from app.settings import Officers as OfficerSettings
from app.store.officers import Account, Attended, Officers

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as a list shows it; `wait_s` is how long he has to wait after wrong secrets."""

    login: str
    name: str
    role: Role
    is_active: bool
    in_directory: bool
    is_temporary: bool
    has_badge: bool
    changed_by: str
    changed_at: datetime
    wait_s: float


class Accounts:
    """What an admin does with accounts. May be used from any thread."""

    def __init__(
        self,
        officers: Officers,
        rights: Rights,
        settings: OfficerSettings,
        *,
        hashing: Hashing | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._officers = officers
        self._rights = rights
        self._settings = settings
        self._hashing = hashing or Hashing()
        self._now = now

    def is_badge(self, code: str) -> bool:
        """Whether a code is one of a badge of this post."""
        return self._settings.is_badge(code)

    def make_first(self, login: str, name: str, pin: str) -> None:
        """Make the first account, an admin's, with a PIN that he chose himself.

        Raises:
            SetUpError: there are accounts already. LoginInvalidError, PinWeakError: choose another.
        """
        if not self._officers.is_empty():
            raise SetUpError("There is an admin already; sign in, or ask him.")
        account = self._begin(login, name, Role.ADMIN, changed_by=login)
        check_pin(pin, login)
        self._officers.put(replace(account, pin=self._hashing.keep(pin)), is_first=True)

    def add(
        self,
        login: str,
        name: str,
        role: Role,
        pin: str,
        *,
        officer: str,
        badge: str = "",
        in_directory: bool = False,
    ) -> None:
        """Make an account. Its PIN is temporary: the officer chooses his own when he signs in first.

        Raises:
            LoginInvalidError, PinWeakError, AccountChangedError, BadgeTakenError: choose another.
        """
        self._rights.require(officer, Right.OFFICERS)
        account = self._begin(login, name, role, changed_by=officer)
        if in_directory:
            self._expect_directory()
            account = replace(account, in_directory=True)
        else:
            check_pin(pin, login)
            account = replace(account, pin=self._hashing.keep(pin), is_temporary=True)
        self._officers.put(replace(account, badge=self._keep_badge(badge)))

    def set_role(self, login: str, role: Role, *, officer: str) -> None:
        """Give another role; it holds from his next act on."""
        self._change(login, officer, role=str(role))

    def set_badge(self, login: str, badge: str, *, officer: str) -> None:
        """Give another badge, or with "" none."""
        self._rights.require(officer, Right.OFFICERS)
        self._change(login, officer, badge=self._keep_badge(badge))

    def reset(self, login: str, pin: str, *, officer: str) -> None:
        """Give a temporary PIN to an officer who forgot his own, and end his waiting."""
        self._rights.require(officer, Right.OFFICERS)
        check_pin(pin, login)
        self._change(login, officer, pin=self._hashing.keep(pin), is_temporary=True, in_directory=False)
        self._officers.attend(login, "freed", self._now(), officer)

    def disable(self, login: str, *, officer: str) -> None:
        """Close an account; what it did stays in the log. Raises AdminMissingError for the last admin."""
        self._change(login, officer, is_active=False)

    def enable(self, login: str, *, officer: str) -> None:
        """Open an account again."""
        self._change(login, officer, is_active=True)

    def unlock(self, login: str, *, officer: str) -> None:
        """End an officer's waiting after wrong secrets."""
        self._rights.require(officer, Right.OFFICERS)
        self._officers.attend(self._find(login).login, "freed", self._now(), officer)

    def every(self, *, officer: str, after: str = "", limit: int = 200) -> list[Listed]:
        """Accounts by login, those after one of them."""
        self._rights.require(officer, Right.OFFICERS)
        return [self._list(account) for account in self._officers.every(after=after, limit=limit)]

    def attendance(
        self, *, officer: str, login: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[tuple[int, Attended]]:
        """Who came, went and failed, newest first, before a number."""
        self._rights.require(officer, Right.OFFICERS)
        return self._officers.attendance(login=login, before=before, limit=limit)

    def _begin(self, login: str, name: str, role: Role, *, changed_by: str) -> Account:
        name = name.strip()
        if self.is_badge(login):
            raise LoginInvalidError(f"{login} reads as a badge; take another name.", login=login)
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise LoginInvalidError(f"A name has 1 to {LONGEST_NAME} signs.", login=name[:40])
        return Account(check_login(login), name, role.value, changed_by, self._now())

    def _change(self, login: str, officer: str, **changes: object) -> None:
        self._rights.require(officer, Right.OFFICERS)
        found = self._find(login)
        self._officers.put(replace(found, **changes, changed_by=officer, changed_at=self._now()))  # type: ignore[arg-type]

    def _find(self, login: str) -> Account:
        found = self._officers.find(login)
        if found is None:
            raise OfficerUnknownError(f"There is no officer {login} here.", officer=login)
        return found

    def _keep_badge(self, badge: str) -> str:
        if not badge:
            return ""
        if not self.is_badge(badge):
            raise LoginInvalidError("This code is no badge of the post; see badge_pattern.", login="")
        return self._hashing.keep_badge(badge, self._officers.salt())

    def _expect_directory(self) -> None:
        if not self._settings.directory.url:
            raise DirectoryError("The settings name no directory; give a PIN.", detail="officers.directory.url")

    def _list(self, account: Account) -> Listed:
        return Listed(
            account.login, account.name, Role(account.role), account.is_active, account.in_directory,
            account.is_temporary, bool(account.badge), account.changed_by, account.changed_at,
            self._officers.wait_left(account.login, self._now(), wait_s),
        )  # fmt: skip
