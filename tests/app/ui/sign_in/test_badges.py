"""Badges: they say who signs in, lock when they go, and open nothing."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.ui.window import MainWindow
from scanners.device import DeviceState, DeviceStatus
from tests.app.ui.conftest import settle
from tests.app.ui.sign_in.conftest import BADGE, is_shut, read, sign_in


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
