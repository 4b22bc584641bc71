"""Restricted goods of no trained class: for maps of unfamiliar objects and for their measure."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Pose, Recipe, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod, turned


def gold_bars(rng: np.random.Generator) -> Body:
    w, d = between(rng, 24, 80), between(rng, 4, 10)
    return solid(*(box("Au", (w, 12, d), (0, 14.0 * i, 0)) for i in range(int(rng.integers(1, 6)))))


def grenade(_rng: np.random.Generator) -> Body:
    return solid(
        ball("steel", (28, 28, 40)),
        ball("TNT", (24, 24, 36)),
        rod("Zn", 9, 28, (0, 0, 44)),
        box("steel", (4, 12, 76), (14, 0, 20)),
        rod("steel", 12, 2.4, (-20, 0, 48)),
        rod(None, 10, 4, (-20, 0, 48)),
    )


def capped_pipe(rng: np.random.Generator) -> Body:
    length = between(rng, 100, 220)
    return solid(
        rod("steel", 22, length),
        rod(pick(rng, "ANFO", "TNT"), 19, length - 6),
        *(rod("steel", 26, 20, (0, 0, s * length / 2)) for s in (-1, 1)),
    )


def ammunition(rng: np.random.Generator) -> Body:
    """Cartridges in a box, or loose."""
    r, case, count = between(rng, 4, 6.5), between(rng, 18, 45), int(rng.integers(5, 30))
    loose = rng.random() < 0.4
    shapes: list[Shape] = [] if loose else [box("paper", (6 * (2 * r + 1), 5 * (2 * r + 1), case * 1.7))]
    for i in range(count):
        turn = random_turn(rng) if loose else np.eye(3)
        spot = (
            rng.uniform(-35, 35, 3) if loose else np.array([(i % 6 - 2.5) * (2 * r + 1), (i // 6 - 2) * (2 * r + 1), 0])
        )
        x, y, z = (float(v) for v in spot)
        u, v, w = (float(q) for q in spot + turn @ np.array([0, 0, case / 2]))
        shapes += [
            rod("brass", r, case, (x, y, z), turn=turn),
            rod("gunpowder", r - 0.7, case - 2, (x, y, z), turn=turn),
        ]
        shapes.append(ball("Pb", (r * 0.92, r * 0.92, case * 0.4), (u, v, w), turn))
    return solid(*shapes)


def caviar_tins(_rng: np.random.Generator) -> Body:
    tins = [(rod("steel", 43, 28, (0, 0, i * 32.0)), rod("cheese", 42.7, 27.4, (0, 0, i * 32.0))) for i in range(4)]
    return solid(*(shape for tin in tins for shape in tin))


def rhino_horn(rng: np.random.Generator) -> Body:
    length = between(rng, 110, 260)
    steps = np.linspace(0, 1, 8)
    return solid(
        *(
            ball(
                "horn",
                (length * 0.16, 42 * (1 - 0.8 * f), 42 * (1 - 0.8 * f)),
                (float(f * length), float(0.3 * length * f**2), 0.0),
            )
            for f in steps
        )
    )


def shells(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 7))):
        r, x = between(rng, 14, 45), 70.0 * i
        shapes += [
            ball("shell", (r, r * 0.8, r * 0.6), (x, 0, 0)),
            ball(None, (r * 0.9, r * 0.7, r * 0.52), (x + 2, 0, 2)),
        ]
        shapes += [ball("shell", (r * 0.45,) * 3, (x - r, 0, 0)), ball(None, (r * 0.38,) * 3, (x - r, 0, 0))]
    return solid(*shapes)


def banknotes(rng: np.random.Generator) -> Body:
    bundles = [
        box("banknote", (155, 77, 11), (160.0 * (i % 2), 80.0 * (i // 2 % 2), 11.5 * (i // 4)))
        for i in range(int(rng.integers(1, 17)))
    ]
    return solid(*bundles, pose=Pose.LYING)


def pills(rng: np.random.Generator) -> Body:
    rows, cols, content = int(rng.integers(2, 6)), int(rng.integers(4, 9)), pick(rng, "sugar", "mdma", "plaster")
    shapes: list[Shape] = []
    for layer in range(int(rng.integers(1, 6))):
        z = 7.0 * layer
        shapes.append(box("Al", (cols * 14, rows * 14, 0.15), (0, 0, z - 3)))
        shapes += [
            rod(content, 4.5, 4, ((c - (cols - 1) / 2) * 14, (r - (rows - 1) / 2) * 14, z))
            for r in range(rows)
            for c in range(cols)
        ]
    return solid(*shapes)


def drone_motor(_rng: np.random.Generator) -> Body:
    return solid(
        rod("NdFeB", 24, 20),
        rod("Cu", 20, 18),
        rod("steel", 8, 24),
        rod("steel", 2.5, 60),
        box("nylon", (130, 18, 3), (60, 0, 25)),
        box("Al", (56, 16, 4), (0, 0, -14)),
    )


def insects_box(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = [box("PP", (120, 80, 40)), box(None, (117, 77, 37)), box("soil", (117, 77, 8), (0, 0, -14))]
    for _ in range(int(rng.integers(2, 9))):
        at, turn = (between(rng, -45, 45), between(rng, -28, 28), between(rng, -8, 4)), random_turn(rng)
        shapes += [ball("meat", (16, 7, 6), at, turn), rod("meat", 1.2, 34, at, turn=turn)]
    return solid(*shapes)


def live_animal(rng: np.random.Generator) -> Body:
    """A tortoise or a lizard: lungs, spine, skull and limbs in a body."""
    is_tortoise = rng.random() < 0.5
    length = between(rng, 70, 160)
    width, height = (length * 0.75, length * 0.4) if is_tortoise else (length * 0.22, length * 0.18)
    half = (length / 2, width / 2, height / 2)
    shapes: list[Shape] = []
    if is_tortoise:
        shapes += [ball("bone", half), ball(None, (half[0] - 3, half[1] - 3, half[2] - 3))]
    shapes += [
        ball("meat", (half[0] - 3, half[1] - 3, half[2] - 3)),
        ball(None, (length * 0.16, width * 0.14, height * 0.25), (-length * 0.1, width * 0.15, 0)),
        rod("bone", 2.0, length * 0.95, (0, 0, height * 0.2), axis="x"),
        ball("meat", (length * 0.13, length * 0.08, length * 0.08), (length * 0.6, 0, 0)),
        ball("bone", (length * 0.09, length * 0.05, length * 0.05), (length * 0.6, 0, 0)),
    ]
    if not is_tortoise:
        shapes.append(rod("meat", length * 0.03, length * 1.1, (-length, 0, 0), axis="x"))
    for x in (-0.3, 0.3):
        for side in (-1.0, 1.0):
            turn = turned(z=side * between(rng, 0.2, 0.9))
            at = (x * length, side * (half[1] + length * 0.06), -height * 0.2)
            shapes += [rod("meat", length * 0.035, length * 0.26, at, axis="y", turn=turn)]
            shapes += [rod("bone", length * 0.012, length * 0.24, at, axis="y", turn=turn)]
    return solid(*shapes, pose=Pose.LYING)


def plant(rng: np.random.Generator) -> Body:
    """Cuttings or a seedling: stems with leaves, roots in damp soil."""
    shapes: list[Shape] = [ball("soil", (28, 28, 34))]
    for _ in range(int(rng.integers(1, 5))):
        lean, length = between(rng, -0.5, 0.5), between(rng, 120, 260)
        turn = turned(y=lean)
        x, y, z = (float(v) for v in turn @ np.array([0, 0, length / 2 + 25]))
        shapes.append(rod("wood", between(rng, 1.5, 5), length, (x, y, z), turn=turn))
        for _ in range(int(rng.integers(2, 7))):
            x, y, z = (float(v) for v in turn @ np.array([0, 0, between(rng, 60, length)]))
            shapes.append(ball("meat", (between(rng, 15, 40), between(rng, 8, 18), 0.4), (x, y, z), random_turn(rng)))
    return solid(*shapes)


def seeds(rng: np.random.Generator) -> Body:
    """Seeds side by side in a bag, of one kind and about one size."""
    r, flat = between(rng, 2.5, 7), between(rng, 0.5, 1.0)
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(25, 70))):
        at = (between(rng, -55, 55), between(rng, -40, 40), between(rng, -6, 6))
        shapes.append(ball("grain", (r, r * flat, r * flat), at, random_turn(rng)))
    return solid(box("PE", (130, 96, 0.3)), *shapes, pose=Pose.LYING)


def loose_tobacco(rng: np.random.Generator) -> Body:
    """Pressed into a brick, or a pouch of it: the cut leaf without paper or filter."""
    w, h, d = between(rng, 80, 220), between(rng, 60, 140), between(rng, 15, 70)
    return solid(box("Al", (w, h, d)), box("tobacco", (w - 0.2, h - 0.2, d - 0.2)))


FIRST_UNFAMILIAR: tuple[Recipe, ...] = (
    gold_bars,
    grenade,
    capped_pipe,
    ammunition,
    caviar_tins,
    rhino_horn,
    shells,
    banknotes,
    pills,
    drone_motor,
    insects_box,
)
LATER_UNFAMILIAR: tuple[Recipe, ...] = (live_animal, plant, seeds, loose_tobacco)
"""A library renders these last, so that what a seed gave before they were there stays as it was."""
UNFAMILIAR: tuple[Recipe, ...] = FIRST_UNFAMILIAR + LATER_UNFAMILIAR
