"""The officer sees that the disk is almost full, and for as long as it is."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.store.space import Space
from app.ui.bars import StatusBar
from app.ui.bridge import Bridge


def test_the_lamp_of_the_disk_comes_and_goes(qtbot: QtBot) -> None:
    bar, bridge = StatusBar(), Bridge()
    qtbot.addWidget(bar)
    bridge.room_came.connect(bar.set_room)
    said = []
    for space in (Space(is_low=False, has_reserve=True), Space(True, True), Space(True, False), Space(False, True)):
        bridge.room_changed(space)
        bridge.deliver()
        said.append(bar.room_words)
    assert said[0] == said[3] == ""
    assert said[1]
    assert said[2]
    assert said[1] != said[2]
