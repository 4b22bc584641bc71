"""Before the window: the passphrase of an encrypted store, or a new one where a store is to be made encrypted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QLineEdit, QProgressBar, QPushButton

from app.store.sealed import MIN_PASSPHRASE
from app.texts import text
from app.ui import build, theme, words
from app.ui.background import Background
from app.ui.sign_in import CARD_EM
from imaging.errors import KnownError


class Unlock(QDialog):
    """Asks until `use` takes the passphrase: it runs on a worker and raises KnownError. `is_new`: it is chosen now."""

    def __init__(self, name: str, use: Callable[[str], object], *, is_new: bool) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._use, self._is_new = use, is_new
        self._worker = Background("unlock", self)
        mode = "new" if is_new else "known"
        self.setWindowTitle(text("ui.title"))
        self.setWindowIcon(theme.icon("guanjian", "accent"))
        self.setStyleSheet(theme.style_sheet())
        card = QFrame()
        card.setObjectName("card")
        card.setFixedWidth(round(theme.text_px() * CARD_EM))
        column = build.column(card, gap=8, margins=(22, 20, 22, 20))
        column.addWidget(build.named(QLabel(text(f"keeping.unlock.{mode}_title", name=name), wordWrap=True), "title"))
        guide = text(f"keeping.unlock.{mode}_guide", least=MIN_PASSPHRASE)
        column.addWidget(build.named(QLabel(guide, wordWrap=True), "soft"))
        self.passphrase, self.again = self._field(), self._field()
        fields = {"passphrase": self.passphrase, "again": self.again} if is_new else {"passphrase": self.passphrase}
        for key, field in fields.items():
            label = QLabel(text(f"keeping.unlock.{key}"))
            label.setBuddy(field)
            column.addWidget(label)
            column.addWidget(field)
        self._message = build.named(QLabel(wordWrap=True), "bad")
        self._message.hide()
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.go_on = QPushButton(text(f"keeping.unlock.{mode}_go_on"))
        self.go_on.clicked.connect(self._enter)
        for widget in (self._message, self._busy, self.go_on):
            column.addWidget(widget)
        cover = QFrame()
        cover.setObjectName("cover")
        build.column(cover, margins=(40, 40, 40, 40)).addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        build.column(self, margins=(0, 0, 0, 0)).addWidget(cover)
        self.passphrase.setFocus()

    @property
    def message(self) -> str:
        return self._message.text()

    def done(self, code: int) -> None:
        self._worker.close()
        super().done(code)

    def _field(self) -> QLineEdit:
        field = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        field.returnPressed.connect(self._enter)
        return field

    def _enter(self) -> None:
        given = self.passphrase.text()
        if not given:
            self.passphrase.setFocus()
        elif self._is_new and not self.again.text():
            self.again.setFocus()
        elif self._is_new and self.again.text() != given:
            self._tell(text("officers.ask.differs"))
            self.again.selectAll()
        else:
            self._wait(True)
            self._worker.submit(lambda: self._use(given), lambda _: self.accept(), otherwise=self._refuse)

    def _refuse(self, error: KnownError) -> None:
        self._wait(False)
        self._tell(words.error_words(error))
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _wait(self, is_waiting: bool) -> None:
        self._busy.setVisible(is_waiting)
        for widget in (self.passphrase, self.again, self.go_on):
            widget.setDisabled(is_waiting)

    def _tell(self, message: str) -> None:
        self._message.setText(message)
        self._message.show()
