"""What just happened, beside the image: the decision with its label and undo, and notices in words."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from app.texts import text
from app.ui import build, theme, words
from app.ui.key_button import KeyButton
from app.views import Decided

NOTICE_MS = 9000
LABEL_EM = 8.0


class LastDecision(QFrame):
    """The last decision below the queue: its label in small, its trace code, and undo while it may be undone."""

    undo = Signal()
    print_label = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("last")
        self.decided: Decided | None = None
        self._label = QImage()
        self._preview = QLabel()
        self._title = build.named(QLabel(), "brand")
        self._number = build.named(QLabel(), "mono")
        self._trace = build.named(QLabel(), "small")
        self._undo = KeyButton("undo")
        self._print = KeyButton("print")
        self._lay_out()
        self._undo.clicked.connect(self.undo)
        self._print.clicked.connect(self.print_label)
        self._timer = QTimer(self, interval=250)
        self._timer.timeout.connect(self._tick)
        self.hide()

    def _lay_out(self) -> None:
        column = build.column(gap=3)
        for widget in (self._title, self._number, self._trace, self._undo, self._print):
            column.addWidget(widget)
        row = build.row(self, gap=10, margins=(12, 8, 12, 8))
        row.addWidget(self._preview, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    @property
    def can_undo(self) -> bool:
        return self.decided is not None and self._seconds_left() > 0

    @property
    def trace_code(self) -> str:
        """The trace code of the last decision; empty where it made none."""
        return (self.decided and self.decided.decision.trace_code) or ""

    def show_decided(self, decided: Decided) -> None:
        self.decided = decided
        self._label = QImage()
        self._preview.hide()
        self.retranslate()
        self.show()
        self._timer.start()

    def show_label(self, decision_id: int, label: QImage) -> None:
        """The picture of the label has been read; shown if its decision is still the last one."""
        if self.decided is not None and self.decided.decision.id == decision_id and not label.isNull():
            self._label = label
            self._show_preview()

    def clear(self) -> None:
        self.decided = None
        self._timer.stop()
        self.hide()

    def retranslate(self) -> None:
        if self.decided is None:
            return
        self._title.setText(words.action_name(self.decided.decision.action))
        self._number.setText(self.decided.parcel.number or text("ui.queue.no_number"))
        self._trace.setText(text("ui.toast.trace", code=self.trace_code) if self.trace_code else "")
        self._trace.setVisible(bool(self.trace_code))
        self._print.set_words(text("ui.toast.print"))
        self._print.setVisible(bool(self.trace_code))
        self._show_preview()
        self._tick()

    def _show_preview(self) -> None:
        if self._label.isNull():
            return
        ratio = self.devicePixelRatioF()
        side = round(theme.text_px() * LABEL_EM * ratio)
        kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        picture = QPixmap.fromImage(self._label.scaled(side, side, kept, smooth))
        picture.setDevicePixelRatio(ratio)
        self._preview.setPixmap(picture)
        self._preview.show()

    def _seconds_left(self) -> float:
        until = None if self.decided is None else self.decided.undo_until
        return 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()

    def _tick(self) -> None:
        left_s = self._seconds_left()
        self._undo.setEnabled(left_s > 0)
        if left_s > 0:
            self._undo.set_words(text("ui.toast.undo", seconds=int(left_s) + 1))
        else:
            self._undo.set_words(text("ui.toast.undo_over"))
            self._timer.stop()


class Notice(QFrame):
    """One line over the image: an error, a refused key, a code that was read; it goes by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._over = parent
        self._sign = QLabel()
        self._words = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        row = build.row(self, gap=10, margins=(12, 8, 14, 8))
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self._timer = QTimer(self, singleShot=True, interval=NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def tell(self, line: str, sign: str = "warning") -> None:
        self._words.setText(line)
        self._sign.setPixmap(theme.pixmap(sign, theme.text_px() + 6, "warn" if sign == "warning" else "accent"))
        self.show()
        self.raise_()
        self.place()
        self._timer.start()

    def place(self) -> None:
        parent = self._over
        wanted = self._words.fontMetrics().horizontalAdvance(self._words.text()) + 80
        self.setFixedWidth(min(parent.width() - 40, max(260, wanted)))
        self.setFixedHeight(self.heightForWidth(self.width()) if self.hasHeightForWidth() else self.sizeHint().height())
        self.move((parent.width() - self.width()) // 2, 14)


class BreakBanner(QFrame):
    """Proposes the break after 20 minutes at the images, and stands there until it is over."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._words = QLabel(wordWrap=True)
        self._button = KeyButton("break")
        row = build.row(self, gap=12, margins=(14, 6, 10, 6))
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        self._button.clicked.connect(self.pressed)
        self.hide()

    def propose(self, minutes: int) -> None:
        self._words.setText(text("ui.pace.propose", minutes=minutes))
        self._button.set_words(text("ui.pace.start_break"))
        self.show()

    def show_break(self, seconds: float) -> None:
        self._words.setText(text("ui.pace.on_break", span=words.span(seconds)))
        self._button.set_words(text("ui.pace.end_break"))
        self.show()
