"""Filings from tables: columns by their names, encodings, Excel, and every row that is wrong named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.customs.filings import Book, Filing, Standing
from app.exchange.errors import SheetBrokenError
from app.exchange.filings import Wrong, guess_book, read_filings
from app.exchange.sheets import read_sheet, to_day

ENTERPRISES = (
    "企业代码,企业名称,信用等级,状态,生效日期,失效日期,备注\n"
    "4403960ABC,虚构电商甲,高级认证,有效,2026-01-01,9999-12-31,\n"
    "91440300FAKE000001,虚构电商乙,失信,暂停,2026/3/5,,test\n"
)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_the_encodings_of_offices(tmp_path: Path, encoding: str) -> None:
    first, second = read_filings(write(tmp_path / "e.csv", ENTERPRISES, encoding), Book.ENTERPRISE)
    assert first == Filing(
        Book.ENTERPRISE, "4403960ABC", "虚构电商甲", Standing.IN_FORCE, date(2026, 1, 1), None, {"credit": "advanced"}
    )
    assert isinstance(second, Filing)
    assert (second.standing, second.said) == (Standing.SUSPENDED, {"credit": "dishonest", "note": "test"})


def test_an_excel_table_keeps_days_numbers_and_texts(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["code", "name", "price", "unit", "valid_from"],
        [91021100, "手表", 300.5, "035", date(2026, 5, 1)],
        [None, None, None, None, None],
        ["0402", "奶粉", "1,200", "035", 46143],
    ):
        sheet.append(row)
    book.save(tmp_path / "p.xlsx")
    first, second = read_filings(tmp_path / "p.xlsx", Book.PRICE)
    assert isinstance(first, Filing)
    assert isinstance(second, Filing)
    assert (first.key, first.said, first.valid_from) == (
        "91021100",
        {"price": "300.5", "unit": "035"},
        date(2026, 5, 1),
    )
    assert (second.key, second.said["price"], second.valid_from) == ("0402", "1200", date(2026, 5, 1))


def test_every_wrong_row_is_named_and_the_others_are_taken(tmp_path: Path) -> None:
    table = (
        "key;name;credit;standing;valid_from;valid_to\n"
        "SHORT;a;;;;\n;a;;;;\n4403960ABC;a;best;;;\n4403960ABC;a;;gone;;\n4403960ABC;a;;;2026-13-01;\n"
        "4403960ABC;a;;;2026-05-01;2026-04-01\n4403960ABC;a;;;;\n"
    )
    rows = list(read_filings(write(tmp_path / "e.csv", table), Book.ENTERPRISE))
    assert [(row.row, row.column, row.why) for row in rows if isinstance(row, Wrong)] == [
        (2, "key", "key"), (3, "key", "empty"), (4, "credit", "credit"), (5, "standing", "standing"),
        (6, "valid_from", "day"), (7, "valid_to", "span"),
    ]  # fmt: skip
    assert isinstance(rows[-1], Filing)


@pytest.mark.parametrize(
    ("book", "column", "value"), [(Book.PRICE, "price", "-3"), (Book.GOODS, "hs_code", "12")]
)  # fmt: skip
def test_what_cannot_be_right_is_refused(tmp_path: Path, book: Book, column: str, value: str) -> None:
    (row,) = read_filings(write(tmp_path / "t.csv", f"key,{column}\n9102,{value}\n"), book)
    assert isinstance(row, Wrong)
    assert (row.column, row.value) == (column, value)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04broken", b"key\n" + b"x" * 5000])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(SheetBrokenError):
        list(read_filings(tmp_path / "t.csv", Book.NEGATIVE))


def test_days_are_read_as_offices_write_them() -> None:
    assert {to_day(text) for text in ("2026-05-01", "2026/5/1", "20260501", "46143", "2026.05.01")} == {
        date(2026, 5, 1)
    }
    for text in ("2026", "1.5.2026", "soon"):
        with pytest.raises(ValueError):
            to_day(text)


def test_a_book_is_known_by_the_name_of_its_file(tmp_path: Path) -> None:
    assert guess_book(Path("Negative-2026.csv")) is Book.NEGATIVE
    assert guess_book(Path("table.csv")) is None


def test_a_long_table_is_read_row_by_row(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "key,name\n" + "9102,x\n" * 20_000)
    rows = read_sheet(path)
    assert next(rows) == (1, ["key", "name"])
    assert sum(1 for _ in rows) == 20_000
