"""The alarm of a recall or intercept: over the image in red, until the officer has taken note."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel

from app.texts import text
from app.tracing import Alarm
from app.ui import build, theme
from app.ui.key_button import KeyButton


class AlarmBanner(QFrame):
    """Shows the oldest alarm that stands and how many wait behind it; none goes by itself."""

    acknowledged = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("alarm")
        self._alarms: list[Alarm] = []
        self._sign = QLabel()
        self._words = build.named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "brand")
        self._button = KeyButton("acknowledge")
        row = build.row(self, gap=12, margins=(14, 8, 10, 8))
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        self._button.clicked.connect(self.acknowledge)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def raise_alarm(self, alarm: Alarm) -> None:
        """An alarm that stands already, because the code is read again, is not shown twice."""
        if not any((each.notice.id, each.code) == (alarm.notice.id, alarm.code) for each in self._alarms):
            self._alarms.append(alarm)
        self.retranslate()

    def acknowledge(self) -> None:
        if self._alarms:
            self.acknowledged.emit(self._alarms.pop(0))
            self.retranslate()

    def retranslate(self) -> None:
        self.setVisible(bool(self._alarms))
        if not self._alarms:
            return
        alarm, more = self._alarms[0], len(self._alarms) - 1
        notice = text(f"trace.alarm.{alarm.notice.kind}", id=alarm.notice.id, reason=alarm.notice.reason)
        line = text("trace.alarm.on_code", notice=notice, code=alarm.code[:60])
        self._words.setText(f"{line}  {text('trace.alarm.more', count=more)}" if more else line)
        self._button.set_words(text("trace.alarm.acknowledge"))
        self._sign.setPixmap(theme.pixmap("warning", theme.text_px() + 8, "bad"))
