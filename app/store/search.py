"""Full-text search of numbers and goods that also finds Chinese words of one and two characters."""

from __future__ import annotations

import re
import unicodedata

from app.store.database import Connection

_RUN = re.compile(r"(?P<cjk>[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff]+)|[^\W_]+")
_QUERY_CHARS = 100
_INDEX_CHARS = 2000


def index(connection: Connection, parcel_id: int, text: str) -> None:
    """Make a parcel findable by its text, in place of what it was findable by before."""
    connection.execute("INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)", (parcel_id, words(text)))


def words(text: str) -> str:
    """What the index holds: words in lower case, and each pair of neighbours of a Chinese run, then its last alone."""
    found: list[str] = []
    for run, is_cjk in _runs(text[:_INDEX_CHARS]):
        if is_cjk:
            found.extend(run[i : i + 2] for i in range(len(run)))
        else:
            found.append(run)
    return " ".join(dict.fromkeys(found))


def match(text: str, *, by_beginning: bool = True) -> str:
    """The FTS5 query for what an officer typed: all of its words, the last one by its beginning; "" finds nothing.

    By the beginning of a common word it reads everything that has it; whole words are read no further than is asked.
    """
    terms: list[str] = []
    runs = list(_runs(text[:_QUERY_CHARS]))
    for number, (run, is_cjk) in enumerate(runs, start=1):
        if is_cjk and len(run) > 1:
            terms.extend(f'"{run[i : i + 2]}"' for i in range(len(run) - 1))
        else:
            is_begun = by_beginning and (is_cjk or number == len(runs))
            terms.append(f'"{run}"*' if is_begun else f'"{run}"')
    return " AND ".join(dict.fromkeys(terms))


def after_prefix(prefix: str) -> str:
    """The end of the range of texts that begin with a prefix; LIKE would walk through the whole table."""
    return prefix + "\U0010ffff"


def _runs(text: str) -> list[tuple[str, bool]]:
    plain = unicodedata.normalize("NFKC", text).lower()
    return [(found.group(), found.group("cjk") is not None) for found in _RUN.finditer(plain)]
