"""What the detector adds: the right amount of noise, and nothing else that was not asked for."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.phantom.chain import Detector, sample_cargo_detector, sample_detector

PLAIN = Detector(
    photons=4e4,
    scatter=0.0,
    blur_px=0.05,
    gain_error=0.0,
    drift=0.0,
    read_noise=0.0,
    air=(58000.0, 58000.0),
    dark=200.0,
)


def _flat(transmission: float, shape: tuple[int, int] = (200, 300)) -> np.ndarray:
    return np.full((*shape, 2), transmission, np.float32)


@pytest.mark.parametrize("transmission", [1.0, 0.3, 0.02])
def test_noise_is_that_of_the_photons(transmission: float) -> None:
    _, high = PLAIN.measure(_flat(transmission), np.random.default_rng(0))
    signal = (58000 - 200) * transmission
    assert high.mean() == pytest.approx(200 + signal, rel=0.002)
    assert high.std() == pytest.approx(57800 * np.sqrt(transmission / 4e4), rel=0.03)


def test_same_generator_state_same_counts() -> None:
    detector = sample_detector(np.random.default_rng(1))
    first, again = (detector.measure(_flat(0.5), np.random.default_rng(2)) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_rows_differ_by_gain_and_columns_by_drift() -> None:
    uneven = Detector(photons=1e12, scatter=0, gain_error=0.01, drift=0.0, read_noise=0.0)
    wandering = Detector(photons=1e12, scatter=0, gain_error=0.0, drift=0.01, read_noise=0.0)
    _, striped = uneven.measure(_flat(0.5), np.random.default_rng(0))
    _, slow = wandering.measure(_flat(0.5), np.random.default_rng(0))
    assert striped.mean(axis=1).std() > 50 * max(striped.mean(axis=0).std(), 1e-3)
    assert slow.mean(axis=0).std() > 50 * max(slow.mean(axis=1).std(), 1e-3)


def test_scatter_fills_shadows_from_their_surroundings() -> None:
    scene = _flat(1.0)
    scene[90:110, 140:160] = 0
    _, clear = PLAIN.measure(scene, np.random.default_rng(0))
    _, veiled = Detector(scatter=0.02, blur_px=0.05).measure(scene, np.random.default_rng(0))
    assert clear[100, 150] == pytest.approx(200, abs=20)
    assert veiled[95:105, 145:155].mean() > 200 + 0.01 * 58000


def test_dead_rows_are_zero_in_both_channels() -> None:
    low, high = Detector(dead_rows=3).measure(_flat(1.0), np.random.default_rng(0))
    assert ((low == 0).all(axis=1)).sum() == 3
    np.testing.assert_array_equal((low == 0).all(axis=1), (high == 0).all(axis=1))


def test_counts_stay_in_sixteen_bits() -> None:
    bright = Detector(air=(65535.0, 65535.0), photons=500.0)
    low, high = bright.measure(_flat(1.0), np.random.default_rng(0))
    assert low.dtype == high.dtype == np.uint16
    assert high.max() == 65535
    assert high.min() > 30000


def test_drawn_machines_are_within_their_ranges() -> None:
    for seed in range(30):
        belt, cargo = (make(np.random.default_rng(seed)) for make in (sample_detector, sample_cargo_detector))
        assert 57_000 <= belt.air[1] <= 60_000
        assert 57_000 <= cargo.air[1] <= 58_000
        assert cargo.dark == 0
        assert cargo.photons < belt.photons or cargo.photons <= 2e4
