"""A store with accounts, a duty on it, and hashing that costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.accounts import Accounts
from app.duty import Duty
from app.officers.pins import Hashing
from app.officers.rights import Role
from app.settings import Officers
from app.store.audit import Event, read_events
from app.store.store import Store

LIGHT = Hashing(time_cost=1, memory_kib=8, lanes=1)
BADGES = Officers(badge_pattern="GJ-[0-9]{6}")
PIN = "k7-wolf"
TEMPORARY = "start-pin-9"


def logged(store: Store) -> list[Event]:
    """Every event of the log."""
    with store._database.read() as reader:
        return list(read_events(reader))


class Clock:
    """Time that a test moves; the machine has run for a minute when it begins."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, tzinfo=UTC)
        self.running_s = 60.0

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.running_s += seconds

    def set(self, seconds: float) -> None:
        """Somebody sets the wall clock, forward or back."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("app.store.audit.running_us", lambda: round(made.running_s * 1e6))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, station="belt-1", ballast_bytes=1024)
    yield opened
    opened.close()


@pytest.fixture
def duty(store: Store, clock: Clock) -> Duty:
    return Duty(store.officers, BADGES, hashing=LIGHT, now=clock)


@pytest.fixture
def accounts(store: Store, duty: Duty, clock: Clock) -> Accounts:
    """Accounts with an admin, `boss`."""
    made = Accounts(store.officers, duty, BADGES, hashing=LIGHT, now=clock)
    made.make_first("boss", "Boss", PIN)
    return made


@pytest.fixture
def employ(duty: Duty, accounts: Accounts) -> Callable[..., None]:
    """Makes an account whose officer has chosen his own PIN; nobody sits there afterwards."""

    def make(login: str, role: Role = Role.OFFICER, badge: str = "") -> None:
        duty.sign_in("boss", PIN)
        accounts.add(login, login.title(), role, TEMPORARY, officer="boss", badge=badge)
        duty.sign_in(login, TEMPORARY, new_pin=PIN)
        duty.sign_out()

    return make
