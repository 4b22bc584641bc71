"""Where a code begins and ends in a stream of bytes."""

from __future__ import annotations

from typing import Literal

from scanners.barcode import Code
from scanners.codetext import LONGEST_TEXT, decode_bytes, parse_code
from scanners.device import CodeRefusedError

Framing = Literal["line", "stx_etx"]
_LONGEST_FRAME = 4 * LONGEST_TEXT
"""A character takes four bytes at most."""
_STX, _ETX = b"\x02", b"\x03"


class Frames:
    """Cuts a stream into frames; holds no more than one frame and what came after it."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._bytes = bytearray()
        self._is_overlong = False

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def take(self) -> bytes | None:
        """The next whole frame that is not empty, None until more bytes come.

        Raises:
            CodeRefusedError: a frame was longer than any code; it is dropped up to its end, the next one is sound.
        """
        while True:
            end = self._end()
            if end < 0:
                if len(self._bytes) > _LONGEST_FRAME:
                    self._bytes.clear()
                    self._is_overlong = True
                return None
            frame, was_overlong = bytes(self._bytes[:end]), self._is_overlong
            del self._bytes[: end + 1]
            self._is_overlong = False
            if self._framing == "stx_etx" and not was_overlong:
                # What stands before the last STX is noise, or a frame whose end was lost.
                start = frame.rfind(_STX)
                frame = frame[start + 1 :] if start >= 0 else b""
            if was_overlong or len(frame) > _LONGEST_FRAME:
                raise CodeRefusedError(
                    f"The reader sent a text of over {LONGEST_TEXT} characters; it is no parcel's code. "
                    "Read another code.",
                    reason="long",
                )
            if frame:
                return frame

    def take_code(self) -> Code | None:
        """The code in the next whole frame, None until more bytes come.

        Raises:
            CodeRefusedError: the frame holds no code; the next one is sound.
        """
        frame = self.take()
        return None if frame is None else parse_code(decode_bytes(frame))

    def _end(self) -> int:
        if self._framing == "stx_etx":
            return self._bytes.find(_ETX)
        ends = [end for end in (self._bytes.find(b"\r"), self._bytes.find(b"\n")) if end >= 0]
        return min(ends, default=-1)
