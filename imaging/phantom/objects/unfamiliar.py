"""Restricted goods of no trained class: for maps of unfamiliar objects and for their measure."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Pose, Recipe, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod


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


UNFAMILIAR: tuple[Recipe, ...] = (
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
