"""The trace id (追溯编号) of what leaves the post: `T` + office 4 + year 4 + serial 9 + check digit, 19 letters.

The body is the shape of an inventory number without its direction letter, so it reads naturally beside one.
The check digit is Damm's (the table of his 2004 thesis, as in python-stdnum) over the 17 digits between `T`
and itself: it finds every wrong digit and every swap of two neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import damm

from app.trace.errors import TraceIdCheckError, TraceIdShapeError

MAX_SERIAL = 999_999_999
_MAX_TYPED = 40
_SHAPE = re.compile(r"T([0-9]{4})([0-9]{4})([0-9]{9})([0-9])\Z")
_DIVIDERS = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class TraceId:
    """`office` is the customs office code (关区代码), `year` that of issue, `serial` unique within both.

    Raises:
        TraceIdShapeError: a part is out of its range.
    """

    office: str
    year: int
    serial: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{4}", self.office):
            raise TraceIdShapeError(f"Office code {self.office!r} is not 4 digits; set it in the station's settings.")
        if not 2000 <= self.year <= 9999 or not 1 <= self.serial <= MAX_SERIAL:
            raise TraceIdShapeError(f"Year {self.year} or serial {self.serial} does not fit into a trace id.")

    def __str__(self) -> str:
        body = f"{self.office}{self.year}{self.serial:09d}"
        return f"T{body}{damm.calc_check_digit(body)}"

    @property
    def display(self) -> str:
        """The id in groups, for people: T5301-2026-000012345-7."""
        text = str(self)
        return f"{text[:5]}-{text[5:9]}-{text[9:18]}-{text[18]}"


def parse_trace_id(text: str) -> TraceId:
    """The trace id that a person typed or a reader read; lower case, spaces and hyphens are forgiven.

    Raises:
        TraceIdShapeError: this is no trace id.
        TraceIdCheckError: it is one, with a wrong check digit.
    """
    found = _SHAPE.match(text.translate(_DIVIDERS).upper()) if len(text) <= _MAX_TYPED else None
    if found is None:
        raise TraceIdShapeError("This is not a trace id; one is T and 18 digits, like T5301-2026-000012345-7.")
    office, year, serial, check = found.groups()
    if damm.calc_check_digit(office + year + serial) != check:
        raise TraceIdCheckError(
            f"The check digit of {found.group()} is wrong: compare it with the label and type it again.",
            trace_id=found.group(),
        )
    return TraceId(office, int(year), int(serial))


def is_trace_id(text: str) -> bool:
    try:
        parse_trace_id(text)
    except (TraceIdShapeError, TraceIdCheckError):
        return False
    return True
