"""From views to channels: what is measured, what is estimated, and what is left out rather than made up."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_arrays

from imaging.material import zeff_of_code
from imaging.scan import Generator, View
from models.card import InputKind
from models.detector import ViewUnsuitedError
from models.inputs import estimate_from_colour, read_planes

AIR = 60000.0


def counts(attenuation: float, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    """Counts with a square of one attenuation in the middle of air."""
    picture = np.full(shape, AIR)
    picture[10:30, 10:30] = AIR * np.exp(-attenuation)
    return picture.astype(np.uint16)


def dual(low: float, high: float) -> View:
    return View(high=counts(high), low=counts(low), air_low=AIR, air_high=AIR)


def test_two_energies_give_attenuation_and_zeff() -> None:
    planes = read_planes(dual(1.3, 1.0), InputKind.ATTEN_ZEFF, Generator(kv=160))
    assert planes.shape == (2, 40, 50)
    assert planes.dtype == np.float32
    assert planes[0, 20, 20] == pytest.approx(np.sqrt(1.15 / 8), abs=1e-3)
    assert planes[0, 2, 2] == 0
    assert planes[1, 2, 2] == 0
    organic = zeff_of_code(round(planes[1, 20, 20] * 255))
    metal = zeff_of_code(round(read_planes(dual(2.2, 1.0), InputKind.ATTEN_ZEFF, Generator(kv=160))[1, 20, 20] * 255))
    assert organic is not None
    assert metal is not None
    assert organic < 12
    assert metal > 18


def test_one_energy_has_no_zeff() -> None:
    planes = read_planes(View(high=counts(1.0), air_high=AIR), InputKind.ATTEN_ZEFF)
    assert planes[0, 20, 20] == pytest.approx(np.sqrt(1 / 8), abs=1e-3)
    assert not planes[1].any()


def test_megavolt_pairs_have_no_zeff() -> None:
    view = dual(1.08, 1.0)
    assert not read_planes(view, InputKind.ATTEN_ZEFF, Generator(kv=6000, kv_low=4000))[1].any()
    assert not read_planes(view, InputKind.ATTEN_ZEFF)[1].any()


@pytest.mark.parametrize("kind", list(InputKind))
def test_dead_and_saturated_pixels_stay_finite(kind: InputKind) -> None:
    high, low = counts(2.0), counts(3.0)
    high[0], low[:, 3], high[12:14], low[12:16] = 65535, 0, 0, 0
    planes = read_planes(View(high=high, low=low), kind)
    assert np.isfinite(planes).all()
    assert planes.min() >= 0
    assert planes.max() <= 1


def test_a_model_for_two_energies_does_not_take_one() -> None:
    for view in (View(high=counts(1.0)), View(colour=np.zeros((9, 9, 3), np.uint8))):
        with pytest.raises(ViewUnsuitedError):
            read_planes(view, InputKind.LOW_HIGH)


def test_transmissions() -> None:
    planes = read_planes(dual(1.5, 1.0), InputKind.LOW_HIGH)
    assert planes[:, 20, 20] == pytest.approx([np.exp(-1.5), np.exp(-1.0)], rel=1e-3)


def patch(rgb: tuple[int, int, int]) -> np.ndarray:
    picture = np.full((40, 50, 3), 255, np.uint8)
    picture[10:30, 10:30] = rgb
    return picture


@pytest.mark.parametrize(
    ("rgb", "low", "high"), [((250, 180, 90), 6, 10), ((60, 190, 60), 10, 18), ((30, 110, 230), 18, 30)]
)
def test_hue_is_read_by_the_convention_of_the_field(rgb: tuple[int, int, int], low: float, high: float) -> None:
    planes = estimate_from_colour(patch(rgb))
    number = zeff_of_code(round(float(planes[1, 20, 20]) * 255))
    assert number is not None
    assert low < number < high
    assert planes[1, 0, 0] == 0


def test_darker_is_thicker_and_background_is_air() -> None:
    darkness = [estimate_from_colour(patch((v, v, v)))[0, 20, 20] for v in (240, 160, 80, 10)]
    assert darkness == sorted(darkness)
    tinted = np.full((40, 50, 3), (235, 238, 230), np.uint8)
    assert estimate_from_colour(tinted)[0].max() < 0.1


def test_black_and_white_pictures_claim_no_material() -> None:
    grey = np.repeat(np.arange(250, dtype=np.uint8)[None, :, None], 20, axis=0).repeat(3, axis=2)
    planes = read_planes(View(colour=np.ascontiguousarray(grey)), InputKind.ATTEN_ZEFF)
    assert planes[0].max() > 0.8
    assert not planes[1].any()


@settings(deadline=None, max_examples=60)
@given(st_arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_any_colour_picture_gives_channels_from_0_to_1(colour: np.ndarray) -> None:
    planes = estimate_from_colour(colour)
    assert planes.shape == (2, *colour.shape[:2])
    assert np.isfinite(planes).all()
    assert planes.min() >= 0
    assert planes.max() <= 1


def test_colours_of_a_dual_energy_view_follow_the_convention() -> None:
    organic = read_planes(dual(1.18, 1.0), InputKind.RGB_PSEUDO, Generator(kv=160))[:, 20, 20]
    metal = read_planes(dual(2.2, 1.0), InputKind.RGB_PSEUDO, Generator(kv=160))[:, 20, 20]
    assert organic[0] > organic[1] > organic[2]
    assert metal[2] > metal[1] > metal[0]


def test_real_bags_read_as_organic_tray_with_metal_in_it(shared: Path) -> None:
    colour = cv2.cvtColor(cv2.imread(str(shared / "data/compass-xp/images/0582.png")), cv2.COLOR_BGR2RGB)
    planes = estimate_from_colour(np.ascontiguousarray(colour))
    knife, tray = planes[:, 310:350, 250:450], planes[:, 400:450, 300:500]
    assert np.median(knife[0]) > np.median(tray[0]) > 0.05
    assert (zeff_of_code(round(float(np.median(knife[1])) * 255)) or 0) > 18
    assert 0 < (zeff_of_code(round(float(np.median(tray[1])) * 255)) or 0) < 10
