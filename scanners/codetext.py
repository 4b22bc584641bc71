"""Text from a reader is hostile until it is checked: what may pass, and what an AIM identifier before it says."""

from __future__ import annotations

import re

from imaging.scan import Scan
from scanners.barcode import Code
from scanners.device import CodeRefusedError

LONGEST_TEXT = 512
GS = "\x1d"
"""Group separator: ends a GS1 element of variable length."""
UNKNOWN = "Unknown"
"""Symbology of a code whose reader does not tell it."""

_AIM = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")
_SYMBOLOGIES = {
    "A": "Code39",
    "C": "Code128",
    "E": "EAN13",
    "F": "Codabar",
    "G": "Code93",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "Q": "QRCode",
    "U": "MaxiCode",
    "d": "DataMatrix",
    "e": "DataBar",
    "z": "Aztec",
}


def check_text(text: str) -> str:
    """The text itself, where it may be a code: 1 to 512 printable characters, spaces and GS.

    Printable leaves out control characters, bidirectional and other invisible marks, lone surrogates, private and
    unassigned characters, so that what an officer sees is what was read.

    Raises:
        CodeRefusedError: with the reason; the text is in no message.
    """
    if not text:
        raise CodeRefusedError("The reader sent an empty code. Read it again.", reason="empty")
    if len(text) > LONGEST_TEXT:
        raise CodeRefusedError(
            f"The reader sent a text of over {LONGEST_TEXT} characters; it is no parcel's code. Read another code.",
            reason="long",
        )
    for place, letter in enumerate(text):
        if not (letter.isprintable() or letter == GS):
            raise CodeRefusedError(
                f"The code holds the hidden character U+{ord(letter):04X} at place {place + 1}. "
                "Look at the label; enter the number by hand if it is sound.",
                reason=f"U+{ord(letter):04X}",
            )
    return text


def decode_bytes(raw: bytes) -> str:
    """The text of what a reader sent: UTF-8 where it is that, else GB18030.

    Raises:
        CodeRefusedError: it is neither.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CodeRefusedError("The code is text in no known character set. Look at the label.", reason="encoding")


def parse_code(text: str) -> Code:
    """The code in a reader's text, with its AIM identifier (ISO/IEC 15424) taken off.

    Raises:
        CodeRefusedError: see `check_text`.
    """
    check_text(text)
    found = _AIM.match(text)
    if found is None:
        return Code(UNKNOWN, text, raw=text.encode())
    aim, rest = found.group(), check_text(text[3:])
    symbology = "EAN8" if aim == "]E4" else _SYMBOLOGIES.get(aim[1], UNKNOWN)
    return Code(symbology, rest, raw=rest.encode(), aim=aim)


def own_codes(scan: Scan) -> tuple[list[Code], list[CodeRefusedError]]:
    """The codes that the X-ray machine read itself and sent with its scan, and why others of them were refused."""
    codes, refused = [], []
    for text in scan.codes:
        try:
            codes.append(parse_code(text))
        except CodeRefusedError as error:
            refused.append(error)
    return codes, refused
