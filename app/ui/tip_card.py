"""What is told at once when a projected picture is over: that it was one, what was in it, and whether it was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from app.customs.tip import Outcome, Resolved
from app.texts import text
from app.ui import build, theme
from imaging.annotations import Annotation, Category, Shape

_TONES = {Outcome.HIT: "good", Outcome.MISS: "bad", Outcome.LATE: "bad"}
_GO_ON = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Escape)
_WIDE_EM = 30


class TipCard(QFrame):
    """Lies over the picture until a key takes it away; then the parcel is decided on as it truly is."""

    left = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("overlay")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.resolved: Resolved | None = None
        self._over = over
        self._is_below = False
        self._title = build.named(QLabel(wordWrap=True), "title")
        self._outcome = QLabel(wordWrap=True)
        self._more = QLabel(wordWrap=True)
        self._hint = build.named(QLabel(wordWrap=True), "small")
        column = build.column(self, gap=8, margins=(18, 14, 18, 14))
        for part in (self._title, self._outcome, self._more, self._hint):
            column.addWidget(part)
        self.hide()

    def tell(self, resolved: Resolved, *, is_below: bool) -> None:
        """`is_below` lays it at the lower edge, where the threat lies high."""
        self.resolved, self._is_below = resolved, is_below
        self.retranslate()
        self.show()
        self.raise_()
        self.setFocus()

    def close_card(self) -> None:
        """Without showing anything else: another parcel is open."""
        self.resolved = None
        self.hide()

    def retranslate(self) -> None:
        if self.resolved is None:
            return
        resolved = self.resolved
        self._title.setText(text("tip.card.title"))
        self._outcome.setText(text(f"tip.card.{resolved.outcome}", seconds=f"{resolved.response_s:.0f}"))
        self._outcome.setObjectName(_TONES[resolved.outcome])
        self._outcome.style().polish(self._outcome)
        self._more.setText(text("tip.card.more", category=category_name(resolved.tip.category)))
        self._hint.setText(text("tip.card.hint"))
        self.place()

    def place(self) -> None:
        """In the middle of the upper or lower edge of the picture."""
        self.setFixedWidth(min(self._over.width() - 40, round(theme.text_px() * _WIDE_EM)))
        self.setFixedHeight(max(self.heightForWidth(self.width()), self.sizeHint().height()))
        top = self._over.height() - self.height() - 14 if self._is_below else 14
        self.move((self._over.width() - self.width()) // 2, top)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        event.accept()
        if event.key() in _GO_ON:
            self.close_card()
            self.left.emit()


def outline(resolved: Resolved) -> list[Annotation]:
    """Where the threat lay, to be drawn on the picture."""
    name = category_name(resolved.tip.category)
    return [
        Annotation(Shape.BOX, ((left, top), (right, bottom)), Category.CONTRABAND, name, view)
        for view, (left, top, right, bottom) in enumerate(resolved.tip.boxes)
    ]


def category_name(category: str) -> str:
    return text(f"tip.category.{category}")
