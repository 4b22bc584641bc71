"""What tools paint over a picture: points and lines, the read-out beside the cursor, the panel with curves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.ui import theme
from app.ui.geometry import Camera
from app.ui.plates import PLATE_TEXT, draw_plate
from app.ui.reading import Curve, Reading, Tool
from imaging.probe import Point

LINE = QColor("#00c2d7")
RIM = QColor(0, 0, 0, 190)
CURVES = {"high": QColor("#ffd34d"), "low": QColor("#62d0ff")}
PANEL_EM = (26.0, 13.0)
CROSS_PX = 9.0


def paint_points(painter: QPainter, camera: Camera, tool: Tool, points: Sequence[Point], is_closed: bool) -> None:
    """The points of a measurement, joined as its tool joins them."""
    on_screen = [QPointF(*camera.to_screen(*point)) for point in points]
    if not on_screen:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for pen in (QPen(RIM, 4.0), QPen(LINE, 1.8)):
        painter.setPen(pen)
        if tool is Tool.HISTOGRAM and len(on_screen) > 1:
            painter.drawRect(QRectF(on_screen[0], on_screen[1]).normalized())
        elif tool is Tool.AREA and len(on_screen) > 2:
            painter.drawPolygon(QPolygonF(on_screen))
        elif len(on_screen) > 1:
            painter.drawPolyline(QPolygonF(on_screen))
        for at in on_screen if not is_closed or tool is not Tool.AREA else ():
            painter.drawLine(at - QPointF(CROSS_PX, 0), at + QPointF(CROSS_PX, 0))
            painter.drawLine(at - QPointF(0, CROSS_PX), at + QPointF(0, CROSS_PX))
    painter.restore()


def paint_plate(painter: QPainter, pane: QRectF, at: tuple[float, float], lines: Sequence[str]) -> None:
    """Lines of text beside a point, always whole in the pane and never over the point."""
    painter.save()
    painter.setFont(theme.font(theme.small_px(), is_bold=True))
    metrics = painter.fontMetrics()
    width = max(metrics.horizontalAdvance(line) for line in lines) + 18
    height = metrics.height() * len(lines) + 10
    left = at[0] + 18 if at[0] + 18 + width < pane.right() - 4 else at[0] - 18 - width
    top = min(max(at[1] + 14, pane.top() + 4), pane.bottom() - height - 4)
    area = QRectF(max(pane.left() + 4, left), top, width, height)
    draw_plate(painter, area)
    painter.setPen(PLATE_TEXT)
    for number, line in enumerate(lines):
        painter.drawText(QPointF(area.left() + 9, area.top() + 5 + metrics.ascent() + number * metrics.height()), line)
    painter.restore()


def paint_hint(painter: QPainter, pane: QRectF, line: str) -> None:
    """What the tool waits for, at the upper right."""
    painter.save()
    painter.setFont(theme.font(theme.small_px(), is_bold=True))
    width = painter.fontMetrics().horizontalAdvance(line) + 18
    area = QRectF(
        max(pane.left() + 4, pane.right() - width - 12), pane.top() + 12, width, painter.fontMetrics().height() + 8
    )
    draw_plate(painter, area)
    painter.setPen(PLATE_TEXT)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, line)
    painter.restore()


def paint_panel(painter: QPainter, pane: QRectF, title: str, reading: Reading) -> None:
    """Curves with their words in a small panel at the upper right."""
    painter.save()
    painter.setFont(theme.font(theme.small_px(), is_bold=True))
    metrics = painter.fontMetrics()
    em, row = theme.text_px(), metrics.height()
    width = min(max(PANEL_EM[0] * em, max(map(metrics.horizontalAdvance, reading.lines)) + 24), pane.width() - 16)
    height = PANEL_EM[1] * em + row * (len(reading.lines) + 2)
    panel = QRectF(pane.right() - width - 12, pane.top() + 12, width, min(height, pane.height() - 24))
    draw_plate(painter, panel)
    painter.setPen(PLATE_TEXT)
    lines = (title, *reading.lines)
    colours = [PLATE_TEXT] * (len(lines) - len(reading.curves)) + [CURVES[curve.name] for curve in reading.curves]
    for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        painter.setPen(colour)
        painter.drawText(QPointF(panel.left() + 10, panel.top() + 5 + metrics.ascent() + number * row), line)
    chart = panel.adjusted(10, row * len(lines) + row * 1.5, -10, -row - 8)
    left, right, _, top = reading.ends
    painter.setPen(PLATE_TEXT)
    painter.drawText(QPointF(chart.left(), chart.top() - 4), top)
    painter.drawText(QPointF(chart.left(), chart.bottom() + metrics.ascent() + 3), left)
    end = chart.right() - metrics.horizontalAdvance(right)
    painter.drawText(QPointF(end, chart.bottom() + metrics.ascent() + 3), right)
    painter.setPen(QPen(QColor(255, 255, 255, 90), 1))
    painter.drawRect(chart)
    most = max(float(curve.most.max()) for curve in reading.curves) or 1.0
    for curve in reading.curves:
        _paint_curve(painter, chart, curve, most)
    painter.restore()


def _paint_curve(painter: QPainter, chart: QRectF, curve: Curve, most: float) -> None:
    count = len(curve.most)
    xs = [chart.left() + chart.width() * (i + 0.5) / count for i in range(count)]
    tops = [chart.bottom() - chart.height() * value / most for value in curve.most.tolist()]
    bottoms = [chart.bottom() - chart.height() * value / most for value in curve.least.tolist()]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(CURVES[curve.name], 1.4))
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, tops, strict=True)]))
    for x, top, bottom in zip(xs, tops, bottoms, strict=True):
        if bottom - top > 1:
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
