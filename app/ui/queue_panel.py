"""The queue beside the image: how many wait, filters, search, sorting and the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QLineEdit, QWidget

from app.customs.parcel import Lane, QueueFilter, QueueRow
from app.customs.states import WAITING, State
from app.texts import text
from app.ui import build, chips, keys, theme, words
from app.ui.queue_model import Order, QueueModel
from app.ui.queue_view import QueueTable

SEARCH_PAUSE_MS = 200

SHOWN_STATES: dict[str, tuple[State, ...]] = {
    "waiting": (),
    "review": (State.IMAGED, State.DOC_REVIEW),
    "opening": (State.REFERRED, State.EXAMINING, State.EXAM_ABNORMAL, State.AWAITING_LAB, State.AWAITING_PARTY),
    "held": (State.HELD, State.DETAINED),
    "released": (State.RELEASED, State.COND_RELEASED, State.CLOSED),
    "all": tuple(State),
}


class QueuePanel(QFrame):
    """Shows rows and says what the officer wants to see; the window asks the station."""

    filter_changed = Signal()
    opened = Signal(int)
    left_search = Signal()
    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("queue")
        self.model = QueueModel()
        self.table = QueueTable(self.model)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.states = _combo(tuple(SHOWN_STATES))
        self.lanes = _combo(("any", *Lane))
        self.orders = _combo(tuple(order.name.lower() for order in Order))
        self._title = build.named(QLabel(), "title")
        self._count = build.named(QLabel(), "soft")
        self._lane_counts = LaneCounts()
        self._empty = build.named(QLabel(wordWrap=True), "soft")
        self._pause = QTimer(self, singleShot=True, interval=SEARCH_PAUSE_MS)
        self._waiting = 0
        self._lay_out()
        self._connect()
        self.retranslate()

    def _lay_out(self) -> None:
        head = build.row(gap=6)
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._count)
        filters = build.row(gap=6)
        filters.addWidget(self.states, 3)
        filters.addWidget(self.lanes, 2)
        top = build.column(gap=7, margins=(12, 10, 12, 8))
        top.addLayout(head)
        top.addWidget(self._lane_counts)
        top.addWidget(self.search)
        top.addLayout(filters)
        top.addWidget(self.orders)
        column = build.column(self)
        column.addLayout(top)
        column.addWidget(self._empty)
        column.addWidget(self.table, 1)
        self._empty.setContentsMargins(12, 12, 12, 12)

    def _connect(self) -> None:
        self._pause.timeout.connect(self.filter_changed)
        self.search.textChanged.connect(lambda _: self._pause.start())
        self.search.returnPressed.connect(self.left_search)
        self.states.currentIndexChanged.connect(self.filter_changed)
        self.lanes.currentIndexChanged.connect(self.filter_changed)
        self.orders.currentIndexChanged.connect(lambda index: self._sort(Order(index), is_turned=False))
        for combo in (self.states, self.lanes, self.orders):
            combo.activated.connect(lambda _: self.chosen.emit())
        self.table.order_chosen.connect(lambda order: self._sort(order, is_turned=True))
        self.table.opened.connect(self.opened)

    def filter(self) -> QueueFilter:
        lane = self.lanes.currentData()
        return QueueFilter(
            states=SHOWN_STATES[self.states.currentData()],
            lanes=() if lane == "any" else (Lane(lane),),
            text=self.search.text().strip(),
            newest_first=self.model.order == Order.ARRIVAL,
        )

    @property
    def is_searching(self) -> bool:
        return bool(self.search.text().strip())

    def set_rows(self, rows: Sequence[QueueRow], counts: Mapping[str, int], open_id: int | None) -> None:
        """Show what the station answered; `counts` holds how many there are by state."""
        self._waiting = sum(counts.get(state, 0) for state in WAITING)
        self.model.set_rows(rows)
        self.table.show_selected(open_id)
        self._lane_counts.set_rows(rows)
        self._empty.setVisible(not rows)
        self._count.setText(text("ui.queue.count", shown=len(rows), waiting=self._waiting))

    def neighbour(self, parcel_id: int | None, step: int) -> int | None:
        """The parcel `step` rows from one, None at the ends; from nowhere, the first."""
        rows = self.model.rows()
        here = self.model.find(parcel_id)
        there = 0 if here is None else here + step
        return rows[there].id if 0 <= there < len(rows) else None

    def focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def retranslate(self) -> None:
        self._title.setText(text("ui.queue.title"))
        self.search.setPlaceholderText(text("ui.queue.search", key=keys.key_of("search")))
        self._empty.setText(text("ui.queue.empty"))
        self._count.setText(text("ui.queue.count", shown=self.model.rowCount(), waiting=self._waiting))
        _name(self.states, lambda code: text(f"ui.queue.shown.{code}"))
        _name(self.lanes, lambda code: text("ui.queue.any_lane") if code == "any" else words.name_of("lane", code))
        _name(self.orders, lambda code: text(f"ui.queue.order.{code}"))
        self._lane_counts.update()
        self.table.restyle()
        self.model.headerDataChanged.emit(self.table.horizontalHeader().orientation(), 0, 2)

    def restyle(self) -> None:
        self.table.restyle()
        self._lane_counts.updateGeometry()
        self._lane_counts.update()

    def _sort(self, order: Order, *, is_turned: bool) -> None:
        is_descending = is_turned and self.model.order == order and not self.model.is_descending
        self.model.set_order(order, is_descending=is_descending)
        if self.orders.currentIndex() != order:
            self.orders.blockSignals(True)
            self.orders.setCurrentIndex(order)
            self.orders.blockSignals(False)
        self.filter_changed.emit()


def _combo(codes: Sequence[str]) -> QComboBox:
    made = QComboBox()
    for code in codes:
        made.addItem("", str(code))
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(4)
    return made


def _name(combo: QComboBox, name: Callable[[str], str]) -> None:
    for index in range(combo.count()):
        combo.setItemText(index, name(combo.itemData(index)))


class LaneCounts(QWidget):
    """How many of each lane are in the list, as signs with numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = dict.fromkeys(Lane, 0)

    def set_rows(self, rows: Sequence[QueueRow]) -> None:
        self._counts = {lane: sum(row.lane == lane for row in rows) for lane in Lane}
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(100, round(theme.text_px() * 1.8))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        side = theme.text_px() * 1.35
        width = self.width() / len(Lane)
        painter.setFont(theme.font(is_bold=True))
        for column, (lane, count) in enumerate(self._counts.items()):
            left = column * width + 3
            chips.paint_lane(painter, QRectF(left, (self.height() - side) / 2, side, side), lane)
            painter.setPen(theme.colour("text" if count else "faint"))
            area = QRectF(left + side + 7, 0, width - side - 10, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, str(count))
