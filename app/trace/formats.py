"""A drawn label as PNG, PDF, SVG and in the languages of label printers (ZPL, TSPL, ESC/POS)."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.trace.labels import Label

_BAND_ROWS = 128  # ESC/POS printers with small buffers lose longer raster blocks


class Format(StrEnum):
    PNG = "png"
    PDF = "pdf"
    SVG = "svg"
    ZPL = "zpl"
    TSPL = "tspl"
    ESCPOS = "escpos"


def encode_label(label: Label, kind: Format) -> bytes:
    """The label as a file or as what a printer is sent."""
    return _ENCODERS[kind](label)


def to_png(label: Label) -> bytes:
    file = io.BytesIO()
    label.image.save(file, "PNG", dpi=(label.dpi, label.dpi), optimize=True)
    return file.getvalue()


def to_pdf(label: Label) -> bytes:
    """One page of exactly the label's size, the bitmap stretched over it."""
    rows, cols = label.black.shape
    width_pt, height_pt = (side * 72 / 25.4 for side in (label.template.width_mm, label.template.height_mm))
    dots = zlib.compress(_packed(~label.black).tobytes(), 9)
    draw = f"{width_pt:.4f} 0 0 {height_pt:.4f} 0 0 cm /Label Do".encode()
    image = f"/Type /XObject /Subtype /Image /Width {cols} /Height {rows} /BitsPerComponent 1 /ColorSpace /DeviceGray"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width_pt:.4f} {height_pt:.4f}] /Contents 4 0 R "
        f"/Resources << /XObject << /Label 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw),
        f"<< {image} /Filter /FlateDecode /Length {len(dots)} >>\nstream\n".encode() + dots + b"\nendstream",
    ]
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer


def to_svg(label: Label) -> bytes:
    """The dots as one path of rectangles, one unit a dot; equal rows below each other become one."""
    black = label.black
    rows, cols = black.shape
    changes = np.flatnonzero((black[1:] != black[:-1]).any(axis=1)) + 1
    path: list[str] = []
    for top, bottom in pairwise([0, *changes.tolist(), rows]):
        edges = np.flatnonzero(np.diff(black[top], prepend=False, append=False)).tolist()
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            path.append(f"M{left} {top}h{right - left}v{bottom - top}h{left - right}z")
    width_mm, height_mm = label.template.width_mm, label.template.height_mm
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:g}mm" height="{height_mm:g}mm" '
        f'viewBox="0 0 {cols} {rows}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        f'<rect width="{cols}" height="{rows}" fill="#fff"/><path d="{"".join(path)}"/></svg>\n'
    ).encode()


def to_zpl(label: Label) -> bytes:
    """ZPL II: one graphic field, compressed (Z64: zlib, Base64, CRC-16 of the Base64 text)."""
    rows, cols = label.black.shape
    dots = _packed(label.black)
    coded = base64.b64encode(zlib.compress(dots.tobytes(), 9))
    crc = binascii.crc_hqx(coded, 0)
    graphic = f"^GFA,{dots.size},{dots.size},{dots.shape[1]},:Z64:{coded.decode()}:{crc:04X}"
    return f"^XA^PW{cols}^LL{rows}^LH0,0^FO0,0{graphic}^FS^PQ1^XZ\r\n".encode()


def to_tspl(label: Label) -> bytes:
    """TSPL: one BITMAP, where a cleared bit is a black dot."""
    template = label.template
    dots = _packed(label.black)
    head = (
        f"SIZE {template.width_mm:g} mm,{template.height_mm:g} mm\r\nGAP {template.gap_mm:g} mm,0 mm\r\n"
        f"DIRECTION 1\r\nCLS\r\nBITMAP 0,0,{dots.shape[1]},{dots.shape[0]},0,"
    )
    return head.encode() + (~dots).tobytes() + b"\r\nPRINT 1,1\r\n"


def to_escpos(label: Label) -> bytes:
    """ESC/POS: raster blocks (GS v 0), then feed and cut."""
    dots = _packed(label.black)
    out = bytearray(b"\x1b@")
    for start in range(0, len(dots), _BAND_ROWS):
        band = dots[start : start + _BAND_ROWS]
        out += b"\x1dv0\x00" + band.shape[1].to_bytes(2, "little") + len(band).to_bytes(2, "little") + band.tobytes()
    return bytes(out) + b"\x1bd\x03\x1dVB\x00"


def _packed(dots: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Eight dots a byte, the leftmost in the highest bit, rows padded with cleared bits."""
    return np.packbits(dots, axis=1)


_ENCODERS: dict[Format, Callable[[Label], bytes]] = {
    Format.PNG: to_png,
    Format.PDF: to_pdf,
    Format.SVG: to_svg,
    Format.ZPL: to_zpl,
    Format.TSPL: to_tspl,
    Format.ESCPOS: to_escpos,
}
