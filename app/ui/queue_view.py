"""How the queue is drawn: two lines a parcel, its lane as a sign, its waiting time."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from app.customs.parcel import FindingKind, QueueRow
from app.texts import text
from app.ui import chips, theme, words
from app.ui.queue_model import ROW_ROLE, Column, Order, QueueModel

LONG_WAIT_S = 15 * 60
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_HEADER_ORDERS = {Column.LANE: Order.LANE, Column.ITEM: Order.NUMBER, Column.WAITING: Order.WAITING}


class RowPainter(QStyledItemDelegate):
    """Paints number over goods, and waiting time over state."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: QueueRow = index.data(ROW_ROLE)
        area = QRectF(option.rect)
        state = option.state
        painter.save()
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.fillRect(area, theme.colour("selection" if is_selected else "panel"))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), theme.colour("line"))
        if index.column() == Column.LANE:
            self._paint_lane(painter, area, row, is_selected)
        elif index.column() == Column.ITEM:
            self._paint_item(painter, area.adjusted(2, 3, -4, -4), row)
        else:
            self._paint_waiting(painter, area.adjusted(0, 3, -8, -4), row)
        painter.restore()

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(10, row_height())

    def _paint_lane(self, painter: QPainter, area: QRectF, row: QueueRow, is_selected: bool) -> None:
        if is_selected:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), theme.colour("accent"))
        side = theme.text_px() * 1.65
        box = QRectF(area.left() + 11, area.center().y() - side / 2, side, side)
        chips.paint_lane(painter, box, row.lane)

    def _paint_item(self, painter: QPainter, area: QRectF, row: QueueRow) -> None:
        upper, lower = _lines(area)
        number = theme.font(is_bold=True, is_mono=True)
        _draw(painter, upper, row.number or text("ui.queue.no_number"), number, "text" if row.number else "warn")
        mark = _mark(row)
        small = theme.font(theme.small_px())
        taken = _draw(painter, lower, mark, small, "warn") if mark else 0.0
        rest = lower.adjusted(taken, 0, 0, 0)
        if rest.width() > theme.text_px() * 2:
            goods = row.goods or text("ui.queue.no_goods")
            _draw(painter, rest, f" · {goods}" if mark else goods, small, "soft")

    def _paint_waiting(self, painter: QPainter, area: QRectF, row: QueueRow) -> None:
        upper, lower = _lines(area)
        waited_s = words.since(row.arrived_at)
        name = "warn" if waited_s > LONG_WAIT_S else "text"
        _draw(painter, upper, words.span(waited_s), theme.font(is_bold=name == "warn"), name, align=_RIGHT)
        state = words.name_of("state_short", row.state)
        small = theme.font(theme.small_px())
        _draw(painter, lower, f"{row.arrived_at.astimezone():%H:%M}  {state}", small, "soft", align=_RIGHT)


def row_height() -> int:
    line = QFontMetrics(theme.font()).height() + QFontMetrics(theme.font(theme.small_px())).height()
    return line + 8


def _lines(area: QRectF) -> tuple[QRectF, QRectF]:
    half = area.height() / 2
    return QRectF(area.left(), area.top(), area.width(), half), QRectF(
        area.left(), area.top() + half, area.width(), half
    )


def _mark(row: QueueRow) -> str:
    """What is wrong with a parcel, before its goods; a detection by its class and score."""
    wrong = [kind for kind in row.findings if kind != FindingKind.DETECTION]
    if wrong:
        return text(f"ui.finding_short.{wrong[0]}")
    if row.top_label:
        return f"{words.name_of('class', row.top_label)} {row.top_score:.0%}"
    return ""


def _draw(
    painter: QPainter, area: QRectF, line: str, font: QFont, colour: str, *, align: Qt.AlignmentFlag = _LEFT
) -> float:
    """Draw a line, cut with an ellipsis where it does not fit, and return its width."""
    painter.setFont(font)
    painter.setPen(theme.colour(colour))
    elided = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, int(area.width()))
    painter.drawText(area, align, elided)
    return float(painter.fontMetrics().horizontalAdvance(elided))


class QueueTable(QTableView):
    """The queue as a table; a row is opened by selecting it, sorted by its header."""

    opened = Signal(int)
    order_chosen = Signal(object)

    def __init__(self, model: QueueModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setItemDelegate(RowPainter(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.ITEM, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(lambda section: self.order_chosen.emit(_HEADER_ORDERS[Column(section)]))
        self.clicked.connect(lambda index: self.opened.emit(model.at(index.row()).id))
        self.restyle()

    def restyle(self) -> None:
        """Take the sizes of the current text size and language."""
        self.verticalHeader().setDefaultSectionSize(row_height())
        small = QFontMetrics(theme.font(theme.small_px()))
        states = [text(key) for key in _short_state_keys()]
        widest = max(small.horizontalAdvance(state) for state in states) + small.horizontalAdvance("00:00  ") + 12
        self.setColumnWidth(Column.LANE, round(theme.text_px() * 2.6))
        self.setColumnWidth(Column.WAITING, widest)
        self.horizontalHeader().setDefaultAlignment(_LEFT)
        self.viewport().update()

    def show_selected(self, parcel_id: int | None) -> None:
        """Select the row of the open parcel and bring it into sight."""
        row = self._model.find(parcel_id)
        if row is None:
            self.clearSelection()
            return
        self.selectRow(row)
        self.scrollTo(self._model.index(row, Column.ITEM))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        event.ignore()


def _short_state_keys() -> tuple[str, ...]:
    return tuple(f"ui.state_short.{state}" for state in ("imaged", "referred", "awaiting_party", "exam_abnormal"))
