"""Which values a field may have beyond its type: lists of codes, times, numbers of documents, identity numbers.

Source: annotations of the 202205 schemas and the table of receipt statuses; what they leave open is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from operator import mul

STATUSES = frozenset(
    {
        "1", "2", "3", "4", "100", "120", "300", "399", "500", "501", "502", "503", "505", "599", "600", "700",
        "800", "899",
    }
)  # fmt: skip
"""Known receipt statuses; any of them is accepted on any receipt, because the lists of the sources differ."""

_CODES: dict[str, str] = {
    "appType": "1 2 3",
    "appStatus": "1 2",
    "ieFlag": "I E",
    "statisticsFlag": "A B",
    "logisticsStatus": "S",
    "dxpMode": "DXP",
    "summaryFlag": "1 2",
}
_CODES_OF: dict[tuple[str, str], str] = {
    ("CEB311", "orderType"): "I",
    ("CEB303", "orderType"): "I E B W",
    ("CEB623", "appType"): "1",
    ("CEB621", "tradeMode"): "9610 1210",
    ("CEB603", "tradeMode"): "9610 1210 1239",
    ("CEB213", "ieFlag"): "I",
    ("CEB215", "ieFlag"): "I",
    ("CEB816", "status"): "1 2 3",
    ("CEB818", "status"): "1 2 3",
    ("", "status"): "ALL DATA RET",
}
for _kind in ("CEB311", "CEB411", "CEB621", "CEB623", "CEB625"):
    _CODES_OF |= {(_kind, "buyerIdType"): "1", (_kind, "payerIdType"): "1"}
for _kind in ("CEB511", "CEB621"):
    _CODES_OF[_kind, "packNo"] = "1"


def allowed(kind: str, tag: str) -> frozenset[str] | None:
    """The values that a field may have, None where any will do; `kind` is "" for the groups after the records."""
    codes = _CODES_OF.get((kind, tag), _CODES.get(tag))
    return None if codes is None else frozenset(codes.split())


def check_of(tag: str, letter: str, high: int) -> Callable[[str], object] | None:
    """What says whether a field's value has the right shape, None where nothing more is known."""
    if letter == "D":
        return is_day
    if letter == "T":
        return is_time if high == 14 else is_time_ms
    return _SHAPES.get(tag)


def _shape(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.ASCII).fullmatch


def is_day(text: str) -> bool:
    return _is_day(text) if len(text) == 8 and text.isascii() else False


def is_time(text: str) -> bool:
    """A time as yyyyMMddHHmmss."""
    return (
        len(text) == 14
        and text.isascii()
        and text.isdecimal()
        and text[8:10] < "24"
        and text[10:12] < "60"
        and text[12:] < "60"
        and _is_day(text[:8])
    )


def is_time_ms(text: str) -> bool:
    """A time as yyyyMMddHHmmssSSS."""
    return len(text) == 17 and text.isascii() and text.isdecimal() and is_time(text[:14])


_DAYS: dict[str, bool] = {}


def _is_day(text: str) -> bool:
    known = _DAYS.get(text)
    if known is None:
        try:
            known = text.isdecimal() and bool(date(int(text[:4]), int(text[4:6]), int(text[6:])))
        except ValueError:
            known = False
        if len(_DAYS) > 50_000:
            _DAYS.clear()
        _DAYS[text] = known
    return known


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII).fullmatch


def is_identity_number(text: str) -> bool:
    """A resident's identity number: 18 letters, a birthday in it, check letter by ISO 7064 mod 11-2."""
    if _ID_SHAPE(text) is None or not _is_day(text[6:14]):
        return False
    total = sum(map(mul, _WEIGHTS, map(int, text[:17])))
    return text[17] == "10X98765432"[total % 11]


def is_status(text: str) -> bool:
    """A receipt status: a known one, or a negative number for an error of processing."""
    return text in STATUSES or (text[:1] == "-" and text[1:].isdecimal() and text[1:].isascii())


def is_upper_guid(text: str) -> bool:
    return text == text.upper()


_SHAPES: dict[str, Callable[[str], object]] = {
    "guid": is_upper_guid,
    "returnStatus": is_status,
    "preNo": _shape(r"[A-Z][0-9]{17}"),
    "invtNo": _shape(r"[0-9]{8}[IE][0-9]{9,11}"),
    "gcode": _shape(r"[0-9]{4,10}"),
    "customsCode": _shape(r"[0-9]{4}"),
    "portCode": _shape(r"[0-9]{4}"),
    "currency": _shape(r"[0-9]{3}"),
}
