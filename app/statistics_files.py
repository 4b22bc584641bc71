"""Reports of figures as files: CSV, a spreadsheet, and a PDF to print; the words are those of the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from PIL import Image, ImageDraw

from app.customs.statistics import Form, Report, Series, Span, Table, Value
from app.texts import text
from app.trace.fonts import load_font
from imaging.errors import KnownError

FORMATS: Final = (".csv", ".xlsx", ".pdf")


class ReportFileError(KnownError):
    """The report cannot be written as this file."""

    key = "report_file"


class ReportFolderError(ReportFileError):
    """The report's folder is not there."""

    key = "report_folder"


def write_report(
    report: Report, path: Path, *, post: str, write: Callable[[Path, bytes], object] = Path.write_bytes
) -> None:
    """Write a report; the file's name says as what.

    Raises:
        ReportFolderError: there is no such folder.
        ReportFileError: its ending is none of .csv, .xlsx and .pdf, or the file cannot be written.
        FontMissingError: a PDF needs a Chinese font.
    """
    if not path.parent.is_dir():
        raise ReportFolderError(f"There is no folder {path.parent}.", name=str(path.parent))
    encode = {".csv": _csv, ".xlsx": _xlsx, ".pdf": _pdf}.get(path.suffix.lower())
    if encode is None:
        raise ReportFileError(f"{path.name} ends in none of {', '.join(FORMATS)}.", name=path.name, why=path.suffix)
    try:
        write(path, encode(report, title_of(report, post)))
    except OSError as error:
        raise ReportFileError(f"{path.name} cannot be written.", name=path.name, why=error.strerror) from error


def title_of(report: Report, post: str) -> str:
    """Whose figures of when; exercises are named as such."""
    return text("stats.drill_title" if report.is_drill else "stats.title", post=post, span=span_words(report.span))


def span_words(span: Span) -> str:
    if span.first == span.last:
        return span.first.isoformat()
    return f"{span.first.isoformat()} – {span.last.isoformat()}"


def column_words(table: Table) -> list[str]:
    return [text(f"stats.column.{column.name}") for column in table.columns]


def said(value: Value, form: Form) -> str:
    """A value as the page and the print show it."""
    if value is None or value == "":
        return "–" if value is None else ""
    match form:
        case Form.NAME:
            return text(f"stats.row.{value}")
        case Form.MARK:
            return text(f"stats.mark.{value}")
        case Form.COUNT:
            return f"{value:,}"
        case Form.SHARE:
            return f"{float(value):.1%}"
        case Form.SECONDS:
            return text("stats.seconds", seconds=f"{float(value):,.0f}")
        case Form.KG | Form.CNY:
            return f"{float(value):,.2f}"
        case Form.TEXT:
            return str(value)


def _csv(report: Report, title: str) -> bytes:
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow([title])
    for table in report.tables:
        out.writerow([])
        out.writerow([text(f"stats.table.{table.name}")])
        out.writerow(column_words(table))
        forms = [column.form for column in table.columns]
        out.writerows([_plain(*pair) for pair in zip(row, forms, strict=True)] for row in table.rows)
    return file.getvalue().encode("utf-8-sig")  # with the mark, or spreadsheets take Chinese for something else


def _plain(value: Value, form: Form) -> Value:
    """A value for a spreadsheet: numbers stay numbers, and no name becomes a formula."""
    if form in (Form.NAME, Form.MARK):
        return said(value, form)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


_NUMBERS = {Form.SHARE: "0.0%", Form.KG: "#,##0.00", Form.CNY: "#,##0.00", Form.COUNT: "#,##0", Form.SECONDS: "#,##0"}


def _xlsx(report: Report, title: str) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for table in report.tables:
        sheet = book.create_sheet(text(f"stats.table.{table.name}")[:31])
        sheet.append([title])
        sheet.append(column_words(table))
        for cell in (*sheet[1], *sheet[2]):
            cell.font = Font(bold=True)
        for row in table.rows:
            sheet.append([_cell(sheet, value, column.form) for value, column in zip(row, table.columns, strict=True)])
        sheet.freeze_panes = "A3"
        sheet.column_dimensions["A"].width = 32
        for column in range(2, len(table.columns) + 1):
            sheet.column_dimensions[sheet.cell(2, column).column_letter].width = 16
    for series in report.series:
        _add_chart(book, series)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: object, value: Value, form: Form) -> Cell:
    shown = said(value, form) if form in (Form.NAME, Form.MARK) else value
    cell = Cell(sheet, value=shown)
    if isinstance(shown, str):
        # A name that begins with = is a name.
        cell.data_type = "s"
    cell.number_format = _NUMBERS.get(form, "General")
    return cell


