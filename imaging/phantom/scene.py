"""Scenes: a packed parcel as a map of thickness, with the truth of what lies where."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from imaging.phantom.bodies import Aspect
from imaging.phantom.chance import between, pick
from imaging.phantom.fan import Tunnel
from imaging.phantom.library import Item, ObjectSource
from imaging.phantom.objects import BENIGN, CLASSES, DOUBTFUL_NAMES, TOOL_LABEL, TOOL_NAMES, UNFAMILIAR_LABEL
from imaging.phantom.physics import RANK, belt_beam
from imaging.phantom.shapes import Array, Shadow, overlap
from imaging.phantom.thing import Thing, Way, adapt
from imaging.scan import Box, Truth

MM_PER_PX = (0.8, 1.6)
LEAST_PX = 30
"""An object of which less is in the picture is not in the truth."""
DOUBTFUL_LABEL = "doubtful"


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One object of a detector class (or an unfamiliar one, or a harmless one worth knowing) in one view.

    `mask` covers `box`. `own` is the object's own high-channel attenuation (median over the mask), `background` that
    of everything else in the same rays: an object of own 0.1 behind a background of 4 cannot be asked for.
    """

    label: str
    name: str
    materials: frozenset[str]
    box: Box
    mask: npt.NDArray[np.bool_]
    own: float
    background: float
    view: int = 0

    @property
    def is_harmless(self) -> bool:
        """A tool, or a container that may or may not hold a liquid."""
        return self.label in (TOOL_LABEL, DOUBTFUL_LABEL)


@dataclass(slots=True, eq=False)
class Scene:
    """Thickness maps in basis components, (rows, cols, RANK) one a view, and what is in them.

    Rays are parallel unless there is a `tunnel`: then `mm_per_px` is the size of the columns only.
    """

    tau: list[Array]
    mm_per_px: float
    packaging: str = ""
    objects: list[Placed] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    materials: frozenset[str] = frozenset()
    things: list[Thing] = field(default_factory=list)
    tunnel: Tunnel | None = None

    @property
    def truth(self) -> tuple[Truth, ...]:
        return tuple(Truth(o.label, o.box, o.view) for o in self.objects if not o.is_harmless)

    def mm_per_row(self, view: int) -> float:
        """Size of a pixel down a view; of a fan, half way up the tunnel."""
        return self.mm_per_px if self.tunnel is None else self.tunnel.mm_per_row(view)

    @property
    def geometry(self) -> dict[str, str]:
        """What a scan tells of a tunnel's fans; nothing of parallel rays."""
        return {} if self.tunnel is None else self.tunnel.describe(tuple(str(aspect) for aspect in Aspect))

    def add(self, shadow: Shadow, item: Item, label: str, *, view: int, left: int, top: int) -> None:
        """Add a shadow at (left, top) px of a view, and its truth where it has a label and can be seen."""
        tau = self.tau[view]
        where = overlap(tau.shape, shadow.mask.shape, left, top)
        if where is None:
            return
        picture, part = where
        tau[picture] += shadow.tau[part]
        seen = shadow.mask[part]
        if not label or seen.sum() < max(LEAST_PX, 0.3 * shadow.mask.sum()):
            return
        ys, xs = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
        crop = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        x, y = int(picture[1].start + xs[0]), int(picture[0].start + ys[0])
        mask = seen[crop]
        box = (x, y, x + mask.shape[1], y + mask.shape[0])
        own = _median_attenuation(shadow.tau[part][crop], mask)
        self.objects.append(Placed(label, item.name, item.materials, box, mask.copy(), own, 0.0, view))

    def measure_backgrounds(self) -> None:
        """Tell every object what else is in its rays, once all are there."""
        for index, placed in enumerate(self.objects):
            left, top, right, bottom = placed.box
            total = _median_attenuation(self.tau[placed.view][top:bottom, left:right], placed.mask)
            self.objects[index] = replace(placed, background=max(total - placed.own, 0.0))


