"""A widget that shows one picture with the graphics card, below what is painted over it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QRhi, QRhiCommandBuffer
from PySide6.QtWidgets import QRhiWidget, QWidget

from app.ui.gpu import GpuCanvas
from imaging.look import Look
from imaging.pyramid import Pyramid
from imaging.render import Viewport


class GpuPane(QRhiWidget):
    """Told what to show, shows it. `found` tells the renderer's name once, `failed` that there is none."""

    found = Signal(str)
    failed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.renderFailed.connect(self.failed)
        self._canvas: GpuCanvas | None = None
        self._rhi: QRhi | None = None
        self._picture: tuple[Pyramid, Viewport, Look] | None = None
        self._background = QColor()

    def show_picture(self, pyramid: Pyramid, viewport: Viewport, look: Look, background: QColor) -> None:
        self._picture, self._background = (pyramid, viewport, look), background
        self.update()

    def initialize(self, _commands: QRhiCommandBuffer) -> None:
        if self._rhi is not self.rhi():
            self._rhi = self.rhi()
            self._canvas = GpuCanvas(self._rhi, self.renderTarget())
            driver = self._rhi.driverInfo()
            name = bytes(driver.deviceName.data()).decode(errors="replace")
            QTimer.singleShot(0, self, lambda: self.found.emit(name))

    def render(self, commands: QRhiCommandBuffer) -> None:  # type: ignore[override]
        if self._canvas is not None and self._picture is not None:
            self._canvas.draw(commands, self.renderTarget(), self._picture, self._background)

    def releaseResources(self) -> None:  # noqa: N802
        self._canvas, self._rhi = None, None
