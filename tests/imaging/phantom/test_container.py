"""Containers at 6/4 MeV: what real pairs show, and truth of what is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.phantom import simulate_container
from imaging.phantom.chain import Detector
from imaging.phantom.container import HIDDEN
from imaging.phantom.objects.cargo import LOADS, Bay
from imaging.phantom.physics import cargo_beam
from imaging.phantom.yard import Yard

MM = 25.0


def test_same_seed_same_container() -> None:
    first, again = (simulate_container(3, mm_per_px=MM) for _ in range(2))
    assert first.truth == again.truth
    np.testing.assert_array_equal(first.views[0].high, again.views[0].high)
    np.testing.assert_array_equal(first.views[0].low, again.views[0].low)


def test_length_follows_the_container() -> None:
    short, long = (simulate_container(1, mm_per_px=MM, feet=feet).views[0].shape for feet in (20, 40))
    assert short[0] == long[0]
    assert long[1] - short[1] == pytest.approx((12192 - 6058) / MM, abs=2)


@pytest.mark.parametrize("label", HIDDEN)
def test_what_is_hidden_is_in_the_truth_and_in_the_picture(label: str) -> None:
    scan = simulate_container(12, mm_per_px=MM, hidden=(label,))
    rows, cols = scan.views[0].shape
    assert [t.label for t in scan.truth] == [label]
    left, top, right, bottom = scan.truth[0].box
    assert 0 <= left < right <= cols
    assert 0 <= top < bottom <= rows


def test_what_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="rifles"):
        simulate_container(1, mm_per_px=MM, hidden=("dense_block", "rifles"))
    with pytest.raises(ValueError, match="45 feet"):
        simulate_container(1, mm_per_px=MM, feet=45)


def test_counts_look_like_real_pairs() -> None:
    """Air near 57,000 to 58,000; some zeros behind thick loads, more of them at low energy; a dark strip."""
    machine = Detector(
        photons=8e3, low_light=0.6, scatter=0.002, scatter_px=200, read_noise=6e-4, air=(57400.0, 57600.0), dark=0.0
    )
    scan = simulate_container(12, mm_per_px=10.0, feet=40, hidden=(), detector=machine)
    view = scan.views[0]
    high, low = view.high, view.low
    assert high is not None
    assert low is not None
    assert np.percentile(high, 90) == pytest.approx(57_600, rel=0.03)
    assert (low == 0).mean() >= (high == 0).mean()
    strip = high[-12:].mean(axis=1)
    assert strip.min() < 2_000
    assert scan.generator is not None
    assert (scan.generator.kv, scan.generator.kv_low) == (6000, 4000)


@pytest.mark.parametrize("load", dict.fromkeys(LOADS), ids=lambda load: load.__name__)
def test_every_load_stays_in_its_bay(load: object) -> None:
    """Nothing floats out: matter ends within half a metre of the bay."""
    assert callable(load)
    yard = Yard.empty(9000, 4000, MM)
    load(np.random.default_rng(9), yard, Bay(1500, 6000, 3300, 2300))
    attenuation = cargo_beam().attenuate(yard.tau)[..., 1]
    assert np.isfinite(attenuation).all()
    rows, cols = np.nonzero(attenuation > 0.02)
    if load.__name__ != "nothing":
        assert len(rows)
    if len(rows):
        assert cols.min() * MM >= 1000
        assert cols.max() * MM <= 8000
        assert rows.max() * MM <= 3400


def test_thin_sheets_keep_their_matter_at_any_pixel() -> None:
    for mm in (4.0, 10.0, 25.0):
        yard = Yard.empty(1000, 1000, mm)
        yard.fill("steel", 100.0, 333.3, 100.0, width=3.0, height=500.0)
        coefficients = cargo_beam().basis.of("steel").astype(float)
        thickness = yard.tau @ coefficients / (coefficients @ coefficients)
        assert thickness.sum() * mm**2 == pytest.approx(100 * 3 * 500, rel=1e-3)


@pytest.mark.parametrize("label", ["dense_block", "cigarettes", "firearm"])
def test_truth_covers_all_of_what_is_hidden(label: str) -> None:
    """The same lorry with and without: the pictures differ inside the box and nowhere else."""
    quiet = Detector(photons=1e12, scatter=0.0, blur_px=0.05, gain_error=0, drift=0, read_noise=0)
    for seed in (3, 8):
        without, with_it = (
            simulate_container(seed, mm_per_px=MM, hidden=hidden, detector=quiet) for hidden in ((), (label,))
        )
        before, after = (np.asarray(scan.views[0].high, float) for scan in (without, with_it))
        rows, cols = np.nonzero(before - after > 60)
        left, top, right, bottom = with_it.truth[0].box
        assert cols.min() >= left - 1
        assert cols.max() <= right
        assert rows.min() >= top - 1
        assert rows.max() <= bottom