@dataclass(slots=True, eq=False)
class _Table:
    """The room that things are put into: its place in the pictures, in px."""

    scene: Scene
    aspects: tuple[Aspect, ...]
    left: float
    top: float
    width: float
    height: float
    floor_row: float
    depth: float

    def put(
        self, rng: np.random.Generator, item: Item, way: Way, *, label: str = "", at: tuple[float, float] | None = None
    ) -> None:
        """Lay an item down at shares (x, y) of the room, or anywhere; a label enters it into the truth."""
        fitted = self._fit(item, way)
        if fitted is None and not label:
            return
        label = label or _harmless_label(item)
        way = fitted or way
        share = at or (between(rng, 0, 1), between(rng, 0, 1))
        lift = between(rng, 0, 1)
        origin = 0
        for view, aspect in enumerate(self.aspects):
            shadow = adapt(item, aspect, way, self.scene.mm_per_px)
            rows, cols = shadow.mask.shape
            if aspect is Aspect.TOP:
                left = round(self.left + share[0] * (self.width - cols))
                top = round(self.top + share[1] * (self.height - rows))
                origin = left - shadow.left_px
                self._note(item, way, label, middle=(left + cols / 2, top + rows / 2), lift=lift)
            else:
                left = origin + shadow.left_px
                top = round(self.floor_row - rows - lift * max(self.depth - rows, 0) * 0.7)
            self.scene.add(shadow, item, label, view=view, left=left, top=top)

    def _note(self, item: Item, way: Way, label: str, *, middle: tuple[float, float], lift: float) -> None:
        """Remember where a thing lies, its middle in px of the view from above."""
        mm = self.scene.mm_per_px
        spare_mm = max(self.depth * mm - way.scale * (item.rise[1] - item.rise[0]), 0.0)
        at_mm = (middle[0] * mm, middle[1] * mm)
        self.scene.things.append(Thing(item, way, at_mm, lift * spare_mm * 0.7, label))

    def _fit(self, item: Item, way: Way) -> Way | None:
        """The way turned or shrunk by up to a quarter, so that the item fits the room; None where it cannot."""
        rows, cols = item.shadows[Aspect.TOP].mask.shape
        zoom = item.mm_per_px / self.scene.mm_per_px * way.scale
        spans = {q: (cols, rows)[:: -1 if q % 2 else 1] for q in (way.quarters, way.quarters + 1)}
        slack = {q: min(self.width / w, self.height / h) / zoom for q, (w, h) in spans.items()}
        turns = len(self.aspects) == 1 and slack[way.quarters] < 1
        best = max(slack, key=lambda q: slack[q]) if turns else way.quarters
        if slack[best] < 0.75:
            return None
        return replace(way, scale=way.scale * min(1.0, slack[best]), quarters=best % 4)


