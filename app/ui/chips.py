"""Signs that are told apart without their colour: lanes by shape and letter, confidence by bars, lamps by form."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.customs.parcel import Lane
from app.ui import theme, words
from models.detector import Level
from scanners.device import DeviceState

BARS = {Level.SURE: 3, Level.LIKELY: 2, Level.HINT: 1, Level.BELOW: 0}


def paint_lane(painter: QPainter, area: QRectF, lane: Lane) -> None:
    """Octagon red, triangle yellow, diamond blue, circle green, each with its letter."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(f"lane_{lane}"))
    side = min(area.width(), area.height())
    box = QRectF(area.center().x() - side / 2, area.center().y() - side / 2, side, side)
    if lane == Lane.GREEN:
        painter.drawEllipse(box)
    else:
        painter.drawPolygon(_outline(box, lane))
    painter.setPen(theme.colour("on_lane"))
    painter.setFont(theme.font(round(side * (0.46 if lane == Lane.YELLOW else 0.54)), is_bold=True))
    letter_box = box.translated(0, side * 0.13) if lane == Lane.YELLOW else box
    painter.drawText(letter_box, Qt.AlignmentFlag.AlignCenter, words.name_of("lane_letter", lane))
    painter.restore()


def _outline(box: QRectF, lane: Lane) -> QPolygonF:
    left, top, right, bottom = box.left(), box.top(), box.right(), box.bottom()
    middle = box.center()
    if lane == Lane.YELLOW:
        return QPolygonF([QPointF(middle.x(), top - 1), QPointF(right + 2, bottom - 1), QPointF(left - 2, bottom - 1)])
    if lane == Lane.BLUE:
        return QPolygonF(
            [
                QPointF(middle.x(), top - 2),
                QPointF(right + 2, middle.y()),
                QPointF(middle.x(), bottom + 2),
                QPointF(left - 2, middle.y()),
            ]
        )
    cut = box.width() * 0.29
    corners = [(left + cut, top), (right - cut, top), (right, top + cut), (right, bottom - cut)]
    corners += [(right - cut, bottom), (left + cut, bottom), (left, bottom - cut), (left, top + cut)]
    return QPolygonF([QPointF(x, y) for x, y in corners])


def paint_bars(painter: QPainter, area: QRectF, level: str, colour: QColor) -> None:
    """Confidence in three steps: as many of three rising bars are filled."""
    painter.save()
    painter.setPen(QPen(colour, 1))
    filled = BARS[Level(level)] if level in set(Level) else 0
    width = area.width() / 3
    for step in range(3):
        height = area.height() * (step + 1.4) / 3.4
        bar = QRectF(area.left() + step * width + 0.5, area.bottom() - height, width - 2.5, height)
        painter.setBrush(colour if step < filled else Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
    painter.restore()


def paint_lamp(painter: QPainter, area: QRectF, state: DeviceState) -> None:
    """Ready: full disc; busy: disc in a ring; closed: empty ring; fault: triangle."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    name = {DeviceState.READY: "good", DeviceState.BUSY: "accent", DeviceState.FAULT: "bad"}.get(state, "faint")
    colour = theme.colour(name)
    if state == DeviceState.FAULT:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(area.center().x(), area.top()), area.bottomRight(), area.bottomLeft()]))
    else:
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if state == DeviceState.READY else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(area.adjusted(1, 1, -1, -1))
        if state == DeviceState.BUSY:
            painter.setBrush(colour)
            painter.drawEllipse(area.center(), area.width() * 0.2, area.height() * 0.2)
    painter.restore()


class LaneChip(QWidget):
    """The lane of the open parcel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lane: Lane | None = None

    def set_lane(self, lane: Lane | None) -> None:
        self._lane = lane
        self.setAccessibleName(words.name_of("lane", lane) if lane else "")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        side = theme.text_px() * 2
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        if self._lane is not None:
            painter = QPainter(self)
            paint_lane(painter, QRectF(self.rect()).adjusted(3, 3, -3, -3), self._lane)


class Bars(QWidget):
    """The confidence of one detection."""

    def __init__(self, level: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = level

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(round(theme.text_px() * 1.6), theme.text_px())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        paint_bars(QPainter(self), QRectF(self.rect()).adjusted(0, 0, 0, -1), self._level, theme.colour("text"))


class Lamp(QWidget):
    """The state of a device as a form."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = DeviceState.CLOSED

        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_state(self, state: DeviceState) -> None:
        self._state = state
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(theme.text_px() - 2, theme.text_px() - 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        paint_lamp(QPainter(self), QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self._state)
