"""Makes imaging/tables/physics.npz (python -m imaging.phantom.make_tables); needs the extra `train`: xraydb, spekpy.

Up to 200 keV the attenuation is that of xraydb (Elam) and the spectra are spekpy's. For the MeV beams it is
approximate, and only as good as a training picture needs:

- attenuation up to 799 keV from xraydb; above it photoelectric absorption is continued by its own power law between
  500 and 799 keV, Compton scattering is Klein and Nishina's free-electron formula, and pair production Maximon's
  analytic form of Bethe and Heitler (J. Res. NBS 72B, 1968), with Z(Z+1) in place of Z squared for the electrons'
  field and neither screening nor Coulomb correction. Within 2.5 % of NIST's figures up to iron, 9 % at lead.
- the beam is Kramers' thick-target form (E0 - E) / E behind the target's own tungsten and a filter; a linear
  accelerator's forward beam is somewhat harder.
- the detector is cadmium tungstate that keeps the whole energy of each photon it stops.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import spekpy
import xraydb

from imaging.phantom.materials import MATERIALS, Material
from imaging.phantom.physics import RANK, TABLES

Array = npt.NDArray[np.float64]

STEP_KEV = 4.0
ENERGIES_KEV = np.arange(16.0, 181.0, STEP_KEV)
KVPS = np.array([120.0, 140.0, 160.0, 180.0])
MEV_LOW_HIGH = (4.0, 6.0)
MEV_END_POINTS = (4.5, 6.0)
"""Where the two spectra end. Ends at 4 and 6 give steel ln T ratios of 1.13; real pairs show 1.09, as 4.5 does."""
ELAM_END_KEV = 799.0
MEV_ENERGIES_KEV = np.concatenate([np.arange(100.0, 1000.0, 75.0), np.arange(1000.0, 6000.0, 200.0)]) + 37.5
ELECTRON_KEV = 510.999
ELECTRON_RADIUS_CM = 2.8179403e-13
FINE_STRUCTURE = 1 / 137.036
AVOGADRO = 6.02214e23
K_EDGE_METALS = ("Ag", "Au", "W", "Pb", "solder", "NdFeB", "uranium", "crystal")
COMMON_METALS = ("steel", "stainless", "Cu", "brass", "Zn")
METAL = 27.0
"""The Zeff that stands for 'metal', where thick loads fold the ratio over and no single value is right."""


def klein_nishina(energies_kev: Array) -> Array:
    """Total Compton cross-section of one free electron, cm2."""
    k = energies_kev / ELECTRON_KEV
    log = np.log(1 + 2 * k)
    first = (1 + k) / k**2 * (2 * (1 + k) / (1 + 2 * k) - log / k)
    return np.asarray(2 * np.pi * ELECTRON_RADIUS_CM**2 * (first + log / (2 * k) - (1 + 3 * k) / (1 + 2 * k) ** 2))


def pair_production(energies_kev: Array) -> Array:
    """Cross-section of pair production over Z squared, cm2: Maximon 1968, two series that meet at k = 4."""
    k = np.maximum(energies_kev / ELECTRON_KEV, 2.0)
    eta = (2 * k - 4) / (2 + k + 2 * np.sqrt(2 * k))
    low = 1 + eta / 2 + 23 * eta**2 / 40 + 11 * eta**3 / 60 + 29 * eta**4 / 960
    low *= 2 * np.pi / 3 * ((k - 2) / k) ** 3
    log = np.log(2 * k)
    high = 28 / 9 * log - 218 / 27
    high += (2 / k) ** 2 * (6 * log - 3.5 + 2 / 3 * log**3 - log**2 - np.pi**2 / 3 * log + 2 * 1.2020569 + np.pi**2 / 6)
    high -= (2 / k) ** 4 * (3 / 16 * log + 1 / 8)
    high -= (2 / k) ** 6 * (29 / (9 * 256) * log - 77 / (27 * 512))
    return np.asarray(FINE_STRUCTURE * ELECTRON_RADIUS_CM**2 * np.where(k < 4, low, high))


def element_mu(symbol: str, energies_kev: Array) -> Array:
    """Mass attenuation of an element, cm2/g."""
    known = np.minimum(energies_kev, ELAM_END_KEV)
    total = np.asarray(xraydb.mu_elam(symbol, known * 1000, kind="total"))
    beyond = energies_kev > ELAM_END_KEV
    if not beyond.any():
        return total
    z, atoms = xraydb.atomic_number(symbol), AVOGADRO / xraydb.atomic_mass(symbol)
    photo_500, photo_end = xraydb.mu_elam(symbol, np.array([500.0, ELAM_END_KEV]) * 1000, kind="photo")
    slope = np.log(photo_end / photo_500) / np.log(ELAM_END_KEV / 500)
    photo = photo_end * (energies_kev / ELAM_END_KEV) ** slope
    extended = photo + atoms * (z * klein_nishina(energies_kev) + z * (z + 1) * pair_production(energies_kev))
    return np.where(beyond, extended, total)


def linear_mu(material: Material, energies_kev: Array) -> Array:
    """Linear attenuation of a material, 1/mm."""
    mu = np.zeros_like(energies_kev)
    whole = sum(share for _, share in material.parts)
    for formula, share in material.parts:
        atoms = xraydb.chemparse(formula)
        masses = {symbol: count * xraydb.atomic_mass(symbol) for symbol, count in atoms.items()}
        for symbol, mass in masses.items():
            mu += share / whole * mass / sum(masses.values()) * element_mu(symbol, energies_kev)
    return mu * material.density / 10


def belt_weights(kvp: float) -> Array:
    """Share of each energy in the low and high channel, (2, energies), each row summing to one.

    Tungsten tube behind 3 mm Al and 0.15 mm Cu; 0.1 mm gadolinium oxysulphide in front, 0.6 mm copper, then 4 mm
    caesium iodide; a photon counts with its energy.
    """
    tube = spekpy.Spek(kvp=kvp, th=20, dk=0.5)
    tube.filter("Al", 3.0)
    tube.filter("Cu", 0.15)
    fine_kev, fluence = tube.get_spectrum()
    half = STEP_KEV / 2
    beam = np.array([fluence[(fine_kev >= e - half) & (fine_kev < e + half)].sum() for e in ENERGIES_KEV])
    front = xraydb.material_mu("Gd2O2S", ENERGIES_KEV * 1000, density=7.32, kind="photo") / 10 * 0.10
    back = xraydb.material_mu("CsI", ENERGIES_KEV * 1000, density=4.51, kind="photo") / 10 * 4.0
    copper = linear_mu(MATERIALS["Cu"], ENERGIES_KEV) * 0.6
    caught = np.stack([1 - np.exp(-front), np.exp(-front - copper) * (1 - np.exp(-back))])
    return _shares(beam * caught * ENERGIES_KEV)


def cargo_weights() -> Array:
    """Share of each energy at the 4 MeV and the 6 MeV pulse, (2, energies)."""
    tungsten = linear_mu(MATERIALS["W"], MEV_ENERGIES_KEV) * 3.0
    steel = linear_mu(MATERIALS["steel"], MEV_ENERGIES_KEV) * 25.0
    crystal = linear_mu(Material(7.9, (("CdWO4", 1.0),)), MEV_ENERGIES_KEV) * 30.0
    width = np.gradient(MEV_ENERGIES_KEV)
    rows = []
    for end_mev in MEV_END_POINTS:
        beam = np.maximum(end_mev * 1000 - MEV_ENERGIES_KEV, 0) / MEV_ENERGIES_KEV * width
        rows.append(beam * np.exp(-tungsten - steel) * (1 - np.exp(-crystal)) * MEV_ENERGIES_KEV)
    return _shares(np.stack(rows))


def _shares(weights: Array) -> Array:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def make_basis(mu: Array, seen: Array, importance: Array) -> tuple[Array, Array]:
    """Basis (RANK, energies) and coefficients (materials, RANK), so that mu is close to coefficients @ basis.

    A singular value decomposition in which materials count by `importance` and energies as detectors have `seen` them.
    """
    scale = np.sqrt(seen)
    weighted = mu * scale
    rows = weighted / weighted.max(axis=1, keepdims=True) * importance[:, None]
    _, _, modes = np.linalg.svd(rows, full_matrices=False)
    return modes[:RANK] / scale, weighted @ modes[:RANK].T


def belt_importance(names: list[str]) -> Array:
    """No smooth curves follow K edges: they count less, so that the metals that parcels hold are met within 2 %."""
    return np.array([0.3 if n in K_EDGE_METALS else 3.0 if n in COMMON_METALS else 1.0 for n in names])


def attenuation_curve(mu: Array, weights: Array, thickness_mm: Array) -> Array:
    """Polychromatic -ln T of both channels, (2, thicknesses)."""
    transmission = np.exp(-np.outer(thickness_mm, mu)) @ weights.T
    return np.asarray(-np.log(np.maximum(transmission, 1e-12)).T)


def pure_mu(z: float, energies_kev: Array) -> Array:
    """Attenuation of a fictitious element between two real ones (geometric mean), any density."""
    below = int(np.floor(z))
    first, second = (np.log(element_mu(xraydb.atomic_symbol(n), energies_kev)) for n in (below, below + 1))
    return np.asarray(np.exp((1 - (z - below)) * first + (z - below) * second))


def ratio_curves(numbers: Array, energies_kev: Array, weights: Array, attenuation: Array) -> Array:
    """Low over high attenuation of pure wedges of each atomic number, (numbers, attenuations)."""
    ratios = np.zeros((len(numbers), len(attenuation)))
    for row, z in enumerate(numbers):
        mu = pure_mu(z, energies_kev)
        thickness = np.concatenate([[0.0], np.geomspace(0.004, 60.0, 600)]) / float(weights[1] @ mu)
        low, high = attenuation_curve(mu, weights, thickness)
        ratios[row] = np.interp(attenuation, high, low) / attenuation
    return ratios


def belt_zeff(weights: Array, attenuation: Array, ratio: Array) -> Array:
    """Zeff by high attenuation and low/high ratio; `METAL` where the ratio has folded over or light is gone."""
    numbers = np.arange(5.5, 40.1, 0.5)
    curves = ratio_curves(numbers, ENERGIES_KEV, weights, attenuation)
    iron = int(np.searchsorted(numbers, 26.0))
    table = np.zeros((len(attenuation), len(ratio)))
    for row, curve in enumerate(curves.T):
        top = int(np.argmax(curve))
        table[row] = np.interp(ratio, np.maximum.accumulate(curve[: top + 1]), numbers[: top + 1])
        if top < iron + 4:
            table[row, ratio >= min(curve[iron], curve[top]) - 0.012] = METAL
    table[attenuation < 0.03] = 7.0
    table[attenuation > 6.2] = METAL
    return table


def cargo_zeff(weights: Array, attenuation: Array, ratio: Array) -> Array:
    """Zeff of a 6/4 MeV pair: the ratio falls as Z rises, for pair production takes over."""
    numbers = np.arange(4.0, 82.1, 1.0)
    curves = ratio_curves(numbers, MEV_ENERGIES_KEV, weights, attenuation)
    return np.array([np.interp(ratio, np.maximum.accumulate(c[::-1]), numbers[::-1]) for c in curves.T])


def make_tables() -> dict[str, npt.NDArray[np.generic]]:
    """All arrays of the file, by the names that imaging.phantom.physics documents."""
    names = list(MATERIALS)
    mu = np.array([linear_mu(MATERIALS[n], ENERGIES_KEV) for n in names])
    mev_mu = np.array([linear_mu(MATERIALS[n], MEV_ENERGIES_KEV) for n in names])
    weights = np.array([belt_weights(kvp) for kvp in KVPS])
    mev_weights = cargo_weights()
    basis, coefficients = make_basis(mu, weights.sum(axis=(0, 1)), belt_importance(names))
    mev_basis, mev_coefficients = make_basis(mev_mu, mev_weights.sum(axis=0), np.ones(len(names)))
    attenuation, ratio = np.linspace(0.02, 7.0, 160), np.linspace(0.9, 3.2, 231)
    mev_attenuation, mev_ratio = np.linspace(0.05, 8.0, 120), np.linspace(0.95, 1.35, 161)
    steel_mm, mev_steel_mm = np.linspace(0, 80, 321), np.linspace(0, 400, 401)
    steel = names.index("steel")
    return {
        "names": np.array(names),
        "densities": np.array([MATERIALS[n].density for n in names]),
        "energies_kev": ENERGIES_KEV,
        "kvps": KVPS,
        "mu": mu,
        "weights": weights,
        "basis": basis,
        "coefficients": coefficients,
        "zeff_metal": np.array(METAL),
        "zeff_attenuation": attenuation,
        "zeff_ratio": ratio,
        "zeff_table": np.array([belt_zeff(w, attenuation, ratio) for w in weights], np.float32).round(2),
        "steel_mm": steel_mm,
        "steel_attenuation": np.array([attenuation_curve(mu[steel], w, steel_mm) for w in weights]),
        "mev_energies_kev": MEV_ENERGIES_KEV,
        "mev_low_high": np.array(MEV_LOW_HIGH),
        "mev_mu": mev_mu,
        "mev_weights": mev_weights,
        "mev_basis": mev_basis,
        "mev_coefficients": mev_coefficients,
        "mev_zeff_attenuation": mev_attenuation,
        "mev_zeff_ratio": mev_ratio,
        "mev_zeff_table": cargo_zeff(mev_weights, mev_attenuation, mev_ratio).astype(np.float32).round(2),
        "mev_steel_mm": mev_steel_mm,
        "mev_steel_attenuation": attenuation_curve(mev_mu[steel], mev_weights, mev_steel_mm),
    }


if __name__ == "__main__":
    TABLES.parent.mkdir(exist_ok=True)
    made = make_tables()
    with TABLES.open("wb") as file:
        np.savez_compressed(file, **made)  # type: ignore[arg-type]
