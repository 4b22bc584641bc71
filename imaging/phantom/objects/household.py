"""Books, kitchen goods, cosmetics, toys and keepsakes."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Recipe, Solid, Wire, blob, pillow, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod, turned


def book(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 100, 220), between(rng, 140, 300), between(rng, 8, 44)
    pages = pick(rng, "paper", "glossy")
    return solid(
        box("cardboard", (w, h, d)),
        box(pages, (w - 4, h - 6, d - 4), (2, 0, 0)),
        box("glossy", (1.5, h, d), (-w / 2, 0, 0)),
    )


def magazines(rng: np.random.Generator) -> Body:
    shapes = [
        box(
            "glossy",
            (between(rng, 180, 215), between(rng, 250, 290), 4),
            (rng.normal() * 6, rng.normal() * 6, 4.1 * i),
            turned(z=rng.normal() * 0.06),
        )
        for i in range(int(rng.integers(1, 7)))
    ]
    return solid(*shapes, pose=Pose.LYING)


def mug(rng: np.random.Generator) -> Body:
    r, h, wall = between(rng, 30, 48), between(rng, 75, 115), between(rng, 2.5, 5)
    material = pick(rng, "ceramic", "glass", "ceramic", "stainless")
    wall = 0.8 if material == "stainless" else wall
    return solid(
        box(material, (28, 2 * wall + 3, h * 0.6), (r + 8, 0, 0)),
        box(None, (16, 2 * wall + 5, h * 0.42), (r + 6, 0, 0)),
        rod(material, r, h),
        rod(None, r - wall, h, (0, 0, wall * 1.5)),
    )


def plates(rng: np.random.Generator) -> Body:
    r, count = between(rng, 60, 130), int(rng.integers(1, 7))
    material = pick(rng, "ceramic", "ceramic", "glass", "PP")
    shapes: list[Shape] = []
    for i in range(count):
        shapes += [rod(material, r, 3.5, (0, 0, 9 * i)), rod(material, r * 0.65, 7, (0, 0, 9 * i - 5))]
        shapes.append(rod(None, r * 0.6, 5, (0, 0, 9 * i - 3)))
    return solid(*shapes)


def drinking_glasses(rng: np.random.Generator) -> Body:
    material, shapes = pick(rng, "glass", "glass", "crystal"), []
    r, h, stem = between(rng, 28, 42), between(rng, 60, 110), rng.random() < 0.5
    for i in range(int(rng.integers(1, 5))):
        x = i * (2 * r + 8)
        shapes += [ball(material, (r, r, h), (x, 0, 0)), ball(None, (r - 2, r - 2, h - 2), (x, 0, 0))]
        shapes.append(box(None, (2 * r + 2, 2 * r + 2, 2 * h), (x, 0, h * 1.45)))
        if stem:
            shapes += [rod(material, 4, 70, (x, 0, -h - 30)), rod(material, r * 0.9, 3, (x, 0, -h - 65))]
    return solid(*shapes)


def pan(rng: np.random.Generator) -> Body:
    r, wall, depth = between(rng, 65, 140), between(rng, 1, 3.5), between(rng, 30, 80)
    return solid(
        rod(pick(rng, "Al", "stainless", "steel"), r, depth),
        rod(None, r - wall, depth, (0, 0, wall * 2)),
        box(pick(rng, "PP", "wood", "stainless"), (between(rng, 110, 170), 22, 12), (r + 65, 0, depth * 0.3)),
        rod("steel", 4, 40, (r + 5, 0, depth * 0.3), axis="x"),
    )


def cutlery(rng: np.random.Generator) -> Body:
    """Spoons and forks; what cuts is made elsewhere."""
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 9))):
        turn, shift = turned(z=rng.normal() * 0.5), np.array([rng.normal() * 15, 14.0 * i, 2.0 * i])

        def put(x: float, turn: np.ndarray = turn, shift: np.ndarray = shift) -> tuple[float, float, float]:
            a, b, c = turn @ np.array([x, 0, 0]) + shift
            return float(a), float(b), float(c)

        shapes.append(box("stainless", (110, 9, 1.8), put(0), turn))
        if rng.random() < 0.5:
            shapes += [ball("stainless", (30, 19, 4), put(78), turn), ball(None, (29, 18, 4), put(78), turned() @ turn)]
            shapes.append(ball("stainless", (29, 18, 1), put(78), turn))
        else:
            shapes.append(box("stainless", (18, 22, 1.8), put(62), turn))
            shapes += [
                box("stainless", (40, 3, 1.6), (put(88)[0], put(88)[1] + s, put(88)[2]), turn) for s in (-9, -3, 3, 9)
            ]
    return solid(*shapes)


def thermos(rng: np.random.Generator) -> Body:
    """A steel bottle without content: two thin walls."""
    r, h = between(rng, 30, 45), between(rng, 170, 280)
    return solid(
        rod("stainless", r, h),
        rod(None, r - 0.6, h - 1),
        rod("stainless", r - 4, h - 8),
        rod(None, r - 4.6, h - 8, (0, 0, 2)),
        rod("PP", r * 0.8, 34, (0, 0, h / 2 + 10)),
        rod(None, r * 0.6, 26, (0, 0, h / 2 + 6)),
    )


def empty_bottle(rng: np.random.Generator) -> Body:
    r, h, material = between(rng, 18, 45), between(rng, 100, 250), pick(rng, "PET", "PE", "glass", "PP")
    wall = between(rng, 1.5, 3.5) if material == "glass" else between(rng, 0.4, 1.4)
    return solid(
        rod(material, r, h),
        rod(material, r * 0.35, 32, (0, 0, h / 2 + 12)),
        rod(None, r - wall, h - 2 * wall),
        rod(None, r * 0.35 - wall * 0.9, 36, (0, 0, h / 2 + 12)),
    )


def picture_frame(rng: np.random.Generator) -> Body:
    w, h = between(rng, 100, 260), between(rng, 80, 200)
    return solid(
        box(pick(rng, "wood", "Al", "PS"), (w, h, 16)),
        box(None, (w - 24, h - 24, 18)),
        box("glass", (w - 20, h - 20, 2)),
        box("paper", (w - 20, h - 20, 1), (0, 0, -4)),
        pose=Pose.LYING,
    )


def candle(rng: np.random.Generator) -> Body:
    r, h = between(rng, 15, 42), between(rng, 40, 110)
    shapes = [rod("glass", r + 3, h + 8), rod(None, r, h + 6, (0, 0, 4))] if rng.random() < 0.5 else []
    return solid(*shapes, rod("wax", r, h), rod("cotton", 1.2, h + 12))


def umbrella(rng: np.random.Generator) -> Body:
    length = between(rng, 220, 420)
    ribs = [rod("steel", 1, length * 0.7, (9 * np.cos(i * np.pi / 4), 9 * np.sin(i * np.pi / 4), 15)) for i in range(8)]
    return solid(
        rod("polyester", 20, length * 0.8),
        rod("steel", 3.6, length),
        rod(None, 2.8, length + 2),
        *ribs,
        rod(pick(rng, "PP", "wood"), 14, 70, (0, 0, -length / 2)),
    )


def toy(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(4, 10))):
        x, y, z = (float(v) for v in rng.normal(size=3) * 26)
        a, b, c = (float(v) for v in rng.uniform(10, 36, 3))
        if rng.random() < 0.5:
            shapes.append(ball("ABS", (a, b, c), (x, y, z)))
            shapes += [ball(None, (a - 2, b - 2, c - 2), (x, y, z))] if rng.random() < 0.6 else []
        else:
            shapes.append(box(pick(rng, "ABS", "PS", "wood"), (a * 2, b * 2, c * 2), (x, y, z), random_turn(rng)))
    axle = [rod("steel", 1.4, 50, (0, 12, 0), axis="x"), rod("steel", 6, 12, (8, -6, 0))]
    return solid(*shapes, *axle, box("Cu", (9, 9, 14), (8, -6, 0)))


def toy_bricks(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(10, 28))):
        at = (between(rng, -70, 70), between(rng, -50, 50), between(rng, -14, 14))
        turn, w = random_turn(rng), pick(rng, 16.0, 32.0, 64.0)
        shapes += [box("ABS", (w, 16, 9.6), at, turn), box(None, (w - 3, 13, 7), at, turn)]
    return solid(*shapes)


def doll(rng: np.random.Generator) -> Body:
    """A stuffed animal with glass or plastic eyes, sometimes a sound box."""
    body = pillow(blob(rng, int(between(rng, 110, 260)), int(between(rng, 100, 220))), between(rng, 40, 110))
    eyes = [rod(pick(rng, "glass", "ABS"), 5, 5, (s * 18, -40, 40)) for s in (-1, 1)]
    box_shapes = [
        box("ABS", (36, 28, 18), (0, 10, 30)),
        rod("NdFeB", 9, 4, (0, 10, 30)),
        rod("steel", 6, 4, (12, 10, 30)),
    ]
    parts = (
        Heap("polyester", np.asarray(body * 0.4, np.float32)),
        Solid((*eyes, *(box_shapes if rng.random() < 0.4 else []))),
    )
    return Body(parts, Pose.FIXED)


def cosmetics(rng: np.random.Generator) -> Body:
    r, h = between(rng, 8, 34), between(rng, 30, 80)
    wall = pick(rng, "PP", "glass", "Al", "PP")
    content = pick(rng, "soap", "wax", "flour", "toothpaste")
    return solid(
        rod(wall, r, h),
        rod(content, r - (3 if wall == "glass" else 1.2), h * 0.85),
        rod(pick(rng, "PP", "Al", "Zn"), r * 0.95, 14, (0, 0, h / 2 + 4)),
        rod(None, r * 0.85, 10, (0, 0, h / 2 + 3)),
    )


def lipsticks(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 9))):
        x = 23.0 * i
        shapes += [rod(pick(rng, "Al", "brass"), 10, 75, (x, 0, 0)), rod(None, 9.3, 73, (x, 0, 0))]
        shapes += [rod("wax", 6, 34, (x, 0, 10)), rod("PP", 8.5, 30, (x, 0, -18)), rod("steel", 5, 5, (x, 0, -34))]
    return solid(*shapes)


def tube(rng: np.random.Generator) -> Body:
    length, w = between(rng, 90, 180), between(rng, 30, 52)
    outline = np.ones((int(w), int(length)), np.uint8)
    outline = np.pad(outline, 3)
    taper = np.clip(np.linspace(0.25, 1.6, outline.shape[1]), 0, 1).astype(np.float32)
    height = pillow(outline, between(rng, 18, 32)) * taper
    cap = rod("PP", w * 0.3, 18, (length / 2 + 9, 0, 8), axis="x")
    return Body((Heap(pick(rng, "toothpaste", "soap"), np.asarray(height, np.float32)), Solid((cap,))), Pose.FIXED)


def brush(rng: np.random.Generator) -> Body:
    length = between(rng, 130, 230)
    bristles = [rod("nylon", 0.8, 22, (length * 0.28 + 5 * (i % 9), -12 + 6.0 * (i // 9), 14)) for i in range(36)]
    return solid(
        box(pick(rng, "wood", "ABS"), (length, 16, 12)), ball("wood", (50, 26, 8), (length * 0.4, 0, 0)), *bristles
    )


def jewellery(rng: np.random.Generator) -> Body:
    metal = pick(rng, "Au", "Ag", "brass", "stainless")
    angle = np.linspace(0, 2 * np.pi, 80)
    chains = []
    for _ in range(int(rng.integers(1, 4))):
        r = between(rng, 25, 70)
        wobble = r * (1 + 0.3 * np.sin(angle * int(rng.integers(2, 6))))
        path = np.stack([wobble * np.cos(angle), 0.7 * wobble * np.sin(angle), 0 * angle], axis=1)
        chains.append(Wire(path, ((metal, between(rng, 0.4, 1.4)),)))
    rings: list[Shape] = []
    for i in range(int(rng.integers(0, 4))):
        at = (between(rng, -30, 30), between(rng, -30, 30), 3.0 * i)
        turn = random_turn(rng)
        rings += [rod(metal, 10.5, 3, at, turn=turn), rod(None, 9, 5, at, turn=turn)]
    case = [box("wood", (130, 95, 45), (0, 0, -10)), box(None, (120, 85, 36), (0, 0, -10))]
    return Body((*chains, Solid((*(case if rng.random() < 0.5 or not rings else []), *rings))))


def bangle(rng: np.random.Generator) -> Body:
    outer, wall = between(rng, 30, 40), between(rng, 3, 9)
    material = pick(rng, "jade", "Ag", "glass", "wood", "PC")
    wall = min(wall, 4) if material == "Ag" else wall
    return solid(rod(material, outer, between(rng, 5, 18)), rod(None, outer - wall, 30))


def ornament(rng: np.random.Generator) -> Body:
    """A figure of stone, plaster, china or cast metal."""
    material = pick(rng, "plaster", "ceramic", "jade", "brass", "PS", "wood")
    count = int(rng.integers(4, 9))
    scale = 0.5 if material == "brass" else 1.0
    shapes = [
        ball(
            material,
            tuple(rng.uniform(10, 30, 3) * scale),
            (rng.normal() * 10 * scale, rng.normal() * 10 * scale, 17 * scale * i),
        )
        for i in range(count)
    ]
    if material in {"ceramic", "plaster", "PS"}:
        shapes += [ball(None, (9, 9, 8 * count), (0, 0, 8.0 * count))]
    return solid(*shapes, rod(material, 30 * scale, 10 * scale, (0, 0, -24 * scale)))


def sports_ball(rng: np.random.Generator) -> Body:
    r = between(rng, 20, 110)
    material, wall = pick(rng, "rubber", "leather", "PE"), between(rng, 2, 5)
    if r < 36:
        return solid(ball(pick(rng, "rubber", "wood", "PC"), (r, r, r)))
    return solid(ball(material, (r, r, r)), ball(None, (r - wall, r - wall, r - wall)))


HOUSEHOLD: tuple[Recipe, ...] = (
    book,
    book,
    magazines,
    mug,
    plates,
    drinking_glasses,
    pan,
    cutlery,
    thermos,
    empty_bottle,
    picture_frame,
    candle,
    umbrella,
    toy,
    toy_bricks,
    doll,
    ornament,
    sports_ball,
)
TOILETRIES: tuple[Recipe, ...] = (cosmetics, cosmetics, lipsticks, tube, brush, jewellery, bangle)
