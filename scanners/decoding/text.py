"""Text from what a symbol holds: bytes that do not name their character set, marks that are no part of a number."""

from __future__ import annotations

import re

_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_VOICED_KANA = re.compile(rb"(?:[\xb3\xb6-\xc4\xca-\xce]\xde|[\xca-\xce]\xdf)")
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "123456781234579234567890123456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_ONLY_KANA = re.compile(rb"[\x00-\x7f\xa1-\xdf]*")


def read_text(raw: bytes, guess: str = "") -> str:
    """UTF-8 if it is strictly that, else GB18030 where the bytes pair up as Chinese does, else the engine's `guess`.

    Half-width katakana pair up as rare Chinese would; their voicing marks give them away.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    is_paired = all(len(run) % 2 == 0 for run in _HIGH_RUNS.findall(raw))
    is_kana = bool(_ONLY_KANA.fullmatch(raw) and _VOICED_KANA.search(raw))
    if guess and (is_kana or not is_paired):
        return guess
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return guess or raw.decode("latin-1")


def strip_import_mark(text: str) -> str:
    """A vehicle's number (VIN) without the I that marks imports in its bar code; any other text as it is.

    Only where the rest passes the check of 49 CFR 565.15: no VIN has the letter I, so none is cut short.
    """
    return text[1:] if text.startswith("I") and _is_vin(text[1:]) else text


def _is_vin(text: str) -> bool:
    if not _VIN.fullmatch(text):
        return False
    weighed = sum(_VIN_VALUES[letter] * weight for letter, weight in zip(text, _VIN_WEIGHTS, strict=True))
    return text[8] == "0123456789X"[weighed % 11]
