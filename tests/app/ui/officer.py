"""What an officer does at the window, and what is to be read there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.ui.window import MainWindow
from tests.app.ui.conftest import settle


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier(0)
) -> None:
    target = QApplication.focusWidget() or window
    qtbot.keyClick(target, key, modifiers)
    settle(qtbot, window)


def open_parcel(qtbot: QtBot, window: MainWindow, parcel_id: int) -> None:
    window.open_parcel(parcel_id)
    settle(qtbot, window)


def shown_words(widget: QWidget) -> str:
    labels = [label.text() for label in widget.findChildren(QLabel) if not label.isHidden()]
    return "\n".join(labels)
