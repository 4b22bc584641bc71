"""The first engine, zxing-cpp: every symbology, always there."""

from __future__ import annotations

from typing import Any

import zxingcpp

from scanners.barcode import Code
from scanners.decoding.look import Look, Seen, place
from scanners.decoding.text import read_text

ENGINE = "zxing-cpp"
_FORMATS = zxingcpp.BarcodeFormat
_LEFT_OUT = {"DXFilmEdge"}
_LINEAR = frozenset(f.name for f in zxingcpp.barcode_formats_list(zxingcpp.BarcodeFormats(_FORMATS.AllLinear)))
EVERYTHING = tuple(
    f for f in zxingcpp.barcode_formats_list(zxingcpp.BarcodeFormats(_FORMATS.AllReadable)) if f.name not in _LEFT_OUT
)


def read(look: Look, formats: Any = EVERYTHING, *, is_inverted: bool = False, is_turned: bool = True) -> list[Seen]:
    """Codes in one look; `is_inverted` tries light on dark too, `is_turned` upright bars."""
    found = zxingcpp.read_barcodes(
        look.pixels,
        formats=formats,
        text_mode=zxingcpp.TextMode.Plain,
        try_invert=is_inverted,
        try_downscale=False,
        try_rotate=is_turned,
    )
    return [Seen(_code(one, look), ENGINE, look.name) for one in found if one.valid]


def _code(found: Any, look: Look) -> Code:
    at = found.position
    corners = [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
    raw = bytes(found.bytes)
    return Code(
        symbology=found.format.name,
        text=read_text(raw, found.text),
        points=place(corners, look.back),
        raw=raw,
        aim=found.symbology_identifier,
    )


def formats_of(symbologies: frozenset[str]) -> tuple[Any, ...]:
    """zxing-cpp's formats for our names; all of them for none."""
    return tuple(f for f in EVERYTHING if f.name in symbologies) if symbologies else EVERYTHING


def linear_of(symbologies: frozenset[str]) -> tuple[Any, ...]:
    """The linear ones among them."""
    return tuple(f for f in formats_of(symbologies) if f.name in _LINEAR)
