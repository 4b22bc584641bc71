"""Check digits, and the slips that could explain a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

DIGITS = "0123456789"
_ALIKE = ("0OQD8", "1I7L", "2Z7", "38", "49", "5S6", "6G8", "8B")
"""Characters that print and read alike."""
_AS_DIGIT = str.maketrans("OQDILZSGB", "000112568")
_AS_LETTER = str.maketrans("012568", "OIZSGB")


def s10_check_digit(serial: str) -> str:
    """The check digit of an eight-digit serial (UPU S10-12: weights 86423597, modulo 11)."""
    total = sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return {10: "0", 11: "5"}.get(check, str(check))


def gs1_check_digit(payload: str) -> str:
    """The check digit of a GTIN, SSCC or GLN payload (GS1 General Specifications 7.9: weights 3, 1 from the right)."""
    total = sum(int(digit) * (1 if i % 2 else 3) for i, digit in enumerate(reversed(payload)))
    return str(-total % 10)


def is_gs1_checked(digits: str) -> bool:
    return gs1_check_digit(digits[:-1]) == digits[-1]


def is_awb_checked(digits: str) -> bool:
    """Whether an air waybill's last digit is its seven-digit serial modulo 7 (IATA Resolution 600a)."""
    return int(digits[3:10]) % 7 == int(digits[10])


def corrections(text: str, is_right: Callable[[str], bool], check_at: int = -1) -> tuple[str, ...]:
    """Texts one slip away that are right, likeliest first: the check digit, a swap, a look-alike, any other digit."""
    return tuple(dict.fromkeys(slip for slip in _slips(text, check_at % len(text)) if is_right(slip)))


def _slips(text: str, check_at: int) -> Iterator[str]:
    yield from (_put(text, check_at, other) for other in DIGITS if other != text[check_at])
    for i in range(len(text) - 1):
        left, right = text[i], text[i + 1]
        if left != right and left.isdigit() == right.isdigit():
            yield f"{text[:i]}{right}{left}{text[i + 2 :]}"
    for i, char in enumerate(text):
        for alike in _ALIKE:
            if char in alike:
                yield from (_put(text, i, other) for other in alike if other != char)
    for i, char in enumerate(text):
        if char.isdigit():
            yield from (_put(text, i, other) for other in DIGITS if other != char)


def _put(text: str, at: int, char: str) -> str:
    return f"{text[:at]}{char}{text[at + 1 :]}"


def unmix(text: str, letters_at: Callable[[int], bool]) -> str:
    """The text with digits that stand for letters, and letters that stand for digits, put right by position."""
    return "".join(char.translate(_AS_LETTER if letters_at(i) else _AS_DIGIT) for i, char in enumerate(text))
