"""One line at the foot of a page in which something is asked: a text, or one of some options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QLineEdit, QWidget

from app.ui import build

Option = tuple[str, str]
"""A code and its words."""


class Question(QFrame):
    """Enter answers, Esc leaves; `then` gets the text or the code of the option."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.words = QLabel()
        self.field, self.options = QLineEdit(), QComboBox()
        row = build.row(self, gap=10, margins=(12, 8, 12, 8))
        row.addWidget(self.words)
        row.addWidget(self.field, 1)
        row.addWidget(self.options, 1)
        self._then: Callable[[str], None] | None = None
        self._back_to: QWidget | None = None
        # Enter is taken here, for a field hands it on to the page, where it is a key of its own.
        self.field.installEventFilter(self)
        self.options.installEventFilter(self)
        self.hide()

    def ask(
        self,
        question: str,
        then: Callable[[str], None],
        *,
        given: str = "",
        options: Sequence[Option] = (),
        back_to: QWidget,
    ) -> None:
        self._then, self._back_to = then, back_to
        self.words.setText(question)
        self.options.clear()
        for code, words in options:
            self.options.addItem(words, code)
        self.options.setCurrentIndex(max(0, self.options.findData(given)))
        self.field.setText(given)
        self.field.setVisible(not options)
        self.options.setVisible(bool(options))
        self.show()
        asked: QWidget = self.options if options else self.field
        asked.setFocus()
        self.field.selectAll()

    def leave(self) -> bool:
        """Leave what is asked unanswered; False where nothing is."""
        if self.isHidden():
            return False
        self._then = None
        self._close()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QKeyEvent) and _is_enter(event):
            self._answer()
            return True
        return super().eventFilter(watched, event)

    def _answer(self) -> None:
        then = self._then
        answer = self.options.currentData() if self.options.count() else self.field.text().strip()
        if then is None or not answer:
            return
        self._then = None
        self._close()
        then(answer)

    def _close(self) -> None:
        self.hide()
        if self._back_to is not None:
            self._back_to.setFocus()


def _is_enter(event: QKeyEvent) -> bool:
    return event.type() is QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
