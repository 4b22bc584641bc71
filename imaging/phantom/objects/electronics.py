"""Things with circuit boards, magnets, windings and cells: harmless, though made of what alarms are made of."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Pose, Recipe, Solid, Wire, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, Vector, ball, box, rod


def _board(
    rng: np.random.Generator, w: float, h: float, at: Vector = (0, 0, 0), parts: int | None = None
) -> list[Shape]:
    """A populated circuit board."""
    x, y, z = at
    shapes = [box("PCBA", (w, h, 1.4), at)]
    for _ in range(int(rng.integers(4, 14)) if parts is None else parts):
        place = (x + between(rng, -0.42, 0.42) * w, y + between(rng, -0.42, 0.42) * h, z + 2)
        material = pick(rng, "PCBA", "alumina", "Al", "Cu", "steel", "solder", "ABS")
        thin = 0.6 if material == "solder" else between(rng, 1, 7)
        if rng.random() < 0.3:
            shapes.append(rod(pick(rng, "Al", "Cu"), between(rng, 2, 6), between(rng, 4, 14), place))
        else:
            shapes.append(box(material, (between(rng, 3, 16), between(rng, 3, 16), thin), place))
    return shapes


def phone(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 64, 80), between(rng, 135, 170), between(rng, 7, 10)
    shapes = [
        box(pick(rng, "Al", "PC", "stainless"), (w, h, d)),
        box(None, (w - 3, h - 3, d - 1.2)),
        box("glass", (w - 2, h - 2, 0.8), (0, 0, d / 2 - 0.4)),
        box("liion", (w * 0.55, h * 0.55, d * 0.5), (w * 0.1, h * 0.1, 0)),
        *_board(rng, w * 0.85, h * 0.22, (0, -h * 0.33, 0), 9),
        box("PCBA", (w * 0.2, h * 0.5, 1.2), (-w * 0.32, h * 0.1, 0)),
        rod("Cu", 7, 1, (w * 0.28, -h * 0.4, 1)),
        box("NdFeB", (14, 8, 2), (0, h * 0.44, 0)),
    ]
    return solid(*shapes)


def laptop(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 290, 380), between(rng, 200, 265), between(rng, 15, 24)
    case = pick(rng, "Al", "ABS", "Mg")
    cells = int(rng.integers(3, 7))
    pitch = w * 0.8 / cells
    shapes = [
        box(case, (w, h, d)),
        box(None, (w - 3, h - 3, d - 2.4)),
        box("glass", (w - 14, h - 14, 1.1), (0, 0, d / 2 - 3)),
        box("ABS", (w * 0.85, h * 0.38, 3), (0, -h * 0.1, d / 2 - 6)),
        *_board(rng, w * 0.75, h * 0.38, (0, -h * 0.24, -1), 16),
        rod("Cu", 3, w * 0.4, (0, -h * 0.3, 1), axis="x"),
        rod("Cu", 16, 5, (w * 0.33, -h * 0.33, 0)),
        box("Al", (70, 100, 7), (-w * 0.3, h * 0.2, 0)),
    ]
    for i in range(cells):
        x = (i - (cells - 1) / 2) * pitch
        flat = d < 19
        cell = box("liion", (pitch - 4, h * 0.3, d * 0.35), (x, h * 0.28, 0))
        shapes.append(cell if flat else rod("liion", min(9, d / 2 - 1.5), pitch - 3, (x, h * 0.38, 0), axis="x"))
    shapes += [rod("steel", between(rng, 4, 6), 30, (s * w * 0.35, -h / 2 + 5, d / 2 - 4), axis="x") for s in (-1, 1)]
    return solid(*shapes, pose=Pose.LYING)


def tablet(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 160, 215), between(rng, 210, 285), between(rng, 6, 9)
    shapes = [
        box("Al", (w, h, d)),
        box(None, (w - 2.4, h - 2.4, d - 1.4)),
        box("glass", (w - 2, h - 2, 1), (0, 0, d / 2 - 0.5)),
        *(box("liion", (w * 0.4, h * 0.6, d * 0.45), (s * w * 0.22, h * 0.05, 0)) for s in (-1, 1)),
        *_board(rng, w * 0.5, h * 0.16, (0, -h * 0.36, 0), 8),
    ]
    return solid(*shapes, pose=Pose.LYING)


def charger(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 40, 60), between(rng, 60, 130), between(rng, 26, 36)
    shapes = [
        box("ABS", (w, h, d)),
        box(None, (w - 4, h - 4, d - 4)),
        *_board(rng, w * 0.8, h * 0.85, (0, 0, -d * 0.25), 9),
        box("Cu", (w * 0.4, h * 0.25, d * 0.5), (0, 0, 2)),
        box("steel", (w * 0.45, h * 0.1, d * 0.55), (0, 0, 2)),
        *(box("brass", (6, 17, 1.5), (s * 6.3, -h / 2 - 8, 0)) for s in (-1, 1)),
    ]
    lead = _coil(rng, between(rng, 30, 60), between(rng, 2, 5), ("Cu", 0.9), ("PVC", 2.2))
    return Body((Solid(tuple(shapes)), lead))


def _coil(rng: np.random.Generator, radius: float, turns: float, *layers: tuple[str, float]) -> Wire:
    angle = np.linspace(0, turns * 2 * np.pi, int(60 * turns))
    breath = radius * (1 + 0.18 * np.sin(angle * between(rng, 0.05, 0.4) + between(rng, 0, 6)))
    flat = between(rng, 0.3, 1)
    x = breath * np.cos(angle) + between(rng, -15, 15) * np.sin(angle * 0.37)
    y = breath * np.sin(angle) * flat
    return Wire(np.stack([x, y, np.linspace(-8, 8, len(angle))], axis=1), layers)


def cable_bundle(rng: np.random.Generator) -> Body:
    core = between(rng, 0.4, 1.6)
    parts: list[Wire | Solid] = []
    for _ in range(int(rng.integers(1, 4))):
        layers = (("Cu", core), (pick(rng, "PVC", "PE", "rubber"), core + between(rng, 0.6, 1.6)))
        parts.append(_coil(rng, between(rng, 35, 95), between(rng, 2, 9), *layers))
    plugs = [
        box(pick(rng, "steel", "brass"), (12, 5, 22), (between(rng, -50, 50), between(rng, -50, 50), 0))
        for _ in range(int(rng.integers(1, 4)))
    ]
    ties = box("PE", (8, 40, 6), (40, 0, 0))
    return Body((*parts, Solid((*plugs, ties))))


def headphones(rng: np.random.Generator) -> Body:
    angle, r = np.linspace(np.pi, 2 * np.pi, 40), between(rng, 75, 90)
    band = Wire(np.stack([r * np.cos(angle), r * np.sin(angle), 0 * angle], axis=1), (("steel", 1.2), ("ABS", 5)))
    cups: list[Shape] = []
    for s in (-1, 1):
        at = (s * r, 10.0, 0.0)
        cups += [
            rod("ABS", 36, 24, at, axis="x"),
            rod(None, 33, 20, at, axis="x"),
            rod("NdFeB", 9, 5, at, axis="x"),
            rod("Cu", 11, 2, at, axis="x"),
        ]
    cups.append(box("liion", (5, 24, 30), (r, 10, 0)))
    return Body((band, Solid(tuple(cups))))


def camera(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 100, 145), between(rng, 65, 100), between(rng, 35, 60)
    lens = between(rng, 26, 40)
    reach = between(rng, 30, 110)
    shapes = [
        box(pick(rng, "Mg", "ABS"), (w, h, d)),
        box(None, (w - 4, h - 4, d - 4)),
        rod("Al", lens, reach, (0, 0, d / 2 + reach / 2)),
        rod(None, lens - 4, reach + 2, (0, 0, d / 2 + reach / 2)),
        *(rod("glass", lens - 4, 5, (0, 0, d / 2 + reach * f)) for f in (0.1, 0.4, 0.7, 0.95)),
        *_board(rng, w * 0.8, h * 0.75, (0, 0, -d * 0.3), 9),
        box("liion", (w * 0.2, h * 0.5, d * 0.5), (w * 0.36, 0, 0)),
        box("glass", (22, 20, 20), (0, -h * 0.35, 0)),
    ]
    return solid(*shapes)


def hard_disk(rng: np.random.Generator) -> Body:
    w, h, d = pick(rng, (70.0, 100.0, 9.5), (102.0, 147.0, 26.0))
    shapes = [
        box("Al", (w, h, d)),
        box(None, (w - 8, h - 8, d - 4)),
        *(rod("Al", w * 0.46, 1.3, (0, -h * 0.15, z)) for z in (-d * 0.2, d * 0.2)),
        rod("stainless", 12, d * 0.8, (0, -h * 0.15, 0)),
        box("NdFeB", (30, 18, d * 0.5), (-w * 0.22, h * 0.33, 0)),
        *_board(rng, w * 0.8, h * 0.3, (0, h * 0.3, -d / 2), 5),
    ]
    return solid(*shapes)


def remote_control(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 38, 55), between(rng, 130, 210), between(rng, 14, 24)
    keys = [rod("silicone", 4, 4, ((i % 3 - 1) * w * 0.28, -h * 0.35 + (i // 3) * 13, d / 2)) for i in range(15)]
    shapes = [
        box("ABS", (w, h, d)),
        box(None, (w - 3, h - 3, d - 3)),
        box("PCBA", (w * 0.85, h * 0.85, 1.4), (0, 0, 2)),
        *keys,
        *(rod("steel", 2, 3, (s * 6, h * 0.42, 0), axis="y") for s in (-1, 1)),
    ]
    return solid(*shapes)


def appliance(rng: np.random.Generator) -> Body:
    """A box with a board, a transformer and a motor: router, radio, small machine."""
    w, h, d = between(rng, 90, 230), between(rng, 70, 180), between(rng, 25, 70)
    shapes = [
        box(pick(rng, "ABS", "Al", "PS"), (w, h, d)),
        box(None, (w - 5, h - 5, d - 5)),
        *_board(rng, w * 0.8, h * 0.8, (0, 0, -d * 0.3)),
    ]
    if rng.random() < 0.5:
        at = (between(rng, -0.25, 0.25) * w, between(rng, -0.25, 0.25) * h, 0.0)
        shapes += [
            box("steel", (36, 30, d * 0.6), at),
            box("Cu", (26, 40, d * 0.5), at),
            box("steel", (12, 30, d * 0.6), at),
        ]
    if rng.random() < 0.4:
        at = (between(rng, -0.3, 0.3) * w, between(rng, -0.3, 0.3) * h, 2.0)
        r = min(30.0, d * 0.4)
        shapes += [rod("steel", r, r * 1.4, at, axis="x"), rod("Cu", r * 0.85, r * 1.2, at, axis="x")]
        shapes += [rod("NdFeB", r * 0.5, r, at, axis="x"), rod("steel", 3, r * 3, at, axis="x")]
    return solid(*shapes)


def hair_dryer(rng: np.random.Generator) -> Body:
    r, length = between(rng, 32, 42), between(rng, 150, 200)
    shapes = [
        rod("ABS", r, length, axis="x"),
        rod(None, r - 2.5, length + 2, axis="x"),
        rod("ABS", 17, 120, (-length * 0.2, 85, 0), axis="y"),
        rod(None, 15, 118, (-length * 0.2, 85, 0), axis="y"),
        rod("steel", 14, 40, (-length * 0.2, 0, 0), axis="x"),
        rod("Cu", 11, 30, (-length * 0.2, 0, 0), axis="x"),
        *(box("FR4", (60, r * 1.5, 1), (length * 0.15, 0, z)) for z in (-8, 0, 8)),
        *(rod("stainless", r * 0.6, 1.2, (length * (0.02 + 0.07 * i), 0, 0), axis="x") for i in range(5)),
    ]
    return solid(*shapes)


def shaver(rng: np.random.Generator) -> Body:
    h = between(rng, 110, 160)
    shapes = [
        rod("ABS", 18, h),
        rod(None, 16, h - 4),
        rod("Cu", 9, 28, (0, 0, h * 0.2)),
        rod("steel", 4, 32, (0, 0, h * 0.2)),
        rod("liion", 7, 48, (0, 0, -h * 0.2)),
        box("PCBA", (20, 2, h * 0.5), (0, 9, 0)),
        rod("stainless", 17, 6, (0, 0, h / 2)),
    ]
    return solid(*shapes)


def smart_watch(rng: np.random.Generator) -> Body:
    r = between(rng, 17, 24)
    angle = np.linspace(0.3, 2 * np.pi - 0.3, 50)
    strap = Wire(
        np.stack([0 * angle, 32 * np.sin(angle), 32 * np.cos(angle) - 32], axis=1),
        ((pick(rng, "stainless", "leather", "silicone"), between(rng, 1.5, 3.5)),),
    )
    shapes = [rod(pick(rng, "stainless", "Al", "Ti"), r, 11), rod(None, r - 2, 9), rod("brass", r * 0.6, 3)]
    return Body((Solid((*shapes, rod("glass", r - 1, 1.5, (0, 0, 5)))), strap))


def loudspeaker(rng: np.random.Generator) -> Body:
    w = between(rng, 70, 150)
    shapes = [
        box(pick(rng, "wood", "ABS"), (w, w * 1.4, w * 0.8)),
        box(None, (w - 14, w * 1.4 - 14, w * 0.8 - 14)),
        rod("NdFeB", w * 0.2, 14, (0, 0, 0)),
        rod("steel", w * 0.24, 5, (0, 0, 8)),
        ball("paper", (w * 0.4, w * 0.4, 18), (0, 0, w * 0.3)),
        ball(None, (w * 0.39, w * 0.39, 17), (0, 0, w * 0.3 + 1)),
    ]
    return solid(*shapes)


ELECTRONICS: tuple[Recipe, ...] = (
    phone,
    laptop,
    tablet,
    charger,
    cable_bundle,
    cable_bundle,
    headphones,
    camera,
    hard_disk,
    remote_control,
    appliance,
    appliance,
    hair_dryer,
    shaver,
    smart_watch,
    loudspeaker,
)
