"""Every object that a phantom may hold, by class and theme."""

from __future__ import annotations

from imaging.phantom.bodies import Recipe
from imaging.phantom.objects.clothing import CLOTHING
from imaging.phantom.objects.contraband import BATTERIES, CIGARETTES, DENSE_BLOCKS, IVORY, LIQUIDS, POWDERS
from imaging.phantom.objects.electronics import ELECTRONICS
from imaging.phantom.objects.food import FOOD
from imaging.phantom.objects.hardware import HARDWARE, TOOLS
from imaging.phantom.objects.held_out import HELD_OUT
from imaging.phantom.objects.household import HOUSEHOLD, TOILETRIES
from imaging.phantom.objects.luggage import PACKAGING, Packaging, PackagingRecipe
from imaging.phantom.objects.unfamiliar import UNFAMILIAR
from imaging.phantom.objects.weapons import BLADES, FIREARMS

THREATS: dict[str, tuple[Recipe, ...]] = {
    "firearm": FIREARMS,
    "blade": BLADES,
    "battery": BATTERIES,
    "liquid": LIQUIDS,
    "dense_block": DENSE_BLOCKS,
    "powder_bag": POWDERS,
    "cigarettes": CIGARETTES,
    "ivory": IVORY,
}
"""Recipes by detector class; the names are those of the shipped model."""

CLASSES: tuple[str, ...] = tuple(THREATS)
UNFAMILIAR_LABEL = "unfamiliar"

BENIGN: dict[str, tuple[Recipe, ...]] = {
    "clothing": CLOTHING,
    "electronics": ELECTRONICS,
    "household": HOUSEHOLD,
    "toiletries": TOILETRIES,
    "food": FOOD,
    "hardware": HARDWARE,
}
"""Recipes by theme; what a parcel holds is mostly of one or two themes."""

TOOL_LABEL = "tool"
TOOL_NAMES = frozenset(recipe.__name__ for recipe in TOOLS)
"""Harmless, but a detector that can name them takes them for a weapon less often."""
DOUBTFUL_NAMES = frozenset(("thermos", "empty_bottle", "jar", "tin", "tube", "cosmetics"))
"""Harmless goods that no picture tells from a liquid's container: neither asked for nor counted as false."""

__all__ = [
    "BENIGN",
    "CLASSES",
    "DOUBTFUL_NAMES",
    "HELD_OUT",
    "PACKAGING",
    "THREATS",
    "TOOL_LABEL",
    "TOOL_NAMES",
    "UNFAMILIAR",
    "UNFAMILIAR_LABEL",
    "Packaging",
    "PackagingRecipe",
    "Recipe",
]
