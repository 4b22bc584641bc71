"""Four simulated parcels at a post where officers sign in, and an officer with a keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.build import build_station
from app.customs.parcel import Declaration, GoodsLine
from app.duty import Duty
from app.officers.rights import Role
from app.settings import Detection, Officers, Settings
from app.texts import LANGUAGES, set_language
from app.ui.bridge import Bridge
from app.ui.lock import Door
from app.ui.pages.roll import make_pages
from app.ui.settings import UiSettings
from app.ui.window import MainWindow
from imaging.phantom import simulate_parcel
from imaging.scan import Scan
from models.detector import Detection as Found
from models.detector import Findings, Level
from tests.app.ui.conftest import settle
from tests.flow.conftest import Desk

NUMBERS = ("RR123456785CN", "RR123456754CN", "RR123456710CN", "RR123456768CN")
PATIENCE_MS = 60_000
"""A PIN takes argon2 64 MiB, and the machine may be busy."""
PIN, NEW_PIN = "start-pin-9", "k7-wolf"
Key = Qt.Key
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
NONE = Qt.KeyboardModifier.NoModifier


class FindsTruth:
    """A detector that finds what the phantoms hold."""

    name = "truth 1"

    def find(self, scan: Scan) -> Findings:
        found = tuple(Found(each.label, 0.93, Level.SURE, each.box, each.view) for each in scan.truth)
        return Findings(self.name, 1.0, found)

    def close(self) -> None: ...


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Desk]:
    """Four parcels wait at a post where officers sign in; nobody has chosen a PIN of his own yet."""
    station = build_station(
        Settings(data=tmp_path / "data", detection=Detection(is_on=False), officers=Officers(sign_in="required"))
    )
    station.use_detector(FindsTruth())
    desk = Desk(station)
    for number in NUMBERS:
        station._store.add_declarations([Declaration(number, (GoodsLine("棉衬衫", hs_code="6105100090"),), "mail")])
    begun = datetime.now(UTC) - timedelta(minutes=5)
    for n, number in enumerate(NUMBERS):
        scan = simulate_parcel(n, views=2, size=(300, 420), threats=1)
        at = begun + timedelta(seconds=20 * n)
        desk.take(scan, at, number)
    rights = station.rights
    assert isinstance(rights, Duty)
    station.accounts.make_first("boss", "Boss", NEW_PIN)
    rights.sign_in("boss", NEW_PIN)
    station.accounts.add("chen", "陈明", Role.OFFICER, PIN, officer="boss")
    rights.sign_out()
    yield desk
    assert station.stop()


class Hands:
    """An officer with a keyboard. Keys go to what has the focus, in whichever window."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot, self.window = qtbot, window
        self.stage, self.desk = window.parts.stage, window.desk

    def press(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = NONE, times: int = 1) -> None:
        for _ in range(times):
            focused = QApplication.focusWidget() or self.window.focusWidget() or self.window
            self._qtbot.keyClick(focused, key, modifier)
        settle(self._qtbot, self.window, timeout_ms=PATIENCE_MS)

    def wait(self, ms: int) -> None:
        self._qtbot.wait(ms)

    def type(self, typed: str) -> None:
        for sign in typed:
            self.press(sign)

    def tab_to(self, is_there: Callable[[], bool]) -> None:
        for _ in range(40):
            if is_there():
                return
            self.press(Key.Key_Tab)
        raise AssertionError("Tab does not lead there")

    @property
    def number(self) -> str:
        assert self.desk.opened is not None
        return self.desk.opened.parcel.number

    @property
    def notice(self) -> str:
        return self.window.parts.notice.words


@pytest.fixture(params=LANGUAGES)
def hands(qtbot: QtBot, qapp: object, post: Desk, request: pytest.FixtureRequest) -> Iterator[Hands]:
    station = post.station
    settings = UiSettings(officer="", language=request.param, data=station.settings.data)
    door = Door(station.rights, station.accounts, station.settings.officers)
    window = MainWindow(station, Bridge(), settings, door=door)
    qtbot.addWidget(window)
    window.parts.stack.set_kinds(make_pages(station))
    window.resize(1366, 768)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    settle(qtbot, window)
    yield Hands(qtbot, window)
    set_language("zh_CN")
