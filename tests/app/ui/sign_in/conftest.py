"""A window at a post whose officers sign in, and what they do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.accounts import Accounts
from app.duty import Duty
from app.officers.rights import KnownOfficers, Role
from app.settings import Officers
from app.store.store import Store
from app.ui.bridge import Bridge
from app.ui.lock import Door
from app.ui.pages.officers import OfficersPage
from app.ui.pages.page import PageKind
from app.ui.settings import UiSettings
from app.ui.window import MainWindow
from scanners.barcode import Code, Reading
from tests.app.officers.conftest import LIGHT, PIN, TEMPORARY
from tests.app.ui.conftest import settle, show
from tests.app.ui.memory_station import MemoryStation

BADGE = "GJ-000001"
HOLDER = Officers(badge_pattern="GJ-[0-9]{6}", badge_holder="holder", badge_gone_s=30)
OpenPost = Callable[..., MainWindow]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "accounts", station="belt-1", ballast_bytes=1024)
    yield opened
    opened.close()


@pytest.fixture
def duty(store: Store) -> Duty:
    return Duty(store.officers, HOLDER, hashing=LIGHT)


@pytest.fixture
def accounts(store: Store, duty: Duty) -> Accounts:
    return Accounts(store.officers, duty, HOLDER, hashing=LIGHT)


@pytest.fixture
def staff(duty: Duty, accounts: Accounts) -> None:
    accounts.make_first("boss", "Boss", PIN)
    for login, role in (("chen", Role.OFFICER), ("lin", Role.SUPERVISOR), ("wu", Role.VIEWER)):
        duty.sign_in("boss", PIN)
        accounts.add(login, login.title(), role, TEMPORARY, officer="boss", badge=BADGE if login == "lin" else "")
        duty.sign_in(login, TEMPORARY, new_pin=PIN)
        duty.sign_out()


@pytest.fixture
def open_post(
    qtbot: QtBot, bridge: Bridge, station: MemoryStation, duty: Duty, accounts: Accounts
) -> Callable[..., MainWindow]:
    def make(rights: KnownOfficers | Duty = duty) -> MainWindow:
        door = Door(rights, accounts, HOLDER)
        window = MainWindow(station, bridge, UiSettings(language="en"), door=door)
        window.parts.stack.set_kinds([PageKind("officers", "O", lambda frame: OfficersPage(frame, accounts))])
        qtbot.addWidget(window)
        show(qtbot, window)
        return window

    return make


@pytest.fixture
def post(open_post: OpenPost, staff: None) -> MainWindow:
    return open_post()


def sign_in(qtbot: QtBot, window: MainWindow, who: str = "chen", pin: str = PIN) -> None:
    assert window.guard is not None
    card = window.guard.sign_in
    if card.who.isVisible() and who:
        card.who.setText(who)
    card.pin.setText(pin)
    qtbot.keyClick(card.pin, Qt.Key.Key_Return)
    settle(qtbot, window)


def read(window: MainWindow, code: str, reader: str = "hand") -> None:
    window.course.show_code(Reading(Code("QRCode", code), reader, datetime.now(UTC)))


def is_shut(window: MainWindow) -> bool:
    assert window.guard is not None
    return window.guard.is_shut
