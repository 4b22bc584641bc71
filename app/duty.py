"""Who is on duty at the station: signing in and out, locking, and what an officer may do while he sits here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.customs.errors import SameOfficerError
from app.officers.directory import Directory
from app.officers.errors import (
    LockedOutError,
    NotSignedInError,
    OfficerUnknownError,
    PinTemporaryError,
    SignInRefusedError,
)
from app.officers.lockout import wait_s
from app.officers.pins import Hashing, check_pin
from app.officers.rights import Right, Role, check_role
from app.settings import Officers as OfficerSettings
from app.store.officers import Account, Officers

_NOBODY = Account("", "", Role.VIEWER, "", datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Seat:
    """An officer who has signed in."""

    login: str
    name: str
    role: Role
    since: datetime
    is_locked: bool = False


class Duty:
    """The rights of a post with accounts: an officer may do what his role includes, while he sits here unlocked.

    One officer sits at a station. `who` is a login name or what a badge says; a secret is needed either way. `place`
    stands in the log with every arrival.
    """

    def __init__(
        self,
        officers: Officers,
        settings: OfficerSettings,
        *,
        directory: Directory | None = None,
        hashing: Hashing | None = None,
        place: str = "window",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._officers = officers
        self._settings = settings
        self._directory = directory
        self._hashing = hashing or Hashing()
        self._place = place
        self._now = now
        self._seat: Seat | None = None
        self._changing = threading.RLock()

    @property
    def seat(self) -> Seat | None:
        """Who sits here now."""
        return self._seat

    def is_set_up(self) -> bool:
        """Whether there are accounts; without any, the first admin has to be made."""
        return not self._officers.is_empty()

    def sign_in(self, who: str, pin: str, *, new_pin: str = "") -> Seat:
        """Begin a shift; another's shift ends, one's own goes on. `new_pin` takes the place of a temporary PIN.

        Raises:
            PinTemporaryError: the PIN is right, but has to be replaced first. PinWeakError: not with that one.
            SignInRefusedError, LockedOutError, DirectoryError: the secret is wrong, comes too soon, or is not checked.
        """
        account = self._prove(who, pin)
        if account.is_temporary:
            account = self._renew(account, new_pin)
        with self._changing:
            if self._seat is not None and self._seat.login == account.login:
                return self._go_on(account, self._seat)
            self.sign_out()
            self._attend(account.login, "signed_in", self._place)
            self._seat = Seat(account.login, account.name, Role(account.role), self._now())
            return self._seat

    def sign_out(self) -> None:
        """End the shift of who sits here, if anybody does."""
        with self._changing:
            if self._seat is not None:
                seat, self._seat = self._seat, None
                self._attend(seat.login, "signed_out", self._place)

    def lock(self, why: str) -> None:
        """Nobody may do anything here until the same officer unlocks; `why` is idle, badge or key."""
        with self._changing:
            if self._seat is not None and not self._seat.is_locked:
                self._seat = replace(self._seat, is_locked=True)
                self._attend(self._seat.login, "locked", why)

    def unlock(self, pin: str) -> Seat:
        """Go on with the shift.

        Raises:
            NotSignedInError: nobody sits here. PinTemporaryError: it was reset; sign in anew. Else as `sign_in`.
        """
        seat = self._seat
        if seat is None:
            raise NotSignedInError("Nobody is signed in here.", officer="")
        account = self._prove(seat.login, pin)
        if account.is_temporary:
            raise PinTemporaryError("This PIN is temporary; sign in anew and choose your own.", officer=account.login)
        with self._changing:
            return self._go_on(account, seat)

    def require(self, officer: str, right: Right) -> None:
        """As `Rights.require`; the account is read anew, so that a change holds at once."""
        seat = self._seat
        if seat is None or seat.is_locked or seat.login != officer:
            raise NotSignedInError(f"{officer} is not signed in here, or the station is locked.", officer=officer)
        account = self._officers.find(officer)
        if account is None or not account.is_active:
            raise OfficerUnknownError(f"The account of {officer} is disabled.", officer=officer)
        check_role(officer, Role(account.role), right)

    def approve(self, who: str, pin: str, *, first: str, right: Right) -> str:
        """As `Rights.approve`."""
        found = self._find(who)
        if found.login == first:
            raise SameOfficerError("The second officer must be another person.", officer=first)
        account = self._prove(who, pin)
        if account.is_temporary:
            raise PinTemporaryError("This PIN is temporary; sign in once and choose your own.", officer=account.login)
        for needed in (Right.APPROVE, right):
            check_role(account.login, Role(account.role), needed)
        self._attend(account.login, "approved", f"{right} {first}")
        return account.login

    def _go_on(self, account: Account, seat: Seat) -> Seat:
        self._attend(account.login, "unlocked", self._place)
        self._seat = Seat(account.login, account.name, Role(account.role), seat.since)
        return self._seat

    def _prove(self, who: str, pin: str) -> Account:
        """The account whose secret this is; every try counts before its outcome is known."""
        account = self._find(who)
        left = self._officers.attempt(account.login, self._now(), wait_s, self._place)
        if left:
            raise LockedOutError(
                f"Too many wrong secrets; try again in {left:.0f} s, or ask an admin.", seconds=round(left + 0.5)
            )
        if account.in_directory and self._directory is not None:
            is_right = self._directory.is_right(account.login, pin)
        else:
            is_right = self._hashing.is_pin(pin, account.pin)
        if not is_right:
            raise SignInRefusedError("The name or the PIN is wrong.")
        self._attend(account.login, "proved", self._place)
        return account

    def _find(self, who: str) -> Account:
        """The active account of a login name or a badge; nobody's where there is none."""
        if self._settings.is_badge(who):
            found = self._officers.find_badge(self._hashing.keep_badge(who, self._officers.salt()))
        else:
            found = self._officers.find(who.strip().lower())
        return found if found is not None and found.is_active else _NOBODY

    def _renew(self, account: Account, new_pin: str) -> Account:
        if not new_pin:
            raise PinTemporaryError("This PIN is temporary; choose your own.", officer=account.login)
        check_pin(new_pin, account.login)
        if self._hashing.is_pin(new_pin, account.pin):
            raise PinTemporaryError("The new PIN must be another one.", officer=account.login)
        kept = self._hashing.keep(new_pin)
        changes = replace(account, pin=kept, is_temporary=False, changed_by=account.login, changed_at=self._now())
        return self._officers.put(changes)

    def _attend(self, login: str, what: str, detail: str) -> None:
        self._officers.attend(login, what, self._now(), detail)
