"""Cuts the text of a condition into words, numbers, quotations and signs, in either language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache

from app.customs.risk.errors import RuleTextError
from app.customs.risk.vocabulary import COLLECTIONS, FIELDS, MORE_FIELDS, MORE_UNITS, MORE_WORDS, UNITS, WORDS

MAX_TEXT = 2_000
"""Characters of a condition; the longest that anybody wants to read is far shorter."""


class Sort(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `value` is the word, the number or the quoted text, or the sign in its one spelling."""

    sort: Sort
    value: str
    at: int
    length: int


_SIGNS: Mapping[str, str] = {
    "==": "=", "!=": "≠", "<>": "≠", ">=": "≥", "<=": "≤", "＝": "=", "＞": ">", "＜": "<", "（": "(", "）": ")",
    "，": ",", "、": ",", "×": "*", "÷": "/", "％": "%", "＋": "+", "－": "-",
}  # fmt: skip
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」"}
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)
_LATIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SIGN = re.compile(r"==|!=|<>|>=|<=|[=≠<>≥≤()+\-*/%,＝＞＜（），、×÷％＋－]")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_MULTI = re.compile(r"\b(is)\s+(known|unknown)\b|\b(starts)\s+(with)\b|\b(not)\s+(in)\b", re.IGNORECASE)


def tokens(text: str) -> list[Token]:
    """The tokens of a condition, with one that ends it.

    Raises:
        RuleTextError: a character, a quotation or a word that is none.
    """
    if len(text) > MAX_TEXT:
        raise RuleTextError(f"The condition is longer than {MAX_TEXT} characters.", why="too_long", at=MAX_TEXT)
    return [*_cut(text), Token(Sort.END, "", len(text), 1)]


@cache
def lexicon() -> Mapping[str, str]:
    """Every word in every spelling, with what it stands for: "and" -> "word:and", "毛重" -> "field:weight"."""
    found: dict[str, str] = {}
    for scope, (term, _) in COLLECTIONS.items():
        found |= {term.en: f"of:{scope}", term.zh: f"of:{scope}"}
    for each in FIELDS:
        found |= {each.term.en: f"field:{each.id}", each.term.zh: f"field:{each.id}"}
    for unit_id, unit in UNITS.items():
        found |= {unit.term.en.lower(): f"unit:{unit_id}", unit.term.zh: f"unit:{unit_id}"}
    for word, other in MORE_FIELDS.items():
        found[word] = f"of:{other}" if other in COLLECTIONS else f"field:{other}"
    found |= {word: f"unit:{unit_id}" for word, unit_id in MORE_UNITS.items()}
    for word_id, term in WORDS.items():
        if word_id not in ("consignor", "consignee"):
            found |= {term.en: f"word:{word_id}", term.zh: f"word:{word_id}"}
    return found | {word: f"word:{word_id}" for word, word_id in MORE_WORDS.items()}


@cache
def choice_words() -> Mapping[str, str]:
    """Every choice of every field in every spelling, with its id."""
    return {
        word: choice for each in FIELDS for choice, term in each.choices.items() for word in (choice, term.en, term.zh)
    }


def refuse_word(token: Token) -> RuleTextError:
    """The error of a word that means nothing here, with the nearest one that would."""
    near = get_close_matches(token.value.lower(), [*lexicon(), *choice_words()], n=1, cutoff=0.5)
    if near:
        return RuleTextError(
            f"{token.value!r} is no word of the rules. Did you mean {near[0]!r}?",
            why="like_word", at=token.at, length=token.length, found=token.value, like=near[0],
        )  # fmt: skip
    return RuleTextError(
        f"{token.value!r} is no word of the rules.", why="word", at=token.at, length=token.length, found=token.value
    )


def _cut(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif found := _MULTI.match(text, at):
            parts = [part.lower() for part in found.groups() if part]
            yield Token(Sort.WORD, "_".join(parts), at, found.end() - at)
            at = found.end()
        elif found := _LATIN.match(text, at):
            yield Token(Sort.WORD, found[0].lower(), at, len(found[0]))
            at = found.end()
        elif found := _NUMBER.match(text, at):
            yield Token(Sort.NUMBER, found[0], at, len(found[0]))
            at = found.end()
        elif found := _SIGN.match(text, at):
            yield Token(Sort.SIGN, _SIGNS.get(found[0], found[0]), at, len(found[0]))
            at = found.end()
        elif text[at] in _QUOTES:
            token = _quoted(text, at)
            yield token
            at += token.length
        elif found := _HAN.match(text, at):
            yield from _split(found[0], at)
            at = found.end()
        else:
            raise RuleTextError(f"{text[at]!r} has no meaning here.", why="character", at=at, found=text[at])


def _quoted(text: str, at: int) -> Token:
    close = _QUOTES[text[at]]
    end = text.find(close, at + 1)
    if end < 0:
        raise RuleTextError(f"The text that begins here is not closed by {close}.", why="quote", at=at, close=close)
    return Token(Sort.TEXT, text[at + 1 : end], at, end + 1 - at)


def _split(run: str, at: int) -> Iterator[Token]:
    """The words of a run of Chinese characters, which has no spaces: always the longest that is known."""
    known = _chinese_words()
    place = 0
    while place < len(run):
        length = next((n for n in range(min(len(run) - place, 8), 0, -1) if run[place : place + n] in known), 0)
        if not length:
            # What no word begins is kept together up to the next word, and named whole.
            length = next((n for n in range(1, len(run) - place) if _begins(run[place + n :], known)), len(run) - place)
        yield Token(Sort.WORD, run[place : place + length], at + place, length)
        place += length


def _begins(rest: str, known: frozenset[str]) -> bool:
    return any(rest.startswith(word) for word in known if len(word) > 1)


@cache
def _chinese_words() -> frozenset[str]:
    words = {*lexicon(), *choice_words()}
    return frozenset(word for word in words if _HAN.fullmatch(word))
