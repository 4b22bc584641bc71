"""All keys on one sheet, from the same table that makes them work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from app.customs.states import Action
from app.texts import text
from app.ui import build, keys, theme, words
from imaging.look import CONFLICTS


class HelpSheet(QFrame):
    """Covers the window while open; F1 or Esc closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlay")
        self._column = build.column(self, gap=6, margins=(20, 16, 20, 16))
        self._over = parent
        self._body: QWidget | None = None
        self.hide()

    def open(self) -> None:
        self.retranslate()
        self.show()
        self.raise_()

    def retranslate(self) -> None:
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.deleteLater()
        self._body = QWidget()
        body = build.column(self._body)
        columns = build.row(gap=theme.text_px() * 2)
        body.addLayout(columns)
        _fill_conflicts(body)
        left, middle, right = (build.column(gap=2) for _ in range(3))
        for column, groups in ((left, ("act", "queue")), (middle, ("look", "station")), (right, ("image",))):
            for group in groups:
                _fill(column, group)
            column.addStretch()
            columns.addLayout(column)
        self._column.addWidget(self._body)
        self.place()

    def place(self) -> None:
        self.adjustSize()
        parent = self._over.rect()
        self.move(parent.center().x() - self.width() // 2, max(6, parent.center().y() - self.height() // 2))


def _fill(column: QVBoxLayout, group: str) -> None:
    title = build.named(QLabel(text(f"ui.help.{group}")), "section")
    title.setContentsMargins(0, 4, 0, 2)
    column.addWidget(title)
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(1)
    shown = [binding for binding in keys.BINDINGS if binding.group == group and binding.listed_as != "-"]
    rows = -(-len(shown) // 2) if group != "image" else len(shown)
    for number, binding in enumerate(shown):
        row, side = number % rows, number // rows * 2
        cap = build.named(QLabel(binding.listed_as or " ".join(keys.caption(key) for key in binding.keys)), "pill")
        cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(cap, row, side)
        grid.addWidget(QLabel(command_name(binding.command)), row, side + 1)
    column.addLayout(grid)


def _fill_conflicts(column: QVBoxLayout) -> None:
    """Which looks do not combine, and why: two sentences a row."""
    title = build.named(QLabel(text("look.help.conflicts")), "section")
    title.setContentsMargins(0, 4, 0, 2)
    column.addWidget(title)
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.text_px() * 2)
    grid.setVerticalSpacing(1)
    for number, conflict in enumerate(CONFLICTS):
        grid.addWidget(QLabel(text(f"look.conflict.{conflict}")), number // 2, number % 2)
    column.addLayout(grid)


def command_name(command: str) -> str:
    """What a command of the key table does, in the officer's words."""
    if command in set(Action):
        return words.action_name(Action(command))
    if command.startswith("look."):
        return text("ui.key.zeff" if command == "look.zeff" else f"look.name.{command.removeprefix('look.')}")
    area, _, rest = command.partition(".")
    if area in ("combination", "store"):
        return text(f"ui.key.{area}")
    if area == "cursor":
        return text("ui.key.cursor")
    return text(f"ui.key.marks_{rest}" if area == "marks" else f"ui.key.{command}")
