"""The parcel's label on paper, through whatever printer the system has."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from app.store.sealed import read_file
from imaging.errors import KnownError


class LabelUnreadableError(KnownError):
    """The label's picture cannot be read."""

    key = "label_unreadable"


def read_label(path: Path) -> QImage:
    """The label as a picture; called on a worker.

    Raises:
        LabelUnreadableError: the file is absent or is no picture.
    """
    try:
        label = QImage.fromData(QByteArray(read_file(path)))
    except OSError:
        label = QImage()
    if label.isNull():
        raise LabelUnreadableError(f"The label {path.name} cannot be read. Print it again.", name=path.name)
    return label


def print_label(label: QImage, parent: QWidget) -> bool:
    """Ask for a printer and print; False when the officer thought better of it."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    is_wanted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    if is_wanted:
        paint_label(label, printer)
    return is_wanted


def paint_label(label: QImage, printer: QPrinter) -> None:
    """Draw the label in its own size in millimetres, or as large as the paper allows."""
    painter = QPainter(printer)
    page = QRectF(painter.viewport())
    dots_per_px = printer.resolution() / (label.dotsPerMeterX() * 0.0254) if label.dotsPerMeterX() else 1.0
    scale = min(dots_per_px, page.width() / label.width(), page.height() / label.height())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(0, 0, label.width() * scale, label.height() * scale), label)
    painter.end()
