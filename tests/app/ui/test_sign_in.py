"""Who sits at the window: the first admin, signing in, locks that keep the work, badges, the second officer's PIN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.accounts import Accounts
from app.customs.states import Action, State
from app.duty import Duty
from app.officers.errors import SignInRefusedError
from app.officers.rights import DEMO, KnownOfficers, Role
from app.settings import Officers
from app.store.store import Store
from app.ui.bridge import Bridge
from app.ui.lock import Door
from app.ui.pages.officers import OfficersPage
from app.ui.pages.page import PageKind
from app.ui.settings import UiSettings
from app.ui.window import MainWindow
from app.views import Decided
from scanners.barcode import Code, Reading
from scanners.device import DeviceState, DeviceStatus
from tests.app.officers.conftest import LIGHT, PIN, TEMPORARY
from tests.app.ui.conftest import settle
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
        window.resize(1366, 768)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        settle(qtbot, window)
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


def test_the_first_start_makes_an_admin_and_no_pin_is_given(open_post: OpenPost, qtbot: QtBot, duty: Duty) -> None:
    window = open_post()
    assert window.guard is not None
    card = window.guard.first_start
    assert card.isVisible()
    assert {field.text() for field in card.fields.values()} == {""}
    for name, value in {"name": "Boss", "login": "boss", "pin": "123456", "again": "123456"}.items():
        card.fields[name].setText(value)
    card.go_on.click()
    assert "too easy" in card.message
    card.fields["pin"].setText(PIN)
    card.go_on.click()
    assert "not the same" in card.message
    card.fields["again"].setText(PIN)
    card.go_on.click()
    settle(qtbot, window)
    assert window.guard.sign_in.isVisible()
    sign_in(qtbot, window, "boss")
    assert not is_shut(window)
    assert duty.seat is not None
    assert duty.seat.role is Role.ADMIN


def test_nothing_is_seen_or_pressed_before_somebody_has_signed_in(
    post: MainWindow, qtbot: QtBot, station: MemoryStation
) -> None:
    assert post.guard is not None
    assert post.guard.cover.geometry() == post.rect()
    for at in (
        post.rect().center(),
        post.rect().topLeft(),
        post.parts.side.mapTo(post, post.parts.side.rect().center()),
    ):
        seen = post.childAt(at)
        assert seen is post.guard.cover or post.guard.cover.isAncestorOf(seen)
    before = list(station.decisions)
    for key in (Qt.Key.Key_R, Qt.Key.Key_H, Qt.Key.Key_F12):
        qtbot.keyClick(QApplication.focusWidget() or post, key)
    qtbot.keyClick(post.guard.sign_in.pin, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, post)
    assert station.decisions == before
    assert post.parts.stack.page is None
    sign_in(qtbot, post, "chen", "wrong-pin")
    assert is_shut(post)
    assert "wrong" in post.guard.sign_in.message
    sign_in(qtbot, post)
    assert not is_shut(post)
    assert post.desk.officer == "chen"


def test_a_lock_hides_the_work_and_keeps_all_of_it(post: MainWindow, qtbot: QtBot, station: MemoryStation) -> None:
    sign_in(qtbot, post)
    qtbot.keyClick(post.parts.stage, Qt.Key.Key_B)
    look, parcel = post.parts.stage.look, post.desk.open_id
    post.course.act(Action.HOLD)
    assert post.parts.chooser.is_open
    post.parts.chooser.note.setText("half a note")
    qtbot.keyClick(post.parts.chooser.note, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    post.commands.window_command.emit("lock")
    settle(qtbot, post)
    assert post.guard is not None
    assert is_shut(post)
    assert not post.parts.stage.isEnabled()
    sign_in(qtbot, post, "")
    assert not is_shut(post)
    assert (post.parts.stage.look, post.desk.open_id) == (look, parcel)
    assert post.parts.chooser.is_open
    assert post.parts.chooser.note.text() == "half a note"
    assert post.parts.stage.isEnabled()


def test_another_officer_begins_his_own_work(post: MainWindow, qtbot: QtBot, duty: Duty) -> None:
    sign_in(qtbot, post)
    post.course.act(Action.HOLD)
    assert post.guard is not None
    post.guard.lock("key")
    post.guard.sign_in.other.click()
    sign_in(qtbot, post, "lin")
    assert post.desk.officer == "lin"
    assert not post.parts.chooser.is_open
    assert duty.seat is not None
    assert duty.seat.login == "lin"


def test_who_signs_out_ends_his_shift_and_the_next_one_signs_in(
    post: MainWindow, qtbot: QtBot, duty: Duty, station: MemoryStation
) -> None:
    sign_in(qtbot, post)
    open_id = post.desk.open_id
    qtbot.keyClick(post.parts.stage, Qt.Key.Key_H)
    assert post.parts.chooser.is_open
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(post.parts.chooser, Qt.Key.Key_L, shift)
    settle(qtbot, post)
    assert is_shut(post)
    assert duty.seat is None
    assert post.guard is not None
    assert post.guard.sign_in.who.isVisible(), "nobody's PIN is asked for: somebody signs in"
    qtbot.keyClick(post.guard.sign_in.who, Qt.Key.Key_L, shift)
    sign_in(qtbot, post, "lin")
    assert not is_shut(post)
    assert post.desk.officer == "lin"
    assert post.desk.open_id == open_id
    assert not post.parts.chooser.is_open, "a decision of the one who left is nobody's"


@pytest.mark.parametrize("what", ["reasons", "pages", "archive"])
def test_who_gets_up_locks_whatever_is_open_and_finds_it_again(
    post: MainWindow, qtbot: QtBot, station: MemoryStation, what: str
) -> None:
    sign_in(qtbot, post)
    control = Qt.KeyboardModifier.ControlModifier
    key, modifier, opened = {
        "reasons": (Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, post.parts.chooser),
        "pages": (Qt.Key.Key_M, control, post.parts.pages),
        "archive": (Qt.Key.Key_O, control, post.course.tools.archive),
    }[what]
    qtbot.keyClick(post.parts.stage, key, modifier)
    settle(qtbot, post)
    assert opened.isVisible()
    qtbot.keyClick(opened, Qt.Key.Key_L, control)
    settle(qtbot, post)
    assert is_shut(post)
    if what == "archive":
        assert not opened.isVisible()
    sign_in(qtbot, post, "")
    assert opened.isVisible()
    opened.hide()


def test_idle_time_locks_and_any_key_puts_it_off(post: MainWindow, qtbot: QtBot) -> None:
    sign_in(qtbot, post)
    assert post.guard is not None
    post.key_input.active_at_s -= HOLDER.lock_after_s - 30
    post.guard._look()
    assert not is_shut(post)
    qtbot.keyClick(post.parts.stage, Qt.Key.Key_B)
    post.key_input.active_at_s -= 31
    post.guard._look()
    assert not is_shut(post)
    post.key_input.active_at_s -= HOLDER.lock_after_s
    post.guard._look()
    assert is_shut(post)


def test_a_badge_says_who_signs_in_and_never_opens_a_parcel(post: MainWindow, qtbot: QtBot) -> None:
    read(post, BADGE)
    assert post.guard is not None
    assert BADGE not in post.guard.sign_in.who.text()
    sign_in(qtbot, post, "")
    assert post.desk.officer == "lin"
    read(post, BADGE)
    assert is_shut(post)


def test_a_badge_that_is_taken_out_of_its_holder_locks(post: MainWindow, qtbot: QtBot) -> None:
    assert post.guard is not None
    read(post, BADGE, "holder")
    sign_in(qtbot, post, "")
    post.guard._held_at_s -= 20
    read(post, BADGE, "holder")
    post.guard._held_at_s -= 20
    post.guard._look()
    assert not is_shut(post)
    post.guard._held_at_s -= 20
    post.guard._look()
    assert is_shut(post)


def test_a_holder_that_is_unplugged_locks(post: MainWindow, qtbot: QtBot) -> None:
    assert post.guard is not None
    read(post, BADGE, "holder")
    sign_in(qtbot, post, "")
    post.guard.take_device("hand", DeviceStatus(DeviceState.FAULT))
    assert not is_shut(post)
    post.guard.take_device("holder", DeviceStatus(DeviceState.FAULT))
    assert is_shut(post)


def test_codes_that_are_read_while_nobody_sits_there_open_nothing(post: MainWindow, qtbot: QtBot) -> None:
    before = post.desk.open_id
    other = next(key for key in post.desk.station.parcels if key != before)  # type: ignore[attr-defined]
    read(post, post.desk.station.parcels[other].number)  # type: ignore[attr-defined]
    settle(qtbot, post)
    assert post.desk.open_id == before


def test_a_temporary_pin_asks_for_ones_own(
    open_post: OpenPost, staff: None, duty: Duty, accounts: Accounts, qtbot: QtBot
) -> None:
    duty.sign_in("boss", PIN)
    accounts.reset("chen", TEMPORARY, officer="boss")
    duty.sign_out()
    window = open_post()
    assert window.guard is not None
    card = window.guard.sign_in
    sign_in(qtbot, window, "chen", TEMPORARY)
    assert card.new_pin.isVisible()
    card.new_pin.setText("own-choice-7")
    card.again.setText("own-choice-8")
    card.go_on.click()
    assert "not the same" in card.message
    card.again.setText("own-choice-7")
    card.go_on.click()
    settle(qtbot, window)
    assert not is_shut(window)
    assert duty.sign_in("chen", "own-choice-7").login == "chen"


def test_the_second_officer_gives_name_or_badge_and_his_own_pin(
    post: MainWindow, qtbot: QtBot, station: MemoryStation
) -> None:
    sign_in(qtbot, post)
    parcel_id = next(key for key, parcel in station.parcels.items() if parcel.state is State.IMAGED)
    station.parcels[parcel_id] = replace(station.parcels[parcel_id], state=State.EXAM_ABNORMAL)
    post.open_parcel(parcel_id)
    settle(qtbot, post)
    post.course.act(Action.CONFISCATE)
    chooser = post.parts.chooser
    assert chooser.second.isVisible()
    assert chooser.second_pin.isVisible()
    chooser.second.setText("lin")
    qtbot.keyClick(chooser.second, Qt.Key.Key_Return)
    assert chooser.is_open
    read(post, BADGE)
    assert not is_shut(post)
    assert BADGE not in chooser.second.text()
    qtbot.keyClicks(chooser.second_pin, "his-own-pin")
    assert "his-own-pin" not in chooser.second_pin.displayText()
    qtbot.keyClick(chooser.second_pin, Qt.Key.Key_Return)
    settle(qtbot, post)
    assert station.second_officers[1] == BADGE
    assert station.second_pins[1] == "his-own-pin"
    assert chooser.second_pin.text() == ""


def test_a_refused_second_officer_is_asked_for_his_pin_again_and_for_nothing_else(
    post: MainWindow, qtbot: QtBot, station: MemoryStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(qtbot, post)
    opened = post.desk.open_id
    assert opened is not None
    station.parcels[opened] = replace(station.parcels[opened], state=State.EXAM_ABNORMAL)
    post.open_parcel(opened)
    settle(qtbot, post)
    decide = station.decide

    def refuse(*given: object, **named: object) -> Decided:
        raise SignInRefusedError("The name or the PIN is wrong.")

    monkeypatch.setattr(station, "decide", refuse)
    post.course.act(Action.DETAIN)
    chooser = post.parts.chooser
    for line, words in ((chooser.second, "lin"), (chooser.second_pin, "wrong-pin"), (chooser.note, "DOC-1")):
        line.setText(words)
    chooser._pick("prohibited_goods")
    settle(qtbot, post)
    assert chooser.is_open
    assert (chooser.second.text(), chooser.second_pin.text(), chooser.note.text()) == ("lin", "", "DOC-1")
    monkeypatch.setattr(station, "decide", decide)
    chooser.second_pin.setText("right-pin")
    qtbot.keyClick(chooser.second_pin, Qt.Key.Key_Return)
    settle(qtbot, post)
    assert station.decisions[-1].reason == "prohibited_goods"
    assert station.second_pins[1] == "right-pin"


def test_a_demo_is_marked_and_its_officers_need_no_pin(open_post: OpenPost, qtbot: QtBot) -> None:
    window = open_post(KnownOfficers(DEMO))
    assert window.guard is not None
    assert not is_shut(window)
    assert window.parts.top._demo.isVisible()
    window.commands.window_command.emit("lock")
    assert window.guard.demo.isVisible()
    window.guard.demo.buttons["supervisor-1"].click()
    assert not is_shut(window)
    assert window.desk.officer == "supervisor-1"


def test_a_post_shows_no_demo_mark(post: MainWindow) -> None:
    assert not post.parts.top._demo.isVisible()


def test_an_admin_makes_changes_and_closes_accounts_on_his_page(
    post: MainWindow, qtbot: QtBot, store: Store, duty: Duty
) -> None:
    sign_in(qtbot, post, "boss")
    page = post.parts.stack.open_page("officers")
    assert isinstance(page, OfficersPage)
    qtbot.waitUntil(lambda: page.table.rowCount() == 4)
    for name, value in {"login": "zhou", "name": "Zhou", "pin": TEMPORARY, "badge": ""}.items():
        page.fields[name].setText(value)
    page.role.setCurrentIndex(page.role.findData(Role.AUDITOR))
    page.acts["add"].click()
    qtbot.waitUntil(lambda: page.chosen is not None and page.chosen.login == "zhou")
    assert "zhou" in page.message
    made = store.officers.find("zhou")
    assert made is not None
    assert (made.role, made.changed_by, made.is_temporary) == ("auditor", "boss", True)
    assert page.fields["pin"].text() == ""
    page.acts["close"].click()
    qtbot.waitUntil(lambda: page.chosen is not None and not page.chosen.is_active)
    read(post, "GJ-000009")
    assert page.fields["badge"].text() == "GJ-000009"
    assert not is_shut(post)


def test_who_is_no_admin_sees_no_account(post: MainWindow, qtbot: QtBot) -> None:
    sign_in(qtbot, post)
    page = post.parts.stack.open_page("officers")
    assert isinstance(page, OfficersPage)
    qtbot.waitUntil(lambda: "may not" in page.message)
    assert page.table.rowCount() == 0
