"""The archive: everything that was ever scanned, sought by what is known of it, shown in small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from PySide6.QtCore import QDate, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from app.customs.parcel import ArchiveFilter, QueueRow
from app.customs.states import Action
from app.texts import catalogue, language, text
from app.ui import build, keys, theme, words
from app.ui.desk import Desk
from app.ui.thumbs import LONGEST_PX

MOST_FOUND = 200
DAYS_BACK = 30
_ID = Qt.ItemDataRole.UserRole
_DECISIONS = [each for each in Action if each not in (Action.REGISTER_ARRIVAL, Action.CAPTURE_IMAGE)]


class ArchiveDialog(QDialog):
    """Enter searches, the arrow keys choose, Enter opens: `opened` tells the parcel.

    It is a window of its own: `pressed` hands on the keys with which an officer gets up.
    """

    opened = Signal(int)
    pressed = Signal(str)

    def __init__(self, desk: Desk, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("window")
        self._desk, self._thumbs, self._over = desk, desk.thumbs, over
        self.code, self.goods, self.officer = QLineEdit(), QLineEdit(), QLineEdit()
        self.first, self.last = _date_field(-DAYS_BACK), _date_field(0)
        self.label, self.action = QComboBox(), QComboBox()
        self.found = QListWidget()
        self._count = build.named(QLabel(), "soft")
        self._names = {name: QLabel() for name in ("code", "goods", "first", "last", "label", "action", "officer")}
        self._lay_out()
        for field in (self.code, self.goods, self.officer):
            field.returnPressed.connect(self.search)
        for combo in (self.label, self.action):
            combo.activated.connect(lambda _: self.search())
        self.found.itemActivated.connect(self._open)
        self._thumbs.ready.connect(self._show_thumb)

    def _lay_out(self) -> None:
        form = QFormLayout()
        fields = (self.code, self.goods, self.first, self.last, self.label, self.action, self.officer)
        for name, field in zip(self._names, fields, strict=True):
            form.addRow(self._names[name], field)
        self.found.setViewMode(QListView.ViewMode.IconMode)
        self.found.setResizeMode(QListView.ResizeMode.Adjust)
        self.found.setMovement(QListView.Movement.Static)
        self.found.setIconSize(QSize(LONGEST_PX, round(LONGEST_PX * 0.75)))
        self.found.setUniformItemSizes(True)
        self.found.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.found.setSpacing(6)
        left = build.named(QFrame(), "side")
        column = build.column(left, gap=10, margins=(14, 12, 14, 12))
        column.addLayout(form)
        column.addWidget(self._count)
        column.addStretch()
        row = build.row(self, gap=0)
        row.addWidget(left)
        row.addWidget(self.found, 1)

    def show_archive(self) -> None:
        """Open with the newest, and the code as the first field."""
        self.retranslate()
        over = self._over.size()
        self.resize(round(over.width() * 0.86), round(over.height() * 0.84))
        self.open()
        self.code.setFocus()
        self.code.selectAll()
        self.search()

    def wanted(self) -> ArchiveFilter:
        action = self.action.currentData()
        return ArchiveFilter(
            code=self.code.text().strip(),
            goods=self.goods.text().strip(),
            arrived_from=_midnight(self.first.date()),
            arrived_to=_midnight(self.last.date().addDays(1)),
            label=self.label.currentData() or "",
            action=Action(action) if action else None,
            officer=self.officer.text().strip(),
        )

    def search(self) -> None:
        station, officer, wanted = self._desk.station, self._desk.officer, self.wanted()
        self._count.setText(text("ui.archive.searching"))
        # Not on the worker that decides: a search far back in time may take long.
        self._thumbs.worker.submit(
            lambda: station.archive(wanted, MOST_FOUND, officer=officer), self._show, slot="archive"
        )

    def retranslate(self) -> None:
        self.setWindowTitle(text("ui.archive.title"))
        for name, label in self._names.items():
            label.setText(text(f"ui.archive.{name}"))
        classes = [key.removeprefix("ui.class.") for key in catalogue(language()) if key.startswith("ui.class.")]
        _fill(self.label, [(each, words.name_of("class", each)) for each in classes])
        _fill(self.action, [(str(each), words.action_name(each)) for each in _DECISIONS])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        binding = keys.find(event)
        if binding is not None and binding.command in keys.LEAVING:
            self.pressed.emit(binding.command)
        elif event.key() == Qt.Key.Key_Down and not self.found.hasFocus() and self.found.count():
            self.found.setFocus()
            self.found.setCurrentRow(0)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (self.first.hasFocus() or self.last.hasFocus()):
            self.search()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # the field or the list has taken these
            super().keyPressEvent(event)

    def _show(self, rows: Sequence[QueueRow]) -> None:
        self.found.clear()
        for row in rows:
            item = QListWidgetItem(_words(row))
            item.setData(_ID, row.id)
            item.setToolTip(row.goods)
            item.setSizeHint(QSize(LONGEST_PX + 20, round(LONGEST_PX * 0.75) + theme.text_px() * 7))
            item.setIcon(_icon(self._thumbs.get(row.id)))
            self.found.addItem(item)
        key = "ui.archive.most" if len(rows) == MOST_FOUND else "ui.archive.found"
        self._count.setText(text(key, n=len(rows)))
        self._thumbs.want(row.id for row in rows)

    def _show_thumb(self, parcel_id: int, image: QImage) -> None:
        for at in range(self.found.count() if self.isVisible() else 0):
            item = self.found.item(at)
            if item.data(_ID) == parcel_id:
                item.setIcon(_icon(image))

    def _open(self, item: QListWidgetItem) -> None:
        self.hide()
        self.opened.emit(item.data(_ID))


def _words(row: QueueRow) -> str:
    number = row.number or text("ui.queue.no_number")
    state = words.name_of("state_short", row.state)
    return f"{number}\n{row.arrived_at.astimezone():%m-%d %H:%M} {state}\n{row.goods[:14]}"


def _icon(image: QImage | None) -> QIcon:
    if image is None or image.isNull():
        blank = QPixmap(LONGEST_PX, round(LONGEST_PX * 0.75))
        blank.fill(theme.colour("canvas"))
        return QIcon(blank)
    return QIcon(QPixmap.fromImage(image))


def _fill(combo: QComboBox, entries: Sequence[tuple[str, str]]) -> None:
    chosen = combo.currentData()
    combo.clear()
    for code, name in (("", text("ui.archive.any")), *entries):
        combo.addItem(name, code)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))


def _date_field(days: int) -> QDateEdit:
    made = QDateEdit()
    made.setCalendarPopup(True)
    day = date.today() + timedelta(days=days)  # noqa: DTZ011  # the officer's calendar
    made.setDate(QDate(day.year, day.month, day.day))
    made.setDisplayFormat("yyyy-MM-dd")
    return made


def _midnight(day: QDate) -> datetime:
    """The beginning of a day on this machine's clock."""
    return datetime.combine(date(day.year(), day.month(), day.day()), time()).astimezone()
