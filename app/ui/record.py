"""What an officer takes along from a parcel: a page of paper, the picture as he sees it, a DICOS report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import cv2
from PySide6.QtCore import QBuffer, QMarginsF, QRectF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from app.customs.parcel import Decision, Parcel
from app.customs.states import Action
from app.store.sealed import write_file
from app.texts import text
from app.ui import overlays, theme, words
from app.ui.geometry import Camera
from app.ui.opening import Opened
from app.ui.paint_annotations import paint_annotations
from app.ui.viewer import Shown
from imaging.annotations import Annotation, read_json
from imaging.errors import KnownError
from imaging.files import tdr
from imaging.look import STANDARD, Look
from imaging.render import picture_of

DPI = 200
SCREEN_DPI = 110
"""At how many px an inch the overlays are drawn, which are made for screens."""
PICTURE_PX = 1500
TEXT_PT, LEAST_PT = 9.5, 5.0
_ALARMS = frozenset({Action.REFER, Action.OPEN, Action.EXAM_ABNORMAL, Action.DETAIN, Action.CONFISCATE, Action.DESTROY})
_CLEARS = frozenset({Action.RELEASE, Action.CONDITIONAL_RELEASE, Action.EXAM_NORMAL})


class RecordError(KnownError):
    """A record or picture could not be written."""

    key = "record_failed"


def write_record(folder: Path, opened: Opened, drawn: Sequence[Annotation] = ()) -> tuple[Path, ...]:
    """Write a parcel's record as one page of PDF, and what was drawn as a DICOS report; called on a worker.

    `folder` lies in that of the store, and its files are encrypted where the store is. `drawn` is what is not decided
    on yet.

    Raises:
        RecordError: the folder cannot be written to.
    """
    annotations = (*_annotations(opened.history), *drawn)
    path = folder / f"{_stem(opened.parcel)}.pdf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [path]
        write_file(path, _record_pdf(opened, annotations), folder.parent)
        if annotations:
            report = path.with_suffix(".dcs")
            write_file(report, tdr.encode(_report(opened, annotations)), folder.parent)
            written.append(report)
    except OSError as error:
        raise _failed(path, error) from error
    return tuple(written)


def write_pictures(folder: Path, parcel: Parcel, views: Sequence[Shown], look: Look) -> tuple[Path, ...]:
    """Write all views in full size in the present look as PNG, as `write_record` does; called on a worker.

    Raises:
        RecordError: the folder cannot be written to.
    """
    written = []
    for shown in views:
        _, encoded = cv2.imencode(".png", picture_of(shown.pyramid, look)[:, :, ::-1])
        path = folder / f"{_stem(parcel)}-{shown.name or 'view'}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_file(path, encoded.tobytes(), folder.parent)
        except OSError as error:
            raise _failed(path, error) from error
        written.append(path)
    return tuple(written)


def _stem(parcel: Parcel) -> str:
    """Number, parcel and time; a number comes from outside and may hold anything."""
    number = re.sub(r"[^A-Za-z0-9_-]", "_", parcel.number)[:40] or "none"
    return f"{number}-{parcel.id}-{datetime.now(UTC):%Y%m%dT%H%M%S}"


def _failed(path: Path, error: OSError) -> RecordError:
    why = error.strerror or str(error)
    return RecordError(f"{path.name} could not be written: {why}. Make room, then try again.", name=path.name, why=why)


def _annotations(history: Sequence[Decision]) -> tuple[Annotation, ...]:
    texts = [each.annotations for each in history if each.annotations and each.undone_at is None]
    return tuple(annotation for each in texts for annotation in read_json(each))


def _report(opened: Opened, annotations: Sequence[Annotation]) -> tdr.Report:
    last = next((each for each in reversed(opened.history) if each.undone_at is None), None)
    decision = tdr.Decision.UNKNOWN
    if last is not None and last.action in _ALARMS:
        decision = tdr.Decision.ALARM
    elif last is not None and last.action in _CLEARS:
        decision = tdr.Decision.CLEAR
    return tdr.report_annotations(annotations, decision, last.decided_at if last else datetime.now(UTC))


def _record_pdf(opened: Opened, annotations: Sequence[Annotation]) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(14, 12, 14, 12), QPageLayout.Unit.Millimeter)
    writer.setTitle(f"{opened.parcel.number or text('ui.queue.no_number')}")
    page = QRectF(0, 0, writer.width(), writer.height())
    painter = QPainter(writer)
    try:
        head = _document(_head_html(opened), TEXT_PT, page.width())
        _draw(painter, head, page.topLeft().y())
        top = head.size().height() + 20
        bottom = _paint_views(painter, opened, annotations, QRectF(0, top, page.width(), page.height() * 0.46))
        _draw(
            painter, _fitting(_body_html(opened, annotations), page.width(), page.height() - bottom - 20), bottom + 20
        )
    finally:
        painter.end()
    return bytes(buffer.data().data())


def _paint_views(painter: QPainter, opened: Opened, annotations: Sequence[Annotation], area: QRectF) -> float:
    """The standard image of all views beside each other, with what was found and drawn; returns where they end."""
    if not opened.views:
        return area.top()
    width = area.width() / len(opened.views)
    bottom = area.top()
    for number, shown in enumerate(opened.views):
        pixels = picture_of(shown.pyramid, STANDARD, PICTURE_PX)
        rows, cols = shown.pyramid.shape
        scale = min((width - 10) / cols, area.height() / rows)
        place = QRectF(area.left() + number * width, area.top(), cols * scale, rows * scale)
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB888)
        painter.drawImage(place, image)
        painter.save()
        painter.translate(place.topLeft())
        painter.setClipRect(QRectF(0, 0, place.width(), place.height()))
        painter.scale(DPI / SCREEN_DPI, DPI / SCREEN_DPI)
        zoom = scale * SCREEN_DPI / DPI
        camera = Camera(cols, rows, round(cols * zoom), round(rows * zoom), zoom, cols / 2, rows / 2)
        overlays.paint_boxes(painter, camera, [one for one in opened.parcel.seen if one.view == number], None)
        mine = [each for each in annotations if each.view == number]
        paint_annotations(painter, camera, mine)
        painter.restore()
        bottom = max(bottom, place.bottom())
    return bottom


def _fitting(html: str, width: float, height: float) -> QTextDocument:
    """The text in the largest size with which it stays on the page."""
    size_pt = TEXT_PT
    document = _document(html, size_pt, width)
    while document.size().height() > height and size_pt > LEAST_PT:
        size_pt -= 0.5
        document = _document(html, size_pt, width)
    return document


def _document(html: str, size_pt: float, width: float) -> QTextDocument:
    document = QTextDocument()
    font = theme.font(max(1, round(size_pt * DPI / 72)))
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    document.setHtml(f'<body style="color:#000000">{html}</body>')
    document.setTextWidth(width)
    return document


def _draw(painter: QPainter, document: QTextDocument, top: float) -> None:
    painter.save()
    painter.translate(0, top)
    document.drawContents(painter, QRectF(0, 0, document.size().width(), document.size().height()))
    painter.restore()


def _head_html(opened: Opened) -> str:
    parcel = opened.parcel
    number = escape(parcel.number or text("ui.queue.no_number"))
    state = f"{words.name_of('kind', parcel.kind)} · {words.state_name(parcel.state)}"
    arrived = text("ui.side.arrived", time=f"{parcel.arrived_at.astimezone():%Y-%m-%d %H:%M}")
    return f"<b>{escape(text('ui.record.title'))} &nbsp; {number}</b><br>{escape(state)} · {escape(arrived)}"


def _body_html(opened: Opened, annotations: Sequence[Annotation]) -> str:
    sections = (
        (text("ui.side.declaration"), _declaration_lines(opened.parcel)),
        (text("ui.side.findings"), (words.finding_words(finding) for finding in opened.parcel.findings)),
        (text("ui.side.history"), _decision_lines(opened.history)),
        (text("ui.record.annotations"), _annotation_lines(annotations)),
        (text("ui.record.picture"), _capture_lines(opened.parcel)),
    )
    parts = []
    for title, lines in sections:
        shown = "<br>".join(escape(line) for line in lines) or "–"
        parts.append(f"<p style='margin:0 0 8px 0'><b>{escape(title)}</b><br>{shown}</p>")
    return "".join(parts)


def _declaration_lines(parcel: Parcel) -> Iterator[str]:
    declared = parcel.declaration
    if declared is None:
        yield text("ui.side.no_declaration")
        return
    for line in declared.goods:
        yield f"{line.name} · HS {line.hs_code} · {line.quantity} {line.unit} · {words.weight(line.weight_g)}"
    yield f"{words.weight(declared.gross_weight_g)} · {words.money(declared.value, declared.currency)}"
    yield f"{declared.sender} → {declared.consignee} · {declared.origin}"


def _decision_lines(history: Sequence[Decision]) -> Iterator[str]:
    for each in history:
        reason = words.reason_name(each.action, each.reason) if each.reason else ""
        undone = text("ui.side.undone") if each.undone_at else ""
        at = f"{each.decided_at.astimezone():%Y-%m-%d %H:%M:%S}"
        parts = (at, words.action_name(each.action), each.officer, reason, each.note, each.trace_code or "", undone)
        yield " · ".join(part for part in parts if part)


def _annotation_lines(annotations: Sequence[Annotation]) -> Iterator[str]:
    for number, each in enumerate(annotations, start=1):
        category, shape = text(f"look.category.{each.category}"), text(f"look.shape.{each.shape}")
        yield " · ".join(part for part in (f"{number}", category, shape, each.text, f"{each.box}", each.author) if part)


def _capture_lines(parcel: Parcel) -> Iterator[str]:
    for capture in parcel.captures:
        yield f"{capture.device} · {capture.taken_at.astimezone():%Y-%m-%d %H:%M:%S} · {capture.model}"
        yield f"SHA-256 {capture.sha256}"
    yield text("ui.record.made", time=f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S}")
