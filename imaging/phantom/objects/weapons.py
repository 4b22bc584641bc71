"""Firearms and blades in outline: enough shape to be known by, nothing that anyone could build from."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Recipe, Solid, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Form, Matrix, Shape, Vector, ball, box, rod, turned


def _grip(material: str, at: Vector, size: Vector, turn: Matrix, cover: str) -> list[Shape]:
    """A pistol's grip with its hollow and the sheet-metal magazine in it."""
    w, h, d = size
    return [
        box(material, (w, h, d), at, turn),
        box(cover, (w * 0.9, h * 0.9, d + 4), at, turn),
        box(None, (w * 0.72, h * 0.98, d * 0.75), at, turn),
        box("steel", (w * 0.68, h * 0.98, d * 0.7), at, turn),
        box(None, (w * 0.62, h * 0.96, d * 0.62), at, turn),
    ]


def _guard(material: str, at: Vector, length: float, depth: float) -> list[Shape]:
    x, y, z = at
    return [
        box(material, (length, depth, 8), at),
        box(None, (length - 7, depth - 6, 10), (x, y - 2, z)),
        box("steel", (4, depth * 0.75, 6), (x - length * 0.06, y - 2, z), turned(z=0.25)),
    ]


def pistol(rng: np.random.Generator) -> Body:
    s, frame = between(rng, 0.8, 1.2), pick(rng, "steel", "steel", "Al", "nylon")
    slide, grip = between(rng, 140, 210) * s, between(rng, 80, 116) * s
    lean = turned(z=between(rng, -0.35, -0.1))
    back = (-slide * 0.31, grip / 2, 0.0)
    shapes = [
        box(frame, (slide * 0.8, 14 * s, 18), (0, 8, 0)),
        *_grip(frame, back, (34 * s, grip, 24), lean, pick(rng, "ABS", "wood", "rubber")),
        *_guard(frame, (-slide * 0.07, 25 * s, 0), 44 * s, 26 * s),
        box("steel", (slide, 20 * s, 24), (0, -8 * s, 0)),
        box(None, (slide * 0.6, 14 * s, 18), (slide * 0.13, -5 * s, 0)),
        rod("steel", 7.5, slide * 0.85, (slide * 0.07, -8 * s, 0), axis="x"),
        rod(None, 4.5, slide, (slide * 0.07, -8 * s, 0), axis="x"),
        rod("steel", 3, slide * 0.5, (slide * 0.12, 2 * s, 0), axis="x"),
    ]
    if rng.random() < 0.6:
        shapes.append(box("brass", (20 * s, grip * 0.6, 9), back, lean))
        shapes.append(box("Pb", (5 * s, grip * 0.55, 7), (back[0] + 9 * s, back[1], 0), lean))
    if rng.random() < 0.15:
        shapes += [
            rod("Al", 16, 130, (slide / 2 + 60, -8 * s, 0), axis="x"),
            rod(None, 13, 126, (slide / 2 + 60, -8 * s, 0), axis="x"),
        ]
    return solid(*shapes)


def revolver(rng: np.random.Generator) -> Body:
    s, barrel = between(rng, 0.85, 1.15), between(rng, 50, 180)
    muzzle = (34 * s + barrel / 2, -12.0, 0.0)
    shapes = [
        box("steel", (68 * s, 40, 12)),
        box(None, (44, 34, 14), (0, -2, 0)),
        rod("steel", 19 * s, 40, (0, -2, 0), axis="x"),
        rod("steel", 8, barrel, muzzle, axis="x"),
        rod(None, 4.5, barrel + 2, muzzle, axis="x"),
        box(pick(rng, "wood", "rubber"), (28, 80, 28), (-50 * s, 40, 0), turned(z=0.5)),
        box("steel", (18, 76, 10), (-48 * s, 36, 0), turned(z=0.5)),
        *_guard("steel", (-2, 30, 0), 36, 24),
        box("steel", (8, 18, 5), (-32 * s, -22, 0), turned(z=-0.5)),
    ]
    loaded = pick(rng, None, "brass")
    for angle in np.arange(6) * np.pi / 3:
        at = (0.0, -2 + 12 * s * np.cos(angle), 12 * s * np.sin(angle))
        shapes += [
            rod(loaded, 5, 38, at, axis="x"),
            *([rod("Pb", 4.5, 14, (12, at[1], at[2]), axis="x")] if loaded else []),
        ]
    return solid(*shapes)


