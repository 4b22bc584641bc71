"""Marks and the suggested look: where they should be, more of them with more sensitivity, none on what says nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.texts import LANGUAGES, catalogue
from imaging.look import LOOKS
from imaging.marks import (
    MarkKind,
    Sensitivity,
    find_dense,
    find_opaque,
    find_suspicious_organics,
    measure_opaque,
    suggest_look,
)
from imaging.pyramid import Pyramid
from imaging.scan import Box, Generator, View
from tests.imaging.inputs import INPUTS


def view_with(blocks: dict[Box, tuple[float, float]], rows: int = 400, cols: int = 600) -> View:
    """Air, and blocks of (high attenuation, low/high ratio)."""
    a_high, a_low = np.zeros((rows, cols)), np.zeros((rows, cols))
    for (left, top, right, bottom), (attenuation, ratio) in blocks.items():
        a_high[top:bottom, left:right] = attenuation
        a_low[top:bottom, left:right] = attenuation * ratio
    high, low = (np.rint(57000 * np.exp(-a)).astype(np.uint16) for a in (a_high, a_low))
    return View(high=high, low=low, air_high=57000, air_low=57000)


def pyramid_with(blocks: dict[Box, tuple[float, float]], rows: int = 400, cols: int = 600) -> Pyramid:
    return Pyramid.of(view_with(blocks, rows, cols), Generator(160))


WATER = (1.0, 1.15)
STEEL = (2.0, 1.7)
BLOCK = (6.0, 1.3)


def test_an_opaque_block_is_boxed() -> None:
    (mark,) = find_opaque(pyramid_with({(100, 50, 180, 120): BLOCK, (300, 50, 400, 300): WATER}))
    assert mark.kind is MarkKind.OPAQUE
    assert mark.box == (100, 50, 180, 120)
    assert mark.share == pytest.approx(80 * 70 / 240_000, rel=0.05)


def test_boxes_of_large_views_are_in_their_own_pixels() -> None:
    (mark,) = find_opaque(pyramid_with({(2000, 400, 2400, 800): BLOCK}, 1501, 5003))
    assert np.allclose(mark.box, (2000, 400, 2400, 800), atol=16)


def test_the_densest_of_the_contents_are_boxed_largest_first_and_no_more_than_asked_for() -> None:
    spots = [(40 + 60 * k, 60, 60 + 60 * k, 80 + 2 * k) for k in range(7)]
    pyramid = pyramid_with({(10, 10, 590, 390): (0.5, 1.15), **dict.fromkeys(spots, (2.0 + 0.1, 1.3))})
    marks = find_dense(pyramid, Sensitivity.LOW)
    assert [mark.box for mark in marks] == spots[:-4:-1]
    assert len(find_dense(pyramid, Sensitivity.HIGH)) == 7
    assert find_dense(pyramid_with({})) == ()


def test_in_a_colour_picture_the_darkest_of_the_contents_are_boxed() -> None:
    colour = np.full((400, 600, 3), 250, np.uint8)
    colour[10:390, 10:590] = (240, 170, 90)
    colour[100:180, 200:300] = (20, 40, 120)
    colour[250:280, 400:420] = (60, 60, 10)
    pyramid = Pyramid.of(View(colour=colour))
    assert [mark.box for mark in find_dense(pyramid)] == [(200, 100, 300, 180), (400, 250, 420, 280)]
    assert find_dense(Pyramid.of(View(colour=np.full((40, 60, 3), 250, np.uint8)))) == ()


def test_what_is_as_dark_as_can_be_is_boxed_however_much_of_it_there_is() -> None:
    colour = np.full((400, 600, 3), 250, np.uint8)
    colour[100:300, 100:500] = (240, 170, 90)
    colour[120:220, 120:320] = 0
    (mark,) = find_dense(Pyramid.of(View(colour=colour)))
    assert mark.box == (120, 120, 320, 220)


def test_the_opaque_part_of_the_object_is_measured_without_a_pyramid() -> None:
    blocks = {(100, 50, 180, 120): BLOCK, (300, 50, 400, 300): WATER}
    part, marks = measure_opaque(view_with(blocks))
    assert marks == find_opaque(pyramid_with(blocks))
    assert part == pytest.approx(80 * 70 / (80 * 70 + 100 * 250), rel=0.05)
    assert measure_opaque(view_with({(300, 50, 400, 300): WATER})) == (0.0, ())
    assert measure_opaque(View(colour=np.zeros((30, 40, 3), np.uint8))) == (0.0, ())
    (mark,) = measure_opaque(view_with({(2000, 400, 2400, 800): BLOCK}, 1501, 5003))[1]
    assert np.allclose(mark.box, (2000, 400, 2400, 800), atol=16)


def test_an_organic_mass_is_marked_and_steel_is_not() -> None:
    table = Pyramid.of(view_with({(0, 0, 600, 400): WATER}), Generator(160)).materials(0)
    assert 7 < 5 + (int(table[200, 300]) - 1) * 25 / 254 < 9
    (mark,) = find_suspicious_organics(pyramid_with({(100, 50, 180, 120): WATER, (300, 50, 400, 300): STEEL}))
    assert np.allclose(mark.box, (100, 50, 180, 120), atol=4)


@pytest.mark.parametrize("find", [find_opaque, find_suspicious_organics, find_dense])
def test_more_sensitivity_never_marks_less(find: type) -> None:
    rng = np.random.default_rng(4)
    blocks: dict[Box, tuple[float, float]] = {}
    for _ in range(25):
        left, top = int(rng.integers(0, 560)), int(rng.integers(0, 370))
        width, height = int(rng.integers(4, 40)), int(rng.integers(4, 30))
        blocks[left, top, left + width, top + height] = (float(rng.uniform(0.2, 7)), float(rng.choice([1.15, 1.7])))
    pyramid = pyramid_with(blocks)
    areas = [sum(mark.share for mark in find(pyramid, sensitivity)) for sensitivity in Sensitivity]
    assert all(less <= more for less, more in pairwise(areas))
    assert areas[-1] > 0


@pytest.mark.parametrize(
    ("blocks", "look", "reason"),
    [
        ({(100, 50, 180, 120): BLOCK}, "penetration_super", "opaque"),
        ({(100, 50, 300, 350): WATER, (400, 50, 420, 80): STEEL}, "inorganic_strip", "little_metal"),
        ({(100, 50, 300, 350): STEEL, (400, 50, 420, 80): WATER}, "organic_strip", "little_organic"),
    ],
)
def test_the_suggested_look_and_its_reason(blocks: dict[Box, tuple[float, float]], look: str, reason: str) -> None:
    assert suggest_look(pyramid_with(blocks)) == (look, reason)
    assert look in LOOKS
    assert all(f"look.suggestion.{reason}" in catalogue(language) for language in LANGUAGES)


def test_air_and_plain_goods_suggest_nothing() -> None:
    assert suggest_look(pyramid_with({})) is None
    assert suggest_look(pyramid_with({(100, 50, 300, 350): WATER})) is None


@pytest.mark.parametrize("name", INPUTS)
def test_any_input_is_marked_without_a_fault(name: str) -> None:
    pyramid = Pyramid.of(INPUTS[name])
    rows, cols = pyramid.shape
    for sensitivity in Sensitivity:
        for mark in (*find_opaque(pyramid, sensitivity), *find_suspicious_organics(pyramid, sensitivity)):
            left, top, right, bottom = mark.box
            assert 0 <= left < right <= cols
            assert 0 <= top < bottom <= rows
    suggest_look(pyramid)
