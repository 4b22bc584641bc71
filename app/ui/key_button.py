"""A button that shows its key, and rows of such buttons that wrap."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.ui import keys, theme


class KeyButton(QAbstractButton):
    """Its name and its key in a cap. `tone` is a colour of the theme, painted as a bar; `is_large` for decisions.

    `is_idle` writes the name of one that has no effect now more faintly.
    """

    def __init__(
        self, command: str, *, key: str = "", tone: str = "", is_large: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.command = command
        self.key = key or keys.key_of(command)
        self.tone = tone
        self.is_large = is_large
        self.is_key_first = bool(key)
        self.is_idle = False
        self._is_hovered = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_large else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_words(self, name: str, hint: str = "", full_name: str = "") -> None:
        """The name on the button, why it is not to be had now, if so, and its longer name for the tool tip."""
        self.setText(name)
        self.setToolTip(f"{full_name or name} ({self.key})" + (f"\n{hint}" if hint else ""))
        self.setAccessibleName(full_name or name)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        name = QFontMetrics(self._name_font()).horizontalAdvance(self.text())
        cap = QFontMetrics(self._key_font()).horizontalAdvance(self.key)
        height = QFontMetrics(self._name_font()).height()
        if self.is_large:
            return QSize(name + cap + 38, round(height * 2.1))
        return QSize(name + cap + 22, height + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        self._paint_ground(painter, area)
        text_colour = "faint" if not self.isEnabled() else "soft" if self.is_idle else "text"
        left = 15.0 if self.is_large else 12.0 + self._cap_width() if self.is_key_first else 7.0
        painter.setFont(self._name_font())
        painter.setPen(theme.colour(text_colour))
        painter.drawText(area.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        self._paint_cap(painter, area, text_colour)

    def _paint_ground(self, painter: QPainter, area: QRectF) -> None:
        ground = "selection" if self.isChecked() or self.isDown() else "hover" if self._is_hovered else "raised"
        if not self.isEnabled():
            ground = "panel"
        rim = "accent" if self.isChecked() or self.hasFocus() else "line"
        painter.setPen(QPen(theme.colour(rim), 1))
        painter.setBrush(theme.colour(ground))
        painter.drawRoundedRect(area, 5, 5)
        if self.tone:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(self.tone if self.isEnabled() else "line"))
            painter.drawRoundedRect(QRectF(area.left() + 5, area.top() + 6, 4, area.height() - 12), 2, 2)

    def _paint_cap(self, painter: QPainter, area: QRectF, text_colour: str) -> None:
        painter.setFont(self._key_font())
        metrics = painter.fontMetrics()
        width, height = self._cap_width(), metrics.height() + 1
        margin = 6 if self.is_large else 4
        left = area.left() + margin if self.is_key_first else area.right() - width - margin
        cap = QRectF(left, area.center().y() - height / 2, width, height)
        painter.setPen(QPen(theme.colour("line_strong" if self.isEnabled() else "line"), 1))
        painter.setBrush(theme.colour("ground"))
        painter.drawRoundedRect(cap, 3, 3)
        painter.setPen(theme.colour(text_colour if text_colour == "faint" else "soft"))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self.key)

    def _cap_width(self) -> int:
        return QFontMetrics(self._key_font()).horizontalAdvance(self.key) + 8

    def _name_font(self) -> QFont:
        return theme.font(is_bold=True) if self.is_large else theme.font(theme.small_px())

    def _key_font(self) -> QFont:
        return theme.font(theme.small_px(), is_bold=True)

    def enterEvent(self, _event: QEnterEvent) -> None:  # noqa: N802
        self._is_hovered = True
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:  # noqa: N802
        self._is_hovered = False
        self.update()


class Flow(QWidget):
    """Buttons in rows that wrap; `groups` are kept apart, `stretches` fills every row to the full width."""

    def __init__(self, *, gap: int = 4, group_gap: int = 12, stretches: bool = False) -> None:
        super().__init__()
        self._gap = gap
        self._group_gap = group_gap
        self._stretches = stretches
        self._groups: list[list[QWidget]] = []

    def set_groups(self, groups: Sequence[Sequence[QWidget]]) -> None:
        """Take the buttons; those of an earlier call that are not among them are deleted."""
        kept = {button for group in groups for button in group}
        for group in self._groups:
            for button in group:
                if button not in kept:
                    button.hide()
                    button.deleteLater()
        self._groups = [list(group) for group in groups if group]
        for button in kept:
            button.setParent(self)
            button.show()
        self.arrange()

    def arrange(self) -> None:
        """Place all buttons for the present width and take the height that they need."""
        rows: list[list[tuple[int, QWidget]]] = [[]]
        x = 0
        for group in self._groups:
            x += self._group_gap - self._gap if rows[-1] else 0
            for button in group:
                width = button.sizeHint().width()
                if rows[-1] and x + width > self.width():
                    rows.append([])
                    x = 0
                rows[-1].append((x, button))
                x += width + self._gap
        y = 0
        for row in rows:
            y += self._place(row, y) + self._gap if row else 0
        self.setFixedHeight(max(0, y - self._gap))

    def _place(self, row: list[tuple[int, QWidget]], y: int) -> int:
        height = max(button.sizeHint().height() for _, button in row)
        last_x, last = row[-1]
        spare = self.width() - last_x - last.sizeHint().width() if self._stretches else 0
        for number, (x, button) in enumerate(row):
            before, after = spare * number // len(row), spare * (number + 1) // len(row)
            button.setGeometry(x + before, y, button.sizeHint().width() + after - before, height)
        return height

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        self.arrange()