def long_gun(rng: np.random.Generator) -> Body:
    """A rifle or shotgun, whole or shortened."""
    barrel, stock = between(rng, 180, 460), between(rng, 0, 260)
    bore, wall = between(rng, 4, 9), between(rng, 2.2, 4)
    wood = pick(rng, "wood", "nylon", "ABS")
    shapes = [
        box(pick(rng, "steel", "Al"), (170, 44, 34), (-50, 6, 0)),
        box(None, (150, 30, 26), (-50, 4, 0)),
        rod("steel", 9, 110, (-45, 0, 0), axis="x"),
        rod("steel", bore + wall, barrel, (35 + barrel / 2, 0, 0), axis="x"),
        box(wood, (barrel * 0.5, 30, 34), (45 + barrel * 0.25, 14, 0)),
        rod("steel", bore + wall, barrel, (35 + barrel / 2, 0, 0), axis="x"),
        rod(None, bore, barrel + 4, (35 + barrel / 2, 0, 0), axis="x"),
        *_guard("steel", (-60, 38, 0), 52, 26),
        box(wood, (28, 80, 28), (-105, 60, 0), turned(z=0.35)),
    ]
    if rng.random() < 0.6:
        shapes += _grip("steel", (-15, 70, 0), (30, between(rng, 70, 150), 24), turned(z=-0.15), "steel")
    if stock > 90:
        shapes.append(box(wood, (stock, 62, 36), (-135 - stock / 2, 24, 0), turned(z=-0.1)))
    return solid(*shapes)


def gun_parts(rng: np.random.Generator) -> Body:
    """A slide, a barrel, a frame or a magazine, alone or side by side."""
    slide = between(rng, 140, 200)
    kinds = rng.permutation(4)[: int(rng.integers(1, 4))]
    shapes: list[Shape] = []
    for row, kind in enumerate(kinds):
        y = 48.0 * row
        if kind == 0:
            shapes += [box("steel", (slide, 22, 25), (0, y, 0)), box(None, (slide * 0.9, 15, 18), (4, y, 5))]
            shapes.append(box(None, (35, 14, 30), (-slide * 0.1, y - 9, 6)))
        elif kind == 1:
            shapes += [
                rod("steel", 8, slide * 0.7, (0, y, 0), axis="x"),
                box("steel", (28, 18, 18), (-slide * 0.3, y, 0)),
            ]
            shapes.append(rod(None, 4.5, slide, (0, y, 0), axis="x"))
        elif kind == 2:
            shapes += [box("steel", (110, 32, 18), (0, y, 0)), box(None, (106, 29, 16), (0, y, 0))]
            shapes += [rod("steel", 0.8, 26, (-40 + 9.0 * i, y, 0), axis="y") for i in range(6)]
        else:
            shapes += [
                box("nylon", (slide * 0.85, 20, 22), (0, y, 0)),
                *_grip("nylon", (-50, y + 50, 0), (36, 95, 26), turned(z=-0.25), "ABS"),
            ]
            shapes += [box("steel", (20, 12, 16), (20, y, 0)), *_guard("nylon", (-5, y + 22, 0), 44, 28)]
    return solid(*shapes)


FIREARMS: tuple[Recipe, ...] = (pistol, pistol, pistol, revolver, long_gun, gun_parts)


def _blade(
    material: str, length: float, width: float, thickness: float, slope: float, *, at: Vector = (0, 0, 0)
) -> Shape:
    """A flat bar that a slanted cut gives a point, and two flat bevels an edge."""
    tip = ((np.sin(slope), np.cos(slope), 0.0), length / 2 * np.sin(slope))
    bevel = thickness / 2 + width * 0.01
    cuts = (tip, ((0.0, 0.08, 1.0), bevel), ((0.0, 0.08, -1.0), bevel))
    return Shape(Form.BOX, material, (length / 2, width / 2, thickness / 2), at, None, cuts)


def kitchen_knife(rng: np.random.Generator) -> Body:
    length, width, thick = between(rng, 80, 260), between(rng, 15, 48), between(rng, 1.3, 4)
    steel, tang = pick(rng, "stainless", "steel"), between(rng, 84, 125)
    handle = pick(rng, "wood", "ABS", "rubber", "PP", "stainless")
    shapes = [
        _blade(steel, length, width, thick, between(rng, 0.2, 0.7), at=(length / 2, 0, 0)),
        box(handle, (tang, width * 0.5 + 8, between(rng, 12, 22)), (-tang / 2, -2, 0)),
    ]
    if handle == "stainless":
        shapes.append(box(None, (tang - 6, width * 0.5 + 4, 12), (-tang / 2, -2, 0)))
    else:
        shapes.append(box(steel, (tang * between(rng, 0.5, 1), width * 0.4, thick), (-tang * 0.4, -2, 0)))
        shapes += [rod(pick(rng, "brass", "steel"), 3, 16, (-tang * f, -2, 0)) for f in (0.25, 0.75)]
    return solid(*shapes)


