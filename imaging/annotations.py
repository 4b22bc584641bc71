"""What an officer draws on a picture: boxes, arrows, freehand lines, texts, each with a category; kept as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from imaging.errors import AnnotationInvalidError
from imaging.scan import Box

Point = tuple[float, float]
"""(x, y) in px of the view; pixel i covers i to i + 1."""

MAX_POINTS = 4000
MAX_TEXT = 400
MAX_ANNOTATIONS = 500
FURTHEST_PX = 1e6


class Shape(StrEnum):
    BOX = "box"
    ARROW = "arrow"
    FREEHAND = "freehand"
    TEXT = "text"


class Category(StrEnum):
    """What is marked; the values are those of DICOS' Threat Category in small letters, with `prohibited` for PI."""

    CONTRABAND = "contraband"
    PROHIBITED = "prohibited"
    EXPLOSIVE = "explosive"
    PHARMACEUTICAL = "pharmaceutical"
    ANOMALY = "anomaly"
    OTHER = "other"


POINTS = {Shape.BOX: (2, 2), Shape.ARROW: (2, 2), Shape.FREEHAND: (2, MAX_POINTS), Shape.TEXT: (1, 1)}
"""Least and most points of a shape: two corners, tail and tip, a line, a place."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing drawn on view number `view`.

    Raises:
        AnnotationInvalidError: a number of points that the shape has not, a point that is no place, or too much text.
    """

    shape: Shape
    points: tuple[Point, ...]
    category: Category = Category.ANOMALY
    text: str = ""
    view: int = 0
    author: str = ""
    made_at: datetime | None = None

    def __post_init__(self) -> None:
        least, most = POINTS[self.shape]
        if not least <= len(self.points) <= most:
            raise AnnotationInvalidError(f"A {self.shape} has {least} to {most} points. Draw it again.")
        if not all(math.isfinite(value) and abs(value) <= FURTHEST_PX for point in self.points for value in point):
            raise AnnotationInvalidError("A point lies nowhere on the picture. Draw it again.")
        if len(self.text) > MAX_TEXT or (self.shape is Shape.TEXT and not self.text.strip()):
            raise AnnotationInvalidError(f"A text has 1 to {MAX_TEXT} letters. Write it again.")
        if self.view not in {0, 1}:
            raise AnnotationInvalidError("A picture has the views 0 and 1.")
        if self.made_at is not None and self.made_at.tzinfo is None:
            raise AnnotationInvalidError("The time of an annotation needs a zone.")

    @property
    def box(self) -> Box:
        """The box that holds all points, at least one px on each side."""
        xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
        left, top = math.floor(min(xs)), math.floor(min(ys))
        return left, top, max(math.ceil(max(xs)), left + 1), max(math.ceil(max(ys)), top + 1)


def write_json(annotations: Iterable[Annotation]) -> str:
    """Annotations as a JSON list."""
    entries = [asdict(each) | {"made_at": each.made_at and each.made_at.isoformat()} for each in annotations]
    return json.dumps(entries, ensure_ascii=False)


def read_json(text: str) -> tuple[Annotation, ...]:
    """Annotations from a JSON list.

    Raises:
        AnnotationInvalidError: it is none, or holds too many.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise AnnotationInvalidError("The annotations are damaged. Draw them again.") from error
    if not isinstance(entries, list) or len(entries) > MAX_ANNOTATIONS:
        raise AnnotationInvalidError(f"A picture has {MAX_ANNOTATIONS} annotations at most.")
    return tuple(_read_one(entry) for entry in entries)


def _read_one(entry: Any) -> Annotation:
    try:
        made_at = entry.get("made_at")
        return Annotation(
            Shape(entry["shape"]),
            tuple((float(x), float(y)) for x, y in entry["points"]),
            Category(entry["category"]),
            str(entry.get("text", "")),
            int(entry.get("view", 0)),
            str(entry.get("author", "")),
            datetime.fromisoformat(made_at) if made_at else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AnnotationInvalidError("An annotation is damaged. Draw it again.") from error
