"""Decodes one lossless JPEG frame with GDCM in a process of its own: python jpeg_child.py SYNTAX ROWS COLS BITS.

The frame comes on standard input, the pixels go to standard output as they lie in memory. GDCM aborts its process when
a damaged frame reaches it, and this one is there to be aborted. It imports nothing else, so it starts in 60 ms.
"""

from __future__ import annotations

import sys

import gdcm


def decode(frame: bytes, syntax: str, rows: int, cols: int, bits: int) -> bytes:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((cols, rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    image.SetPixelFormat(gdcm.PixelFormat(1, bits, bits, bits - 1, 0))
    # The binding returns bytes as text.
    pixels: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    return pixels


if __name__ == "__main__":
    syntax, *numbers = sys.argv[1:]
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), syntax, *map(int, numbers)))