def dagger(rng: np.random.Generator) -> Body:
    length, width, thick = between(rng, 90, 200), between(rng, 16, 34), between(rng, 2.5, 5)
    slope = between(rng, 0.15, 0.3)
    reach = length / 2 * np.sin(slope)
    cuts = (((np.sin(slope), np.cos(slope), 0.0), reach), ((np.sin(slope), -np.cos(slope), 0.0), reach))
    return solid(
        Shape(Form.BOX, "steel", (length / 2, width / 2, thick / 2), (length / 2, 0, 0), None, cuts),
        box(pick(rng, "brass", "steel"), (8, width * 2.2, 14)),
        rod(pick(rng, "wood", "leather", "rubber"), 12, 105, (-55, 0, 0), axis="x"),
        box("steel", (105, width * 0.4, thick), (-52, 0, 0)),
        rod("brass", 14, 10, (-108, 0, 0), axis="x"),
    )


def folding_knife(rng: np.random.Generator) -> Body:
    """Half open, closed or open, with liners, spring and pivot."""
    length, width = between(rng, 60, 110), between(rng, 13, 24)
    opening = pick(rng, 0.0, np.pi, between(rng, 0.3, 2.6))
    scale = pick(rng, "Al", "wood", "ABS", "stainless", "nylon")
    turn = turned(z=np.pi - opening)
    x, y, _ = turn @ np.array([length / 2, 0, 0])
    blade = _blade(pick(rng, "stainless", "steel"), length, width, between(rng, 1.8, 3.4), between(rng, 0.3, 0.7))
    handle = length * 1.15
    return solid(
        box(scale, (handle, width + 6, 12), (-handle / 2, 0, 0)),
        box(None, (handle - 6, width, 7), (-handle / 2, 1, 0)),
        *(box("steel", (handle - 6, width + 2, 1), (-handle / 2, 0, z)) for z in (-4, 4)),
        box("steel", (handle * 0.6, 3, 3), (-handle * 0.55, -width / 2, 0)),
        Shape(Form.BOX, blade.material, blade.half, (float(x), float(y), 0), turn, blade.cuts),
        rod("steel", 4, 13),
    )


def scissors(rng: np.random.Generator) -> Body:
    length, spread = between(rng, 50, 130), between(rng, 0.03, 0.4)
    shapes: list[Shape] = []
    for s in (-1, 1):
        turn = turned(z=s * spread)
        flat = _blade("stainless", length, between(rng, 9, 16), 2.2, 0.35)
        x, y, _ = turn @ np.array([length / 2, 0, 0])
        shapes.append(Shape(Form.BOX, "stainless", flat.half, (float(x), float(y), s * 1.3), turn, flat.cuts))
        back = turned(z=s * spread) @ np.array([-length * 0.75, 0, 0])
        ring = (float(back[0]), float(back[1]), s * 1.3)
        shapes.append(
            box("stainless", (length * 0.7, 8, 2.2), (float(back[0]) * 0.5, float(back[1]) * 0.5, s * 1.3), turn)
        )
        shapes += [rod(pick(rng, "ABS", "PP", "stainless"), (19, 14), 8, ring), rod(None, (13, 9), 10, ring)]
    return solid(*shapes, rod("steel", 4, 8))


def cleaver(rng: np.random.Generator) -> Body:
    length, width = between(rng, 130, 220), between(rng, 60, 105)
    return solid(
        _blade("steel", length, width, between(rng, 2, 6), 1.5),
        rod(None, 5, 20, (length * 0.4, -width * 0.35, 0)),
        rod(pick(rng, "wood", "ABS"), 14, 115, (-length / 2 - 55, -width * 0.2, 0), axis="x"),
        box("steel", (90, 12, 3), (-length / 2 - 45, -width * 0.2, 0)),
    )


def razor_blades(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 6))):
        at, turn = (between(rng, -12, 12), between(rng, -12, 12), 1.2 * i), turned(z=rng.normal() * 0.5)
        shapes += [box("stainless", (43, 22, between(rng, 0.15, 0.5)), at, turn), box(None, (30, 3, 1), at, turn)]
    return solid(*shapes)


def box_cutter(rng: np.random.Generator) -> Body:
    length, out = between(rng, 120, 165), between(rng, 0, 60)
    return solid(
        box(pick(rng, "ABS", "Zn", "Al"), (length, 26, 14)),
        box(None, (length - 6, 20, 8)),
        _blade("steel", length * 0.6, 18, 0.6, 1.0, at=(length * 0.2 + out, 0, 0)),
        box("steel", (length * 0.8, 20, 1), (0, 0, 4)),
        rod("steel", 4, 14, (-length * 0.35, 0, 0)),
    )


