"""A label drawn once as a bitmap of one bit a dot; every printer language and file gets this bitmap."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal

import numpy as np
import qrcode
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError
from qrcode.util import MODE_ALPHA_NUM, QRData

from app.customs.states import State
from app.texts import text
from app.trace.errors import CodeTooLargeError, LabelError
from app.trace.fonts import load_font
from app.trace.ids import TraceId
from app.trace.templates import QrBox, Template, TextField, names_in

QUIET_MODULES = 4
MIN_MODULE_MM = 4 * 25.4 / 203.2  # four dots of a 203 dpi printer: less is not read back after wear
DPI_RANGE = (150, 1200)
MAX_SIDE_PX = 12_000
MAX_VALUE = 200
_SMALLEST_SHARE = 0.7
_ERROR_LEVELS = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q}


@dataclass(frozen=True, slots=True)
class LabelData:
    """What one label says. `copy` is 0 for the first print and counts the reprints (补打) after it."""

    code: str
    trace_id: TraceId
    item_id: str
    office_name: str
    status: State
    issued_at: datetime
    inventory_no: str = ""
    goods: str = ""
    copy: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """A drawn label: `image` has mode "1", 0 is a black dot."""

    image: Image.Image
    template: Template
    dpi: int

    @property
    def black(self) -> NDArray[np.bool_]:
        """(rows, cols), True where the printer burns a dot."""
        return ~np.asarray(self.image, dtype=np.bool_)


def draw_label(template: Template, data: LabelData, *, dpi: int = 203, language: str = "zh_CN") -> Label:
    """Draw a label for a printer of so many dots an inch, in one of the languages of `app.texts`.

    Raises:
        CodeTooLargeError: the code needs more room than the template gives it.
        FontMissingError: no Chinese font is installed.
        LabelError: no printer has this resolution.
    """
    if not DPI_RANGE[0] <= dpi <= DPI_RANGE[1]:
        raise LabelError(f"A label cannot be drawn at {dpi} dpi; printers have 203, 300 or 600.")
    size = (to_px(template.width_mm, dpi), to_px(template.height_mm, dpi))
    if max(size) > MAX_SIDE_PX:
        raise LabelError(f"A label of {size[0]} by {size[1]} dots is too large; lower the resolution.")
    image = Image.new("1", size, 1)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"
    for rule in template.rule:
        pen.rectangle(_box(rule.x_mm, rule.y_mm, rule.width_mm, rule.height_mm, dpi), fill=0)
    _draw_qr(image, template.qr, data.code, dpi)
    values = _values(data, language)
    for field in template.field:
        _draw_field(pen, field, field.en if language == "en" else field.zh, values, dpi)
    return Label(image, template, dpi)


def to_px(length_mm: float, dpi: int) -> int:
    return round(length_mm * dpi / 25.4)


def qr_modules(code: str, error_level: Literal["M", "Q"] = "M") -> NDArray[np.bool_]:
    """The QR of a code in alphanumeric mode: (modules, modules), True is black, no quiet zone.

    Raises:
        CodeTooLargeError: no QR is large enough, or the code has letters outside the alphanumeric mode.
    """
    qr = qrcode.QRCode(error_correction=_ERROR_LEVELS[error_level], border=0)
    try:
        qr.add_data(QRData(code, mode=MODE_ALPHA_NUM))
        qr.make(fit=True)
    except (ValueError, DataOverflowError) as error:
        raise CodeTooLargeError("The code does not fit into an alphanumeric QR.") from error
    return np.array(qr.get_matrix(), dtype=np.bool_)


def _box(x_mm: float, y_mm: float, width_mm: float, height_mm: float, dpi: int) -> tuple[int, int, int, int]:
    """Corners in px as Pillow wants them, the last row and column inside."""
    left, top = to_px(x_mm, dpi), to_px(y_mm, dpi)
    right, bottom = to_px(x_mm + width_mm, dpi), to_px(y_mm + height_mm, dpi)
    return left, top, max(left, right - 1), max(top, bottom - 1)


def _draw_qr(image: Image.Image, box: QrBox, code: str, dpi: int) -> None:
    modules = qr_modules(code, box.error_level)
    side = len(modules) + 2 * QUIET_MODULES
    room = to_px(box.size_mm, dpi)
    dots = room // side
    if dots < ceil(MIN_MODULE_MM * dpi / 25.4 - 0.1):
        raise CodeTooLargeError(
            f"The code needs {side} modules of {MIN_MODULE_MM:.1f} mm and the label has {box.size_mm:g} mm for it: "
            "use a larger label.",
            modules=side,
            room_mm=box.size_mm,
        )
    drawn = Image.fromarray(~np.kron(modules, np.ones((dots, dots), dtype=np.bool_)))
    spare = (room - drawn.width) // 2
    image.paste(drawn, (to_px(box.x_mm, dpi) + spare, to_px(box.y_mm, dpi) + spare))


def _values(data: LabelData, language: str) -> dict[str, str]:
    values = {
        "trace_id": data.trace_id.display,
        "item_id": data.item_id,
        "inventory_no": data.inventory_no,
        "office": data.trace_id.office,
        "office_name": data.office_name,
        "status": text(f"label.status.{data.status}", lang=language),
        "goods": data.goods,
        "issued": data.issued_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        "copy": str(data.copy) if data.copy else "",
    }
    return {name: _printable(value) for name, value in values.items()}


def _printable(value: str) -> str:
    """A value without control, bidi and other invisible characters: labels show foreign text."""
    shown = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in value[:MAX_VALUE])
    return " ".join("".join(shown).split())


def _draw_field(pen: ImageDraw.ImageDraw, field: TextField, pattern: str, values: dict[str, str], dpi: int) -> None:
    names = names_in(pattern)
    if names and not any(values[name] for name in names):
        return
    left, top, right, bottom = _box(field.x_mm, field.y_mm, field.width_mm, field.height_mm, dpi)
    if field.inverted:
        pen.rectangle((left, top, right, bottom), fill=0)
    padding = to_px(0.4, dpi) if field.inverted else 0
    width = right - left + 1 - 2 * padding
    font, lines = _fit(pattern.format_map(values), field, width, dpi)
    pitch = (bottom - top + 1) / field.lines
    for number, line in enumerate(lines):
        spare = width - font.getlength(line)
        x = left + padding + {"left": 0.0, "center": spare / 2, "right": spare}[field.align]
        middle = top + pitch * (number + 0.5)
        pen.text((round(x), round(middle)), line, font=font, fill=1 if field.inverted else 0, anchor="lm")


def _fit(content: str, field: TextField, width_px: int, dpi: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest font, down to a share of the wanted size, in which the text fits; else cut with an ellipsis."""
    wanted = to_px(field.size_mm, dpi)
    smallest = max(8, int(wanted * _SMALLEST_SHARE))
    for size_px in range(wanted, smallest - 1, -1):
        font = load_font(size_px, is_bold=field.bold)
        lines, rest = _wrap(content, font, width_px, field.lines)
        if not rest:
            return font, lines
    shown = lines[-1] + "…"
    while len(shown) > 1 and font.getlength(shown) > width_px:
        shown = shown[:-2] + "…"
    return font, [*lines[:-1], shown]


def _wrap(content: str, font: ImageFont.FreeTypeFont, width_px: int, most: int) -> tuple[list[str], str]:
    """At most so many lines no wider than the width, and what is left over.

    Chinese breaks anywhere; a Latin word or a number stays whole where it fits on a line of its own.
    """
    lines: list[str] = []
    rest = content
    while rest and len(lines) < most:
        ends = range(1, len(rest) + 1)
        end = max(1, bisect_right(ends, float(width_px), key=lambda end: font.getlength(rest[:end])))
        whole = end
        while 0 < whole < len(rest) and _is_in_word(rest[whole - 1 : whole + 1]):
            whole -= 1
        end = whole or end
        lines.append(rest[:end].strip())
        rest = rest[end:].lstrip()
    return lines, rest


def _is_in_word(pair: str) -> bool:
    return pair.isascii() and pair.isalnum()
