"""The last images as a strip of small pictures, while the officer steps through them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.thumbs import Thumbs

MOST_SHOWN = 9
SHOWN_MS = 3500
SIDE_EM = 7.0
ABOVE_OFFER_EM = 4.5
"""The line that offers a look stays readable below."""


class TrailStrip(QWidget):
    """Lies over the lower edge of the image and goes by itself; the open parcel is framed."""

    def __init__(self, over: QWidget, thumbs: Thumbs) -> None:
        super().__init__(over)
        self._over, self._thumbs = over, thumbs
        self._ids: tuple[int, ...] = ()
        self._place = 0
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        thumbs.ready.connect(self._show_thumb)
        self.hide()

    def show_trail(self, trail: Sequence[int], at: int) -> None:
        """Show the neighbours of the place in the trail where the officer is now."""
        first = max(0, min(at - MOST_SHOWN // 2, len(trail) - MOST_SHOWN))
        self._ids = tuple(trail[first : first + MOST_SHOWN])
        self._place = at - first
        self._thumbs.want(self._ids)
        side = round(theme.text_px() * SIDE_EM)
        self.resize(min(self._over.width() - 20, side * len(self._ids) + 8), side + 8)
        top = self._over.height() - self.height() - round(theme.text_px() * ABOVE_OFFER_EM)
        self.move((self._over.width() - self.width()) // 2, top)
        self.show()
        self.raise_()
        self.update()
        self._timer.start()

    @property
    def shown_ids(self) -> tuple[int, ...]:
        return self._ids

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("panel", 235))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        width = (self.width() - 8) / max(1, len(self._ids))
        for number, parcel_id in enumerate(self._ids):
            cell = QRectF(4 + number * width, 4, width, self.height() - 8).adjusted(3, 3, -3, -3)
            painter.fillRect(cell, theme.colour("canvas"))
            image = self._thumbs.get(parcel_id)
            if image is not None and not image.isNull():
                _draw_inside(painter, image, cell)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            is_open = number == self._place
            painter.setPen(QPen(theme.colour("accent" if is_open else "line"), 3 if is_open else 1))
            painter.drawRect(cell)

    def _show_thumb(self, parcel_id: int, _image: QImage) -> None:
        if parcel_id in self._ids:
            self.update()


def _draw_inside(painter: QPainter, image: QImage, cell: QRectF) -> None:
    scale = min(cell.width() / image.width(), cell.height() / image.height())
    place = QRectF(0, 0, image.width() * scale, image.height() * scale)
    place.moveCenter(cell.center())
    painter.drawImage(place, image)
