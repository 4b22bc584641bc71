"""Reads the platform's files: JSON as the schema says, or CSV with one row an article."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.customs.documents import to_units
from app.customs.postal import DeclaredArticle
from app.exchange.errors import AnswerInvalidError
from app.exchange.platform.schema import Answer, AnsweredArticle, parse_answer
from app.exchange.records import read_records

_OF_ARTICLE = ("name", "category", "hs_code", "count", "value", "currency", "indivisible")


def read_answers(path: Path) -> list[Answer]:
    """The answers in a file.

    Raises:
        RecordsBrokenError: the file cannot be read. AnswerInvalidError: a record does not fit the schema.
    """
    records = read_records(path)
    if path.suffix.lower() == ".csv":
        records = list(_joined(records))
    return [parse_answer(record, f"{path.name}[{place}]") for place, record in enumerate(records, 1)]


def articles_of(answer: Answer) -> tuple[DeclaredArticle, ...]:
    """What an answer declares, in the domain's terms."""
    return tuple(_article(each) for each in answer.articles)


def _article(said: AnsweredArticle) -> DeclaredArticle:
    value = to_units(said.value)
    assert value is not None
    return DeclaredArticle(said.name, said.category, said.count, value, said.currency, said.hs_code, said.indivisible)


def _joined(rows: Iterable[dict[str, str]]) -> Iterable[dict[str, Any]]:
    """Rows of one id as one record: what its articles are stands in each row, everything else in the first."""
    records: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = row.get("id", "")
        if not key:
            raise AnswerInvalidError("A row has no id.", place="csv", detail="id")
        article = {name: row.pop(name) for name in _OF_ARTICLE if name in row}
        record = records.setdefault(key, {**row, "articles": []})
        if "documents" in row:
            record["documents"] = row["documents"].split(";")
        if article:
            record["articles"].append(article)
    return records.values()
