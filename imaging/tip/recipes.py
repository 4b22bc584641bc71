"""What the library of threats is made of: phantoms by category, in outline only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imaging.phantom.bodies import Body, Recipe, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.objects.contraband import BATTERIES, CIGARETTES, DENSE_BLOCKS, IVORY, LIQUIDS, POWDERS
from imaging.phantom.objects.weapons import BLADES, FIREARMS
from imaging.phantom.shapes import Shape, ball, box, rod

_PARTS = "gun_parts"


def cartridges(rng: np.random.Generator) -> Body:
    """Rounds standing in a box in rows, or a few of them lying side by side."""
    radius, case, tip = between(rng, 4.5, 6.2), between(rng, 15, 50), between(rng, 8, 26)
    is_boxed = rng.random() < 0.6
    across, down = (pick(rng, 5, 10), pick(rng, 2, 5)) if is_boxed else (int(rng.integers(3, 9)), 1)
    pitch = 2 * radius + between(rng, 0.6, 2.5)
    shapes: list[Shape] = []
    if is_boxed:
        size = (across * pitch + 4, down * pitch + 4, case + tip + 6)
        shapes += [box("cardboard", size), box(None, (size[0] - 2, size[1] - 2, size[2] - 2))]
    for i in range(across * down):
        x, y = (i % across - (across - 1) / 2) * pitch, (i // across - (down - 1) / 2) * pitch
        shapes += [
            ball("Pb", (radius * 0.9, radius * 0.9, tip), (x, y, case / 2)),
            rod("brass", radius, case, (x, y, 0)),
            rod("paper", radius - 0.6, case - 6, (x, y, 2)),
        ]
    return solid(*shapes)


THREATS: Mapping[str, tuple[Recipe, ...]] = {
    "firearm": tuple(recipe for recipe in FIREARMS if recipe.__name__ != _PARTS),
    "gun_parts": tuple(recipe for recipe in FIREARMS if recipe.__name__ == _PARTS),
    "ammunition": (cartridges,),
    "blade": BLADES,
    "battery": BATTERIES,
    "liquid": LIQUIDS,
    "brick": DENSE_BLOCKS,
    "powder": POWDERS,
    "cigarettes": CIGARETTES,
    "ivory": IVORY,
}
"""Recipes by category; some stand more than once, as they are met more often."""
CATEGORIES: tuple[str, ...] = tuple(THREATS)
