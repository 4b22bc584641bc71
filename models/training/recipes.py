"""What the shipped models are made of: the classes, the scale, the network and the crops of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from models.card import PARCEL_LONG_PX
from models.training.labels import CARGO_LABELS, LABELS

Span = tuple[float, float]


class Name(StrEnum):
    PARCEL = "parcel"
    MEASURED = "measured"
    COLOUR = "colour"
    CARGO = "cargo"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`worth` says how often a crop is laid round an object of each class; spans are factors of the trained scale.

    Crops of `near` scales are as known pictures come, those of `far` ones as pictures of unknown scale do.
    """

    name: Name
    labels: tuple[str, ...]
    mm_per_px: float
    worth: tuple[float, ...]
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    neck: int
    near: Span
    far: Span
    near_part: float
    colour_part: float
    grey_part: float
    unknown_long_px: tuple[int, ...]
    intended_use: str


def _weigh(others: float, **named: float) -> tuple[float, ...]:
    return tuple(named.get(label, others) for label in LABELS)


PARCEL = Recipe(
    name=Name.PARCEL,
    labels=LABELS,
    mm_per_px=2.0,
    worth=_weigh(2.5, firearm=1.5, blade=1.2, tool=0.5),
    widths=(32, 64, 128, 256),
    depths=(1, 2, 3, 3),
    neck=64,
    near=(0.75, 1.35),
    far=(0.35, 3.0),
    near_part=0.5,
    colour_part=0.5,
    grey_part=0.1,
    unknown_long_px=PARCEL_LONG_PX,
    intended_use=(
        "Shows an officer where to look in parcels. liquid, powder_bag and dense_block share atomic number and density "
        "with harmless goods: advice on the material, not an alarm. tool is harmless, and named so that it is not "
        "taken for a weapon. No finding is no proof of absence."
    ),
)
MEASURED = replace(
    PARCEL,
    name=Name.MEASURED,
    worth=_weigh(2.5, firearm=1.5, tool=0.8),
    near=(0.85, 1.2),
    near_part=1.0,
    colour_part=0.0,
    grey_part=0.02,
)
"""Parcels as measured only: of two energies and known scale, at which all of the training goes."""
COLOUR = replace(
    PARCEL,
    name=Name.COLOUR,
    worth=_weigh(1.5, firearm=2.0, blade=2.5, liquid=2.5, tool=1.2),
    near_part=0.3,
    colour_part=0.85,
    grey_part=0.1,
)
"""What is left: mostly 8-bit colours of unknown scale, which machines for luggage give."""
CARGO = Recipe(
    name=Name.CARGO,
    labels=CARGO_LABELS,
    mm_per_px=10.0,
    worth=(1.0,) * len(CARGO_LABELS),
    widths=(16, 40, 80, 160),
    depths=(1, 2, 2, 2),
    neck=48,
    near=(0.85, 1.2),
    far=(0.6, 1.7),
    near_part=0.6,
    colour_part=0.0,
    grey_part=0.0,
    unknown_long_px=(1640, 1240, 900),
    intended_use=(
        "Shows an officer where to look in containers: blocks, cigarettes or a crate of rifles among the declared "
        "goods, a space behind a false wall. Like goods on top of each other are not told apart. No finding is no "
        "proof of absence."
    ),
)
RECIPES = {recipe.name: recipe for recipe in (PARCEL, MEASURED, COLOUR, CARGO)}
