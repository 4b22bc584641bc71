"""A long list on a page: a table that is filled a page at a time, its count, and a button for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.ui import build, theme


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is shown; `tone` is a colour of the theme (good, warn, bad, soft), "" the usual one."""

    cells: Sequence[str]
    tone: str = ""


class Listing(QWidget):
    """`chosen` tells the row that is current, `opened` the one on which Enter was pressed; `wanted` asks for more."""

    chosen = Signal(int)
    opened = Signal(int)
    wanted = Signal()

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.table = make_table(columns)
        self.more = QPushButton()
        self.count = build.named(QLabel(), "soft")
        self.more.hide()
        foot = build.row(gap=10)
        foot.addWidget(self.more)
        foot.addWidget(self.count, 1)
        column = build.column(self, gap=6)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        self.more.clicked.connect(self.wanted)
        self.table.currentCellChanged.connect(lambda row, _column, before, _old: self._move(row, before))
        self.table.cellDoubleClicked.connect(lambda row, _column: self.opened.emit(row))

    @property
    def current(self) -> int:
        """The row that is chosen, -1 where none is."""
        return self.table.currentRow()

    def set_titles(self, titles: Sequence[str], more: str = "") -> None:
        self.table.setHorizontalHeaderLabels(list(titles))
        self.more.setText(more)

    def fill(self, lines: Sequence[Line], *, has_more: bool = False) -> None:
        """Show these rows in place of those before; the chosen row stays chosen where it still is."""
        row = self.current
        self.table.setRowCount(len(lines))
        for at, line in enumerate(lines):
            for column, cell in enumerate(line.cells):
                item = QTableWidgetItem(cell)
                item.setToolTip(cell)
                if line.tone:
                    item.setForeground(theme.colour(line.tone))
                self.table.setItem(at, column, item)
        self.more.setVisible(has_more)
        if lines:
            self.table.setCurrentCell(min(max(row, 0), len(lines) - 1), 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def _move(self, row: int, before: int) -> None:
        if row != before and row >= 0:
            self.chosen.emit(row)


class _Table(QTableWidget):
    """Leaves letters to the page, whose keys they are; Qt would seek a row by them."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.text().isprintable() and event.text():
            event.ignore()
        else:
            super().keyPressEvent(event)


def make_table(columns: int) -> QTableWidget:
    """A table of rows to choose from, nothing in it editable; the last column takes what room is left."""
    made = _Table(0, columns)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setShowGrid(False)
    made.setTabKeyNavigation(False)
    made.verticalHeader().hide()
    head = made.horizontalHeader()
    head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    head.setStretchLastSection(True)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return made
