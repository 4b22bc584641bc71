"""Small files of records, JSON or CSV: read without trust and put away once they are taken; and what is sent out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from app.exchange.errors import AnswerInvalidError, ExchangeFolderError, RecordsBrokenError
from imaging.files.durable import make_folder, write_whole

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES: Final = 16 << 20
MAX_RECORDS: Final = 10_000
DONE: Final = "done"
REFUSED: Final = "refused"
"""Folders below the one that is watched: files that are in the store, and those that are not."""

SUFFIXES: Final = (".json", ".csv")


def read_records(path: Path) -> list[Any]:
    """The records of a file: one JSON object or a list of them, or the rows of a CSV file as texts by column.

    Raises:
        RecordsBrokenError: it is too large, holds too much, or is neither JSON nor CSV in UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _refuse(path, f"it is larger than {MAX_BYTES >> 20} MB")
        text = data.decode("utf-8-sig")
        found = list(_rows(text)) if path.suffix.lower() == ".csv" else json.loads(text)
    except OSError as error:
        raise _refuse(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise _refuse(path, str(error)) from error
    records = found if isinstance(found, list) else [found]
    if not records or len(records) > MAX_RECORDS:
        raise _refuse(path, f"it has {len(records)} records; 1 to {MAX_RECORDS} are allowed")
    return records


def parse_record(model: type[Model], value: object, place: str) -> Model:
    """A record checked against its schema.

    Raises:
        AnswerInvalidError: names the place and each field that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'record'}: {each['msg']}" for each in error.errors())
        raise AnswerInvalidError(f"{place}: {problems}.", place=place, detail=problems) from error


def joined(rows: Iterable[dict[str, str]], names: Collection[str], into: str) -> list[dict[str, Any]]:
    """CSV rows of one id as one record: the columns in `names` make an entry of the list `into` for each row.

    Everything else is taken from the first row of an id.
    """
    records: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = {name: row.pop(name) for name in names if name in row}
        record = records.setdefault(row.get("id", ""), {**row, into: []})
        if entry:
            record[into].append(entry)
    return list(records.values())


def files_in(folder: Path) -> list[Path]:
    """The files of records in a folder, in the order of their names.

    Raises:
        ExchangeFolderError: it cannot be read.
    """
    try:
        return sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file())
    except OSError as error:
        raise ExchangeFolderError(folder, error) from error


def put_away(path: Path, folder: Path) -> None:
    """Move a file; where another one has its name there, a part of its hash tells them apart.

    Raises:
        ExchangeFolderError: it cannot be moved.
    """
    try:
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        if target.exists():
            with path.open("rb") as file:
                target = folder / f"{path.stem}-{file_digest(file, 'sha256').hexdigest()[:12]}{path.suffix}"
        path.replace(target)
    except OSError as error:
        raise ExchangeFolderError(folder, error) from error


def send_out(path: Path, content: bytes) -> None:
    """Write a file for others, whole, into a folder that is made where it is missing.

    Raises:
        ExchangeFolderError: it cannot be written.
    """
    try:
        make_folder(path.parent)
        write_whole(path, content)
    except OSError as error:
        raise ExchangeFolderError(path.parent, error) from error


def _rows(text: str) -> Iterator[dict[str, str]]:
    for line, row in enumerate(csv.DictReader(io.StringIO(text), strict=True), start=2):
        if None in row or None in row.values():
            raise ValueError(f"line {line} has not as many columns as the first")
        yield {name: value for name, value in row.items() if value}


def _refuse(path: Path, why: str) -> RecordsBrokenError:
    return RecordsBrokenError(f"{path.name} cannot be read: {why}.", name=path.name, detail=why)
