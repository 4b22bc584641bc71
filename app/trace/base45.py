"""Base45 (RFC 9285), strict: every text has at most one decoding and every decoding one text."""

from __future__ import annotations

import struct

from app.trace.errors import Base45Error

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def encode_base45(data: bytes) -> str:
    letters: list[str] = []
    for start in range(0, len(data) - 1, 2):
        rest, low = divmod(data[start] * 256 + data[start + 1], 45)
        high, middle = divmod(rest, 45)
        letters += ALPHABET[low], ALPHABET[middle], ALPHABET[high]
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        letters += ALPHABET[low], ALPHABET[high]
    return "".join(letters)


def decode_base45(text: str) -> bytes:
    """The bytes of a Base45 text.

    Raises:
        Base45Error: a letter outside the alphabet, a dangling letter, a group above its range.
    """
    try:
        values = [_VALUES[letter] for letter in text]
    except KeyError as error:
        raise Base45Error("The text holds a letter that Base45 does not have; scan the code again.") from error
    if len(values) % 3 == 1:
        raise Base45Error("The Base45 text is cut off; scan the code again.")
    numbers = [a + 45 * b + 2025 * c for a, b, c in zip(values[0::3], values[1::3], values[2::3], strict=False)]
    tail = values[len(numbers) * 3 :]
    last = [tail[0] + 45 * tail[1]] if tail else []
    if max(numbers, default=0) > 0xFFFF or max(last, default=0) > 0xFF:
        raise Base45Error("A group of the Base45 text is out of range; scan the code again.")
    return struct.pack(f">{len(numbers)}H", *numbers) + bytes(last)
