"""What a HID point-of-sale scanner sends: input reports of 63 bytes behind their number, a code in one or more.

Source: HID Point of Sale Usage Tables 1.02, usage page 0x8C, in the layout of the makers' manuals: report 2, length
of the data, three bytes of AIM identifier, 56 bytes of data, the maker's own symbology, a reserved byte, and a byte
whose lowest bit says that the code goes on in the next report.
"""

from __future__ import annotations

from scanners.barcode import Code
from scanners.codetext import LONGEST_TEXT, decode_bytes, parse_code
from scanners.device import CodeRefusedError

SCANNED_DATA = 2
"""Number of the report that holds a code; others tell of triggers and batteries."""
REPORT_BYTES = 64
_LENGTH, _AIM, _DATA, _CONTINUED = 1, 2, 5, 63
_MOST_DATA = 56
_LONGEST_CODE = 4 * LONGEST_TEXT


class Reports:
    """Puts a code together from its reports; holds no more than one code."""

    _aim: bytes
    _data: bytearray
    _is_overlong: bool

    def __init__(self) -> None:
        self._begin()

    def take(self, report: bytes) -> Code | None:
        """The code that this report completes, None when it does not.

        Raises:
            CodeRefusedError: what it completes is no code, or the report is damaged; the next code is sound.
        """
        if not report or report[0] != SCANNED_DATA:
            return None
        if len(report) < REPORT_BYTES or report[_LENGTH] > _MOST_DATA:
            self._begin()
            raise CodeRefusedError("The reader sent a damaged report. Read the code again.", reason="report")
        if not self._data and not self._is_overlong:
            self._aim = report[_AIM:_DATA]
        self._data += report[_DATA : _DATA + report[_LENGTH]]
        if len(self._data) > _LONGEST_CODE:
            self._data.clear()
            self._is_overlong = True
        if report[_CONTINUED] & 1:
            return None
        aim, data, is_overlong = self._aim, bytes(self._data), self._is_overlong
        self._begin()
        if is_overlong:
            raise CodeRefusedError(
                f"The reader sent a text of over {LONGEST_TEXT} characters; it is no parcel's code. Read another code.",
                reason="long",
            )
        return _code(aim, data)

    def _begin(self) -> None:
        self._aim = b""
        self._data = bytearray()
        self._is_overlong = False


def _code(aim: bytes, data: bytes) -> Code:
    """The code of a text and the AIM identifier beside it, which some readers leave empty and some send twice."""
    identifier = aim.decode("ascii") if aim.startswith(b"]") and aim[1:].isalnum() else ""
    text = decode_bytes(data).rstrip("\r\n\t")
    return parse_code(text if text.startswith(identifier) else identifier + text)
