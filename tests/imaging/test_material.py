"""Calibration and materials: right on wedges computed from physics, quiet on counts that say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imaging.calibrate import attenuation, correct, dead_lines, fill_lines, references, repair
from imaging.errors import ScanInvalidError
from imaging.material import (
    BELT_KV,
    CARGO_KV,
    MaterialClass,
    MaterialTable,
    beam_at,
    beam_of,
    code_of_zeff,
    material_of,
    zeff,
    zeff_of_code,
)
from imaging.phantom.physics import load_tables
from imaging.scan import Generator, View, ViewKind
from tests.imaging.inputs import INPUTS, bag_view, cargo_view, colour_view, noise_view, single_view

COUNT_VIEWS = [name for name, view in INPUTS.items() if view.kind is ViewKind.DUAL]


def wedge(material: str, thickness_mm: float, kv: float = 160.0) -> tuple[np.ndarray, np.ndarray]:
    """Attenuation (low, high) of a thickness of a material, from the same cross-sections as the tables."""
    tables = load_tables()
    row = list(tables["names"]).index(material)
    weights = tables["weights"][int(np.argmin(np.abs(tables["kvps"] - kv)))]
    transmission = weights @ np.exp(-tables["mu"][row] * thickness_mm)
    low, high = (np.full((1, 1), -np.log(t), np.float32) for t in transmission)
    return low, high


@pytest.mark.parametrize(
    ("material", "thickness_mm", "lowest", "highest"),
    [
        ("PE", 20, 5.0, 6.2),
        ("PE", 120, 5.0, 6.2),
        ("water", 20, 6.9, 7.9),
        ("water", 100, 6.9, 7.9),
        ("Al", 5, 12.2, 13.6),
        ("Al", 30, 12.2, 13.8),
        ("PVC", 20, 13.0, 15.0),
        ("steel", 2, 24.0, 27.5),
        ("steel", 10, 24.0, 27.5),
    ],
)
def test_zeff_of_known_wedges(material: str, thickness_mm: float, lowest: float, highest: float) -> None:
    low, high = wedge(material, thickness_mm)
    assert lowest <= float(zeff(low, high, beam_at(160))[0, 0]) <= highest


@pytest.mark.parametrize("name", COUNT_VIEWS)
def test_attenuation_is_finite_on_any_counts(name: str) -> None:
    for plane in attenuation(INPUTS[name]):
        assert plane.dtype == np.float32
        assert plane.shape == INPUTS[name].shape
        assert np.isfinite(plane).all()
        assert (plane >= 0).all()


@settings(max_examples=60, deadline=None)
@given(
    high=hnp.arrays(np.uint16, (5, 6)),
    low=hnp.arrays(np.uint16, (5, 6)),
    air=st.one_of(st.none(), st.floats(0.5, 70000)),
    dark=st.floats(0, 70000),
)
def test_materials_of_any_counts_are_quiet(high: np.ndarray, low: np.ndarray, air: float | None, dark: float) -> None:
    view = View(high=high, low=low, air_high=air, air_low=air, dark=dark)
    numbers, classes = material_of(view)
    assert (np.isfinite(numbers) | (classes >= MaterialClass.AIR) | (classes == MaterialClass.UNKNOWN)).all()
    table = MaterialTable.of(references(view), beam_of(view))
    assert table.look_up(high, low).shape == high.shape


def test_the_fast_table_agrees_with_the_exact_way() -> None:
    view = bag_view()
    assert view.high is not None
    assert view.low is not None
    numbers, classes = material_of(view, Generator(160))
    codes = MaterialTable.of(references(view), beam_at(160)).look_up(view.high, view.low)
    for x, tolerance in ((55, 0.3), (145, 0.3), (235, 1.5)):
        assert zeff_of_code(int(codes[100, x])) == pytest.approx(min(float(numbers[100, x]), 30.0), abs=tolerance)
    assert [int(classes[100, x]) for x in (55, 145, 235)] == [
        MaterialClass.ORGANIC,
        MaterialClass.MIXED,
        MaterialClass.METAL,
    ]
    assert classes[10, 10] == MaterialClass.AIR
    assert codes[10, 10] == 0


@given(st.floats(5, 30))
def test_codes_span_the_numbers(number: float) -> None:
    found = zeff_of_code(code_of_zeff(number))
    assert found is not None
    assert abs(found - number) <= 0.05


def test_the_beam_is_known_or_guessed() -> None:
    assert beam_of(bag_view(), Generator(140)).kv == 140
    assert beam_of(bag_view()).kv == BELT_KV
    assert beam_of(cargo_view()).kv == CARGO_KV
    assert beam_of(bag_view(), Generator(6000, kv_low=4000)).kv == CARGO_KV


def test_attenuation_needs_two_energies() -> None:
    for view in (single_view(), colour_view()):
        with pytest.raises(ScanInvalidError):
            attenuation(view)
    with pytest.raises(ScanInvalidError):
        references(colour_view())


def test_dead_lines_are_found_and_filled() -> None:
    counts = np.full((40, 60), 1000, np.uint16)
    counts[:, 30:] = 3000
    counts[:, 20], counts[:, 59] = 65535, 0
    assert [list(lines) for lines in dead_lines(counts)] == [[], [20, 59]]
    counts[:, 20], counts[[7, 8]] = 1000, 0
    rows, cols = dead_lines(counts)
    assert [list(rows), list(cols)] == [[7, 8], [59]]
    filled = fill_lines(counts, rows, cols)
    assert (filled[:, :30] == 1000).all()
    assert (filled[:, 30:] == 3000).all()


def test_a_view_without_dead_lines_is_left_as_it_is() -> None:
    view = noise_view()
    assert repair(view) is view
    zero = INPUTS["zero"]
    assert repair(zero) is zero


def test_line_correction_flattens_gain_and_offset() -> None:
    rng = np.random.default_rng(5)
    gain, offset = rng.uniform(0.7, 1.0, 50), rng.uniform(100, 300, 50)
    scene = np.linspace(1.0, 0.01, 80)[None, :]
    counts = np.rint(scene * 50000 * gain[:, None] + offset[:, None]).astype(np.uint16)
    air, dark = 50000 * gain + offset, offset
    air[3] = dark[3]
    flat = correct(counts, air, dark, target=57500).astype(float)
    alive = np.arange(50) != 3
    assert np.allclose(flat[alive], scene * 57500, atol=2)
    assert (flat[3] == 0).all()
    with pytest.raises(ScanInvalidError):
        correct(counts, air[:10], dark[:10])
