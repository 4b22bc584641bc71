"""A filled form on paper: A4 pages as PDF."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QMarginsF, Qt, QUrl
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from app.forms import Form
from app.store.sealed import write_file
from app.ui import theme
from app.ui.record import RecordError
from imaging.files.durable import make_folder

DPI = 150
TEXT_PT = 10.5
PHOTOGRAPH_PX = 900
"""Longest side of a photograph on paper; the whole one stays in the record."""


def write_form(folder: Path, form: Form) -> Path:
    """Write a form as PDF into a folder in that of the store, encrypted where the store is; called on a worker.

    Raises:
        RecordError: the folder cannot be written to.
    """
    number = re.sub(r"[^A-Za-z0-9_-]", "_", form.number)[:40] or "0"
    path = folder / f"{form.kind}-{number}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.pdf"
    try:
        make_folder(folder)
        write_file(path, _pdf(form), folder.parent)
    except OSError as error:
        why = error.strerror or str(error)
        raise RecordError(
            f"{path.name} could not be written: {why}. Make room, then try again.", name=path.name, why=why
        ) from error
    return path


def _pdf(form: Form) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
    writer.setTitle(f"{form.kind} {form.number}")
    _document(form).print_(writer)
    return bytes(buffer.data().data())


def _document(form: Form) -> QTextDocument:
    document = QTextDocument()
    font = theme.font()
    font.setPointSizeF(TEXT_PT)
    document.setDefaultFont(font)
    for source, content in form.pictures.items():
        image = QImage.fromData(QByteArray(content))
        if max(image.width(), image.height()) > PHOTOGRAPH_PX:
            image = image.scaled(PHOTOGRAPH_PX, PHOTOGRAPH_PX, Qt.AspectRatioMode.KeepAspectRatio)
        document.addResource(int(QTextDocument.ResourceType.ImageResource.value), QUrl(source), image)
    document.setHtml(form.html)
    return document
