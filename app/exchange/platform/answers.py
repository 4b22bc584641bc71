"""Reads the platform's files: JSON as the schema says, or CSV with one row an article."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.customs.documents import to_units
from app.customs.postal import DeclaredArticle
from app.exchange.platform.schema import Answer, AnsweredArticle
from app.exchange.records import joined, parse_record, read_records

_OF_ARTICLE = ("name", "category", "hs_code", "count", "value", "currency", "indivisible")


def read_answers(path: Path) -> list[Answer]:
    """The answers in a file.

    Raises:
        RecordsBrokenError: the file cannot be read. AnswerInvalidError: a record does not fit the schema.
    """
    records = read_records(path)
    if path.suffix.lower() == ".csv":
        records = [_with_documents(record) for record in joined(records, _OF_ARTICLE, "articles")]
    return [parse_record(Answer, record, f"{path.name}[{place}]") for place, record in enumerate(records, 1)]


def articles_of(answer: Answer) -> tuple[DeclaredArticle, ...]:
    """What an answer declares, in the domain's terms."""
    return tuple(_article(each) for each in answer.articles)


def _article(said: AnsweredArticle) -> DeclaredArticle:
    value = to_units(said.value)
    assert value is not None
    return DeclaredArticle(said.name, said.category, said.count, value, said.currency, said.hs_code, said.indivisible)


def _with_documents(record: dict[str, Any]) -> dict[str, Any]:
    """The names of documents stand in one column, with semicolons between them."""
    return record | {"documents": record["documents"].split(";")} if "documents" in record else record
