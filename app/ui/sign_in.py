"""The cover over the window while nobody sits there: signing in, unlocking, and the officers of a demo."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from app.officers.errors import PinTemporaryError
from app.officers.rights import Role
from app.texts import text
from app.ui import build, keys, theme, words
from imaging.errors import KnownError

CARD_EM = 30
SWITCHES = ("language", "theme", "full_screen")
"""What the keys still do while the window is covered."""


class Cover(QFrame):
    """Hides all of the window but keeps it as it is; one card lies in its middle. `pressed` tells of its switches."""

    pressed = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("cover")
        self._over = window
        self._sign = QLabel()
        self._brand = build.named(QLabel(), "title")
        self._switches = {name: build.named(QToolButton(), "flat") for name in SWITCHES[:2]}
        self._cards: list[QWidget] = []
        self._middle = build.column(gap=0)
        page = build.column(self, margins=(24, 18, 24, 18))
        head = build.row(gap=10)
        head.addWidget(self._sign)
        head.addWidget(self._brand)
        head.addStretch()
        for name, button in self._switches.items():
            button.clicked.connect(partial(self.pressed.emit, name))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            head.addWidget(button)
        page.addLayout(head)
        page.addStretch(2)
        centre = build.row()
        centre.addStretch()
        centre.addLayout(self._middle)
        centre.addStretch()
        page.addLayout(centre)
        page.addStretch(3)
        self.hide()

    def add_card(self, card: QWidget) -> None:
        self._cards.append(card)
        self._middle.addWidget(card)

    def place(self) -> None:
        self.setGeometry(self._over.rect())
        for card in self._cards:
            card.setFixedWidth(round(theme.text_px() * CARD_EM))

    def retranslate(self) -> None:
        self._brand.setText(text("ui.title"))
        self._sign.setPixmap(theme.pixmap("guanjian", theme.text_px() * 2, "accent"))
        for name, button in self._switches.items():
            button.setText(f"{text(f'ui.key.{name}')}  {keys.key_of(name)}")
        self.place()


class SignIn(QFrame):
    """Who he is and his PIN. A badge that is read takes the place of the name; a temporary PIN asks for one's own.

    `proved` tells who, PIN and new PIN; `unlocked` the PIN of the officer who sits there.
    """

    proved = Signal(str, str, str)
    unlocked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._locked = ""
        self._badge = ""
        self._renews = False
        self._title = build.named(QLabel(wordWrap=True), "title")
        self._hint = build.named(QLabel(wordWrap=True), "soft")
        self._names = {name: QLabel() for name in ("who", "pin", "new_pin", "new_pin_again")}
        self.who, self.pin, self.new_pin, self.again = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self._message = build.named(QLabel(wordWrap=True), "bad")
        self.go_on = QPushButton()
        self.other = QPushButton()
        column = build.column(self, gap=8, margins=(22, 20, 22, 20))
        column.addWidget(self._title)
        column.addWidget(self._hint)
        for name, field in zip(self._names.values(), (self.who, self.pin, self.new_pin, self.again), strict=True):
            name.setBuddy(field)
            column.addWidget(name)
            column.addWidget(field)
            field.returnPressed.connect(self._enter)
        for field in (self.pin, self.new_pin, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        column.addWidget(self._message)
        column.addWidget(self.go_on)
        column.addWidget(self.other)
        self.who.textEdited.connect(self._forget_badge)
        self.go_on.clicked.connect(self._enter)
        self.other.clicked.connect(self.ask)

    def ask(self) -> None:
        """Somebody signs in."""
        self._begin("")
        self.who.setFocus()

    def ask_back(self, name: str) -> None:
        """The officer who sits there unlocks, or another one signs in."""
        self._begin(name)
        self.pin.setFocus()

    def take_badge(self, code: str) -> None:
        """A badge was read: it says who he is, his PIN is still asked for."""
        if self._locked:
            self.ask()
        self._badge = code
        self.who.setText(text("officers.sign_in.badge_read"))
        self.pin.setFocus()

    def tell_error(self, error: KnownError) -> None:
        """Say why it was refused, and ask again for what was wrong."""
        if isinstance(error, PinTemporaryError) and self._locked:
            self.ask()
        elif isinstance(error, PinTemporaryError):
            self._renews = True
        else:
            self.pin.clear()
        self._tell(words.error_words(error))
        self._show_fields()
        self.setEnabled(True)
        asked = (self.who, self.new_pin)
        next((each for each in asked if each.isVisibleTo(self) and not each.text()), self.pin).setFocus()

    @property
    def message(self) -> str:
        return self._message.text()

    def retranslate(self) -> None:
        for name, label in self._names.items():
            label.setText(text(f"officers.sign_in.{name}"))
        key = "locked" if self._locked else "title"
        self._title.setText(text(f"officers.sign_in.{key}", name=self._locked))
        self._hint.setText(text("officers.sign_in.hint_locked" if self._locked else "officers.sign_in.hint"))
        self.go_on.setText(text("officers.sign_in.unlock" if self._locked else "officers.sign_in.go_on"))
        self.other.setText(text("officers.sign_in.other"))
        if self._badge:
            self.who.setText(text("officers.sign_in.badge_read"))

    def _begin(self, locked: str) -> None:
        self._locked, self._badge, self._renews = locked, "", False
        for field in (self.who, self.pin, self.new_pin, self.again):
            field.clear()
        self._tell("")
        self.setEnabled(True)
        self._show_fields()
        self.retranslate()

    def _show_fields(self) -> None:
        shown = {"who": not self._locked, "pin": True, "new_pin": self._renews, "new_pin_again": self._renews}
        for (name, label), field in zip(
            self._names.items(), (self.who, self.pin, self.new_pin, self.again), strict=True
        ):
            label.setVisible(shown[name])
            field.setVisible(shown[name])
        self.other.setVisible(bool(self._locked))

    def _enter(self) -> None:
        """On to the next field that is empty; with all of them filled, ask the station."""
        fields = (self.who, self.pin, self.new_pin, self.again)
        empty = next((field for field in fields if field.isVisible() and not field.text()), None)
        if empty is not None:
            empty.setFocus()
        elif self._renews and self.new_pin.text() != self.again.text():
            self._tell(text("officers.ask.differs"))
            self.again.clear()
            self.again.setFocus()
        else:
            self._tell("")
            self.setEnabled(False)
            self._send()

    def _send(self) -> None:
        if self._locked:
            self.unlocked.emit(self.pin.text())
        else:
            self.proved.emit(self._badge or self.who.text(), self.pin.text(), self.new_pin.text())

    def _forget_badge(self) -> None:
        self._badge = ""

    def _tell(self, line: str) -> None:
        self._message.setText(line)
        self._message.setVisible(bool(line))


class DemoOfficers(QFrame):
    """The fictitious officers of a demo, each with his role; `chosen` tells the login name."""

    chosen = Signal(str)

    def __init__(self, known: Mapping[str, Role]) -> None:
        super().__init__()
        self.setObjectName("card")
        self._known = dict(known)
        self._title = build.named(QLabel(wordWrap=True), "title")
        self._hint = build.named(QLabel(wordWrap=True), "soft")
        self.buttons = {login: QPushButton() for login in known}
        column = build.column(self, gap=8, margins=(22, 20, 22, 20))
        column.addWidget(self._title)
        column.addWidget(self._hint)
        for login, button in self.buttons.items():
            button.clicked.connect(partial(self._choose, login))
            column.addWidget(button)

    def retranslate(self) -> None:
        self._title.setText(text("officers.demo.title"))
        self._hint.setText(text("officers.demo.hint"))
        for login, button in self.buttons.items():
            button.setText(f"{login}    {text(self._known[login].text_key)}")

    def _choose(self, login: str, _checked: bool = False) -> None:
        self.chosen.emit(login)
