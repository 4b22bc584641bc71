"""Every text exists in both languages, with the same placeholders, and every key that the code names exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from app import texts

ROOT = Path(__file__).resolve().parents[2]
CODE = [path for room in ("app", "scanners", "models", "imaging") for path in sorted((ROOT / room).rglob("*.py"))]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert texts.catalogue("zh_CN").keys() == texts.catalogue("en").keys()


def test_placeholders_are_the_same_in_both_languages() -> None:
    chinese, english = texts.catalogue("zh_CN"), texts.catalogue("en")
    different = [key for key in english if placeholders(english[key]) != placeholders(chinese[key])]
    assert different == []


def test_no_text_is_empty_or_untranslated() -> None:
    for language in texts.LANGUAGES:
        assert all(value.strip() for value in texts.catalogue(language).values())
    chinese, english = texts.catalogue("zh_CN"), texts.catalogue("en")
    same = [key for key in english if english[key] == chinese[key] and re.search(r"[a-z]{4,} [a-z]{3,}", english[key])]
    assert same == []


def test_keys_named_in_the_code_exist() -> None:
    named = {
        key for path in CODE for key in re.findall(r'\btext\(\s*"([a-z_]+(?:\.[a-z0-9_]+)+)"', path.read_text("utf-8"))
    }
    assert named - texts.catalogue("en").keys() == set()


def test_every_known_error_is_translated() -> None:
    keys = {
        key for path in CODE for key in re.findall(r'^    key = "([a-z_]+)"', path.read_text("utf-8"), re.MULTILINE)
    }
    assert {f"error.{key}" for key in keys} - texts.catalogue("en").keys() == set()


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="not one of"):
        texts.set_language("xx")


def test_placeholders_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "catalogue", lambda language: {"a.b": f"{{n}} {language}"})
    assert texts.text("a.b", lang="en", n=3) == "3 en"
