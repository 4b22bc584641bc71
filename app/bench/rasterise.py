"""What a printer would burn: the bitmap that a label's file or printer commands describe, read by their own rules.

Written from the languages' descriptions and not from `app.trace.formats`, so that one checks the other.
Each function returns (rows, cols) of bool, True is a black dot.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.trace.formats import Format

Dots = NDArray[np.bool_]


def rasterise(payload: bytes, kind: Format) -> Dots:
    """The dots that a payload of one of the label formats stands for.

    Raises:
        ValueError: the payload breaks the rules of its language.
    """
    return _RASTERISERS[kind](payload)


def _png(payload: bytes) -> Dots:
    return np.asarray(Image.open(io.BytesIO(payload)).convert("L")) < 128


def _pdf(payload: bytes) -> Dots:
    found = re.search(rb"/Width (\d+) /Height (\d+).*?/Length (\d+) >>\nstream\n", payload, re.DOTALL)
    if found is None:
        raise ValueError("no image in the PDF")
    cols, rows, length = (int(number) for number in found.groups())
    return ~_unpack(zlib.decompress(payload[found.end() : found.end() + length]), -(-cols // 8))[:rows, :cols]


def _svg(payload: bytes) -> Dots:
    text = payload.decode()
    view = re.search(r'viewBox="0 0 (\d+) (\d+)"', text)
    if view is None:
        raise ValueError("no size in the SVG")
    dots = np.zeros((int(view[2]), int(view[1])), dtype=np.bool_)
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", text):
        dots[int(y) : int(y) + int(height), int(x) : int(x) + int(width)] = True
    return dots


def _zpl(payload: bytes) -> Dots:
    found = re.search(rb"\^PW(\d+)\^LL(\d+).*\^GFA,\d+,(\d+),(\d+),:Z64:([^:]*):([0-9A-F]{4})\^FS.*\^XZ", payload)
    if found is None or not payload.startswith(b"^XA"):
        raise ValueError("not the ZPL of a label")
    cols, rows, total, stride = (int(found[i]) for i in range(1, 5))
    if binascii.crc_hqx(found[5], 0) != int(found[6], 16):
        raise ValueError("the CRC of the graphic is wrong")
    data = zlib.decompress(base64.b64decode(found[5], validate=True))
    if len(data) != total:
        raise ValueError("the graphic is not as long as announced")
    return _unpack(data, stride)[:rows, :cols]


def _tspl(payload: bytes) -> Dots:
    found = re.search(rb"CLS\r\nBITMAP 0,0,(\d+),(\d+),0,", payload)
    if found is None:
        raise ValueError("not the TSPL of a label")
    stride, rows = int(found[1]), int(found[2])
    data = payload[found.end() : found.end() + stride * rows]
    if payload[found.end() + stride * rows :] != b"\r\nPRINT 1,1\r\n":
        raise ValueError("the bitmap is not as long as announced")
    return ~_unpack(data, stride)


def _escpos(payload: bytes) -> Dots:
    if not payload.startswith(b"\x1b@"):
        raise ValueError("not the ESC/POS of a label")
    bands: list[Dots] = []
    at = 2
    while payload[at : at + 4] == b"\x1dv0\x00":
        stride, rows = (int.from_bytes(payload[at + i : at + i + 2], "little") for i in (4, 6))
        bands.append(_unpack(payload[at + 8 : at + 8 + stride * rows], stride))
        at += 8 + stride * rows
    return np.concatenate(bands)


def _unpack(data: bytes, stride: int) -> Dots:
    rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, stride)
    return np.unpackbits(rows, axis=1).astype(np.bool_)


_RASTERISERS: dict[Format, Callable[[bytes], Dots]] = {
    Format.PNG: _png,
    Format.PDF: _pdf,
    Format.SVG: _svg,
    Format.ZPL: _zpl,
    Format.TSPL: _tspl,
    Format.ESCPOS: _escpos,
}