def _add_chart(book: Workbook, series: Series) -> None:
    sheet = book.create_sheet(text(f"stats.series.{series.name}")[:31])
    sheet.append(["", *(text(f"stats.line.{name}") for name in series.lines)])
    for place, label in enumerate(series.labels):
        sheet.append([label, *(values[place] for values in series.lines.values())])
    chart, last = BarChart(), len(series.labels) + 1
    chart.add_data(Reference(sheet, min_col=2, max_col=1 + len(series.lines), min_row=1, max_row=last), True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    chart.width, chart.height = 28, 10
    sheet.add_chart(chart, "F2")


DPI = 150
_PAGE_PX = (1240, 1754)
_MARGIN_PX = 90
_TEXT_PX = 20
_LINE_PX = 32
_HEAD_PX = 30
_PLOT_PX = 260
_GREYS = (60, 130, 190)


def _pdf(report: Report, title: str) -> bytes:
    pages = _Pages()
    pages.write(title, size_px=_HEAD_PX, is_bold=True, height_px=60)
    for series in report.series:
        pages.plot(series)
    for table in report.tables:
        pages.table(table)
    first, *rest = pages.drawn
    file = io.BytesIO()
    first.save(file, "PDF", save_all=True, append_images=rest, resolution=DPI)
    return file.getvalue()


class _Pages:
    """A4 pages that are filled from top to bottom."""

    def __init__(self) -> None:
        self.drawn: list[Image.Image] = []
        self._turn()

    def write(self, line: str, *, size_px: int = _TEXT_PX, is_bold: bool = False, height_px: int = _LINE_PX) -> None:
        self._need(height_px)
        self._draw.text((_MARGIN_PX, self._y), line, fill=0, font=load_font(size_px, is_bold=is_bold))
        self._y += height_px

    def table(self, table: Table) -> None:
        # A table's head never stands alone at the foot of a page.
        self._need(_LINE_PX * (4 + min(3, len(table.rows))))
        self._y += _LINE_PX
        self.write(text(f"stats.table.{table.name}"), is_bold=True)
        self._row(column_words(table), is_bold=True)
        self._line()
        for row in table.rows:
            self._need(_LINE_PX)
            self._row([said(value, column.form) for value, column in zip(row, table.columns, strict=True)])

    def plot(self, series: Series) -> None:
        """Bars side by side for each label, in greys that a printer tells apart."""
        self._need(_PLOT_PX + 2 * _LINE_PX)
        names = [text(f"stats.line.{name}") for name in series.lines]
        at = _MARGIN_PX
        for name, grey in zip(names, _GREYS, strict=False):
            self._draw.rectangle((at, self._y + 6, at + 16, self._y + 22), fill=grey)
            self._draw.text((at + 24, self._y), name, fill=0, font=load_font(_TEXT_PX))
            at += 60 + round(load_font(_TEXT_PX).getlength(name))
        self._y += _LINE_PX
        self._bars(series)
        self._y += _PLOT_PX + _LINE_PX

    def _bars(self, series: Series) -> None:
        most = max((value for values in series.lines.values() for value in values), default=0) or 1
        step = (_PAGE_PX[0] - 2 * _MARGIN_PX) / max(1, len(series.labels))
        bar, bottom, small = step / (len(series.lines) + 1), self._y + _PLOT_PX, load_font(14)
        self._draw.text((_MARGIN_PX, self._y - 4), f"{most:,}", fill=0, font=small)
        every = -(-len(series.labels) // 24)
        for place, label in enumerate(series.labels):
            left = _MARGIN_PX + place * step
            for at, (values, grey) in enumerate(zip(series.lines.values(), _GREYS, strict=False)):
                top = bottom - round((_PLOT_PX - 20) * values[place] / most)
                self._draw.rectangle((left + at * bar, top, left + (at + 1) * bar - 1, bottom), fill=grey)
            if place % every == 0:
                self._draw.text((left, bottom + 4), label, fill=0, font=small)
        self._draw.line((_MARGIN_PX, bottom, _PAGE_PX[0] - _MARGIN_PX, bottom), fill=0)

    def _row(self, values: list[str], *, is_bold: bool = False) -> None:
        """The first value to the left in a third of the width, the others to the right in even columns."""
        self._need(_LINE_PX)
        font = load_font(_TEXT_PX - (2 if len(values) > 7 else 0), is_bold=is_bold)
        whole = _PAGE_PX[0] - 2 * _MARGIN_PX
        first = whole // 3 if len(values) < 8 else whole // 5
        width = (whole - first) / max(1, len(values) - 1)
        for place, value in enumerate(values):
            room = first if place == 0 else width
            while value and font.getlength(value) > room - 8:
                value = value[:-2] + "…" if len(value) > 2 else ""  # noqa: PLW2901
            right = _MARGIN_PX + first + place * width
            at = _MARGIN_PX if place == 0 else right - font.getlength(value)
            self._draw.text((at, self._y), value, fill=0, font=font)
        self._y += _LINE_PX

    def _line(self) -> None:
        self._draw.line((_MARGIN_PX, self._y, _PAGE_PX[0] - _MARGIN_PX, self._y), fill=0)
        self._y += 6

    def _need(self, height_px: int) -> None:
        if self._y + height_px > _PAGE_PX[1] - _MARGIN_PX:
            self._turn()

    def _turn(self) -> None:
        page = Image.new("L", _PAGE_PX, 255)
        self.drawn.append(page)
        self._draw = ImageDraw.Draw(page)
        self._y = _MARGIN_PX
