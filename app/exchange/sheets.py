"""Tables from outside, CSV or Excel (.xlsx), read row by row without trust; five million rows need no more memory."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.exchange.errors import SheetBrokenError

MAX_BYTES: Final = 2 << 30
MAX_COLUMNS: Final = 64
MAX_CELL: Final = 4000
_EXCEL_DAY_0 = date(1899, 12, 30)


def read_sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table as texts, each with its number in the file; empty rows are left out.

    Raises:
        SheetBrokenError: it is no table that can be read, or holds more than any table may.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _broken(path, f"it is larger than {MAX_BYTES >> 30} GB")
        rows = _excel(path) if zipfile.is_zipfile(path) else _csv(path)
        for number, cells in rows:
            if len(cells) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in cells):
                raise _broken(path, f"row {number} is too wide or has too long a cell")
            if any(cells):
                yield number, cells
    except (OSError, csv.Error, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, InvalidFileException) as error:
        raise _broken(path, str(error)) from error


def to_day(text: str) -> date:
    """A day as tables write it: 2026-05-01, 2026/5/1, 20260501, or Excel's count of days.

    Raises:
        ValueError: it is none of them.
    """
    if re.fullmatch(r"[0-9]{5}(\.0+)?", text):
        return _EXCEL_DAY_0 + timedelta(days=int(float(text)))
    if re.fullmatch(r"[0-9]{8}", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    parts = re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})( 00:00:00)?", text)
    if parts is None:
        raise ValueError(f"{text!r} is no day")
    return date(int(parts[1]), int(parts[2]), int(parts[3]))


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        head = file.readline(1 << 16)
        delimiter = max(",;\t", key=head.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, else GB 18030, which Chinese offices still write."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while part := file.read(1 << 20):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


def _excel(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise ValueError("it holds more than any table")
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        for number, cells in enumerate(book.worksheets[0].iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), 1):
            texts = [_text(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            yield number, texts
    finally:
        book.close()


def _text(cell: object) -> str:
    """A cell as text: a whole number without its point, a day as a day."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.date().isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell).strip()


def _broken(path: Path, why: str) -> SheetBrokenError:
    return SheetBrokenError(f"{path.name} is no table that can be read: {why}.", name=path.name, why=why)