def machete(rng: np.random.Generator) -> Body:
    length, width = between(rng, 260, 430), between(rng, 32, 62)
    return solid(
        _blade("steel", length, width, between(rng, 1.8, 3.5), between(rng, 0.5, 1.0), at=(length / 2, 0, 0)),
        box(pick(rng, "wood", "PP"), (125, 30, 22), (-62, 0, 0)),
        box("steel", (120, 20, 2.5), (-58, 0, 0)),
    )


def axe(rng: np.random.Generator) -> Body:
    length, height = between(rng, 220, 400), between(rng, 70, 130)
    return solid(
        box(pick(rng, "wood", "nylon", "steel"), (length, between(rng, 20, 34), between(rng, 16, 24))),
        box("steel", (height * 0.8, height, 6), (length / 2 - height * 0.3, height * 0.35, 0)),
        box(None, (height * 0.4, height * 0.5, 8), (length / 2 - height * 0.75, height * 0.7, 0), turned(z=0.5)),
        box("steel", (height * 0.5, height * 0.45, between(rng, 18, 30)), (length / 2 - height * 0.3, 0, 0)),
    )


def pocket_tool(rng: np.random.Generator) -> Body:
    """Blades and small tools side by side between two scales, some of them folded out."""
    length, width, layers = between(rng, 75, 110), between(rng, 14, 24), int(rng.integers(2, 6))
    thick = layers * 2.8
    shapes = [box(pick(rng, "ABS", "Al", "wood"), (length, width + 4, 4), (0, 0, s * (thick / 2 + 2))) for s in (-1, 1)]
    for i in range(layers):
        out = pick(rng, 0.0, 0.0, between(rng, 0.5, 3.0))
        z = (i - (layers - 1) / 2) * 2.8
        turn = turned(z=out)
        reach = length * between(rng, 0.5, 0.9)
        x, y, _ = turn @ np.array([-reach / 2, 0, 0])
        flat = _blade("stainless", reach, width * between(rng, 0.4, 0.8), 2.0, between(rng, 0.3, 0.9))
        shapes.append(
            Shape(Form.BOX, flat.material, flat.half, (length / 2 - 6 + float(x), float(y), z), turn, flat.cuts)
        )
    return solid(*shapes, *(rod("steel", 3, thick + 9, (s * (length / 2 - 6), 0, 0)) for s in (-1, 1)))


BLADES: tuple[Recipe, ...] = (
    kitchen_knife,
    kitchen_knife,
    kitchen_knife,
    dagger,
    folding_knife,
    folding_knife,
    pocket_tool,
    scissors,
    scissors,
    scissors,
    cleaver,
    razor_blades,
    box_cutter,
    machete,
    axe,
)


def pocket_pistol(rng: np.random.Generator) -> Body:
    """Held out of training: a short pistol with rounded slide and a straight grip."""
    slide = between(rng, 105, 135)
    return solid(
        box("Al", (slide * 0.9, 12, 16), (0, 9, 0)),
        *_grip("Al", (-slide * 0.28, 42, 0), (30, 74, 20), turned(z=-0.08), "wood"),
        *_guard("Al", (slide * 0.06, 24, 0), 38, 24),
        rod("steel", (11, 12), slide, (0, -5, 0), axis="x"),
        rod(None, 8, slide * 0.6, (slide * 0.1, -4, 0), axis="x"),
        rod("steel", 6, slide * 0.8, (slide * 0.05, -6, 0), axis="x"),
        rod(None, 3.2, slide, (slide * 0.05, -6, 0), axis="x"),
        ball("steel", (7, 6, 6), (-slide / 2 - 3, -12, 0)),
    )


def curved_knife(rng: np.random.Generator) -> Body:
    """Held out of training: a blade bent in segments, and a ring at the end of its grip."""
    length, width, bend = between(rng, 60, 120), between(rng, 16, 26), between(rng, 0.12, 0.3)
    shapes: list[Shape] = []
    x = y = angle = 0.0
    for i in range(5):
        w = width * (1 - 0.16 * i)
        step = length / 5
        at = (x + np.cos(angle) * step / 2, y + np.sin(angle) * step / 2, 0.0)
        shapes.append(box("steel", (step * 1.25, w, 2.6), at, turned(z=angle)))
        x, y, angle = x + np.cos(angle) * step, y + np.sin(angle) * step, angle + bend
    shapes += [
        box(pick(rng, "ABS", "rubber"), (100, width + 6, 17), (-50, 0, 0)),
        box("steel", (105, width * 0.5, 2.6), (-50, 0, 0)),
    ]
    return Body((Solid((*shapes, rod("steel", 16, 5, (-110, 0, 0)), rod(None, 11, 6, (-110, 0, 0)))),))