def _median_attenuation(tau: Array, mask: npt.NDArray[np.bool_]) -> float:
    """Median high-channel attenuation over a mask, from at most a thousand of its pixels."""
    inside = tau[mask]
    return float(np.median(belt_beam().attenuate(inside[:: max(1, len(inside) // 1000)])[..., 1]))


def _harmless_label(item: Item) -> str:
    if item.name in TOOL_NAMES:
        return TOOL_LABEL
    return DOUBTFUL_LABEL if item.name in DOUBTFUL_NAMES else ""


def compose_parcel(
    rng: np.random.Generator,
    source: ObjectSource,
    *,
    size: tuple[int, int] = (600, 800),
    mm_per_px: float | None = None,
    threats: int | tuple[str, ...] | None = None,
    unfamiliar: int = 0,
    views: int = 1,
) -> Scene:
    """Pack a parcel: packaging, harmless goods of a theme or two, and threats by number or by class name.

    `size` is (rows, cols) of each picture; a pixel is 0.8 to 1.6 mm unless given. Threats are drawn from all classes
    when a number is given, from none to three when nothing is said. The source must know the aspects of the views.
    """
    aspects = tuple(Aspect)[:views]
    labels = _draw_threats(rng, threats) + (UNFAMILIAR_LABEL,) * unfamiliar
    if rng.random() < 0.06 and labels and views == 1 and mm_per_px is None:
        scene, table = _lay_close_up(rng, size)
        count = int(rng.integers(0, 4))
    else:
        scene, table = _open_packaging(rng, source, size, mm_per_px, aspects)
        count = _count_goods(rng, table)
    for item, way, at in _choose_goods(rng, source, count, views):
        table.put(rng, item, way, at=at)
        scene.contents.append(item.name)
        scene.materials |= item.materials
    for label in labels:
        item = source.take(rng, label)
        table.put(rng, item, _any_way(rng, views), label=label)
        scene.materials |= item.materials
    scene.measure_backgrounds()
    return scene


def _draw_threats(rng: np.random.Generator, threats: int | tuple[str, ...] | None) -> tuple[str, ...]:
    if isinstance(threats, tuple):
        return threats
    count = pick(rng, 0, 1, 1, 1, 2, 2, 3) if threats is None else threats
    return tuple(pick(rng, *CLASSES) for _ in range(count))


def _any_way(rng: np.random.Generator, views: int) -> Way:
    quarters = int(rng.integers(4)) if views == 1 else 0
    scale = between(rng, 0.85, 1.2) if rng.random() < 0.6 else 1.0
    degrees = between(rng, -45, 45) if views == 1 and rng.random() < 0.7 else 0.0
    return Way(scale, quarters, bool(rng.random() < 0.5), degrees)


def _empty_scene(size: tuple[int, int], mm_per_px: float, views: int) -> Scene:
    return Scene([np.zeros((*size, RANK), np.float32) for _ in range(views)], mm_per_px)


def _lay_close_up(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Scene, _Table]:
    """No packaging and a small pixel: one thing fills the picture, as in pictures cut from others."""
    scene = _empty_scene(size, between(rng, 0.25, 0.6), 1)
    rows, cols = size
    return scene, _Table(scene, (Aspect.TOP,), 0, 0, cols, rows, rows, rows)


def _open_packaging(
    rng: np.random.Generator,
    source: ObjectSource,
    size: tuple[int, int],
    mm_per_px: float | None,
    aspects: tuple[Aspect, ...],
) -> tuple[Scene, _Table]:
    rows, cols = size
    if rng.random() < 0.08:
        scene = _empty_scene(size, mm_per_px or between(rng, *MM_PER_PX), len(aspects))
        return scene, _Table(scene, aspects, cols * 0.08, rows * 0.08, cols * 0.84, rows * 0.84, rows * 0.8, rows * 0.5)
    item = source.take_packaging(rng)
    assert item.room is not None
    quarters = int(rng.integers(4)) if len(aspects) == 1 else 0
    span = item.shadows[Aspect.TOP].mask.shape[:: -1 if quarters % 2 else 1]
    fill = between(rng, 0.72, 0.98)
    needed = max(span[0] / rows, span[1] / cols) * item.mm_per_px / fill
    finest, coarsest = MM_PER_PX
    drawn = finest + (coarsest - finest) * float(rng.beta(1, 3))
    pixel = mm_per_px or min(max(drawn, needed), coarsest)
    way = Way(min(1.0, pixel / needed), quarters, bool(rng.random() < 0.5))
    scene = _empty_scene(size, pixel, len(aspects))
    scene.packaging, scene.materials = item.name, item.materials
    width, height, depth = (side * way.scale / pixel for side in item.room)
    if quarters % 2:
        width, height = height, width
    middle_x, middle_y = cols / 2 + rng.normal() * cols * 0.02, rows / 2 + rng.normal() * rows * 0.02
    floor = min(rows * 0.5 + depth / 2, rows * 0.95)
    scene.things.append(Thing(item, way, (middle_x * pixel, middle_y * pixel), 0.0))
    table = _Table(scene, aspects, middle_x - width / 2, middle_y - height / 2, width, height, floor, depth)
    for view, aspect in enumerate(aspects):
        shadow = adapt(item, aspect, way, pixel)
        left = round(middle_x - shadow.mask.shape[1] / 2)
        top = (
            round(middle_y - shadow.mask.shape[0] / 2) if aspect is Aspect.TOP else round(floor) - shadow.mask.shape[0]
        )
        scene.add(shadow, item, "", view=view, left=left, top=top)
    return scene, table


def _count_goods(rng: np.random.Generator, table: _Table) -> int:
    """Goods by floor space: from a few to what overlaps everywhere."""
    area_dm2 = table.width * table.height * table.scene.mm_per_px**2 / 1e4
    return min(45, 1 + int(rng.poisson(max(area_dm2 * between(rng, 0.15, 1.3), 1.0))))


def _choose_goods(
    rng: np.random.Generator, source: ObjectSource, count: int, views: int
) -> list[tuple[Item, Way, tuple[float, float] | None]]:
    """Items of one main theme and some of all others; now and then the same item in rows, as traders pack."""
    if count > 4 and rng.random() < 0.12:
        item, way = source.take(rng, pick(rng, *BENIGN)), _any_way(rng, views)
        across = max(1, round(count**0.5))
        down = -(-count // across)
        spots = [((i % across + 0.5) / across, (i // across + 0.5) / down) for i in range(count)]
        return [(item, way, spot) for spot in spots]
    main = pick(rng, *BENIGN)
    themes = [main if rng.random() < 0.55 else pick(rng, *BENIGN) for _ in range(count)]
    return [(source.take(rng, theme), _any_way(rng, views), None) for theme in themes]
