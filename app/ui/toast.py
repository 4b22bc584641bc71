"""What just happened, beside the image: the decision with its label and undo, and notices in words."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.station import Decided
from app.texts import text
from app.ui import theme, words
from app.ui.key_button import KeyButton

NOTICE_MS = 9000
DECIDED_LEAST_S = 8.0
LABEL_PX = 132


class DecidedToast(QFrame):
    """The last decision: label preview, trace code, and undo while it may be undone."""

    undo = Signal()
    print_label = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, objectName="toast")
        self.decided: Decided | None = None
        self._preview = QLabel()
        self._title = QLabel(objectName="title")
        self._trace = QLabel(objectName="mono")
        self._undo = KeyButton("undo")
        self._print = KeyButton("print")
        self._left_s = 0.0
        self._ends_at = datetime.now(UTC)
        self._lay_out()
        self._undo.clicked.connect(self.undo)
        self._print.clicked.connect(self.print_label)
        self._timer = QTimer(self, interval=250)
        self._timer.timeout.connect(self._tick)
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout(spacing=6)
        buttons.addWidget(self._undo)
        buttons.addWidget(self._print)
        buttons.addStretch()
        column = QVBoxLayout(spacing=6)
        column.addWidget(self._title)
        column.addWidget(self._trace)
        column.addLayout(buttons)
        column.addStretch()
        row = QHBoxLayout(self, spacing=12)
        row.setContentsMargins(12, 10, 12, 10)
        row.addWidget(self._preview)
        row.addLayout(column)

    @property
    def can_undo(self) -> bool:
        return self.decided is not None and self._seconds_left() > 0

    def show_decided(self, decided: Decided) -> None:
        self.decided = decided
        self._ends_at = datetime.now(UTC)
        self._preview.hide()
        self.retranslate()
        self.show()
        self.raise_()
        self._timer.start()
        self._tick()

    def show_label(self, decision_id: int, label: QImage) -> None:
        """The picture of the label has been read; shown if its decision is still the last one."""
        if self.decided is None or self.decided.decision.id != decision_id or label.isNull():
            return
        ratio = self.devicePixelRatioF()
        side = round(LABEL_PX * ratio)
        kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        picture = QPixmap.fromImage(label.scaled(side, side, kept, smooth))
        picture.setDevicePixelRatio(ratio)
        self._preview.setPixmap(picture)
        self._preview.show()
        self.place()

    def clear(self) -> None:
        self.decided = None
        self._timer.stop()
        self.hide()

    def retranslate(self) -> None:
        if self.decided is None:
            return
        decision = self.decided.decision
        number = self.decided.parcel.number or text("ui.queue.no_number")
        self._title.setText(f"{words.action_name(decision.action)}  {number}")
        self._trace.setText(text("ui.toast.trace", code=decision.trace_code) if decision.trace_code else "")
        self._trace.setVisible(bool(decision.trace_code))
        self._print.set_words(text("ui.toast.print"))
        self._print.setVisible(bool(decision.trace_code))
        self._tick()
        self.place()

    def place(self) -> None:
        """Lie at the lower edge of the image, in its middle."""
        self.adjustSize()
        parent = self.parentWidget()
        self.move((parent.width() - self.width()) // 2, max(8, parent.height() - self.height() - 14))

    def _seconds_left(self) -> float:
        until = None if self.decided is None else self.decided.undo_until
        return 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()

    def _tick(self) -> None:
        left_s = self._seconds_left()
        shown_s = (datetime.now(UTC) - self._ends_at).total_seconds()
        self._undo.setVisible(left_s > 0)
        if left_s > 0:
            self._undo.set_words(text("ui.toast.undo", seconds=int(left_s) + 1))
        elif shown_s > DECIDED_LEAST_S:
            self.clear()


class Notice(QFrame):
    """One line over the image: an error, a refused key, a code that was read; it goes by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, objectName="banner")
        self._sign = QLabel()
        self._words = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        row = QHBoxLayout(self, spacing=10)
        row.setContentsMargins(12, 8, 14, 8)
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
        parent = self.parentWidget()
        wanted = self._words.fontMetrics().horizontalAdvance(self._words.text()) + 80
        self.setFixedWidth(min(parent.width() - 40, max(260, wanted)))
        self.setFixedHeight(self.heightForWidth(self.width()) if self.hasHeightForWidth() else self.sizeHint().height())
        self.move((parent.width() - self.width()) // 2, 14)


class BreakBanner(QFrame):
    """Proposes the break after 20 minutes at the images, and stands there until it is over."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__(objectName="banner")
        self._words = QLabel(wordWrap=True)
        self._button = KeyButton("break")
        row = QHBoxLayout(self, spacing=12)
        row.setContentsMargins(14, 6, 10, 6)
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
