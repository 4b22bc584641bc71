"""The camera: what is under the cursor stays there, nothing is lost at the edges, 64x is the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.geometry import MOST_ZOOM, Camera, scale_bar

sizes = st.integers(1, 12_000)
panes = st.integers(1, 4_000)


@given(sizes, sizes, panes, panes)
def test_fit_shows_the_whole_picture_in_the_middle(image_w: int, image_h: int, pane_w: int, pane_h: int) -> None:
    camera = Camera.fit(image_w, image_h, pane_w, pane_h)
    left, top = camera.to_screen(0, 0)
    right, bottom = camera.to_screen(image_w, image_h)
    assert left >= -1e-6
    assert top >= -1e-6
    assert right <= pane_w + 1e-6 or pane_w < 3
    assert bottom <= pane_h + 1e-6 or pane_h < 3
    assert left == pytest.approx(pane_w - right, abs=1e-6)


@given(st.floats(0, 799), st.floats(0, 599), st.lists(st.floats(0.3, 3.0), max_size=12))
def test_zoom_keeps_the_point_under_the_cursor(x: float, y: float, factors: list[float]) -> None:
    camera = Camera.fit(2000, 1500, 800, 600).at_zoom(4.0)
    for factor in factors:
        before = camera.to_image(x, y)
        after = camera.zoomed(factor, x, y)
        is_inside = after.kept_inside() == after and after.zoom * 1500 > 700 and after.zoom * 2000 > 900
        if is_inside and 0.2 * 2000 < before[0] < 0.8 * 2000 and 0.2 * 1500 < before[1] < 0.8 * 1500:
            assert after.to_image(x, y) == pytest.approx(before, abs=after.pane_w / after.zoom * 0.6)
        camera = after
    assert camera.fit_zoom - 1e-9 <= camera.zoom <= MOST_ZOOM


def test_zoom_about_the_cursor_is_exact_inside_the_picture() -> None:
    camera = Camera.fit(2000, 1500, 800, 600).at_zoom(2.0)
    before = camera.to_image(300, 200)
    assert camera.zoomed(1.7, 300, 200).to_image(300, 200) == pytest.approx(before)


def test_zoom_ends_at_64_and_at_fit() -> None:
    camera = Camera.fit(2000, 1500, 800, 600)
    for _ in range(40):
        camera = camera.zoomed(2.0, 10, 10)
    assert camera.zoom == MOST_ZOOM
    for _ in range(40):
        camera = camera.zoomed(0.5, 10, 10)
    assert camera.zoom == pytest.approx(camera.fit_zoom)
    assert camera.is_fit
    assert camera.is_all_visible


def test_small_picture_zooms_out_to_its_own_size() -> None:
    camera = Camera.fit(100, 80, 800, 600)
    assert camera.zoom > 1
    out = camera.zoomed(0.01)
    assert out.zoom == 1.0
    assert (out.x, out.y) == (50, 40)


@given(st.lists(st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)), max_size=8))
def test_panning_never_loses_the_picture(moves: list[tuple[float, float]]) -> None:
    camera = Camera.fit(2000, 1500, 800, 600).at_zoom(3.0)
    for dx, dy in moves:
        camera = camera.panned(dx, dy)
    left, top, right, bottom = camera.visible_box()
    assert right - left > 0.8 * camera.pane_w / camera.zoom
    assert bottom - top > 0.8 * camera.pane_h / camera.zoom


def test_fit_stays_fit_when_the_pane_changes_and_zoom_stays_zoom() -> None:
    camera = Camera.fit(2000, 1500, 800, 600)
    assert camera.resized(400, 300) == Camera.fit(2000, 1500, 400, 300)
    zoomed = camera.at_zoom(4.0)
    assert zoomed.resized(400, 300).zoom == 4.0


@given(st.floats(0.05, 20), st.floats(0.02, 64), st.floats(40, 400))
def test_scale_bar_is_round_and_fits(mm_per_px: float, zoom: float, most_px: float) -> None:
    length_mm, length_px = scale_bar(mm_per_px, zoom, most_px)
    assert length_px == pytest.approx(length_mm / mm_per_px * zoom)
    if most_px / zoom * mm_per_px >= 0.001:
        assert length_px <= most_px * 1.0001
        assert length_px > most_px / 2.6
    digits = f"{length_mm:e}"[0]
    assert digits in "125"
