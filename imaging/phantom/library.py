"""Where a scene takes its objects from: made on the spot, or out of a library that was rendered before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from imaging.phantom.bodies import Aspect, Body, Recipe
from imaging.phantom.chance import pick
from imaging.phantom.objects import BENIGN, PACKAGING, THREATS, TOOL_LABEL, UNFAMILIAR, UNFAMILIAR_LABEL
from imaging.phantom.objects.hardware import TOOLS
from imaging.phantom.objects.unfamiliar import LATER_UNFAMILIAR
from imaging.phantom.physics import belt_basis
from imaging.phantom.shapes import Matrix, Shadow

LIBRARY_MM_PER_PX = 1.0
PACKAGING_MM_PER_PX = 1.25


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One object as it lies, rendered: `shadows` by aspect at `mm_per_px`; `room` is set for packaging.

    `rise` is its lowest and highest z, mm; `body`, lying as `turn` says, is kept where it was made on the spot.
    """

    name: str
    materials: frozenset[str]
    mm_per_px: float
    shadows: Mapping[Aspect, Shadow]
    room: tuple[float, float, float] | None = None
    rise: tuple[float, float] = (0.0, 0.0)
    body: Body | None = None
    turn: Matrix = field(default_factory=lambda: np.eye(3))


class ObjectSource(Protocol):
    """Gives objects by group: a detector class, a theme of harmless goods, `TOOL_LABEL` or `UNFAMILIAR_LABEL`."""

    def take(self, rng: np.random.Generator, group: str) -> Item: ...

    def take_packaging(self, rng: np.random.Generator) -> Item: ...


def _groups(threats: Mapping[str, tuple[Recipe, ...]]) -> dict[str, tuple[Recipe, ...]]:
    return {**threats, **BENIGN, TOOL_LABEL: TOOLS, UNFAMILIAR_LABEL: UNFAMILIAR}


def _render(name: str, body: Body, rng: np.random.Generator, aspects: Iterable[Aspect], mm_per_px: float) -> Item:
    turn = body.rest(rng)
    shadows = {aspect: body.project(turn, aspect, mm_per_px, belt_basis()) for aspect in aspects}
    return Item(name, body.materials, mm_per_px, shadows, rise=body.rise(turn), body=body, turn=turn)


@dataclass(frozen=True, slots=True)
class FreshObjects:
    """Makes every object anew: no two alike, at the price of its rendering (about 50 ms each)."""

    aspects: tuple[Aspect, ...] = (Aspect.TOP,)
    threats: Mapping[str, tuple[Recipe, ...]] = field(default_factory=lambda: THREATS)

    def take(self, rng: np.random.Generator, group: str) -> Item:
        recipe = pick(rng, *_groups(self.threats)[group])
        return _render(recipe.__name__, recipe(rng), rng, self.aspects, LIBRARY_MM_PER_PX)

    def take_packaging(self, rng: np.random.Generator) -> Item:
        recipe = pick(rng, *PACKAGING)
        packaging = recipe(rng)
        item = _render(recipe.__name__, packaging.body, rng, self.aspects, PACKAGING_MM_PER_PX)
        return replace(item, room=packaging.room)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLibrary:
    """Objects rendered beforehand, by group, kept as half floats; a scene then costs little more than adding up."""

    items: Mapping[str, Sequence[Item]]
    packaging: Sequence[Item]

    @classmethod
    def build(
        cls,
        seed: int,
        *,
        per_recipe: int = 4,
        threats: Mapping[str, tuple[Recipe, ...]] = THREATS,
        per_threat: int | None = None,
        aspects: tuple[Aspect, ...] = (Aspect.TOP,),
    ) -> ObjectLibrary:
        """Render `per_recipe` examples of each entry of the recipe tables (`per_threat`, where given, of threats).

        The same seed gives the same library.
        """
        rng = np.random.default_rng(seed)
        items = {
            group: [
                _light(_render(recipe.__name__, recipe(rng), rng, aspects, LIBRARY_MM_PER_PX))
                for recipe in recipes
                if recipe not in LATER_UNFAMILIAR
                for _ in range(per_threat if per_threat and group in (*threats, TOOL_LABEL) else per_recipe)
            ]
            for group, recipes in _groups(threats).items()
        }
        packaging = []
        for recipe in PACKAGING:
            for _ in range(per_recipe):
                made = recipe(rng)
                item = _light(_render(recipe.__name__, made.body, rng, aspects, PACKAGING_MM_PER_PX))
                packaging.append(replace(item, room=made.room))
        for later in LATER_UNFAMILIAR:
            for _ in range(per_recipe):
                item = _render(later.__name__, later(rng), rng, aspects, LIBRARY_MM_PER_PX)
                items[UNFAMILIAR_LABEL].append(_light(item))
        return cls(items, packaging)

    @classmethod
    def merge(cls, libraries: Iterable[ObjectLibrary]) -> ObjectLibrary:
        """All objects of several libraries, as built by several processes from seeds of their own."""
        together = list(libraries)
        groups = {group: [item for part in together for item in part.items[group]] for group in together[0].items}
        return cls(groups, [item for part in together for item in part.packaging])

    def take(self, rng: np.random.Generator, group: str) -> Item:
        return pick(rng, *self.items[group])

    def take_packaging(self, rng: np.random.Generator) -> Item:
        return pick(rng, *self.packaging)


def _light(item: Item) -> Item:
    shadows = {a: Shadow(s.tau.astype(np.float16), s.mask, s.left_px, s.top_px) for a, s in item.shadows.items()}
    return replace(item, shadows=shadows, body=None)
