"""A pixel of a picture is the same wherever the window is and however it came there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.look import LOOKS, STANDARD, Look
from imaging.paint import Paint
from imaging.pyramid import Pyramid
from imaging.render import Grid, Viewport, render, window_on
from imaging.scan import View
from imaging.sheets import TILE_PX, Sheets


@pytest.fixture(scope="module")
def pyramid() -> Pyramid:
    rng = np.random.default_rng(3)
    load = np.kron(rng.random((11, 17)) * 2.5, np.ones((37, 41)))
    high = np.clip(57000 * np.exp(-load) + rng.normal(0, 200, load.shape), 0, 65535).astype(np.uint16)
    low = np.clip(57000 * np.exp(-1.4 * load) + rng.normal(0, 200, load.shape), 0, 65535).astype(np.uint16)
    return Pyramid.of(View(high=high, low=low, air_high=57000, air_low=57000))


def whole(pyramid: Pyramid, look: Look, index: int) -> np.ndarray:
    rows, cols = pyramid.levels[index].shape
    out = np.empty((rows, cols, 4), np.uint8)
    Paint(pyramid, look).fill(index, (0, 0, cols, rows), out)
    return out


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("index", [0, 1])
def test_boxes_of_a_look_fit_together(pyramid: Pyramid, name: str, index: int) -> None:
    look = LOOKS[name]
    expected = whole(pyramid, look, index)
    rows, cols = expected.shape[:2]
    paint = Paint(pyramid, look)
    for box in [(0, 0, 64, 64), (64, 128, 192, rows), (cols - 61, 3, cols, 67), (97, 33, 98, 34)]:
        left, top, right, bottom = box
        out = np.empty((bottom - top, right - left, 4), np.uint8)
        paint.fill(index, box, out)
        assert np.array_equal(out, expected[top:bottom, left:right]), box


@pytest.mark.parametrize("name", ["standard", "super", "local", "edge", "histogram"])
@pytest.mark.parametrize("scale", [0.31, 0.5, 0.87, 1.0, 1.37, 2.2, 7.3])
def test_what_is_drawn_strip_by_strip_is_the_picture_drawn_anew(pyramid: Pyramid, name: str, scale: float) -> None:
    sheets = Sheets(pyramid, LOOKS[name])
    grid = Grid.of(pyramid, scale)
    box = grid.inside(window_on(Viewport(300, 200, scale, 240, 160)))
    assert box is not None
    left, top, right, bottom = box
    anew = np.empty((bottom - top, right - left, 4), np.uint8)
    grid.draw(Sheets(pyramid, LOOKS[name]), box, anew)
    pieces = np.empty_like(anew)
    for x in range(left, right, 13):
        for y in range(top, bottom, 29):
            part = (x, y, min(x + 13, right), min(y + 29, bottom))
            grid.draw(sheets, part, pieces[y - top : part[3] - top, x - left : part[2] - left])
    assert np.abs(anew.astype(int) - pieces).max() <= 1


def test_another_look_is_coloured_anew(pyramid: Pyramid) -> None:
    sheets = Sheets(pyramid)
    rows, cols = pyramid.shape
    for look in [
        STANDARD,
        replace(STANDARD, window_width=0.4),
        LOOKS["penetration_high"],
        LOOKS["super"],
        replace(LOOKS["super"], window_width=0.4),
        LOOKS["inverse"],
        STANDARD,
    ]:
        sheets.set_look(look)
        assert np.array_equal(sheets.sheet(0, (0, 0, cols, rows)), whole(pyramid, look, 0))


def test_only_what_is_seen_is_coloured_and_the_rest_ahead(pyramid: Pyramid) -> None:
    sheets = Sheets(pyramid)
    filled: list[int] = []
    fill = sheets.paint.fill

    def count(index: int, box: tuple[int, int, int, int], out: np.ndarray) -> None:
        filled.append((box[2] - box[0]) * (box[3] - box[1]))
        fill(index, box, out)

    sheets.paint.fill = count  # type: ignore[method-assign]
    sheets.sheet(0, (10, 10, 100, 100))
    sheets.sheet(0, (10, 10, 100, 100))
    assert filled == [(2 * TILE_PX) ** 2]
    sheets.sheet(0, (30, 30, 130, 130))
    assert sum(filled) == (3 * TILE_PX) ** 2
    while sheets.colour_ahead(0, (30, 30, 130, 130)):
        pass
    assert sum(filled) == sum(level.shape[0] * level.shape[1] for level in pyramid.levels)
    for index in range(len(pyramid.levels)):
        rows, cols = pyramid.levels[index].shape
        assert np.array_equal(sheets.sheet(index, (0, 0, cols, rows)), whole(pyramid, STANDARD, index))


def test_a_window_moved_by_whole_pixels_shows_the_same_pixels(pyramid: Pyramid) -> None:
    for scale in (0.43, 1.0, 3.7):
        here = render(pyramid, Viewport(330.3, 180.6, scale, 120, 90))
        there = render(pyramid, Viewport(330.3 + 9 / scale, 180.6 - 4 / scale, scale, 120, 90))
        assert np.abs(here[:86, 9:].astype(int) - there[4:, :-9]).max() <= 1
