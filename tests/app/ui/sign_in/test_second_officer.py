"""The second officer at the chooser, with a PIN of his own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.customs.states import Action, State
from app.officers.errors import SignInRefusedError
from app.ui.window import MainWindow
from app.views import Decided
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.sign_in.conftest import BADGE, is_shut, read, sign_in


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
