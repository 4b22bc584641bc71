"""Examination records (查验记录): what was found, item by item, how it was handled, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.customs.errors import ExaminationIncompleteError, SameOfficerError, SecondOfficerMissingError


class Found(StrEnum):
    """What an item turned out to be (查验结果)."""

    AS_DECLARED = "as_declared"
    QUANTITY_DIFFERS = "quantity_differs"
    NAME_DIFFERS = "name_differs"
    CLASSIFICATION_DIFFERS = "classification_differs"
    VALUE_DIFFERS = "value_differs"
    NOT_DECLARED = "not_declared"
    PROHIBITED = "prohibited_goods"
    INFRINGEMENT = "infringement"
    QUARANTINE = "quarantine"


class Handling(StrEnum):
    """How the goods were handled (处理意见)."""

    RELEASE = "release"
    SUPPLEMENT = "supplement"
    TAX = "tax"
    SAMPLE = "sample"
    RETURN = "return"
    DETAIN = "detain"
    TRANSFER = "transfer"
    CONFISCATE = "confiscate"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an examination: what was declared of it, and what was there."""

    name: str
    declared: str
    found: str
    result: Found = Found.AS_DECLARED
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """A record as two officers sign it. `seal_before` and `seal_after` are numbers of seals, "" where there is none."""

    parcel_id: int
    items: tuple[Item, ...]
    handling: Handling
    officer: str
    second_officer: str
    signed_at: datetime
    place: str = ""
    seal_before: str = ""
    seal_after: str = ""
    remark: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph of an examination: the file's path below the photographs folder and its sha256."""

    id: int
    parcel_id: int
    path: str
    sha256: str
    source: str
    officer: str
    taken_at: datetime


def check_examination(record: Examination) -> None:
    """Whether a record may be signed.

    Raises:
        GuardError: its class says what is missing.
    """
    if not record.items:
        raise ExaminationIncompleteError("A record needs at least one item.", why="items")
    for item in record.items:
        if not item.name.strip() or not item.found.strip():
            raise ExaminationIncompleteError("Every item needs a name and what was found.", why="found")
        if item.result is not Found.AS_DECLARED and not item.note.strip():
            raise ExaminationIncompleteError(f"Say what is wrong with {item.name}.", why="note")
    if not record.second_officer.strip():
        raise SecondOfficerMissingError("An examination record is signed by two officers.")
    if record.second_officer.strip() == record.officer.strip():
        raise SameOfficerError("The second signature must be another person's.", officer=record.officer)
