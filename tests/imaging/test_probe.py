"""The probe agrees with the file to the digit, and with wedges of known thickness within its own uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import ScanInvalidError
from imaging.material import MaterialClass, beam_at
from imaging.probe import area_mm2, distance_mm, line_profile, probe, region_histogram
from imaging.scan import Generator, View, ViewKind
from tests.imaging.inputs import INPUTS, bag_view, cargo_view, colour_view, single_view


@given(name=st.sampled_from(sorted(INPUTS)), x=st.floats(0, 1, exclude_max=True), y=st.floats(0, 1, exclude_max=True))
def test_the_probe_agrees_with_the_file(name: str, x: float, y: float) -> None:
    view = INPUTS[name]
    rows, cols = view.shape
    found = probe(view, x * cols, y * rows)
    assert found is not None
    if view.kind is ViewKind.COLOUR:
        assert view.colour is not None
        assert found.colour == tuple(view.colour[found.y, found.x])
        assert found.steel is None
        return
    assert view.high is not None
    assert found.high == view.high[found.y, found.x]
    assert found.low == (None if view.low is None else view.low[found.y, found.x])
    assert found.a_high is not None
    assert math.isfinite(found.a_high)
    assert found.steel is not None
    assert 0 <= found.steel.least_mm <= found.steel.mm
    assert found.steel.most_mm is None or found.steel.mm <= found.steel.most_mm


@pytest.mark.parametrize("kv", [160.0, 6000.0])
@pytest.mark.parametrize("part", [0.02, 0.1, 0.3])
def test_steel_is_found_within_its_uncertainty(kv: float, part: float) -> None:
    beam = beam_at(kv)
    thickness = part * float(beam.steel_mm[-1])
    truth = float(np.exp(-np.interp(thickness, beam.steel_mm, beam.steel_high)))
    rng = np.random.default_rng(int(kv + 100 * part))
    counts = np.clip(np.rint(rng.normal(57000 * truth, 20, (20, 20))), 0, 65535).astype(np.uint16)
    view = View(high=counts, air_high=57000)
    hits = []
    for index in range(100):
        found = probe(view, 5 + index % 10, 5 + index // 10, Generator(kv))
        assert found is not None
        assert found.steel is not None
        assert not found.is_estimated
        most = math.inf if found.steel.most_mm is None else found.steel.most_mm
        hits.append(found.steel.least_mm <= thickness <= most)
    assert np.mean(hits) > 0.85


def test_no_light_gives_a_lower_bound_only() -> None:
    found = probe(INPUTS["cargo"], 500, 290)
    blind = probe(View(high=np.zeros((9, 9), np.uint16), air_high=57000), 4, 4, Generator(6000))
    assert found is not None
    assert blind is not None
    assert blind.steel is not None
    assert blind.steel.most_mm is None
    assert blind.steel.least_mm > 100


def test_the_probe_names_materials() -> None:
    view = bag_view()
    classes = [probe(view, x, 100, Generator(160)) for x in (55, 145, 235)]
    assert [c.material for c in classes if c] == [MaterialClass.ORGANIC, MaterialClass.MIXED, MaterialClass.METAL]
    air = probe(view, 5, 5)
    assert air is not None
    assert air.material is MaterialClass.AIR
    assert air.zeff is None


@pytest.mark.parametrize(("x", "y"), [(-0.1, 5), (5, -0.1), (300, 5), (5, 200)])
def test_outside_is_nothing(x: float, y: float) -> None:
    assert probe(bag_view(), x, y) is None


def test_distances_and_areas_follow_the_geometry() -> None:
    view = bag_view()
    assert distance_mm(view, (0, 0), (30, 40)) == pytest.approx(math.hypot(24, 40))
    assert area_mm2(view, ((0, 0), (10, 0), (10, 20), (0, 20))) == pytest.approx(10 * 0.8 * 20)
    assert area_mm2(view, ((0, 0), (10, 0), (0, 20))) == pytest.approx(10 * 0.8 * 20 / 2)
    assert distance_mm(single_view(), (0, 0), (1, 1)) is None
    assert area_mm2(single_view(), ((0, 0), (1, 0), (0, 1))) is None


def test_a_profile_reads_the_counts_on_its_way() -> None:
    view = cargo_view()
    assert view.high is not None
    profile = line_profile(view, (0.5, 30.5), (699.5, 30.5))
    assert np.array_equal(profile.high, view.high[30])
    assert profile.low is not None
    assert profile.at_mm is not None
    assert profile.at_mm[-1] == pytest.approx(699 * 4.0)
    point = line_profile(view, (3, 3), (3, 3))
    assert (point.high == view.high[3, 3]).all()
    assert line_profile(view, (-50, -50), (2000, 900)).high.size == math.ceil(math.hypot(2050, 950)) + 1


def test_a_histogram_counts_each_pixel_of_its_region_once() -> None:
    view = bag_view()
    found = region_histogram(view, (20, 50, 90, 150))
    assert found["high"].sum() == found["low"].sum() == 70 * 100
    assert (found["high"] > 0).sum() == 1
    assert region_histogram(view, (-10, -10, 10_000, 10_000))["high"].sum() == 200 * 300
    for box in ((400, 0, 500, 10), (10, 10, 10, 20), (-20, -20, -5, -5)):
        with pytest.raises(ScanInvalidError):
            region_histogram(view, box)
    for measure in (
        lambda: region_histogram(colour_view(), (0, 0, 5, 5)),
        lambda: line_profile(colour_view(), (0, 0), (5, 5)),
    ):
        with pytest.raises(ScanInvalidError):
            measure()
