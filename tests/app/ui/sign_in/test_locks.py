"""Locks: by key, by whatever is open and by idle time; the work stays as it was."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.customs.states import Action
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.sign_in.conftest import HOLDER, is_shut, sign_in


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
