"""What is drawn is kept exactly, and what is no drawing is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.texts import LANGUAGES, catalogue
from imaging.annotations import MAX_ANNOTATIONS, POINTS, Annotation, Category, Shape, read_json, write_json
from imaging.errors import AnnotationInvalidError

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
places = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def drawn(draw: st.DrawFn) -> Annotation:
    shape = draw(st.sampled_from(Shape))
    least, most = POINTS[shape]
    points = draw(st.lists(st.tuples(places, places), min_size=least, max_size=min(most, 9)))
    text = draw(st.text(min_size=1, max_size=40).filter(str.strip))
    return Annotation(shape, tuple(points), draw(st.sampled_from(Category)), text, draw(st.integers(0, 1)), "7", NOW)


@given(st.lists(drawn(), max_size=5))
def test_annotations_come_back_as_they_were(annotations: list[Annotation]) -> None:
    assert read_json(write_json(annotations)) == tuple(annotations)


@given(drawn())
def test_a_box_holds_all_points(annotation: Annotation) -> None:
    left, top, right, bottom = annotation.box
    assert left < right
    assert top < bottom
    assert all(left <= x <= right and top <= y <= bottom for x, y in annotation.points)


@pytest.mark.parametrize(
    ("shape", "points", "text"),
    [
        (Shape.BOX, ((0, 0),), ""),
        (Shape.BOX, ((0, 0), (1, 1), (2, 2)), ""),
        (Shape.FREEHAND, ((0, 0),) * 5000, ""),
        (Shape.TEXT, ((0, 0),), "  "),
        (Shape.TEXT, ((0, 0),), "x" * 401),
        (Shape.ARROW, ((0, 0), (float("nan"), 1)), ""),
        (Shape.ARROW, ((0, 0), (float("inf"), 1)), ""),
        (Shape.ARROW, ((0, 0), (1e9, 1)), ""),
    ],
)
def test_what_is_no_drawing_is_refused(shape: Shape, points: tuple[tuple[float, float], ...], text: str) -> None:
    with pytest.raises(AnnotationInvalidError):
        Annotation(shape, points, text=text)
    with pytest.raises(AnnotationInvalidError):
        Annotation(Shape.BOX, ((0, 0), (1, 1)), view=2)
    with pytest.raises(AnnotationInvalidError):
        Annotation(Shape.BOX, ((0, 0), (1, 1)), made_at=datetime(2026, 1, 1))  # noqa: DTZ001


GOOD = {"shape": "box", "points": [[0, 0], [5, 5]], "category": "other"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '[{"shape": "box"}]',
        json.dumps([GOOD | {"shape": "circle"}]),
        json.dumps([GOOD | {"points": [[0, 0, 0], [1, 1]]}]),
        json.dumps([GOOD | {"view": 1e400}]),
        json.dumps([GOOD | {"made_at": "yesterday"}]),
        json.dumps([GOOD] * (MAX_ANNOTATIONS + 1)),
    ],
)
def test_damaged_json_is_refused(text: str) -> None:
    with pytest.raises(AnnotationInvalidError):
        read_json(text)


def test_shapes_and_categories_have_their_words() -> None:
    for language in LANGUAGES:
        keys = catalogue(language)
        assert all(f"look.shape.{shape}" in keys for shape in Shape)
        assert all(f"look.category.{category}" in keys for category in Category)
