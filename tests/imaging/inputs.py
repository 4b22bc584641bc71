"""Views that real machines deliver and that break things, made here, seeded; and whether two are the same."""

from __future__ import annotations

import numpy as np

from imaging.scan import View


def noise_view(rows: int = 60, cols: int = 90, seed: int = 0) -> View:
    rng = np.random.default_rng(seed)
    high = rng.integers(0, 65536, (rows, cols)).astype(np.uint16)
    return View(high=high, low=rng.integers(0, 65536, (rows, cols)).astype(np.uint16))


def constant_view(high: int, low: int | None, rows: int = 40, cols: int = 50) -> View:
    low_counts = None if low is None else np.full((rows, cols), low, np.uint16)
    return View(high=np.full((rows, cols), high, np.uint16), low=low_counts)


def cargo_view(rows: int = 300, cols: int = 700, seed: int = 1) -> View:
    """A 6/4 MeV pair in numbers: air 57,500, ratio 1.09 to 1.05, zeros behind the load, dead rows, a dark strip."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    inside = (x > 0.15 * cols) & (x < 0.85 * cols) & (y > 0.2 * rows)
    a_high = np.where(inside, 0.4 + 5 * np.abs(np.sin(x / 37) * np.cos(y / 23)), 0)
    a_high += np.where(inside & (x > 0.6 * cols) & (y > 0.6 * rows), 9.0, 0)
    a_low = a_high * (1.09 - 0.04 * np.clip(a_high / 6, 0, 1))
    planes = []
    for attenuation, zeros in ((a_high, 0.04), (a_low, 0.10)):
        counts = rng.poisson(57500 * np.exp(-attenuation) / 4) * 4.0
        counts[(attenuation > 4) & (rng.random(counts.shape) < zeros * 3)] = 0
        counts[:, 5:15] = 300
        counts[[11, 12, 200 % rows]] = 0
        planes.append(np.clip(counts, 0, 65535).astype(np.uint16))
    return View("side", planes[0], planes[1], mm_per_row=4.0, mm_per_col=4.0)


def bag_view(rows: int = 200, cols: int = 300) -> View:
    """A 160 kV pair: an organic block, an aluminium-like one and a steel one on air of 57,000."""
    a_high, a_low = np.zeros((rows, cols)), np.zeros((rows, cols))
    for left, high, ratio in ((20, 0.5, 1.12), (110, 0.8, 1.4), (200, 1.8, 1.7)):
        a_high[50:150, left : left + 70] = high
        a_low[50:150, left : left + 70] = high * ratio
    high = np.rint(57000 * np.exp(-a_high)).astype(np.uint16)
    low = np.rint(55000 * np.exp(-a_low)).astype(np.uint16)
    return View(high=high, low=low, air_high=57000, air_low=55000, mm_per_row=1.0, mm_per_col=0.8)


def colour_view(rows: int = 60, cols: int = 80, seed: int = 2) -> View:
    return View(colour=np.random.default_rng(seed).integers(0, 256, (rows, cols, 3)).astype(np.uint8))


def single_view(rows: int = 60, cols: int = 80, seed: int = 3) -> View:
    return View(high=np.random.default_rng(seed).integers(0, 65536, (rows, cols)).astype(np.uint16))


INPUTS: dict[str, View] = {
    "zero": constant_view(0, 0),
    "saturated": constant_view(65535, 65535),
    "one_pixel": constant_view(30000, 20000, 1, 1),
    "one_row": noise_view(1, 700),
    "one_column": noise_view(700, 1),
    "noise": noise_view(),
    "cargo": cargo_view(),
    "bag": bag_view(),
    "single": single_view(),
    "single_zero": constant_view(0, None),
    "colour": colour_view(),
    "colour_pixel": colour_view(1, 1),
}


def same_pixels(one: View, other: View) -> bool:
    pairs = ((getattr(one, c), getattr(other, c)) for c in ("high", "low", "colour"))
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)
