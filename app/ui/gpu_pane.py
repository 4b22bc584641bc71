"""Showing a picture with the graphics card: whether to, the widget that does, and the glass that lies over it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import structlog
from PySide6 import QtGui
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QRhi, QRhiCommandBuffer
from PySide6.QtWidgets import QRhiWidget, QWidget

from app.ui.gpu import GpuCanvas, is_software
from imaging.look import Look
from imaging.pyramid import Pyramid
from imaging.render import Viewport

log = structlog.get_logger()

SCREENLESS = ("offscreen", "minimal", "vnc")
"""Platforms of Qt that have no graphics system."""


def wants_card(renderer: str) -> bool:
    """Whether to draw with the graphics card: as set, and with `auto` where there is one and it is real."""
    if renderer != "auto":
        return renderer == "gpu"
    name = find_renderer()
    is_card = name is not None and not is_software(name)
    log.info("pictures are drawn by", renderer=name if is_card else "processor", found=name)
    return is_card


def find_renderer() -> str | None:
    """The name of the renderer that a window would get, None where there is none."""
    if QGuiApplication.platformName() in SCREENLESS:
        return None
    if sys.platform == "win32":
        kind, parameters = QRhi.Implementation.D3D11, QtGui.QRhiD3D11InitParams()
    elif sys.platform == "darwin":
        kind, parameters = QRhi.Implementation.Metal, QtGui.QRhiMetalInitParams()
    else:
        kind, parameters = QRhi.Implementation.OpenGLES2, QtGui.QRhiGles2InitParams()
        parameters.fallbackSurface = QtGui.QRhiGles2InitParams.newFallbackSurface()
    rhi = QRhi.create(kind, parameters)
    return None if rhi is None else renderer_of(rhi)


def renderer_of(rhi: QRhi) -> str:
    driver = rhi.driverInfo()
    return bytes(driver.deviceName.data()).decode(errors="replace")


class GpuPane(QRhiWidget):
    """Told what to show, shows it; `failed` tells that it cannot."""

    failed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
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

    def render(self, commands: QRhiCommandBuffer) -> None:  # type: ignore[override]
        if self._canvas is not None and self._picture is not None:
            self._canvas.draw(commands, self.renderTarget(), self._picture, self._background)

    def releaseResources(self) -> None:  # noqa: N802
        self._canvas, self._rhi = None, None


class Glass(QWidget):
    """Lies over a picture that the graphics card draws, lets the mouse through, and is painted by another."""

    def __init__(self, parent: QWidget, paint: Callable[[QPainter], None]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._paint = paint

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        self._paint(painter)
