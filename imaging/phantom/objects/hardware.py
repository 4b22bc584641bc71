"""Tools, machine parts and odd pieces of metal: dense and long, as weapons are, and harmless."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Recipe, Solid, Wire, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod, turned


def screwdriver(rng: np.random.Generator) -> Body:
    length = between(rng, 60, 200)
    return solid(
        rod(pick(rng, "PP", "ABS", "wood"), 14, between(rng, 80, 110), (0, 0, -40)),
        rod("steel", between(rng, 2.5, 4.5), length, (0, 0, length / 2)),
        rod("steel", 3, 40, (0, 0, -15)),
    )


def spanner(rng: np.random.Generator) -> Body:
    length = between(rng, 90, 260)
    a, b = between(rng, 10, 19), between(rng, 8, 15)
    return solid(
        box("steel", (length, b, 5)),
        rod("steel", a, 8, (length / 2, 0, 0)),
        rod(None, a * 0.6, 10, (length / 2 + 4, 0, 0)),
        rod("steel", b, 7, (-length / 2, 0, 0)),
        rod(None, b * 0.6, 9, (-length / 2, 0, 0)),
    )


def hammer(rng: np.random.Generator) -> Body:
    length = between(rng, 180, 320)
    return solid(
        rod(pick(rng, "wood", "rubber", "steel"), (12, 9), length, axis="x"),
        box("steel", (26, 96, 24), (length / 2, 0, 0)),
        rod("steel", 15, 22, (length / 2, 52, 0), axis="y"),
    )


def pliers(rng: np.random.Generator) -> Body:
    length, spread = between(rng, 120, 190), between(rng, 0.08, 0.3)
    shapes: list[Shape] = []
    for s in (-1, 1):
        turn = turned(z=s * spread)
        x, y, _ = turn @ np.array([-length * 0.35, 0, 0])
        u, v, _ = turned(z=-s * spread * 0.3) @ np.array([length * 0.2, s * 4, 0])
        shapes += [
            box("PVC", (length * 0.65, 15, 12), (x, y, 0), turn),
            box("steel", (length * 0.7, 8, 7), (x, y, 0), turn),
        ]
        shapes.append(box("steel", (length * 0.4, 11, 8), (u, v, 0)))
    return solid(*shapes, rod("steel", 13, 11))


def adjustable_wrench(rng: np.random.Generator) -> Body:
    """A flat handle with a hole, a fixed and a sliding jaw, a screw between them."""
    length, width, gap = between(rng, 110, 280), between(rng, 14, 26), between(rng, 4, 24)
    end = length / 2
    return solid(
        box("steel", (length, width, between(rng, 6, 11))),
        rod(None, width * 0.28, 14, (-end + width * 0.6, 0, 0)),
        rod("steel", width * 0.62, 10, (-end, 0, 0)),
        box("steel", (width * 1.5, width * 0.9, 13), (end, width * 0.55, 0), turned(z=0.25)),
        box("steel", (width * 1.3, width * 0.6, 12), (end + 2, -width * 0.3 - gap * 0.5, 0), turned(z=0.25)),
        rod("steel", 5, width * 0.7, (end - width * 0.4, -width * 0.2, 0), axis="x"),
    )


def saw(rng: np.random.Generator) -> Body:
    """A thin wide blade with teeth, and a closed grip."""
    length, width = between(rng, 160, 330), between(rng, 40, 95)
    grip = pick(rng, "wood", "ABS", "PP")
    teeth = [box(None, (3, 5, 4), (-length / 2 + 8.0 * i, width / 2, 0)) for i in range(int(length // 8))]
    return solid(
        box("steel", (length, width, between(rng, 0.8, 1.4))),
        box(None, (length * 1.1, width * 0.5, 4), (length * 0.1, -width * 0.55, 0), turned(z=between(rng, 0.05, 0.2))),
        *teeth,
        box(grip, (105, width + 20, 22), (-length / 2 - 40, 0, 0)),
        box(None, (50, width * 0.55, 24), (-length / 2 - 42, 0, 0)),
    )


def power_drill(rng: np.random.Generator) -> Body:
    """The machine with its motor, gear, chuck; no pack."""
    return solid(
        rod("ABS", 32, 150, axis="x"),
        rod(None, 29, 146, axis="x"),
        box("ABS", (42, 120, 34), (-30, 80, 0), turned(z=-0.15)),
        box(None, (36, 116, 28), (-30, 80, 0), turned(z=-0.15)),
        rod("steel", 24, 62, (-30, 0, 0), axis="x"),
        rod("Cu", 21, 45, (-30, 0, 0), axis="x"),
        rod("NdFeB", 12, 40, (-30, 0, 0), axis="x"),
        rod("steel", 22, 45, (35, 0, 0), axis="x"),
        rod(None, 14, 30, (35, 0, 0), axis="x"),
        rod("steel", 19, 45, (98, 0, 0), axis="x"),
        rod("steel", 4, between(rng, 40, 120), (140, 0, 0), axis="x"),
    )


def fasteners(rng: np.random.Generator) -> Body:
    """A bag of screws, nuts or nails."""
    shapes: list[Shape] = []
    length, r = between(rng, 12, 60), between(rng, 1, 3.5)
    for _ in range(int(rng.integers(8, 30))):
        at, turn = (between(rng, -35, 35), between(rng, -30, 30), between(rng, -8, 8)), random_turn(rng)
        head = np.array(at) + turn @ np.array([0, 0, length / 2])
        shapes += [rod("steel", r, length, at, turn=turn), rod("steel", 2 * r, r, tuple(head.tolist()), turn=turn)]
    return solid(*shapes)


def padlock(rng: np.random.Generator) -> Body:
    w, h = between(rng, 28, 55), between(rng, 25, 50)
    angle = np.linspace(np.pi, 2 * np.pi, 30)
    shackle = Wire(
        np.stack([w * 0.32 * np.cos(angle), -h / 2 + w * 0.7 * np.sin(angle), 0 * angle], axis=1), (("steel", 3.2),)
    )
    return Body(
        (
            Solid((box(pick(rng, "brass", "steel", "Zn"), (w, h, 15)), rod(None, 4, h * 0.7, (0, 8, 0), axis="y"))),
            shackle,
        )
    )


def keys(rng: np.random.Generator) -> Body:
    shapes = [rod("steel", 14, 2), rod(None, 12, 3)]
    for i in range(int(rng.integers(2, 7))):
        turn, metal = turned(z=between(rng, 0, 6.3)), pick(rng, "brass", "steel")
        for offset, shape in ((38.0, "shaft"), (18.0, "bow")):
            x, y, z = turn @ np.array([offset, 0, i * 2.5])
            at = (float(x), float(y), float(z))
            shapes.append(box(metal, (46, 7, 2), at, turn) if shape == "shaft" else rod(metal, 11, 2, at))
    return solid(*shapes)


def coins(rng: np.random.Generator) -> Body:
    shapes = [
        rod(
            pick(rng, "brass", "Cu", "stainless", "Zn"),
            between(rng, 8, 14),
            between(rng, 1.4, 2.4),
            (between(rng, -35, 35), between(rng, -35, 35), between(rng, -6, 6)),
            turn=turned(x=rng.normal() * 0.4),
        )
        for _ in range(int(rng.integers(3, 16)))
    ]
    return solid(*shapes)


def bearing(rng: np.random.Generator) -> Body:
    outer, height = between(rng, 18, 60), between(rng, 8, 24)
    balls = [
        ball("steel", (outer * 0.13,) * 3, (outer * 0.72 * np.cos(a), outer * 0.72 * np.sin(a), 0))
        for a in np.linspace(0, 2 * np.pi, 9)[:-1]
    ]
    return solid(
        rod("steel", outer, height),
        rod(None, outer * 0.84, height + 2),
        *balls,
        rod("steel", outer * 0.58, height),
        rod(None, outer * 0.42, height + 2),
    )


def gear(rng: np.random.Generator) -> Body:
    r, h = between(rng, 15, 55), between(rng, 5, 22)
    material = pick(rng, "steel", "brass", "nylon")
    teeth = [box(material, (r * 2.25, r * 0.16, h), (0, 0, 0), turned(z=a)) for a in np.linspace(0, np.pi, 13)[:-1]]
    holes = [rod(None, r * 0.18, h + 2, (r * 0.55 * np.cos(a), r * 0.55 * np.sin(a), 0)) for a in np.linspace(0, 5, 5)]
    return solid(rod(material, r, h), *teeth, *holes, rod(None, r * 0.2, h + 2))


def pipe_fitting(rng: np.random.Generator) -> Body:
    """Taps, elbows, valves: thick hollow brass or steel, a rod of pistol length."""
    r, length, material = between(rng, 8, 22), between(rng, 50, 180), pick(rng, "brass", "steel", "Cu", "PVC")
    wall = between(rng, 1.2, 4)
    shapes = [rod(material, r, length, axis="x"), rod(material, r * 1.3, 16, (length / 2, 0, 0), axis="x")]
    if rng.random() < 0.6:
        at = between(rng, -0.3, 0.3) * length
        shapes += [rod(material, r, length * 0.45, (at, length * 0.22, 0), axis="y")]
        shapes += [rod(None, r - wall, length * 0.45, (at, length * 0.22, 0), axis="y")]
    return solid(*shapes, rod(None, r - wall, length + 20, axis="x"))


def metal_profile(rng: np.random.Generator) -> Body:
    """Rails, angles and tubes, as in furniture and luggage."""
    length, w, wall = between(rng, 120, 480), between(rng, 10, 38), between(rng, 0.8, 2.5)
    material = pick(rng, "Al", "steel", "stainless", "Al")
    kind = int(rng.integers(3))
    if kind == 0:
        return solid(box(material, (length, w, w * 0.7)), box(None, (length + 2, w - 2 * wall, w * 0.7 - 2 * wall)))
    if kind == 1:
        return solid(box(material, (length, w, wall)), box(material, (length, wall, w), (0, w / 2, w / 2)))
    return solid(rod(material, w / 2, length, axis="x"), rod(None, w / 2 - wall, length + 2, axis="x"))


def tape_measure(rng: np.random.Generator) -> Body:
    r = between(rng, 24, 36)
    return solid(
        box("ABS", (r * 2.2, r * 2.1, 34)),
        box(None, (r * 2.2 - 4, r * 2.1 - 4, 30)),
        rod("steel", r * 0.9, 20),
        rod(None, r * 0.5, 22),
        box("steel", (10, 14, 2), (r * 1.15, r * 0.8, 0)),
    )


def motor(rng: np.random.Generator) -> Body:
    r, h = between(rng, 14, 40), between(rng, 25, 80)
    return solid(
        rod("steel", r, h),
        rod(None, r - 1.5, h - 3),
        rod("Cu", r * 0.8, h * 0.7),
        rod("steel", r * 0.6, h * 0.7),
        rod("steel", 2.5, h * 1.7),
    )


def spring(rng: np.random.Generator) -> Body:
    r, turns, pitch = between(rng, 5, 22), between(rng, 5, 16), between(rng, 3, 9)
    angle = np.linspace(0, turns * 2 * np.pi, int(turns * 24))
    path = np.stack([pitch * angle / 6.28 - turns * pitch / 2, r * np.cos(angle), r * np.sin(angle)], axis=1)
    return Body((Wire(path, (("steel", between(rng, 0.6, 2)),)),))


def bicycle_part(rng: np.random.Generator) -> Body:
    r = between(rng, 55, 95)
    spokes = [box("Al", (r * 1.9, 12, 4), (0, 0, 0), turned(z=a)) for a in np.linspace(0, np.pi, 4)[:-1]]
    crank = [
        box("Al", (170, 24, 14), (85, 0, 10)),
        rod("steel", 8, 60, (165, 0, 30)),
        box("PP", (90, 60, 22), (165, 0, 50)),
    ]
    return solid(
        rod("steel", r, 3), rod(None, r - 9, 5), *spokes, rod("steel", 12, 22), *(crank if rng.random() < 0.5 else [])
    )


def lump(rng: np.random.Generator) -> Body:
    """A plain piece of anything."""
    material = pick(
        rng,
        "PE",
        "PP",
        "PS",
        "ABS",
        "wood",
        "nylon",
        "rubber",
        "PVC",
        "Al",
        "steel",
        "glass",
        "EPS",
        "PU_foam",
        "plaster",
        "brass",
        "Cu",
        "rock",
        "silicone",
    )
    heavy = material in {"Al", "steel", "brass", "Cu", "glass", "rock"}
    half = rng.uniform(2 if heavy else 6, 14 if heavy else 70, 3)
    if rng.random() < 0.4:
        half[0] *= 3
    a, b, c = (float(v) for v in np.minimum(half, 150))
    shape = pick(rng, box(material, (2 * a, 2 * b, 2 * c)), ball(material, (a, b, c)), rod(material, (a, b), 2 * c))
    hole = [box(None, (1.4 * a, 1.4 * b, 1.4 * c))] if rng.random() < 0.3 else []
    return solid(shape, *hole)


def foil_roll(rng: np.random.Generator) -> Body:
    r, length, material = (
        between(rng, 14, 40),
        between(rng, 60, 320),
        pick(rng, "Al", "PE", "paper", "PVC", "polyester"),
    )
    wall = between(rng, 1.0, 3.0) if material == "Al" else between(rng, 5, r * 0.6)
    return solid(
        rod(material, r, length, axis="x"),
        rod("cardboard", r - wall, length, axis="x"),
        rod(None, r - wall - 2, length + 2, axis="x"),
    )


TOOLS: tuple[Recipe, ...] = (screwdriver, spanner, hammer, pliers, adjustable_wrench, saw, power_drill)

HARDWARE: tuple[Recipe, ...] = (
    *TOOLS,
    fasteners,
    padlock,
    keys,
    coins,
    bearing,
    gear,
    pipe_fitting,
    metal_profile,
    metal_profile,
    tape_measure,
    motor,
    spring,
    bicycle_part,
    lump,
    lump,
    foil_roll,
)
