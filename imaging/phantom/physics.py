"""From thickness to transmission: polychromatic Beer-Lambert over the tables in imaging/tables/physics.npz.

Materials are not carried as thickness each but as a sum in a basis of four attenuation curves (`RANK`): a material is
four coefficients, objects in the same ray add, and every energy can be had from the sum. The attenuation of thick
metal is met within 2 %, of most materials within 0.1 %; metals with a K edge inside the belt's spectrum (silver, tin,
neodymium, tungsten, gold, lead) only roughly, up to half: they are close to opaque.

Keys of the file (made by make_tables.py, which names its sources; K = 4, energies in keV, lengths in mm):

    names, densities                  (M,)        materials and g/cm3 as packed
    energies_kev, kvps                (E,), (V,)  belt: energy bins; tube voltages 120, 140, 160, 180
    mu                                (M, E)      linear attenuation, 1/mm
    weights                           (V, 2, E)   share of each energy in the low and the high channel, sums to one
    basis, coefficients               (K, E), (M, K)   mu is close to coefficients @ basis
    zeff_attenuation, zeff_ratio      (A,), (R,)  axes of the Zeff tables: high-channel -ln T, low/high ratio of -ln T
    zeff_table                        (V, A, R)   Zeff by voltage; `zeff_metal` (27.0) where the ratio has folded over
    zeff_metal                        ()          the value that means metal, thickness beyond telling
    steel_mm, steel_attenuation       (S,), (V, 2, S)  -ln T of steel in both channels, for a thickness probe
    mev_energies_kev, mev_low_high    (F,), (2,)  cargo: energy bins; nominal end points 4 and 6 MeV
    mev_mu, mev_weights               (M, F), (2, F)
    mev_basis, mev_coefficients       (K, F), (M, K)
    mev_zeff_attenuation, mev_zeff_ratio, mev_zeff_table    (B,), (Q,), (B, Q)
    mev_steel_mm, mev_steel_attenuation                     (T,), (2, T)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Tau = npt.NDArray[np.floating]
"""Thickness in basis components, (..., RANK)."""
Array = npt.NDArray[np.float32]

TABLES = Path(__file__).resolve().parents[1] / "tables" / "physics.npz"
RANK = 4
DEFAULT_KVP = 160.0
_CHUNK = 2048
"""Pixels at a time: what stays in the cache, and is too little for the matrix library to start threads over."""


@lru_cache(maxsize=1)
def load_tables() -> dict[str, npt.NDArray[np.generic]]:
    """Every array of the file by its key, read once."""
    with np.load(TABLES) as file:
        return {key: file[key] for key in file.files}


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """The attenuation curves that thickness is carried in: `curves` (RANK, energies), `rows` by material name."""

    curves: Array
    rows: dict[str, Array]
    densities: dict[str, float]

    def of(self, material: str) -> Array:
        """The four coefficients of a material; times thickness in mm they are tau."""
        return self.rows[material]


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """A pair of channels, low and high: their spectra times detector response, `weights` (2, energies)."""

    basis: Basis
    weights: Array
    kv: float
    kv_low: float | None = None

    def transmit(self, tau: Tau) -> Array:
        """Transmission from 0 to 1 in the low and high channel, (..., 2), of tau (..., RANK)."""
        flat = tau.reshape(-1, RANK)
        out = np.ones((len(flat), 2), np.float32)
        loaded = np.flatnonzero(flat.any(axis=1))
        used = self.weights.any(axis=0)
        curves, weights = self.basis.curves[:, used], np.ascontiguousarray(self.weights[:, used].T)
        for start in range(0, len(loaded), _CHUNK):
            part = loaded[start : start + _CHUNK]
            depth = flat[part].astype(np.float32) @ curves
            np.maximum(depth, 0, out=depth)
            np.negative(depth, out=depth)
            out[part] = np.exp(depth, out=depth) @ weights
        return out.reshape(*tau.shape[:-1], 2)

    def attenuate(self, tau: Tau) -> Array:
        """-ln of the transmission of the low and high channel, (..., 2); never over 16.2 (1e-7)."""
        return np.asarray(-np.log(np.maximum(self.transmit(tau), 1e-7)))


def belt_basis() -> Basis:
    """The basis of 20 to 180 keV."""
    return _basis("")


def cargo_basis() -> Basis:
    """The basis of 0.1 to 6 MeV."""
    return _basis("mev_")


@lru_cache(maxsize=2)
def _basis(prefix: str) -> Basis:
    tables = load_tables()
    names = [str(name) for name in tables["names"]]
    rows = tables[f"{prefix}coefficients"].astype(np.float32)
    return Basis(
        curves=tables[f"{prefix}basis"].astype(np.float32),
        rows=dict(zip(names, rows, strict=True)),
        densities=dict(zip(names, tables["densities"].astype(float).tolist(), strict=True)),
    )


def belt_kvps() -> tuple[float, ...]:
    """The tube voltages that there are tables for."""
    return tuple(load_tables()["kvps"].astype(float).tolist())


@lru_cache(maxsize=8)
def belt_beam(kvp: float = DEFAULT_KVP) -> Beam:
    """The beam of a parcel belt.

    Raises:
        ValueError: no table was made for this tube voltage.
    """
    kvps = belt_kvps()
    if kvp not in kvps:
        raise ValueError(f"there is no table for {kvp} kVp; there are {', '.join(f'{v:g}' for v in kvps)}")
    return Beam(belt_basis(), load_tables()["weights"][kvps.index(kvp)].astype(np.float32), kvp)


@lru_cache(maxsize=1)
def cargo_beam() -> Beam:
    """The interlaced 4 and 6 MeV beam of a container scanner."""
    tables = load_tables()
    low, high = tables["mev_low_high"].astype(float).tolist()
    return Beam(cargo_basis(), tables["mev_weights"].astype(np.float32), high * 1000, low * 1000)
