"""Every look of every input is a finite picture of the right size, and looks do what they say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.texts import LANGUAGES, catalogue
from imaging.errors import LookInvalidError
from imaging.look import LOOKS, PALETTES, STANDARD, Enhancement, Look, Mode, Penetration, Strip, why_not
from imaging.pyramid import Pyramid
from imaging.render import BACKGROUND, Viewport, fit, picture_of, render
from imaging.scan import View, ViewKind
from imaging.tone import tone, tone_table, windowed
from tests.imaging.inputs import INPUTS, bag_view, colour_view, noise_view, single_view

PYRAMIDS = {name: Pyramid.of(view) for name, view in INPUTS.items()}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_every_look_of_every_input_fills_the_window(name: str, look: Look) -> None:
    pyramid = PYRAMIDS[name]
    rows, cols = pyramid.shape
    views = [fit((rows, cols), 160, 90), Viewport(cols / 3, rows / 2, 64, 160, 90), Viewport(cols, 0, 1, 33, 47)]
    for viewport in [*views, Viewport(cols / 2, rows / 2, 0.01, 50, 50)]:
        pixels = render(pyramid, viewport, look)
        assert pixels.shape == (viewport.height, viewport.width, 4)
        assert pixels.dtype == np.uint8
        assert (pixels[:, :, 3] == 255).all()


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(INPUTS)),
    look=st.builds(
        Look,
        mode=st.sampled_from(Mode),
        palette=st.sampled_from(PALETTES),
        inverse=st.booleans(),
        strip=st.sampled_from(Strip),
        penetration=st.sampled_from(Penetration),
        highlight=st.sampled_from([None, 7, 8, 9]),
        enhancement=st.sampled_from(Enhancement),
        window_centre=st.floats(-1, 2),
        window_width=st.floats(0.001, 4),
        gamma=st.floats(0.1, 10),
        absorption=st.floats(-1, 1),
        keeps_thin=st.booleans(),
    ),
    x=st.floats(-500, 1500),
    y=st.floats(-500, 1500),
    scale=st.floats(0.005, 64),
    width=st.integers(1, 200),
    height=st.integers(1, 120),
)
def test_any_combination_renders(  # noqa: PLR0917
    name: str, look: Look, x: float, y: float, scale: float, width: int, height: int
) -> None:
    pixels = render(PYRAMIDS[name], Viewport(x, y, scale, width, height), look)
    assert pixels.shape == (height, width, 4)
    assert (pixels[:, :, 3] == 255).all()


def test_outside_of_the_picture_is_background() -> None:
    pixels = render(PYRAMIDS["bag"], Viewport(-1000, -1000, 1, 20, 10))
    assert (pixels.view("<u4") == BACKGROUND).all()
    pixels = render(PYRAMIDS["bag"], Viewport(0, 0, 1, 20, 10), Look(mode=Mode.GREY))
    assert (pixels.view("<u4")[:5] == BACKGROUND).all()
    assert (pixels.view("<u4")[5:, 10:] != BACKGROUND).all()


@pytest.mark.parametrize("scale", [0.13, 0.5, 0.77, 1.0, 3.3, 17.0, 64.0])
def test_a_pixel_is_drawn_where_the_viewport_says(scale: float) -> None:
    counts = np.full((240, 320), 60000, np.uint16)
    counts[100, 200] = 0
    viewport = Viewport(200.2, 100.8, scale, 200, 150)
    pixels = render(Pyramid.of(View(high=counts, air_high=60000)), viewport, background=0xFFFFFFFF)
    grey = pixels[:, :, 0].astype(float)
    darkest = np.argwhere(grey == grey.min()).mean(axis=0) + 0.5
    x, y = viewport.to_screen(200.5, 100.5)
    tolerance = 1.0 if scale >= 1 else 1.0 + 0.6 * scale * 2 ** np.ceil(np.log2(1 / scale))
    assert abs(darkest[1] - x) <= tolerance
    assert abs(darkest[0] - y) <= tolerance
    assert viewport.to_image(x, y) == pytest.approx((200.5, 100.5))


def test_an_output_array_is_reused() -> None:
    viewport = fit(PYRAMIDS["bag"].shape, 120, 80)
    out = np.empty((80, 120, 4), np.uint8)
    assert render(PYRAMIDS["bag"], viewport, out=out) is out
    assert np.array_equal(out, render(PYRAMIDS["bag"], viewport))


def test_materials_have_the_colours_of_the_trade() -> None:
    picture = picture_of(bag_view()).astype(int)
    organic, mixed, metal, air = picture[100, 55], picture[100, 145], picture[100, 235], picture[10, 10]
    assert organic[0] > organic[1] > organic[2]
    assert mixed[1] > mixed[0]
    assert mixed[1] > mixed[2]
    assert metal[2] > metal[1] > metal[0]
    assert (air > 250).all()


@pytest.mark.parametrize(
    ("strip", "grey"),
    [
        (Strip.ORGANIC_ONLY, (False, True, True)),
        (Strip.ORGANIC_STRIP, (True, False, False)),
        (Strip.INORGANIC_ONLY, (True, True, False)),
        (Strip.INORGANIC_STRIP, (False, False, True)),
    ],
)
def test_a_strip_greys_its_classes_and_leaves_them_visible(strip: Strip, grey: tuple[bool, ...]) -> None:
    picture = picture_of(bag_view(), Look(strip=strip)).astype(int)
    for x, is_grey in zip((55, 145, 235), grey, strict=True):
        assert (np.ptp(picture[100, x]) == 0) == is_grey
        assert picture[100, x].min() < 252


def test_black_and_white_and_inverse() -> None:
    view = bag_view()
    grey = picture_of(view, Look(mode=Mode.GREY)).astype(int)
    assert (np.ptp(grey, axis=2) == 0).all()
    assert grey[100, 235, 0] < grey[100, 145, 0] < grey[100, 55, 0] < grey[10, 10, 0]
    assert np.array_equal(255 - grey, picture_of(view, Look(mode=Mode.GREY, inverse=True)))


def test_a_colour_picture_is_shown_as_it_is() -> None:
    view = colour_view()
    assert np.array_equal(picture_of(view), view.colour)
    assert view.colour is not None
    assert np.array_equal(picture_of(view, Look(inverse=True)), 255 - view.colour)
    grey = picture_of(view, Look(mode=Mode.GREY))
    assert (np.ptp(grey.astype(int), axis=2) == 0).all()
    narrow = picture_of(view, Look(window_width=0.1))
    assert (narrow == 0).mean() > 0.4


@pytest.mark.parametrize("penetration", Penetration)
@pytest.mark.parametrize("absorption", [-1.0, 0.0, 1.0])
def test_more_transmission_is_never_darker(penetration: Penetration, absorption: float) -> None:
    for enhancement in (Enhancement.NONE, Enhancement.LOG):
        look = Look(penetration=penetration, absorption=absorption, enhancement=enhancement)
        assert (np.diff(tone_table(look, 40.0, 57000.0).astype(int)) >= 0).all()


def test_penetration_brightens_the_thick_in_order() -> None:
    thick = np.array([0.003], np.float32)
    order = (Penetration.LOW, Penetration.STANDARD, Penetration.HIGH, Penetration.SUPER)
    shown = [float(tone(thick, Look(penetration=p))[0]) for p in order]
    assert shown == sorted(shown)
    assert shown[0] < 0.01
    assert shown[-1] > 0.3
    more = [float(tone(thick, Look(absorption=a))[0]) for a in (-1, -0.5, 0, 0.5, 1)]
    assert more == sorted(more)


def test_the_neutral_window_changes_nothing() -> None:
    ramp = np.linspace(0, 1, 101, dtype=np.float32)
    assert np.allclose(windowed(ramp, STANDARD), ramp)


def test_dragging_a_filtered_picture_does_not_change_its_pixels() -> None:
    pyramid = Pyramid.of(noise_view(700, 900))
    for enhancement in (Enhancement.EDGE, Enhancement.SUPER, Enhancement.LOCAL):
        look = Look(mode=Mode.GREY, enhancement=enhancement)
        first = render(pyramid, Viewport(400, 300, 1, 200, 100), look)
        moved = render(pyramid, Viewport(407, 302, 1, 200, 100), look)
        difference = np.abs(first[2:, 7:, 0].astype(int) - moved[:-2, :-7, 0].astype(int))
        assert difference.max() <= 2, enhancement


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_what_a_kind_of_view_cannot_show_has_a_reason_in_both_languages(look: Look) -> None:
    assert why_not(look, ViewKind.DUAL) is None
    for kind in (ViewKind.SINGLE, ViewKind.COLOUR):
        reason = why_not(look, kind)
        for language in LANGUAGES:
            assert reason is None or f"look.unavailable.{reason}" in catalogue(language)


def test_the_standard_look_is_first_and_always_works() -> None:
    assert next(iter(LOOKS.values())) == STANDARD == Look()
    for kind in ViewKind:
        for name in ("standard", "grey", "inverse"):
            assert why_not(LOOKS[name], kind) is None
    for language, name in itertools.product(LANGUAGES, LOOKS):
        assert f"look.name.{name}" in catalogue(language)


def test_what_is_not_available_changes_nothing() -> None:
    for look in LOOKS.values():
        for view in (single_view(), colour_view()):
            if why_not(look, view.kind):
                assert np.array_equal(picture_of(view, look), picture_of(view))


@pytest.mark.parametrize(
    "change",
    [{"gamma": 0.0}, {"window_width": 0.0}, {"palette": "rainbow"}, {"highlight": 10}, {"absorption": float("nan")}],
)
def test_a_look_out_of_range_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LookInvalidError):
        replace(STANDARD, **change)  # type: ignore[arg-type]


def test_a_thumbnail_has_the_asked_size() -> None:
    assert picture_of(noise_view(600, 900), longest_px=90).shape == (60, 90, 3)
    assert picture_of(noise_view(1, 900), longest_px=90).shape == (1, 90, 3)
    assert picture_of(noise_view(20, 30), longest_px=90).shape == (20, 30, 3)
