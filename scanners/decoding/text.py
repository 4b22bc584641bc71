"""Text from the bytes of a symbol that does not say which character set it uses."""

from __future__ import annotations

import re

_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_VOICED_KANA = re.compile(rb"(?:[\xb3\xb6-\xc4\xca-\xce]\xde|[\xca-\xce]\xdf)")
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
