"""Registered references (比对基准): animals and genuine articles, their photographs, and what was held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.customs.matters import CounterRefusedError, Matter

REGISTERED = "registered"


class IdentityRefusedError(CounterRefusedError):
    """A reference cannot be registered, or nothing checked, like this."""

    key = "identity_refused"


class ReferenceKind(StrEnum):
    """What a reference is of: an animal (动物), a trademark's genuine article (商标权利人真品), something else."""

    ANIMAL = "animal"
    TRADEMARK = "trademark"
    OTHER = "other"


class Deed(StrEnum):
    """What happens to a reference."""

    REGISTERED = "registered"
    ADDED = "added"
    CHECKED = "checked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph: the file's path below the folder of photographs, its sha256, and what it came from."""

    path: str
    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """A picture that was held against the reference: cosine, what it was said to mean, by which model and officer."""

    picture: Picture
    score: float
    likeness: str
    model: str
    officer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reference:
    """One animal, or one genuine article. `code` is its ear tag or chip, or the number of its registration."""

    id: int
    kind: ReferenceKind
    name: str
    code: str
    note: str
    pictures: tuple[Picture, ...]
    checks: tuple[Check, ...]
    registered_at: datetime
    registered_by: str
    is_withdrawn: bool


def check_reference(name: str, pictures: Sequence[object]) -> None:
    """
    Raises:
        IdentityRefusedError: it has no name, or no picture.
    """
    if not name.strip():
        raise IdentityRefusedError("A reference needs a name.", "no_name")
    if not pictures:
        raise IdentityRefusedError("A reference needs at least one picture.", "no_picture")


def body_of(pictures: Sequence[Picture]) -> list[dict[str, str]]:
    """Pictures as a step's values."""
    return [asdict(picture) for picture in pictures]


def reference_of(matter: Matter) -> Reference:
    """A reference as its steps tell it."""
    first = matter.steps[0]
    pictures = [Picture(**each) for step in matter.steps for each in step.body.get("pictures", ())]
    checks = tuple(
        Check(Picture(**step.body["picture"]), **_said(step.body), officer=step.actor, at=step.at)
        for step in matter.steps
        if step.kind == Deed.CHECKED
    )
    return Reference(
        matter.id,
        ReferenceKind(first.body["kind"]),
        matter.key,
        matter.other_key,
        first.body["note"],
        tuple(pictures),
        checks,
        first.at,
        first.actor,
        is_withdrawn=not matter.stand,
    )


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("score", "likeness", "model")}
