"""The page that asks for a store's passphrase before the window opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from app import sitting
from app.settings import Settings, StoreFiles
from app.store import sealed
from app.store.errors import StoreLockedError
from app.store.sealed import KEY_FILE, make_key, waits_for_passphrase
from app.texts import set_language, text
from app.ui.unlock import Unlock

GIVEN = "six lanes and one lamp"


@pytest.fixture(autouse=True)
def no_key_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(sealed.PASSPHRASE, raising=False)
    yield
    sealed.forget()
    set_language("zh_CN")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_wrong_passphrase_is_told_and_the_right_one_opens(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    set_language(language)
    make_key(tmp_path / KEY_FILE, "passphrase", GIVEN)
    sealed.forget()
    assert waits_for_passphrase(tmp_path)
    page = Unlock("belt-1", lambda given: sealed.unlock(tmp_path / KEY_FILE, given), is_new=False)
    qtbot.addWidget(page)
    page.show()
    qtbot.keyClicks(page.passphrase, "another one of mine")
    qtbot.keyClick(page.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(page.message), timeout=20_000)
    assert page.passphrase.isEnabled()
    assert page.result() != QDialog.DialogCode.Accepted
    qtbot.keyClicks(page.passphrase, GIVEN)  # what was wrong is selected
    qtbot.keyClick(page.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.result() == QDialog.DialogCode.Accepted, timeout=20_000)
    assert not waits_for_passphrase(tmp_path)


def test_a_new_passphrase_is_given_twice_alike(qtbot: QtBot) -> None:
    used: list[str] = []
    page = Unlock("belt-1", used.append, is_new=True)
    qtbot.addWidget(page)
    page.show()
    qtbot.keyClicks(page.passphrase, GIVEN)
    qtbot.keyClicks(page.again, "six lanes")
    qtbot.mouseClick(page.go_on, Qt.MouseButton.LeftButton)
    assert page.message == text("officers.ask.differs")
    assert used == []
    page.again.clear()
    qtbot.keyClicks(page.again, GIVEN)
    qtbot.mouseClick(page.go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.result() == QDialog.DialogCode.Accepted)
    assert used == [GIVEN]


def test_a_sitting_asks_where_it_must_and_closing_the_page_opens_nothing(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def close(page: Unlock) -> int:
        asked.append(page._is_new)
        return 0

    monkeypatch.setattr(Unlock, "exec", close)
    plain = Settings(data=tmp_path / "plain")
    sitting._unlock(plain)
    assert asked == []
    with pytest.raises(StoreLockedError):
        sitting._unlock(plain.model_copy(update={"store": StoreFiles(encryption="passphrase")}))
    make_key(tmp_path / KEY_FILE, "passphrase", GIVEN)
    sitting._unlock(Settings(data=tmp_path))  # this process made it and holds it
    sealed.forget()
    with pytest.raises(StoreLockedError):
        sitting._unlock(Settings(data=tmp_path))
    assert asked == [True, False]
    monkeypatch.setenv(sealed.PASSPHRASE, GIVEN)
    sitting._unlock(Settings(data=tmp_path))
