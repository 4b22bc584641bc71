"""Filings from tables: which columns a book has under which names, and what is wrong with a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from app.customs.documents import to_units
from app.customs.filings import FIELDS, Book, Credit, Filing, Standing
from app.exchange.errors import SheetBrokenError
from app.exchange.sheets import read_sheet, to_day

_COMMON = ("key", "name", "standing", "valid_from", "valid_to")

# What columns may be called; the first Chinese name is the usual one.
_TITLES: Mapping[str, tuple[str, ...]] = {
    "key": ("编号", "代码", "海关注册编码", "备案号", "商品编码", "企业代码", "税号", "key", "code", "no"),
    "name": ("名称", "企业名称", "商品名称", "品名", "name"),
    "standing": ("状态", "备案状态", "standing", "status"),
    "valid_from": ("生效日期", "有效期起", "备案日期", "valid_from", "from"),
    "valid_to": ("失效日期", "有效期止", "valid_to", "to"),
    "credit": ("信用等级", "企业信用等级", "credit"),
    "kind": ("企业类型", "类型", "kind"),
    "address": ("地址", "address"),
    "enterprise": ("所属企业", "申报企业", "enterprise"),
    "hs_code": ("HS编码", "海关商品编码", "hs_code"),
    "model": ("规格型号", "规格", "model"),
    "unit": ("计量单位", "单位", "unit"),
    "origin": ("原产国", "原产国（地区）", "origin"),
    "bar_code": ("条码", "商品条码", "bar_code"),
    "price": ("完税价格", "参考价格", "价格", "price"),
    "reason": ("原因", "事由", "reason"),
    "note": ("备注", "note"),
}
_STANDINGS = {
    "有效": Standing.IN_FORCE, "正常": Standing.IN_FORCE, "备案": Standing.IN_FORCE,
    "暂停": Standing.SUSPENDED, "注销": Standing.CANCELLED, "失效": Standing.CANCELLED,
    **{standing.value: standing for standing in Standing},
}  # fmt: skip
_CREDITS = {
    "高级认证": Credit.ADVANCED, "高级认证企业": Credit.ADVANCED, "AEO": Credit.ADVANCED,
    "常规": Credit.ORDINARY, "常规管理": Credit.ORDINARY, "一般": Credit.ORDINARY, "备案企业": Credit.ORDINARY,
    "失信": Credit.DISHONEST, "失信企业": Credit.DISHONEST, **{credit.value: credit for credit in Credit},
}  # fmt: skip

_KEYS: Mapping[Book, str] = {
    Book.ENTERPRISE: r"[0-9A-Z]{10}|[0-9A-Z]{18}",
    Book.GOODS: r"[0-9A-Za-z][0-9A-Za-z._/-]{0,49}",
    Book.WHITELIST: r"\S.{0,99}",
    Book.BLACKLIST: r"\S.{0,99}",
    Book.NEGATIVE: r"[0-9]{2,10}",
    Book.POSITIVE: r"[0-9]{2,10}",
    Book.PRICE: r"[0-9]{2,10}",
}
LATEST: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is not taken: its number in the file, the column, and what is wrong there, as a text key."""

    row: int
    column: str
    why: str
    value: str = ""


def read_filings(path: Path, book: Book) -> Iterator[Filing | Wrong]:
    """The filings of a table, row by row; a row that is wrong comes as what is wrong with it.

    The first row names the columns, in Chinese or English, in any order.

    Raises:
        SheetBrokenError: it is no table, or lacks the column of the key.
    """
    rows = read_sheet(path)
    _, titles = next(rows, (0, []))
    columns = {name: at for at, title in enumerate(titles) if (name := _name_of(title, book))}
    if "key" not in columns:
        raise SheetBrokenError(
            f"{path.name} has no column for the number ({_TITLES['key'][0]}, key).", name=path.name, why="key"
        )
    for number, cells in rows:
        said = {name: cells[at] for name, at in columns.items() if at < len(cells) and cells[at]}
        try:
            yield _filing(book, dict(said))
        except _WrongError as error:
            yield Wrong(number, error.column, error.why, said.get(error.column, ""))


def guess_book(path: Path) -> Book | None:
    """The book that a file's name begins with, such as enterprise-2026.csv."""
    return next((book for book in Book if path.name.lower().startswith(book.value)), None)


class _WrongError(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(column, why)
        self.column, self.why = column, why


def _name_of(title: str, book: Book) -> str:
    plain = title.strip().lower()
    allowed = (*_COMMON, *FIELDS[book])
    # A book's own columns first: 商品编码 is the key of a list, and not of the record of goods.
    return next((name for name in allowed if plain in map(str.lower, _TITLES[name])), "")


def _filing(book: Book, said: dict[str, str]) -> Filing:
    key = said.pop("key", "")
    if not re.fullmatch(_KEYS[book], key):
        raise _WrongError("key", "key" if key else "empty")
    standing = _STANDINGS.get(said.pop("standing", "in_force"))
    if standing is None:
        raise _WrongError("standing", "standing")
    valid_from = _day(said, "valid_from") or date.min
    valid_to = _day(said, "valid_to")
    if valid_to is not None and valid_to < valid_from:
        raise _WrongError("valid_to", "span")
    name = said.pop("name", "")
    for column, value in said.items():
        if (check := _CHECKS.get(column)) is not None:
            said[column] = check(value)
    return Filing(book, key, name[:200], standing, valid_from, None if valid_to == LATEST else valid_to, said)


def _day(said: dict[str, str], column: str) -> date | None:
    text = said.pop(column, "")
    try:
        return to_day(text) if text else None
    except ValueError as error:
        raise _WrongError(column, "day") from error


def _credit(text: str) -> str:
    credit = _CREDITS.get(text)
    if credit is None:
        raise _WrongError("credit", "credit")
    return credit.value


def _price(text: str) -> str:
    units = to_units(text.replace(",", ""))
    if units is None or units <= 0:
        raise _WrongError("price", "price")
    return text.replace(",", "")


def _hs_code(text: str) -> str:
    if not re.fullmatch("[0-9]{4,10}", text):
        raise _WrongError("hs_code", "hs_code")
    return text


_CHECKS: Mapping[str, Callable[[str], str]] = {"credit": _credit, "price": _price, "hs_code": _hs_code}
