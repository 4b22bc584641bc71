"""Pyramids keep thin wires and sums; a growing view ends as the same pyramid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.calibrate import references
from imaging.errors import ScanInvalidError
from imaging.live import GrowingView
from imaging.look import Look, Mode
from imaging.material import CARGO_KV, MaterialTable, beam_at
from imaging.pyramid import Pyramid, codes_of, halve_by_mean, halve_by_minimum
from imaging.render import Viewport, fit, render
from imaging.scan import Generator, View
from tests.imaging.inputs import bag_view, cargo_view, colour_view, noise_view


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 40), cols=st.integers(1, 40), seed=st.integers(0, 99))
def test_half_sizes_are_the_mean_and_the_minimum_of_what_they_cover(rows: int, cols: int, seed: int) -> None:
    plane = np.random.default_rng(seed).integers(0, 65536, (rows, cols)).astype(np.uint16)
    mean, darkest = halve_by_mean(plane), halve_by_minimum(plane)
    assert mean.shape == darkest.shape == ((rows + 1) // 2, (cols + 1) // 2)
    for r in range(mean.shape[0]):
        for c in range(mean.shape[1]):
            covered = plane[2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
            assert darkest[r, c] == covered.min()
            assert abs(float(mean[r, c]) - covered.mean()) <= 1


@pytest.mark.parametrize("size", [(2400, 8000), (1000, 3001)])
def test_wires_of_one_pixel_are_seen_at_fit(size: tuple[int, int]) -> None:
    rows, cols = size
    counts = np.full((rows, cols), 57000, np.uint16)
    places = np.arange(37, rows - 40, 97)
    for i, row in enumerate(places):
        counts[row, 100 : cols - 100] = 40000
        counts[row + 20 : row + 90, 50 + i * 31] = 40000
    pyramid = Pyramid.of(View(high=counts, air_high=57000))
    for width, height in ((1920, 1080), (1366, 768)):
        viewport = fit((rows, cols), width, height)
        grey = render(pyramid, viewport, Look(mode=Mode.GREY))[:, :, 0].astype(int)
        air = grey[height // 2, :].max()
        for i, row in enumerate(places):
            x, y = viewport.to_screen(50 + i * 31 + 0.5, row + 55)
            around = grey[int(y), max(int(x) - 3, 0) : int(x) + 4]
            assert air - around.min() >= 10
            x, y = viewport.to_screen(cols / 2, row + 0.5)
            around = grey[max(int(y) - 3, 0) : int(y) + 4, int(x)]
            assert air - around.min() >= 10


@pytest.mark.parametrize("scale", [0.95, 0.86, 0.84, 0.7, 0.51, 0.43, 0.3, 0.22, 0.13])
def test_wires_keep_a_third_of_their_contrast_at_any_zoom(scale: float) -> None:
    counts = np.full((600, 1600), 57000, np.uint16)
    places = np.arange(50, 1550, 37)
    counts[50:550, places] = 40000
    viewport = Viewport(800, 300, scale, int(1600 * scale) + 20, 40)
    pixels = render(Pyramid.of(View(high=counts, air_high=57000)), viewport, Look(mode=Mode.GREY), 0xFFFFFFFF)
    grey = pixels[20, :, 0].astype(int)
    full = 255 - 255 * (40000 / 57000) ** 0.5
    for x in places:
        at = int(viewport.to_screen(float(x) + 0.5, 0)[0])
        assert 255 - grey[max(at - 2, 0) : at + 3].min() >= 0.35 * full


def test_dead_rows_are_filled_for_display_and_kept_in_the_record() -> None:
    view = cargo_view()
    pyramid = Pyramid.of(view)
    assert view.high is not None
    assert (view.high[11] == 0).all()
    assert (pyramid.levels[0].means[0][11] > 0).any()


def test_levels_hold_whole_views() -> None:
    pyramid = Pyramid.of(noise_view(700, 1300))
    assert [level.step for level in pyramid.levels] == [1, 2, 4, 8]
    assert pyramid.levels[-1].shape == (88, 163)
    pyramid.prepare()
    for index, level in enumerate(pyramid.levels):
        assert pyramid.materials(index).shape == level.shape
    assert Pyramid.of(colour_view(600, 500)).levels[1].means[0].shape == (300, 250, 3)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=12), rows=st.sampled_from([1, 7, 300, 601]))
def test_a_growing_view_ends_like_the_whole_one(sizes: list[int], rows: int) -> None:
    cols = sum(sizes)
    whole = noise_view(rows, cols)
    assert whole.high is not None
    assert whole.low is not None
    air = {"air_high": 57000.0, "air_low": 55000.0}
    growing = GrowingView(rows, generator=Generator(160), lines_expected=100, **air)  # type: ignore[arg-type]
    assert growing.snapshot() is None
    first = 0
    for size in sizes:
        block = slice(first, first + size)
        growing.append(first, whole.high[:, block].T, whole.low[:, block].T)
        first += size
    grown = growing.snapshot()
    assert grown is not None
    view = growing.view(mm_per_row=1.0)
    assert np.array_equal(view.high, whole.high)  # type: ignore[arg-type]
    assert np.array_equal(view.low, whole.low)  # type: ignore[arg-type]
    complete = Pyramid.of(view, Generator(160))
    assert grown.shape == complete.shape
    for mine, theirs in zip(grown.levels, complete.levels, strict=False):
        for one, other in zip((*mine.means, *mine.darkest), (*theirs.means, *theirs.darkest), strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(grown.materials(0), complete.materials(0))
    render(grown, fit(grown.shape, 100, 60))


def test_lost_lines_stay_dark_and_late_lines_fill_them() -> None:
    growing = GrowingView(50, has_low=False, air_high=60000)
    block = np.full((10, 50), 60000, np.uint16)
    growing.append(0, block)
    growing.append(20, block)
    assert growing.cols == 30
    view = growing.view()
    assert view.high is not None
    assert (view.high[:, 10:20] == 0).all()
    growing.append(10, block)
    view = growing.view()
    assert view.high is not None
    assert (view.high == 60000).all()


def test_lines_that_do_not_fit_are_refused() -> None:
    growing = GrowingView(50, max_pixels=5000)
    good = np.zeros((10, 50), np.uint16)
    for first, high, low in ((0, good, None), (0, good[:, :40], good[:, :40]), (-1, good, good), (95, good, good)):
        with pytest.raises(ScanInvalidError):
            growing.append(first, high, low)
    with pytest.raises(ScanInvalidError):
        growing.view()


def test_estimated_references_are_honest() -> None:
    told = references(bag_view())
    assert (told.air_high, told.air_low, told.is_estimated) == (57000, 55000, False)
    silent = bag_view()
    guessed = references(View(high=silent.high, low=silent.low))
    assert guessed.is_estimated
    assert guessed.air_high == pytest.approx(57000, rel=0.01)


def test_materials_of_a_box_are_those_of_the_whole_level() -> None:
    view = noise_view(1100, 1000)
    pyramid, prepared = Pyramid.of(view, Generator(160)), Pyramid.of(view, Generator(160))
    prepared.prepare()
    for box in ((0, 0, 1000, 1100), (300, 200, 700, 900), (999, 1099, 1000, 1100), (0, 5, 1, 6)):
        left, top, right, bottom = box
        expected = prepared.materials(0)[top:bottom, left:right]
        assert np.array_equal(pyramid.materials_in(0, box), expected)


def test_a_growing_view_finds_out_what_beam_it_is_of() -> None:
    view = cargo_view()
    assert view.high is not None
    assert view.low is not None
    growing = GrowingView(view.high.shape[0], air_high=view.air_high, air_low=view.air_low)
    for first in range(0, view.high.shape[1], 25):
        growing.append(first, view.high[:, first : first + 25].T, view.low[:, first : first + 25].T)
    grown = growing.snapshot()
    assert grown is not None
    assert grown.references is not None
    cargo = MaterialTable.of(grown.references, beam_at(CARGO_KV))
    assert np.array_equal(grown.materials(0), codes_of(cargo, (view.high, view.low)))
