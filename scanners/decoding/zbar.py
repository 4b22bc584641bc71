"""The second engine, zbar through pyzbar: linear codes and QR. The station works without its library."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from scanners.barcode import Code
from scanners.decoding.look import Look, Seen, place
from scanners.decoding.text import read_text

ENGINE = "zbar"
_log = logging.getLogger(__name__)
_NAMES = {
    "EAN13": ("EAN13", "]E0"),
    "EAN8": ("EAN8", "]E4"),
    "UPCA": ("EAN13", "]E0"),
    "UPCE": ("UPCE", "]E0"),
    "I25": ("ITF", "]I0"),
    "CODABAR": ("Codabar", "]F0"),
    "CODE39": ("Code39", "]A0"),
    "CODE93": ("Code93", "]G0"),
    "CODE128": ("Code128", "]C0"),
    "QRCODE": ("QRCode", "]Q1"),
}
"""zbar's names, ours, and the AIM identifier. DataBar stays off: it asserts on stderr and misreads."""


@cache
def _module() -> Any:
    try:
        from pyzbar import pyzbar
    except (ImportError, OSError) as error:
        _log.warning("The zbar library is missing (%s): codes are read with zxing-cpp alone. Install libzbar0.", error)
        return None
    return pyzbar


def is_there() -> bool:
    """Whether the zbar library is installed; said once in the log where it is not."""
    return _module() is not None


def read(look: Look, symbologies: frozenset[str] = frozenset()) -> list[Seen]:
    """Codes in one look, only of `symbologies` (our names) where given; nothing without the library.

    pyzbar raises ValueError on a QR code of a structured append; the look then has seen nothing.
    """
    pyzbar = _module()
    wanted = [theirs for theirs, (ours, _) in _NAMES.items() if not symbologies or ours in symbologies]
    if pyzbar is None or not wanted:
        return []
    try:
        found = pyzbar.decode(look.pixels, symbols=[pyzbar.ZBarSymbol[name] for name in wanted])
    except (ValueError, pyzbar.PyZbarError) as error:
        _log.debug("zbar gave up on a picture: %s", error)
        return []
    return [Seen(_code(one, look), ENGINE, look.name) for one in found if one.type in _NAMES]


def _code(found: Any, look: Look) -> Code:
    symbology, aim = _NAMES[found.type]
    text = read_text(found.data)
    if found.type == "UPCA":
        text = text.zfill(13)
    elif found.type == "UPCE":
        text = expand_upce(text)
    corners = [(p.x, p.y) for p in found.polygon]
    return Code(symbology, text, place(corners, look.back), bytes(found.data), aim=aim)


def expand_upce(text: str) -> str:
    """The thirteen digits that an eight-digit UPC-E stands for (GS1 General Specifications 5.2.2.4.2)."""
    if len(text) != 8 or not text.isdigit():
        return text
    system, body, kind, check = text[0], text[1:6], text[6], text[7]
    if kind in "012":
        item = f"{body[:2]}{kind}0000{body[2:]}"
    elif kind == "3":
        item = f"{body[:3]}00000{body[3:]}"
    elif kind == "4":
        item = f"{body[:4]}00000{body[4]}"
    else:
        item = f"{body}0000{kind}"
    return f"0{system}{item}{check}"
