"""The tables and the polychromatic sum, against formulas and published figures."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.phantom.physics import RANK, Beam, belt_basis, belt_beam, belt_kvps, cargo_beam, load_tables

K_EDGE_METALS = {"Ag", "Au", "W", "Pb", "solder", "NdFeB", "uranium", "crystal"}


def _names() -> list[str]:
    return [str(name) for name in load_tables()["names"]]


def _exact(mu: np.ndarray, weights: np.ndarray, mm: float) -> np.ndarray:
    """-ln T by the law itself, over the full attenuation curve."""
    return -np.log(weights @ np.exp(-mu * mm))


def _thickness_for(mu: np.ndarray, weights: np.ndarray, attenuation: float) -> float:
    mm = np.geomspace(1e-3, 2e4, 2_000)
    reached = -np.log(np.maximum(np.exp(-np.outer(mm, mu)) @ weights[1], 1e-30))
    return float(np.interp(attenuation, reached, mm))


def _errors(beam: Beam, mu: np.ndarray, attenuation: float, name: str) -> np.ndarray:
    weights = beam.weights.astype(float)
    mm = _thickness_for(mu, weights, attenuation)
    found = beam.attenuate(beam.basis.of(name) * np.float32(mm))
    return np.abs(found / _exact(mu, weights, mm) - 1)


@pytest.mark.parametrize("kvp", [120.0, 140.0, 160.0, 180.0])
def test_basis_reproduces_beer_lambert_at_every_voltage(kvp: float) -> None:
    beam, mu = belt_beam(kvp), load_tables()["mu"]
    errors = {
        (name, a): _errors(beam, row, a, name).max()
        for name, row in zip(_names(), mu, strict=True)
        for a in (0.5, 2, 4)
    }
    assert np.median(list(errors.values())) < 0.0005
    worst = {key: error for key, error in errors.items() if key[0] not in K_EDGE_METALS}
    assert max(worst.values()) < 0.02, max(worst, key=lambda key: worst[key])
    assert max(errors.values()) < 0.6


def test_cargo_basis_reproduces_beer_lambert() -> None:
    beam, mu = cargo_beam(), load_tables()["mev_mu"]
    errors = [_errors(beam, row, a, name).max() for name, row in zip(_names(), mu, strict=True) for a in (1, 4, 8)]
    assert max(errors) < 0.01


def test_thickness_adds() -> None:
    """Two objects in one ray are their sum in the basis: what scenes rest on."""
    basis, tables, beam = belt_basis(), load_tables(), belt_beam(160.0)
    names = _names()
    mu = tables["mu"][names.index("water")] * 80 + tables["mu"][names.index("Al")] * 12
    both = basis.of("water") * np.float32(80) + basis.of("Al") * np.float32(12)
    np.testing.assert_allclose(beam.attenuate(both), _exact(mu, beam.weights.astype(float), 1.0), rtol=0.003)


def test_air_passes_everything_and_lead_nothing() -> None:
    beam = belt_beam()
    tau = np.zeros((3, 5, RANK), np.float32)
    np.testing.assert_array_equal(beam.transmit(tau), np.ones((3, 5, 2)))
    assert beam.transmit(beam.basis.of("Pb") * np.float32(60)).max() < 1e-6


def test_transmission_falls_with_thickness_and_more_at_low_energy() -> None:
    beam = belt_beam()
    mm = np.linspace(0.5, 60, 40, dtype=np.float32)
    low, high = beam.transmit(mm[:, None] * beam.basis.of("steel")).T
    assert (np.diff(low) < 0).all()
    assert (np.diff(high) < 0).all()
    assert (low < high).all()


def test_spectra_are_shares_and_harden_with_voltage() -> None:
    tables = load_tables()
    np.testing.assert_allclose(tables["weights"].sum(axis=2), 1)
    np.testing.assert_allclose(tables["mev_weights"].sum(axis=1), 1)
    mean_kev = tables["weights"] @ tables["energies_kev"]
    assert (mean_kev[:, 1] > mean_kev[:, 0] + 10).all()
    assert (np.diff(mean_kev, axis=0) > 0).all()
    for kvp, weights in zip(belt_kvps(), tables["weights"], strict=True):
        assert not weights[:, tables["energies_kev"] > kvp + 2].any()


def test_unknown_voltage_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="150"):
        belt_beam(150.0)


@pytest.mark.parametrize(
    ("name", "mm", "low", "high"),
    [
        ("PE", 60, 5.5, 6.0),
        ("water", 60, 7.0, 7.8),
        ("Al", 20, 12.5, 13.3),
        ("PVC", 20, 13.4, 14.6),
        ("steel", 5, 24.5, 26.6),
        ("steel", 40, 27.0, 27.0),
        ("Pb", 5, 27.0, 27.0),
    ],
)
def test_zeff_of_reference_materials(name: str, mm: float, low: float, high: float) -> None:
    tables = load_tables()
    for index, kvp in enumerate(belt_kvps()):
        a_low, a_high = belt_beam(kvp).attenuate(belt_basis().of(name) * np.float32(mm))
        row = int(np.argmin(np.abs(tables["zeff_attenuation"] - a_high)))
        col = int(np.argmin(np.abs(tables["zeff_ratio"] - a_low / a_high)))
        assert low <= tables["zeff_table"][index, row, col] <= high, kvp


@pytest.mark.parametrize(
    ("name", "density", "figures", "tolerance"),
    [
        ("water", 1.0, {1000: 0.0707, 2000: 0.0494, 4000: 0.0340, 5800: 0.0280}, 0.03),
        ("steel", 7.85, {1000: 0.05995, 2000: 0.04265, 4000: 0.03312, 5800: 0.0307}, 0.02),
        ("Pb", 11.3, {1000: 0.0710, 2000: 0.0461, 4000: 0.0420, 5800: 0.0437}, 0.10),
    ],
)
def test_mev_attenuation_is_near_published(
    name: str, density: float, figures: dict[float, float], tolerance: float
) -> None:
    """cm2/g, NIST XCOM; what make_tables.py states about its formulas."""
    tables = load_tables()
    mu = tables["mev_mu"][_names().index(name)] * 10 / density
    for kev, published in figures.items():
        assert np.interp(kev, tables["mev_energies_kev"], mu) == pytest.approx(published, rel=tolerance), kev


def test_cargo_pair_tells_materials_apart_as_real_pairs_do() -> None:
    """ln T_low / ln T_high of steel near 1.09, more for light matter, less for lead; Zeff follows."""
    beam, tables = cargo_beam(), load_tables()
    ratios = {}
    for name, mm in (("water", 400), ("steel", 60), ("Pb", 40)):
        low, high = beam.attenuate(beam.basis.of(name) * np.float32(mm))
        ratios[name] = low / high
        row = int(np.argmin(np.abs(tables["mev_zeff_attenuation"] - high)))
        col = int(np.argmin(np.abs(tables["mev_zeff_ratio"] - low / high)))
        z = float(tables["mev_zeff_table"][row, col])
        lowest, highest = {"water": (4, 10), "steel": (24, 28), "Pb": (60, 82)}[name]
        assert lowest <= z <= highest, name
    assert ratios["steel"] == pytest.approx(1.09, abs=0.01)
    assert ratios["water"] > 1.11
    assert ratios["Pb"] < 1.07


def test_steel_curves_rise_with_thickness() -> None:
    tables = load_tables()
    for curve in (*tables["steel_attenuation"].reshape(-1, len(tables["steel_mm"])), *tables["mev_steel_attenuation"]):
        below_floor = curve < 25
        assert curve[0] == pytest.approx(0, abs=1e-9)
        assert (np.diff(curve[below_floor]) > 0).all()
