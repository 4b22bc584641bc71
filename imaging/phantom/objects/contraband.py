"""Batteries, liquids, pressed blocks, powders, cigarettes and ivory."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Recipe, Solid, blob, noise, pillow, slab, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod, turned

DRUGS = ("cocaine", "heroin", "meth", "mdma", "ketamine", "hashish")
EXPLOSIVES = ("C4", "RDX", "TNT", "PETN")
CELL_SIZES_MM = ((9.0, 65.0), (10.5, 70.0), (7.1, 50.0), (16.0, 61.0))
"""Radius and length of 18650, 21700, AA and D cells."""


def power_bank(rng: np.random.Generator) -> Body:
    w, h, d, count = between(rng, 55, 85), between(rng, 90, 165), between(rng, 9, 27), int(rng.integers(1, 4))
    shapes = [box(pick(rng, "ABS", "Al", "PC"), (w + 4, h + 4, d + 4)), box(None, (w + 2, h + 2, d + 2))]
    cell = pick(rng, "liion", "liion", "lifepo")
    round_cells = d > 19 and rng.random() < 0.5
    for i in range(count):
        x = (i - (count - 1) / 2) * w / count
        pouch = box(cell, (w / count - 2, h - 20, d - 1), (x, 6, 0))
        can = [
            rod("steel", min(9, w / count / 2 - 0.5), 65, (x, 10, 0), axis="y"),
            rod(cell, min(8.7, w / count / 2 - 0.8), 63, (x, 10, 0), axis="y"),
        ]
        shapes += can if round_cells else [pouch]
    shapes += [
        box("PCBA", (w * 0.9, 10, 1.6), (0, -h / 2 + 6, 0)),
        box("steel", (13, 11, 6), (w * 0.25, -h / 2 + 5, 0)),
    ]
    shapes += [box("steel", (9, 9, 3), (-w * 0.25, -h / 2 + 5, 0)), box("Cu", (6, 6, 4), (0, -h / 2 + 8, 2))]
    return solid(*shapes)


def loose_cells(rng: np.random.Generator) -> Body:
    """Cylindrical cells side by side, in one or two layers."""
    radius, length = CELL_SIZES_MM[int(rng.integers(len(CELL_SIZES_MM)))]
    content = "alkaline" if radius in {7.1, 16.0} else pick(rng, "liion", "lifepo")
    across, layers = int(rng.integers(1, 9)), int(rng.integers(1, 3))
    shapes: list[Shape] = []
    for i in range(across * layers):
        at = ((i % across - (across - 1) / 2) * (2 * radius + 1), 0.0, (i // across) * (2 * radius + 1))
        shapes += [
            rod("steel", radius, length, at, axis="y"),
            rod(content, radius - 0.3, length - 2.4, at, axis="y"),
            rod("steel", radius * 0.3, 4, (at[0], -length / 2 - 1, at[2]), axis="y"),
            rod("brass" if content == "alkaline" else None, 1.2, length * 0.8, at, axis="y"),
        ]
    return solid(*shapes)


def pouch_pack(rng: np.random.Generator) -> Body:
    """Flat cells stacked, with tabs, leads and a connector, as in models and drones."""
    w, h, count = between(rng, 30, 75), between(rng, 60, 160), int(rng.integers(1, 6))
    thick = between(rng, 5, 10)
    shapes = [box("liion", (w, h, thick - 0.6), (0, 0, i * thick)) for i in range(count)]
    shapes += [
        box(pick(rng, "Cu", "Al"), (9, 12, 0.3), (s * w * 0.25, -h / 2 - 5, i * thick))
        for i in range(count)
        for s in (-1, 1)
    ]
    shapes += [box("PCBA", (w * 0.8, 10, 1.6), (0, -h / 2 - 10, 0)), rod("Cu", 1.6, 60, (8, -h / 2 - 40, 0), axis="y")]
    return solid(
        *shapes, rod("Cu", 1.6, 60, (-8, -h / 2 - 40, 0), axis="y"), box("brass", (16, 16, 8), (0, -h / 2 - 75, 0))
    )


def lead_battery(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 70, 170), between(rng, 55, 100), between(rng, 40, 75)
    plates = [box("Pb", (2.2, h * 0.8, d * 0.85), ((i / 11 - 0.5) * 0.9 * w, 5, 0)) for i in range(12)]
    posts = [box("Pb", (9, 14, 9), (s * w * 0.36, -h / 2 - 3, 0)) for s in (-1, 1)]
    return solid(box("PP", (w + 4, h + 4, d + 4)), box("water", (w, h, d)), *plates, *posts)


BATTERIES: tuple[Recipe, ...] = (power_bank, power_bank, loose_cells, loose_cells, pouch_pack, lead_battery)


def _bottle(rng: np.random.Generator, size: tuple[float, float], *, wall_of: str, wall: float, liquid: str) -> Body:
    """A round bottle with neck, cap and a free surface somewhere below the neck."""
    radius, height = size
    fill, neck = between(rng, 0.6, 0.98), between(rng, 0.25, 0.45) * radius
    inner = height - 2 * wall
    shoulder = radius * between(rng, 0.3, 1.1)
    cap = pick(rng, "PP", "Al", "PE", "steel")
    return solid(
        ball(wall_of, (radius, radius, shoulder), (0, 0, height / 2)),
        rod(wall_of, neck, shoulder + 30, (0, 0, height / 2 + shoulder / 2 + 10)),
        rod(wall_of, radius, height),
        ball(None, (radius - wall, radius - wall, shoulder - wall), (0, 0, height / 2 - wall)),
        rod(None, radius - wall, inner),
        rod(None, max(neck - wall, 2), shoulder + 32, (0, 0, height / 2 + shoulder / 2 + 10)),
        rod(liquid, radius - wall, inner * fill, (0, 0, -inner * (1 - fill) / 2)),
        rod(cap, neck * 1.15, 18, (0, 0, height / 2 + shoulder + 22)),
        rod(None, neck * 1.05, 16, (0, 0, height / 2 + shoulder + 20)),
    )


def plastic_bottle(rng: np.random.Generator) -> Body:
    liquid = pick(rng, "water", "oil", "shampoo", "water", "peroxide", "petrol")
    size = (between(rng, 20, 48), between(rng, 90, 260))
    return _bottle(rng, size, wall_of=pick(rng, "PET", "PE", "PP"), wall=between(rng, 0.4, 1.5), liquid=liquid)


def glass_bottle(rng: np.random.Generator) -> Body:
    liquid = pick(rng, "wine", "ethanol40", "ethanol40", "oil", "water")
    size = (between(rng, 24, 46), between(rng, 110, 240))
    return _bottle(rng, size, wall_of="glass", wall=between(rng, 2, 4.5), liquid=liquid)


def flat_flask(rng: np.random.Generator) -> Body:
    """Perfume, shampoo and canisters: a box-shaped bottle."""
    w, d, h = between(rng, 35, 100), between(rng, 22, 65), between(rng, 60, 240)
    material = pick(rng, "glass", "PE", "PET", "glass", "Al")
    wall = {"glass": between(rng, 2.5, 7), "Al": 0.4}.get(material, between(rng, 0.6, 1.8))
    fill, liquid = between(rng, 0.55, 0.97), pick(rng, "perfume", "shampoo", "ethanol40", "water", "petrol")
    inner = (w - 2 * wall, d - 2 * wall, h - 2 * wall)
    return solid(
        box(material, (w, d, h)),
        rod(material, w * 0.17, 30, (0, 0, h / 2 + 10)),
        box(None, inner),
        box(liquid, (inner[0], inner[1], inner[2] * fill), (0, 0, -inner[2] * (1 - fill) / 2)),
        rod("PE", 1.6, h * 0.9, (0, 0, 0)),
        rod(pick(rng, "Al", "PP", "Zn"), w * 0.22, 24, (0, 0, h / 2 + 20)),
        rod("steel", 3, 14, (0, 0, h / 2 + 20)),
    )


def drink_can(rng: np.random.Generator) -> Body:
    """Cans of drink or spray, alone or in a row."""
    shapes: list[Shape] = []
    r, h, metal = between(rng, 22, 34), between(rng, 90, 210), pick(rng, "Al", "Al", "steel")
    for i in range(int(rng.integers(1, 4))):
        x = i * (2 * r + 2)
        shapes += [rod(metal, r, h, (x, 0, 0)), rod(None, r - 0.15, h - 1, (x, 0, 0))]
        shapes.append(rod(pick(rng, "water", "wine", "perfume"), r - 0.15, h * 0.88, (x, 0, -h * 0.055)))
    return solid(*shapes)


def liquid_pouch(rng: np.random.Generator) -> Body:
    outline = slab(rng, int(between(rng, 80, 190)), int(between(rng, 70, 140)))
    height = pillow(outline, between(rng, 18, 50), 0.9)
    film = Heap("PE", np.asarray(outline * np.float32(0.3), np.float32))
    spout = rod("PP", 7, 30, (0, 0, 10), axis="x")
    return Body((Heap(pick(rng, "water", "shampoo", "oil"), height), film, Solid((spout,))), Pose.FIXED)


def drink_carton(rng: np.random.Generator) -> Body:
    """Milk or juice in a lined box, with a cap or without."""
    w, d, h = between(rng, 45, 95), between(rng, 38, 75), between(rng, 90, 235)
    inner = (w - 1, d - 1, (h - 1) * between(rng, 0.8, 0.97))
    return solid(
        box("cardboard", (w, d, h)),
        box("Al", (w - 0.9, d - 0.9, h - 0.9)),
        box(None, (w - 1, d - 1, h - 1)),
        box(pick(rng, "water", "water", "wine"), inner, (0, 0, -(h - 1 - inner[2]) / 2)),
        *([rod("PP", 13, 14, (w * 0.2, 0, h / 2 + 6))] if rng.random() < 0.5 else []),
    )


def full_thermos(rng: np.random.Generator) -> Body:
    """A steel bottle with a drink in it."""
    r, h, fill = between(rng, 28, 42), between(rng, 150, 270), between(rng, 0.5, 0.95)
    inner = h - 14
    return solid(
        rod("stainless", r, h),
        rod(None, r - 0.6, h - 1),
        rod("stainless", r - 4, h - 8),
        rod(None, r - 4.6, inner, (0, 0, 2)),
        rod("water", r - 4.6, inner * fill, (0, 0, 2 - inner * (1 - fill) / 2)),
        rod("PP", r * 0.8, 34, (0, 0, h / 2 + 10)),
        rod(None, r * 0.6, 26, (0, 0, h / 2 + 6)),
    )


LIQUIDS: tuple[Recipe, ...] = (
    plastic_bottle,
    plastic_bottle,
    plastic_bottle,
    glass_bottle,
    glass_bottle,
    flat_flask,
    drink_can,
    drink_can,
    drink_carton,
    full_thermos,
    liquid_pouch,
)


def pressed_block(rng: np.random.Generator) -> Body:
    """One to four pressed bricks in tape, side by side or stacked."""
    material = pick(rng, *DRUGS, "cocaine", *EXPLOSIVES)
    w, h, d, count = between(rng, 80, 220), between(rng, 60, 140), between(rng, 22, 60), int(rng.integers(1, 5))
    stacked = rng.random() < 0.35
    shapes: list[Shape] = []
    for i in range(count):
        at = (rng.normal() * 3, rng.normal() * 3, i * (d + 1.5)) if stacked else (i * (w + 3), rng.normal() * 3, 0.0)
        turn = turned(z=rng.normal() * 0.03)
        shapes += [box("PVC", (w + 0.6, h + 0.6, d + 0.6), at, turn), box(material, (w, h, d), at, turn)]
        if rng.random() < 0.2:
            shapes.append(box(None, (w * 0.3, h * 0.3, 3), (at[0], at[1], at[2] + d / 2), turn))
    return solid(*shapes)


def charge(rng: np.random.Generator) -> Body:
    """A block of explosive with something metallic stuck to it; an outline only."""
    w, h, d = between(rng, 70, 180), between(rng, 50, 110), between(rng, 22, 50)
    return solid(
        box("PE", (w + 0.4, h + 0.4, d + 0.4)),
        box(pick(rng, *EXPLOSIVES), (w, h, d)),
        rod("Al", 3.5, 56, (w * 0.2, 0, 0), axis="x"),
        rod("Cu", 1, 140, (w * 0.6, 10, 0), axis="x"),
        box("alkaline", (26, 48, 17), (0, h * 0.2, d / 2 + 10)),
        box("PCBA", (40, 30, 2), (-w * 0.25, -h * 0.1, d / 2 + 4)),
    )


DENSE_BLOCKS: tuple[Recipe, ...] = (pressed_block, pressed_block, pressed_block, charge)


def powder_bag(rng: np.random.Generator) -> Body:
    outline = (
        blob(rng, int(between(rng, 70, 220)), int(between(rng, 80, 240)))
        if rng.random() < 0.5
        else slab(rng, int(between(rng, 80, 230)), int(between(rng, 60, 170)))
    )
    height = pillow(outline, between(rng, 20, 60)) * np.clip(1 + 0.12 * noise(rng, *outline.shape), 0.3, 2)
    film = Heap("PE", np.asarray(outline * np.float32(0.2), np.float32))
    material = pick(rng, "cocaine", "heroin", "meth", "mdma", "ketamine", "ANFO", "cannabis")
    return Body((Heap(material, np.asarray(height, np.float32)), film), Pose.FIXED)


def packets(rng: np.random.Generator) -> Body:
    """Small wrapped packets, as swallowed or hidden in numbers."""
    material, count, spread = pick(rng, *DRUGS), int(rng.integers(6, 22)), between(rng, 30, 60)
    shapes: list[Shape] = []
    for _ in range(count):
        at = (between(rng, -1, 1) * spread, between(rng, -1, 1) * spread, between(rng, -12, 12))
        r, turn = between(rng, 8, 12), random_turn(rng)
        shapes += [
            ball("rubber", (r * 1.7 + 0.5, r + 0.5, r + 0.5), at, turn),
            ball(material, (r * 1.7, r, r), at, turn),
        ]
    return solid(*shapes)


POWDERS: tuple[Recipe, ...] = (powder_bag, powder_bag, packets)


def _pack(x: float, y: float, z: float, turn_of_filters: int) -> list[Shape]:
    """One pack of twenty: board, foil, three rows of tobacco with filters at one end."""
    w, h, d = 86.0, 54.0, 22.0
    side = turn_of_filters
    shapes = [
        box("cardboard", (w, h, d), (x, y, z)),
        box("Al", (w - 1.6, h - 1.6, d - 1.6), (x, y, z)),
        box("tobacco", (w - 1.9, h - 1.9, d - 1.9), (x, y, z)),
        box("polyester", (24, h - 2, d - 2), (x + side * 29, y, z)),
    ]
    return shapes + [box("paper", (w - 3, 0.25, d - 2), (x, y + (i - 3) * 7.7, z)) for i in range(7)]


def cigarette_carton(rng: np.random.Generator) -> Body:
    """A carton of ten packs, or part of one."""
    rows, cols = pick(rng, (5, 2), (5, 2), (5, 2), (5, 1), (3, 2))
    shapes: list[Shape] = [box("cardboard", (86 * cols + 2, 54 * rows + 2, 24))]
    for i in range(rows * cols):
        shapes += _pack((i % cols - (cols - 1) / 2) * 86, (i // cols - (rows - 1) / 2) * 54, 0, 1)
    return solid(*shapes, pose=Pose.LYING if rng.random() < 0.6 else Pose.ANY)


def cigarette_packs(rng: np.random.Generator) -> Body:
    """Loose packs in a row or a stack."""
    count, stacked = int(rng.integers(2, 7)), rng.random() < 0.4
    shapes: list[Shape] = []
    for i in range(count):
        y, z = (rng.normal() * 3, 22.5 * i) if stacked else (56.0 * i, 0.0)
        shapes += _pack(rng.normal() * 2, y, z, pick(rng, -1, 1))
    return solid(*shapes)


CIGARETTES: tuple[Recipe, ...] = (cigarette_carton, cigarette_carton, cigarette_packs)


def tusk(rng: np.random.Generator) -> Body:
    length, root, bend = between(rng, 110, 330), between(rng, 15, 34), between(rng, 0.1, 0.5)
    shapes: list[Shape] = []
    for f in np.linspace(0, 1, 20):
        r = root * (1 - 0.7 * f)
        at = (float((f - 0.5) * length), float(bend * length / 2 * (2 * f - 1) ** 2), 0.0)
        shapes.append(ball("ivory", (length / 8, r, r), at))
    hollow = ball(None, (length * 0.28, root * 0.55, root * 0.55), (-length * 0.55, bend * length / 2, 0))
    return solid(*shapes, hollow)


def ivory_carving(rng: np.random.Generator) -> Body:
    count = int(rng.integers(4, 9))
    shapes = [
        ball(
            "ivory",
            (between(rng, 9, 26), between(rng, 9, 26), between(rng, 9, 26)),
            (rng.normal() * 9, rng.normal() * 9, 15.0 * i),
        )
        for i in range(count)
    ]
    return solid(*shapes, rod("ivory", 26, 14, (0, 0, -20)))


def ivory_bangle(rng: np.random.Generator) -> Body:
    outer = between(rng, 32, 44)
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 5))):
        shapes += [
            rod("ivory", outer, 13, (0, 0, 15.0 * i)),
            rod(None, outer - between(rng, 7, 12), 14, (0, 0, 15.0 * i)),
        ]
    return solid(*shapes)


def ivory_pieces(rng: np.random.Generator) -> Body:
    """Cut blocks, seals and beads."""
    shapes: list[Shape] = []
    for i in range(int(rng.integers(2, 10))):
        at = (between(rng, -50, 50), between(rng, -40, 40), 2.0 * i)
        if rng.random() < 0.5:
            shapes.append(
                box("ivory", (between(rng, 14, 26), between(rng, 14, 26), between(rng, 40, 80)), at, random_turn(rng))
            )
        else:
            r = between(rng, 8, 18)
            shapes += [ball("ivory", (r, r, r), at), rod(None, 1.5, 2 * r + 2, at)]
    return solid(*shapes)


IVORY: tuple[Recipe, ...] = (tusk, tusk, ivory_carving, ivory_bangle, ivory_pieces)
