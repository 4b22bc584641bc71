"""What parcels and baggage come in: cartons, mailers, suitcases with rails, wheels and zips, bags and trays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Solid, Wire, noise
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, rod, turned


@dataclass(frozen=True, slots=True, eq=False)
class Packaging:
    """A body that stands on z = 0, and the room inside it, (x, y, z) mm about the middle of its floor."""

    body: Body
    room: tuple[float, float, float]


PackagingRecipe = Callable[[np.random.Generator], Packaging]


def _packed(w: float, h: float, d: float, *parts: Solid | Heap | Wire) -> Packaging:
    return Packaging(Body(parts, Pose.FIXED), (w, h, d))


def _shell(material: str, size: tuple[float, float, float], wall: float) -> list[Shape]:
    w, h, d = size
    inner = (w - 2 * wall, h - 2 * wall, d - 2 * wall)
    return [box(material, size, (0, 0, d / 2)), box(None, inner, (0, 0, d / 2))]


def carton(rng: np.random.Generator) -> Packaging:
    """Corrugated board with flaps that meet or overlap, tape, at times staples and a lining."""
    w, h, d = between(rng, 180, 760), between(rng, 150, 560), between(rng, 60, 420)
    wall = between(rng, 2.5, 7)
    shapes = _shell("cardboard", (w, h, d), wall)
    overlap = pick(rng, h, h, h * between(rng, 0.2, 0.8))
    shapes += [box("cardboard", (w, overlap, wall), (0, 0, z)) for z in (wall, d - wall)]
    shapes.append(box("PP", (w, 52, 0.12), (0, 0, d)))
    if rng.random() < 0.25:
        shapes += [box("Cu", (2, 14, 1), (between(rng, -w / 2, w / 2), s * 12, d)) for s in (-1, 1) for _ in range(4)]
    if rng.random() < 0.3:
        shapes.append(box("paper", (between(rng, 60, 160), between(rng, 60, 160), 1), (0, h * 0.1, d)))
    tube = Heap(pick(rng, "PU_foam", "EPS", "paper"), _stuffing(rng, w, h, between(rng, 2, 24)))
    return _packed(w, h, d, Solid(tuple(shapes)), *([tube] if rng.random() < 0.5 else []))


def _stuffing(rng: np.random.Generator, w: float, h: float, height: float) -> np.ndarray:
    return np.asarray(np.abs(noise(rng, int(h) - 4, int(w) - 4)) * height, np.float32)


def foam_box(rng: np.random.Generator) -> Packaging:
    w, h, d = between(rng, 200, 480), between(rng, 180, 380), between(rng, 120, 300)
    return _packed(w - 60, h - 60, d - 50, Solid(tuple(_shell("EPS", (w, h, d), 28))))


def poly_mailer(rng: np.random.Generator) -> Packaging:
    """A thin bag, its rim crumpled, bubbles inside or not."""
    w, h = between(rng, 150, 460), between(rng, 120, 380)
    bag = np.full((int(h), int(w)), 0.24, np.float32) * np.clip(1 + 0.7 * noise(rng, int(h), int(w)), 0.5, 3)
    rims = [box("PE", (w, 14, 0.5), (0, s * h / 2, 2)) for s in (-1, 1)]
    parts: list[Solid | Heap] = [Heap("PE", np.asarray(bag, np.float32)), Solid(tuple(rims))]
    if rng.random() < 0.5:
        y, x = np.mgrid[: int(h), : int(w)].astype(np.float32)
        bubbles = 0.16 + 0.2 * (np.hypot(x % 11 - 5.5, y % 11 - 5.5) > 4.2)
        parts.append(Heap("PE", np.asarray(bubbles, np.float32)))
    return _packed(w * 0.9, h * 0.9, between(rng, 20, 90), *parts)


def envelope(rng: np.random.Generator) -> Packaging:
    w, h = between(rng, 160, 340), between(rng, 110, 250)
    clip = [box("steel", (9, 32, 1), (-w * 0.4, -h * 0.4, 3))] if rng.random() < 0.3 else []
    sheets = box("paper", (w * 0.9, h * 0.9, between(rng, 0.2, 3)), (0, 0, 2))
    return _packed(
        w, h, 15, Solid((box("paper", (w, h, 0.5)), box("paper", (w, 40, 0.3), (0, -h / 2 + 20, 1)), sheets, *clip))
    )


def _rails(rng: np.random.Generator, w: float, h: float, z: float) -> list[Shape]:
    """Two telescopic tubes in their sleeves, a cross handle, a base block; they run along y."""
    material, apart = pick(rng, "Al", "steel", "Al"), between(rng, 0.12, 0.22) * w
    thick, wall, reach = between(rng, 10, 17), between(rng, 0.8, 1.6), between(rng, 0.72, 0.95) * h
    shapes: list[Shape] = []
    for s in (-1, 1):
        at = (s * apart, 0.0, z)
        shapes += [
            box(material, (thick, reach, thick * 0.7), at),
            box(None, (thick - 2 * wall, reach + 1, thick * 0.7 - 2 * wall), at),
        ]
        slim = thick - 2 * wall - 1
        shapes += [box("Al", (slim, reach * 0.95, slim * 0.7), at), box(None, (slim - 2, reach, slim * 0.7 - 2), at)]
        shapes += [
            rod("steel", 2.2, 18, (s * apart, -reach * 0.42, z), axis="y"),
            box("ABS", (30, 36, 20), (s * apart, reach / 2, z)),
        ]
    return [
        *shapes,
        box("ABS", (2 * apart + 30, 28, 22), (0, -reach / 2, z)),
        box("steel", (2 * apart, 5, 4), (0, -reach / 2, z)),
    ]


def _wheels(rng: np.random.Generator, w: float, h: float, d: float, four: bool) -> list[Shape]:
    radius, width = between(rng, 18, 32), between(rng, 9, 16)
    shapes: list[Shape] = []
    for x in (-1, 1):
        for z in (0.15, 0.85) if four else (0.15,):
            at = (x * (w / 2 - 35), h / 2 + radius * 0.4, z * d)
            shapes.append(box("ABS", (52, 40, 46), (at[0], h / 2 - 12, at[2])))
            for side in (-1, 1) if four else (0,):
                wheel = (at[0] + side * (width / 2 + 3), at[1], at[2])
                shapes += [
                    rod(pick(rng, "PP", "rubber"), radius, width, wheel, axis="x"),
                    rod("PP", radius * 0.6, width + 1, wheel, axis="x"),
                ]
                shapes += [
                    rod("steel", radius * 0.28, width, wheel, axis="x"),
                    rod(None, radius * 0.14, width + 1, wheel, axis="x"),
                ]
            shapes += [rod("steel", 3.2, 46, at, axis="x"), rod("steel", 4, 40, (at[0], h / 2 - 8, at[2]), axis="y")]
    return shapes


def _zip(rng: np.random.Generator, w: float, h: float, z: float) -> Wire:
    """Teeth all around at one height."""
    angle = np.linspace(0, 2 * np.pi, 140)
    c, s = np.cos(angle), np.sin(angle)
    squircle = (np.abs(c) ** 8 + np.abs(s) ** 8) ** -0.125
    path = np.stack([c * squircle * w / 2, s * squircle * h / 2, np.full_like(angle, z)], axis=1)
    return Wire(path, ((pick(rng, "nylon", "brass", "Zn", "nylon"), between(rng, 1.0, 2.4)), ("polyester", 8.0)))


def _sliders(rng: np.random.Generator, w: float, h: float, z: float) -> list[Shape]:
    shapes: list[Shape] = []
    for _ in range(int(rng.integers(1, 5))):
        x, y = pick(rng, (between(rng, -0.5, 0.5) * w, -h / 2), (pick(rng, -1, 1) * w / 2, between(rng, -0.5, 0.5) * h))
        shapes += [
            box("Zn", (11, 14, 6), (x, y, z)),
            box("Zn", (6, 32, 2), (x + rng.normal() * 4, y + 18, z), turned(z=rng.normal() * 0.6)),
        ]
    return shapes


def _handle(rng: np.random.Generator, x: float, y: float, z: float, along_x: bool) -> list[Shape]:
    length = between(rng, 110, 190)
    size = (length, 22.0, 16.0) if along_x else (22.0, length, 16.0)
    plate = (length * 0.9, 12.0, 1.6) if along_x else (12.0, length * 0.9, 1.6)
    ends = [(x + s * length / 2, y, z) if along_x else (x, y + s * length / 2, z) for s in (-1, 1)]
    return [
        box(pick(rng, "PP", "rubber"), size, (x, y, z)),
        box("steel", plate, (x, y, z)),
        *(rod("steel", 4, 14, at) for at in ends),
    ]


def _straps(rng: np.random.Generator, w: float, h: float, z: float) -> list[Shape]:
    """Crossed packing straps with a buckle."""
    turn = np.arctan2(h, w) * between(rng, 0.7, 1.0)
    long = 0.9 * float(np.hypot(w, h))
    bands = [box("nylon", (long, 30, 1.4), (0, 0, z), turned(z=s * turn)) for s in (-1, 1)]
    return [*bands, box("ABS", (48, 36, 11), (0, 0, z)), box(None, (30, 8, 12), (0, 8, z))]


def hard_suitcase(rng: np.random.Generator) -> Packaging:
    w, h, d = between(rng, 330, 520), between(rng, 480, 740), between(rng, 200, 320)
    material, wall = pick(rng, "PC", "ABS", "PP", "Al"), between(rng, 1.6, 3)
    wall = 1.0 if material == "Al" else wall
    shapes = _shell(material, (w, h, d), wall)
    shapes += [
        box(material, (9, h * 0.9, wall), (x, 0, z))
        for x in np.linspace(-w * 0.4, w * 0.4, 7).tolist()
        for z in (wall * 1.8, d - wall * 1.8)
    ]
    if rng.random() < 0.4:
        profile = between(rng, 8, 16)
        shapes += [
            box(pick(rng, "Al", "Mg"), (w + 4, h + 4, profile), (0, 0, d / 2)),
            box(None, (w - 6, h - 6, profile + 1), (0, 0, d / 2)),
        ]
        shapes += [box("Zn", (34, 42, 22), (w / 2, y, d / 2)) for y in (-h * 0.25, h * 0.25)]
    shapes += _rails(rng, w, h, between(rng, 8, 16)) + _wheels(rng, w, h, d, four=rng.random() < 0.8)
    shapes += _handle(rng, 0, -h / 2, d / 2, along_x=True)
    shapes += _handle(rng, w / 2, 0, d / 2, along_x=False) if rng.random() < 0.7 else []
    shapes += _straps(rng, w, h, 20) if rng.random() < 0.6 else []
    zipper = _zip(rng, w, h, d / 2)
    cloth = Heap("polyester", np.full((int(h) - 8, int(w) - 8), 2.5, np.float32))
    return _packed(w - 12, h - 12, d - 30, Solid((*shapes, *_sliders(rng, w, h, d / 2))), zipper, cloth)


def soft_suitcase(rng: np.random.Generator) -> Packaging:
    w, h, d = between(rng, 320, 500), between(rng, 450, 720), between(rng, 190, 320)
    shapes = _shell("nylon", (w, h, d), between(rng, 0.8, 1.8))
    shapes += [box("PE", (w - 14, h - 14, 2), (0, 0, 4)), box("nylon", (w * 0.8, h * 0.6, 1), (0, h * 0.1, d + 8))]
    shapes += [ball("rubber", (22, 22, 30), (x * w / 2, h / 2, z)) for x in (-1, 1) for z in (20, d - 20)]
    shapes += _rails(rng, w, h, 12) + _wheels(rng, w, h, d, four=rng.random() < 0.4)
    shapes += _handle(rng, 0, -h / 2, d / 2, along_x=True) + _sliders(rng, w, h, d * 0.8)
    wires = [_zip(rng, w, h, d * f) for f in ((0.8, 0.6) if rng.random() < 0.4 else (0.8,))]
    frame = _zip(rng, w - 8, h - 8, d * 0.95)
    rim = Wire(frame.points, (("steel", between(rng, 1, 2)), ("PVC", 3.0)))
    return _packed(w - 12, h - 12, d - 30, Solid(tuple(shapes)), *wires, rim)


def backpack(rng: np.random.Generator) -> Packaging:
    w, h, d = between(rng, 260, 360), between(rng, 380, 540), between(rng, 120, 240)
    shapes = _shell("nylon", (w, h, d), between(rng, 0.6, 1.4))
    shapes += [
        box("PU_foam", (w - 10, h - 10, 12), (0, 0, 8)),
        box("nylon", (w * 0.8, h * 0.45, 1), (0, h * 0.2, d + 6)),
    ]
    if rng.random() < 0.5:
        shapes += [box("Al", (22, h * 0.85, 2), (s * w * 0.15, 0, 4)) for s in (-1, 1)]
    for s in (-1, 1):
        shapes += [
            box("nylon", (50, h * 0.8, 4), (s * w * 0.3, 0, -4)),
            box("ABS", (38, 26, 8), (s * w * 0.3, h * 0.35, -6)),
        ]
        shapes += [box(None, (24, 12, 9), (s * w * 0.3, h * 0.35, -6))]
    shapes += _sliders(rng, w, h, d * 0.7)
    return _packed(
        w - 8, h - 8, d - 16, Solid(tuple(shapes)), _zip(rng, w, h * 0.9, d * 0.7), _zip(rng, w * 0.8, h * 0.4, d)
    )


def mail_sack(rng: np.random.Generator) -> Packaging:
    """Woven cloth or plastic, many folds, a drawstring with a clip and a lead or plastic seal."""
    w, h = between(rng, 420, 720), between(rng, 360, 560)
    cloth = np.clip(1 + 0.8 * noise(rng, int(h), int(w)), 0.3, 4) * between(rng, 0.8, 2.5)
    angle = np.linspace(0, 2 * np.pi, 60)
    cord = np.stack([-w / 2 + 18 * np.sin(3 * angle), h * 0.3 * np.cos(angle), 12 + 0 * angle], axis=1)
    seal = [
        box(pick(rng, "Zn", "PP"), (26, 34, 8), (-w / 2, 0, 14)),
        rod(pick(rng, "Pb", "PP"), 7, 4, (-w / 2, 30, 14)),
    ]
    rope = Wire(cord, ((pick(rng, "cotton", "steel"), 1.4), ("cotton", 3.0)))
    return _packed(
        w * 0.85,
        h * 0.85,
        between(rng, 120, 300),
        Heap(pick(rng, "cotton", "PP"), np.asarray(cloth, np.float32)),
        rope,
        Solid(tuple(seal)),
    )


def tray(rng: np.random.Generator) -> Packaging:
    """An open tub of the belt, with rims and ribs."""
    w, h, d, wall = between(rng, 480, 680), between(rng, 340, 480), between(rng, 60, 140), between(rng, 3, 5)
    material = pick(rng, "ABS", "PE", "PP")
    shapes = [box(material, (w, h, d), (0, 0, d / 2)), box(None, (w - 2 * wall, h - 2 * wall, d), (0, 0, d / 2 + wall))]
    shapes += [
        box(material, (w * 0.9, 4, 5), (0, y, wall))
        for y in np.linspace(-h * 0.4, h * 0.4, int(rng.integers(3, 9))).tolist()
    ]
    shapes += [box(material, (w + 22, h + 22, 4), (0, 0, d)), box(None, (w - 2 * wall, h - 2 * wall, 6), (0, 0, d))]
    shapes += [box(None, (110, 30, 60), (s * w / 2, 0, d - 30)) for s in (-1, 1)]
    return _packed(w - 20, h - 20, d + 60, Solid(tuple(shapes)))


def crate(rng: np.random.Generator) -> Packaging:
    """Boards and battens with nails and a steel strap."""
    w, h, d = between(rng, 260, 620), between(rng, 220, 460), between(rng, 150, 380)
    shapes = _shell("plywood", (w, h, d), between(rng, 8, 14))
    shapes += [box("wood", (40, h, 22), (x, 0, z)) for x in (-w / 2 + 20, w / 2 - 20) for z in (12, d - 12)]
    shapes += [
        rod("steel", 1.5, 45, (x, y, d - 16))
        for x in (-w / 2 + 20, w / 2 - 20)
        for y in np.linspace(-h * 0.42, h * 0.42, 5).tolist()
    ]
    if rng.random() < 0.4:
        shapes += [box("steel", (16, h, 0.6), (x, 0, z)) for x in (-w * 0.25, w * 0.25) for z in (0, d)]
    return _packed(w - 40, h - 40, d - 40, Solid(tuple(shapes)))


PACKAGING: tuple[PackagingRecipe, ...] = (
    carton,
    carton,
    carton,
    carton,
    foam_box,
    poly_mailer,
    poly_mailer,
    envelope,
    hard_suitcase,
    hard_suitcase,
    hard_suitcase,
    soft_suitcase,
    soft_suitcase,
    soft_suitcase,
    backpack,
    backpack,
    backpack,
    mail_sack,
    tray,
    tray,
    crate,
)
