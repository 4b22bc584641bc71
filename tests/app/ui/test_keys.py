"""The key table: complete, free of conflicts, with words for everything; and the reader that types."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.states import Action
from app.ui import keys
from app.ui.help import command_name
from app.ui.key_input import KeyInput
from app.ui.look_keys import LOOK_NAMES
from scanners.drivers.keyboard_wedge import KeyboardWedge, WedgeSettings


def event_of(key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str = "") -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text)


def test_no_key_means_two_things() -> None:
    used = [key for binding in keys.BINDINGS for key in binding.keys]
    assert len(used) == len(set(used))
    assert len({binding.command for binding in keys.BINDINGS}) == len(keys.BINDINGS)


def test_every_action_and_look_has_a_key() -> None:
    commands = {binding.command for binding in keys.BINDINGS}
    assert {str(action) for action in Action} <= commands
    assert {f"look.{name}" for name in LOOK_NAMES} <= commands


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_command_has_words(language: str) -> None:
    texts.set_language(language)
    names = [command_name(binding.command) for binding in keys.BINDINGS]
    assert all(names)
    assert {binding.group for binding in keys.BINDINGS} == set(keys.GROUPS)


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, chinese = texts.catalogue("en"), texts.catalogue("zh_CN")
    mine = {key for key in english if key.startswith("ui.")}
    assert mine == {key for key in chinese if key.startswith("ui.")}
    for key in mine:
        assert placeholders(english[key]) == placeholders(chinese[key]), key


def placeholders(line: str) -> set[str]:
    return {part.split("}")[0] for part in line.split("{")[1:]}


@pytest.mark.parametrize(
    ("key", "modifiers", "command"),
    [
        (Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier, "release"),
        (Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier, "conditional_release"),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.ShiftModifier, "zoom.in"),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.KeypadModifier, "zoom.in"),
        (Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier, "absorption.down"),
        (Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier, "look.organic_only"),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, "next"),
        (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, "undo"),
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier, "help"),
    ],
)
def test_keys_are_found_on_any_keyboard(key: Qt.Key, modifiers: Qt.KeyboardModifier, command: str) -> None:
    found = keys.find(event_of(key, modifiers))
    assert found is not None
    assert found.command == command


def test_other_keys_mean_nothing() -> None:
    assert keys.find(event_of(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)) is None
    assert keys.find(event_of(Qt.Key.Key_Ampersand, Qt.KeyboardModifier.NoModifier)) is None


class Desk(QWidget):
    """A window with a text field, and the commands that its keys gave."""

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        QVBoxLayout(self).addWidget(self.field)
        self.pressed: list[str] = []
        self.released: list[str] = []

    def press(self, command: str) -> bool:
        self.pressed.append(command)
        return True

    def release(self, command: str) -> bool:
        self.released.append(command)
        return True


@pytest.fixture
def wedge() -> Iterator[KeyboardWedge]:
    reader = KeyboardWedge("hand-reader", WedgeSettings(gap_ms=60))
    reader.open()
    yield reader
    reader.close()


@pytest.fixture
def desk(qtbot: QtBot, wedge: KeyboardWedge) -> Iterator[tuple[Desk, KeyInput]]:
    window = Desk()
    qtbot.addWidget(window)
    typed = KeyInput(window, window.press, window.release, wedge)
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(typed)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    yield window, typed
    application.removeEventFilter(typed)


def test_reader_decides_nothing_and_gives_its_code(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, typed = desk
    window.setFocus()
    with qtbot.waitSignal(typed.code_typed, timeout=1000) as read:
        QTest.keyClicks(window, "RR123456785CN")
        QTest.keyClick(window, Qt.Key.Key_Return)
    assert read.args[0].code.text == "RR123456785CN"
    qtbot.wait(120)
    assert window.pressed == []
    assert window.released == []


def test_reader_leaks_nothing_into_a_text_field(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, typed = desk
    window.field.setFocus()
    with qtbot.waitSignal(typed.code_typed, timeout=1000):
        QTest.keyClicks(window.field, "CSQU3054383")
        QTest.keyClick(window.field, Qt.Key.Key_Return)
    qtbot.wait(120)
    assert window.field.text() == ""


def test_a_person_is_not_mistaken_for_a_reader(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, _ = desk
    window.setFocus()
    QTest.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.pressed == ["release"], timeout=1000)
    qtbot.waitUntil(lambda: window.released == ["release"], timeout=1000)


def test_typing_in_a_field_comes_through_in_order(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, _ = desk
    window.field.setFocus()
    for letter in "rr12":
        QTest.keyClicks(window.field, letter)
        qtbot.wait(90)
    qtbot.waitUntil(lambda: window.field.text() == "rr12", timeout=1000)
    assert window.pressed == []


def test_escape_just_before_a_code_does_not_spoil_it(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, typed = desk
    window.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.pressed == ["leave"]
    with qtbot.waitSignal(typed.code_typed, timeout=1000) as read:
        QTest.keyClicks(window, "RR123456785CN\r")
    assert read.args[0].code.text == "RR123456785CN"


def test_short_fast_typing_is_handed_on(desk: tuple[Desk, KeyInput], qtbot: QtBot) -> None:
    window, _ = desk
    window.field.setFocus()
    QTest.keyClicks(window.field, "abc")
    qtbot.waitUntil(lambda: window.field.text() == "abc", timeout=1000)
