"""The first start of a post: who looks after the station, and his PIN. There is no default password."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton

from app.officers.errors import LoginInvalidError, PinWeakError
from app.officers.pins import check_login, check_pin
from app.texts import text
from app.ui import build, words
from imaging.errors import KnownError

_FIELDS = ("name", "login", "pin", "again")


class FirstStart(QFrame):
    """Asks for the first admin; `made` tells login, name and PIN once nothing is wrong with them."""

    made = Signal(str, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._title = build.named(QLabel(wordWrap=True), "title")
        self._guide = build.named(QLabel(wordWrap=True), "soft")
        self._names = {name: QLabel() for name in _FIELDS}
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self._message = build.named(QLabel(wordWrap=True), "bad")
        self.go_on = QPushButton()
        column = build.column(self, gap=8, margins=(22, 20, 22, 20))
        column.addWidget(self._title)
        column.addWidget(self._guide)
        for name, field in self.fields.items():
            self._names[name].setBuddy(field)
            column.addWidget(self._names[name])
            column.addWidget(field)
            field.returnPressed.connect(self._enter)
        for name in ("pin", "again"):
            self.fields[name].setEchoMode(QLineEdit.EchoMode.Password)
        column.addWidget(self._message)
        column.addWidget(self.go_on)
        self.go_on.clicked.connect(self._enter)
        self._tell("")

    def ask(self) -> None:
        self.setEnabled(True)
        self.fields["name"].setFocus()

    def retranslate(self) -> None:
        self._title.setText(text("officers.first.title"))
        self._guide.setText(text("officers.first.guide"))
        for name, label in self._names.items():
            label.setText(text(f"officers.first.{name}"))
        self.go_on.setText(text("officers.first.go_on"))

    def tell_error(self, error: KnownError) -> None:
        self.setEnabled(True)
        self._tell(words.error_words(error))

    @property
    def message(self) -> str:
        return self._message.text()

    def _enter(self) -> None:
        """On to the next field that is empty; what is wrong is said at once."""
        empty = next((field for field in self.fields.values() if not field.text().strip()), None)
        if empty is not None:
            empty.setFocus()
            return
        name, login, pin, again = (self.fields[each].text() for each in _FIELDS)
        try:
            check_login(login)
            check_pin(pin, login)
        except (LoginInvalidError, PinWeakError) as error:
            self.tell_error(error)
            self.fields["login" if isinstance(error, LoginInvalidError) else "pin"].setFocus()
            return
        if pin != again:
            self._tell(text("officers.ask.differs"))
            self.fields["again"].setFocus()
            return
        self._tell("")
        self.setEnabled(False)
        self.made.emit(login, name.strip(), pin)

    def _tell(self, line: str) -> None:
        self._message.setText(line)
        self._message.setVisible(bool(line))
