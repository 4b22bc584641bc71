"""The two throws that recipes are made of."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

T = TypeVar("T")


def pick(rng: np.random.Generator, *choices: T) -> T:
    """One of the choices, each as likely."""
    return choices[int(rng.integers(len(choices)))]


def between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))
