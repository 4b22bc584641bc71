"""Every text that an officer sees, in Chinese and English, looked up by key and switchable while the station runs."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh_CN", "en")
_current = "zh_CN"


def set_language(language: str) -> None:
    """Choose the language of all later lookups.

    Raises:
        ValueError: the language is not one of LANGUAGES.
    """
    global _current
    if language not in LANGUAGES:
        raise ValueError(f"Language {language!r} is not one of {', '.join(LANGUAGES)}.")
    _current = language


def language() -> str:
    return _current


def text(key: str, /, *, lang: str | None = None, **details: object) -> str:
    """The text of a key such as "ui.queue.title" with its placeholders filled.

    Raises:
        KeyError: no catalogue has the key, or a placeholder has no value.
    """
    texts = catalogue(lang or _current)
    found = texts[key]
    return found.format(**{name: _worded(value, texts) for name, value in details.items()}) if details else found


def _worded(value: object, texts: dict[str, str]) -> object:
    """A value that has words of its own, such as a role, by its `text_key`."""
    return texts.get(getattr(value, "text_key", ""), value)


def has_text(key: str) -> bool:
    return key in catalogue(_current)


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language: key -> text. A file `area.toml` holds the keys that begin with `area.`."""
    texts: dict[str, str] = {}
    folder = resources.files("resources") / "translations" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            _flatten(file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8")), texts)
    return texts


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, into)
        else:
            into[key] = str(value)
