"""Why, and with whom: the overlay in which a decision gets its reason by a number key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QWidget

from app.customs.states import Action, Offer
from app.texts import text
from app.ui import build, theme, words
from app.ui.key_button import KeyButton

REASON_KEYS = "1234567890ABCDEFGHIJ"


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision with all that it needs, ready for the station."""

    action: Action
    reason: str = ""
    note: str = ""
    second_officer: str = ""
    second_pin: str = field(default="", repr=False)


class Chooser(QFrame):
    """Lists the reasons of an action. A number decides at once unless a second officer or a document is needed."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlay")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._over = parent
        self._reason_buttons: list[KeyButton] = []
        self._offer: Offer | None = None
        self._number = ""
        self._reasons: list[tuple[str, str]] = []
        self._reason = ""
        self._title = build.named(QLabel(wordWrap=True), "title")
        self._hint = build.named(QLabel(wordWrap=True), "small")
        self._rows = build.column(gap=2)
        self.second = QLineEdit()
        self.second_pin = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.is_badge: Callable[[str], bool] | None = None
        """Which codes are badges, where second officers prove who they are; None where they need no secret."""
        self._badge = ""
        self.note = QLineEdit()
        self._needs = build.named(QLabel(wordWrap=True), "warn")
        column = build.column(self, gap=8, margins=(16, 14, 16, 14))
        for part in (self._title, self._needs):
            column.addWidget(part)
        column.addLayout(self._rows)
        self.second.textEdited.connect(self._forget_badge)
        for line in (self.second, self.second_pin, self.note):
            column.addWidget(line)
            line.returnPressed.connect(self._submit)
        column.addWidget(self._hint)
        self.hide()

    @property
    def is_open(self) -> bool:
        return self._offer is not None

    def ask(self, offer: Offer, number: str, kept: Choice | None = None) -> None:
        """Open for an action on a parcel; `kept` is what was chosen before, of which only the PIN is asked again."""
        self._offer, self._number, self._reason = offer, number, ""
        self._reasons = _reasons_of(offer)
        self._badge = ""
        for line in (self.second, self.second_pin, self.note):
            line.clear()
        if kept is not None:
            self._keep(kept)
        self.retranslate()
        self.show()
        self.raise_()
        if self._reasons and not self._reason:
            self.setFocus()
        else:
            self._focus_next()

    def _keep(self, kept: Choice) -> None:
        self._reason = kept.reason
        self.note.setText(kept.note)
        if self.is_badge is not None and self.is_badge(kept.second_officer):
            self._badge = kept.second_officer
        self.second.setText(text("officers.sign_in.badge_read") if self._badge else kept.second_officer)

    def take_code(self, code: str) -> bool:
        """A code was read: whether it is the badge of the second officer, whose PIN is then asked for."""
        if not self.second.isVisible() or self.is_badge is None or not self.is_badge(code):
            return False
        self._badge = code
        self.second.setText(text("officers.sign_in.badge_read"))
        self.second_pin.setFocus()
        return True

    def leave(self) -> None:
        """Close without a decision."""
        self._offer = None
        self.hide()
        self.left.emit()

    def retranslate(self) -> None:
        self.second.setPlaceholderText(
            text("ui.choose.second_officer" if self.is_badge is None else "officers.choose.second")
        )
        self.second_pin.setPlaceholderText(text("officers.choose.second_pin"))
        needs_document = self._offer is not None and self._offer.needs_document
        self.note.setPlaceholderText(text("ui.choose.document" if needs_document else "ui.choose.note"))
        self._hint.setText(text("ui.choose.hint" if self._reasons else "ui.choose.hint_enter"))
        if self._offer is None:
            return
        self._title.setText(f"{words.action_name(self._offer.action)}   {self._number}")
        self.second.setVisible(self._offer.needs_second_officer)
        self.second_pin.setVisible(self._offer.needs_second_officer and self.is_badge is not None)
        self._reasons = _reasons_of(self._offer)
        self._fill_rows()
        self._show_needs()
        self.place()

    def place(self) -> None:
        """Lie at the lower right, beside the decisions, so that the image stays free."""
        self.adjustSize()
        over = self._over
        self.move(over.width() - self.width() - 12, max(10, over.height() - self.height() - theme.text_px() * 3))

    def _fill_rows(self) -> None:
        for button in self._reason_buttons:
            button.hide()
            button.deleteLater()
        self._reason_buttons = []
        for key, (code, reason) in zip(REASON_KEYS, self._reasons, strict=False):
            row = KeyButton(code, key=key)
            row.setCheckable(True)
            row.setChecked(code == self._reason)
            row.set_words(reason)
            row.clicked.connect(partial(self._pick, code))
            self._rows.addWidget(row)
            self._reason_buttons.append(row)
            row.show()

    def _pick(self, code: str, _is_checked: bool = True) -> None:
        self._reason = code
        if self._lacking() or self.note.text().strip():
            self.retranslate()
            self._focus_next()
            if self._lacking():
                return
        self._submit()

    def _lacking(self) -> str:
        """What the decision still needs, as a text key; empty when it is complete."""
        offer = self._offer
        if offer is None:
            return ""
        if offer.needs_reason and not self._reason and not (not self._reasons and self.note.text().strip()):
            return "ui.choose.needs_reason"
        if offer.needs_second_officer and not self.second.text().strip():
            return "ui.choose.needs_second"
        if offer.needs_second_officer and self.is_badge is not None and not self.second_pin.text():
            return "officers.choose.needs_pin"
        if offer.needs_document and not self.note.text().strip():
            return "ui.choose.needs_document"
        return ""

    def _submit(self) -> None:
        offer = self._offer
        if offer is None:
            return
        if self._lacking():
            self._show_needs()
            self._focus_next()
            return
        second = self._badge or self.second.text().strip()
        choice = Choice(offer.action, self._reason, self.note.text().strip(), second, self.second_pin.text())
        self.second_pin.clear()
        self._offer = None
        self.hide()
        self.chosen.emit(choice)

    def _forget_badge(self) -> None:
        self._badge = ""

    def _show_needs(self) -> None:
        lacking = self._lacking()
        self._needs.setText(text(lacking) if lacking else "")
        self._needs.setVisible(bool(lacking))

    def _focus_next(self) -> None:
        lacking = self._lacking()
        target: QWidget = self
        if lacking == "ui.choose.needs_second":
            target = self.second
        elif lacking == "officers.choose.needs_pin":
            target = self.second_pin
        elif lacking == "ui.choose.needs_document" or (lacking and not self._reasons):
            target = self.note
        target.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.text().upper()
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._submit()
        elif self.hasFocus() and key and key in REASON_KEYS and REASON_KEYS.index(key) < len(self._reasons):
            self._pick(self._reasons[REASON_KEYS.index(key)][0])
        event.accept()

    def showEvent(self, _event: QShowEvent) -> None:  # noqa: N802
        self.place()


def _reasons_of(offer: Offer) -> list[tuple[str, str]]:
    """What may be chosen: also where no reason is needed but a second officer is, for a receipt may rest on it."""
    return words.reasons(offer.action) if offer.needs_reason or offer.needs_second_officer else []
