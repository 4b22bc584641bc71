"""A parcel's newest picture on a page, as large as there is room, in the standard look."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.customs.parcel import Parcel
from app.sameness import Compared
from app.texts import text
from app.ui import theme
from imaging.render import picture_of
from imaging.scan import Scan

LONGEST_PX = 1400


class Scans(Protocol):
    """What a page asks of the station for its pictures."""

    def open_scan(self, parcel_id: int) -> Scan | None: ...


class Compares(Scans, Protocol):
    """What a page asks of the station for two pictures and their likeness."""

    def compare(self, one_id: int, other_id: int) -> Compared | None: ...


def read_picture(scans: Scans, parcel: Parcel | None) -> QImage | None:
    """The picture of a parcel's newest scan, None where it has none; called on a worker."""
    scan = scans.open_scan(parcel.id) if parcel is not None and parcel.captures else None
    if scan is None:
        return None
    picture = picture_of(scan.views[0], longest_px=LONGEST_PX)
    height, width = picture.shape[:2]
    return QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class Picture(QWidget):
    """A picture with its caption; without one it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self._caption = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(theme.text_px() * 20, theme.text_px() * 14)

    def show_picture(self, image: QImage | None, caption: str = "") -> None:
        self.image, self._caption = image, caption
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("canvas"))
        line_px = painter.fontMetrics().height() + 6
        painter.setPen(theme.colour("soft"))
        below = QRect(6, self.height() - line_px, self.width() - 12, line_px)
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._caption)
        area = self.rect().adjusted(4, 4, -4, -line_px)
        if self.image is None:
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text("ui.viewer.no_picture"))
            return
        size = self.image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(
            area.center().x() - size.width() // 2, area.center().y() - size.height() // 2, size.width(), size.height()
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, self.image)
