"""Uneven pictures become even, and measurements stay."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.errors import ScanInvalidError
from imaging.flatten import TARGET, apply, calibrate, remove_belt_edges, repair_pixels
from imaging.scan import View
from tests.imaging.inputs import bag_view, colour_view, single_view

ROWS = 120


def machine(seed: int = 5) -> tuple[View, View, View, np.ndarray]:
    """Air, dark and an object of known transmission, by a detector with uneven pixels of which three are dead."""
    rng = np.random.default_rng(seed)
    gain, offset = rng.uniform(0.7, 1.2, ROWS), rng.uniform(100, 900, ROWS)
    gain[[20, 21, 77]] = 0.0
    truth = np.ones((ROWS, 200))
    truth[30:90, 60:140] = 0.35

    def shot(transmission: np.ndarray) -> View:
        planes = []
        for _ in range(2):
            clean = offset[:, None] + 40000 * gain[:, None] * transmission
            planes.append(np.clip(rng.normal(clean, 60), 0, 65535).astype(np.uint16))
        return View(high=planes[0], low=planes[1])

    return shot(np.ones((ROWS, 64))), shot(np.zeros((ROWS, 64))), shot(truth), truth


def test_air_becomes_even_and_transmission_is_kept() -> None:
    air, dark, picture, truth = machine()
    calibration = calibrate(air, dark)
    assert calibration.dead.tolist() == [20, 21, 77]
    even = apply(picture, calibration)
    assert even.high is not None
    assert even.low is not None
    for counts in (even.high, even.low):
        assert np.abs(counts / TARGET - truth).max() < 0.02
        rows = (counts[:, :50] / TARGET).mean(axis=1)
        assert rows.std() < 0.001
    assert (even.air_high, even.air_low, even.dark) == (TARGET, TARGET, 0.0)


def test_pixels_that_flicker_are_dead() -> None:
    air, dark, _, _ = machine()
    assert air.high is not None
    high = air.high.copy()
    high[50] = np.random.default_rng(1).integers(0, 65535, high.shape[1])
    assert 50 in calibrate(View(high=high, low=air.low), dark).dead


def test_reference_pictures_that_cannot_be_are_refused() -> None:
    air, dark, picture, _ = machine()
    assert air.high is not None
    for wrong in (
        lambda: calibrate(dark, dark),
        lambda: calibrate(air, View(high=dark.high)),
        lambda: calibrate(View(high=air.high[:, :3].copy()), View(high=air.high[:, :3].copy())),
        lambda: calibrate(colour_view(), colour_view()),
        lambda: apply(bag_view(), calibrate(air, dark)),
        lambda: apply(single_view(), calibrate(air, dark)),
    ):
        with pytest.raises(ScanInvalidError):
            wrong()
    assert picture.high is not None
    only_high = calibrate(View(high=air.high), View(high=dark.high))
    assert apply(View(high=picture.high), only_high).low is None


def test_lone_stuck_pixels_are_filled_and_dark_regions_are_not() -> None:
    counts = np.random.default_rng(2).integers(20000, 21000, (50, 60)).astype(np.uint16)
    counts[30:, 30:] = 0
    counts[10, 10], counts[20, 40] = 0, 65535
    fixed = repair_pixels(counts)
    assert 20000 <= fixed[10, 10] <= 21000
    assert 20000 <= fixed[20, 40] <= 21000
    changed = np.argwhere(fixed != counts).tolist()
    assert changed == [[10, 10], [20, 40]]
    assert repair_pixels(fixed) is fixed
    assert repair_pixels(np.zeros((1, 1), np.uint16)).tolist() == [[0]]


def test_belt_edges_go_and_the_object_stays() -> None:
    transmission = np.ones((100, 300))
    transmission[40:60, 100:200] = 0.5
    stripes = np.ones((100, 1))
    stripes[[3, 4, 95, 96]] = 0.9
    counts = np.rint(57000 * transmission * stripes).astype(np.uint16)
    view = View(high=counts, low=counts.copy(), air_high=57000, air_low=57000)
    even = remove_belt_edges(view)
    for plane in (even.high, even.low):
        assert plane is not None
        assert np.abs(plane / 57000 - transmission).max() < 1e-3
    assert remove_belt_edges(even) is even
    assert remove_belt_edges(colour_view()).colour is not None


def test_an_object_that_reaches_both_ends_is_no_belt_edge() -> None:
    counts = np.full((100, 300), 57000, np.uint16)
    counts[20:80] = 45000
    view = View(high=counts, air_high=57000)
    assert remove_belt_edges(view) is view
