"""The rows of the queue as Qt sees them: newest state, sorted as the officer wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.customs.parcel import Lane, QueueRow
from app.texts import text
from app.ui import words

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


class Column(IntEnum):
    LANE = 0
    ITEM = 1
    WAITING = 2


class Order(IntEnum):
    """What the queue is sorted by."""

    LANE = 0
    WAITING = 1
    ARRIVAL = 2
    NUMBER = 3
    STATE = 4
    GOODS = 5


_LANES = list(Lane)
_SORTS: dict[Order, Callable[[QueueRow], tuple[Any, ...]]] = {
    Order.LANE: lambda row: (_LANES.index(row.lane), row.arrived_at, row.id),
    Order.WAITING: lambda row: (row.arrived_at, row.id),
    Order.ARRIVAL: lambda row: (-row.arrived_at.timestamp(), -row.id),
    Order.NUMBER: lambda row: (row.number, row.id),
    Order.STATE: lambda row: (row.state, row.arrived_at, row.id),
    Order.GOODS: lambda row: (row.goods, row.id),
}


class QueueModel(QAbstractTableModel):
    """Holds what the station's queue answered; knows nothing of filters, which are the station's."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[QueueRow] = []
        self.order = Order.LANE
        self.is_descending = False

    def set_rows(self, rows: Sequence[QueueRow]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self._sort()
        self.endResetModel()

    def set_order(self, order: Order, *, is_descending: bool = False) -> None:
        self.beginResetModel()
        self.order, self.is_descending = order, is_descending
        self._sort()
        self.endResetModel()

    def rows(self) -> tuple[QueueRow, ...]:
        return tuple(self._rows)

    def at(self, row: int) -> QueueRow:
        return self._rows[row]

    def find(self, parcel_id: int | None) -> int | None:
        """The row number of a parcel, None when it is not in the queue."""
        return next((index for index, row in enumerate(self._rows) if row.id == parcel_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, Column(index.column()))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return describe(row)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return text(f"ui.queue.column.{Column(section).name.lower()}")
        return None

    def tick(self) -> None:
        """Time has passed: the waiting times are drawn anew."""
        if self._rows:
            last = self.index(len(self._rows) - 1, Column.WAITING)
            self.dataChanged.emit(self.index(0, Column.WAITING), last, [Qt.ItemDataRole.DisplayRole])

    def _sort(self) -> None:
        self._rows.sort(key=_SORTS[self.order], reverse=self.is_descending)

    def _words(self, row: QueueRow, column: Column) -> str:
        if column == Column.LANE:
            return words.name_of("lane_letter", row.lane)
        if column == Column.ITEM:
            return row.number
        return words.span(words.since(row.arrived_at))


def describe(row: QueueRow) -> str:
    """One row in a sentence, for the tool tip and for a screen reader."""
    parts = [
        words.name_of("lane", row.lane),
        row.number or text("ui.queue.no_number"),
        words.state_name(row.state),
        row.goods,
        *(text(f"ui.finding.{kind}") for kind in row.findings),
        text("ui.queue.waits", span=words.span(words.since(row.arrived_at))),
    ]
    return " · ".join(part for part in parts if part)
