"""Who sits at the window: the first admin, signing in and out, a PIN of one's own, the demo's officers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.accounts import Accounts
from app.customs.states import Action
from app.duty import Duty
from app.officers.rights import DEMO, KnownOfficers, Role
from app.ui.window import MainWindow
from tests.app.officers.conftest import PIN, TEMPORARY
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.sign_in.conftest import OpenPost, is_shut, sign_in


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
