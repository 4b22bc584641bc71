"""Food and drink that is no liquid in a bottle."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Recipe, Solid, blob, noise, pillow, slab, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Shape, ball, box, random_turn, rod


def packed_box(rng: np.random.Generator) -> Body:
    """A carton of dry goods, partly full."""
    w, h, d = between(rng, 60, 260), between(rng, 40, 200), between(rng, 30, 120)
    wall, fill = between(rng, 0.8, 2.5), between(rng, 0.4, 0.97)
    content = pick(rng, "biscuit", "coffee", "flour", "tea", "food", "cotton", "EPS", "salt", "rice", "sugar")
    return solid(
        box("cardboard", (w + wall, h + wall, d + wall)),
        box(None, (w, h, d)),
        box(content, (w, h, d * fill), (0, 0, -d * (1 - fill) / 2)),
    )


def tin(rng: np.random.Generator) -> Body:
    r, h, material = between(rng, 25, 65), between(rng, 30, 170), pick(rng, "steel", "Al", "steel")
    wall = 0.12 if material == "Al" else 0.22
    content = pick(rng, "food", "biscuit", "meat", "tea", "milk_powder", "coffee")
    rims = [rod(material, r + 1, 3, (0, 0, s * h / 2)) for s in (-1, 1)]
    hollow = [rod(None, r - 1, 5, (0, 0, s * h / 2)) for s in (-1, 1)]
    fill = between(rng, 0.75, 1)
    return solid(
        *rims,
        *hollow,
        rod(material, r, h),
        rod(None, r - wall, h - 2 * wall),
        rod(content, r - wall, (h - 2 * wall) * fill, (0, 0, -h * (1 - fill) / 2)),
    )


def jar(rng: np.random.Generator) -> Body:
    r, h = between(rng, 25, 48), between(rng, 50, 140)
    content = pick(rng, "food", "coffee", "sugar", "cheese", "chocolate")
    return solid(
        rod("glass", r, h),
        rod(None, r - 3, h - 6),
        rod(content, r - 3, h * 0.8, (0, 0, -h * 0.05)),
        rod("steel", r * 0.92, 13, (0, 0, h / 2 + 4)),
        rod(None, r * 0.92 - 0.3, 12, (0, 0, h / 2 + 3)),
    )


def fruit(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    r = between(rng, 22, 58)
    for _ in range(int(rng.integers(1, 6))):
        at = (between(rng, -70, 70), between(rng, -60, 60), between(rng, -10, 10))
        radii = (r * between(rng, 0.85, 1.2), r, r * between(rng, 0.8, 1.1))
        shapes += [ball(pick(rng, "food", "water"), radii, at), ball("wood", (r * 0.2, r * 0.15, r * 0.15), at)]
    return solid(*shapes)


def sweets(rng: np.random.Generator) -> Body:
    """A bar, or rows of pieces in a tray."""
    if rng.random() < 0.4:
        return solid(
            box(
                pick(rng, "chocolate", "cheese", "soap"),
                (between(rng, 60, 180), between(rng, 40, 90), between(rng, 8, 36)),
            )
        )
    rows, cols, pitch = int(rng.integers(2, 6)), int(rng.integers(3, 8)), between(rng, 22, 36)
    material = pick(rng, "chocolate", "biscuit", "soap", "wax")
    pieces = [
        ball(material, (pitch * 0.42, pitch * 0.42, 10), ((c - cols / 2) * pitch, (r - rows / 2) * pitch, 0))
        for r in range(rows)
        for c in range(cols)
    ]
    tray = box("PET", (cols * pitch, rows * pitch, 0.6), (-pitch / 2, -pitch / 2, -8))
    return solid(tray, *pieces, pose=Pose.LYING)


def snack_bag(rng: np.random.Generator) -> Body:
    outline = slab(rng, int(between(rng, 90, 240)), int(between(rng, 80, 200)))
    height = pillow(outline, between(rng, 10, 60)) * np.clip(1 + 0.35 * noise(rng, *outline.shape), 0.2, 2)
    content = pick(rng, "biscuit", "coffee", "cotton", "tea", "food")
    foil = Heap("Al", np.asarray(outline * np.float32(0.05), np.float32))
    return Body((Heap(content, np.asarray(height, np.float32)), *([foil] if rng.random() < 0.6 else [])), Pose.FIXED)


def staple_bag(rng: np.random.Generator) -> Body:
    """Rice, sugar, flour or milk powder in its shop bag: a powder, declared and harmless."""
    outline = slab(rng, int(between(rng, 130, 300)), int(between(rng, 90, 200)), turn=rng.normal() * 10)
    height = pillow(outline, between(rng, 20, 55)) * np.clip(1 + 0.06 * noise(rng, *outline.shape), 0.5, 2)
    paper = Heap("paper", np.asarray(outline * np.float32(0.5), np.float32))
    return Body((Heap(pick(rng, "rice", "sugar", "milk_powder"), np.asarray(height, np.float32)), paper), Pose.FIXED)


def nuts(rng: np.random.Generator) -> Body:
    r, count = between(rng, 6, 16), int(rng.integers(12, 36))
    pieces = [
        ball(
            pick(rng, "biscuit", "wood", "food"),
            (r * 1.3, r, r),
            (between(rng, -55, 55), between(rng, -45, 45), between(rng, -12, 12)),
            random_turn(rng),
        )
        for _ in range(count)
    ]
    return solid(*pieces)


def meat(rng: np.random.Generator) -> Body:
    """A sausage, ham or fish in a film; sometimes on the bone."""
    length, r = between(rng, 110, 320), between(rng, 16, 48)
    shapes = [ball("meat", (length / 2, r, r * between(rng, 0.6, 1)))]
    if rng.random() < 0.5:
        shapes.append(rod("bone", r * 0.22, length * 0.8, axis="x"))
    return solid(*shapes)


def instant_noodles(rng: np.random.Generator) -> Body:
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 6))):
        z = 32.0 * i
        shapes += [box("biscuit", (120, 95, 24), (0, 0, z)), box("oil", (45, 30, 5), (20, 0, z + 15))]
    return solid(*shapes)


def pile(rng: np.random.Generator) -> Body:
    outline = blob(rng, int(between(rng, 70, 200)), int(between(rng, 70, 200)))
    height = pillow(outline, between(rng, 10, 40)) * np.clip(1 + 0.3 * noise(rng, *outline.shape), 0.2, 2)
    return Body((Heap(pick(rng, "food", "tea", "biscuit", "cotton"), np.asarray(height, np.float32)),), Pose.FIXED)


def seasoning(rng: np.random.Generator) -> Body:
    """Small sachets, one beside the other."""
    parts = []
    for _ in range(int(rng.integers(3, 14))):
        height = pillow(slab(rng, 45, 30), between(rng, 3, 8))
        parts.append(
            Heap(pick(rng, "salt", "sugar", "coffee", "oil"), height, (between(rng, -70, 70), between(rng, -60, 60), 0))
        )
    return Body(tuple(parts), Pose.FIXED)


def egg_tray(rng: np.random.Generator) -> Body:
    cols, rows = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    shapes: list[Shape] = [box("paper", (cols * 48, rows * 48, 2), (0, 0, -18))]
    for i in range(cols * rows):
        at = ((i % cols - (cols - 1) / 2) * 48, (i // cols - (rows - 1) / 2) * 48, 0.0)
        shapes += [ball("shell", (22, 22, 29), at), ball("food", (21.6, 21.6, 28.6), at)]
    return Body((Solid(tuple(shapes)),), Pose.LYING)


FOOD: tuple[Recipe, ...] = (
    packed_box,
    packed_box,
    tin,
    jar,
    fruit,
    sweets,
    snack_bag,
    staple_bag,
    nuts,
    meat,
    instant_noodles,
    pile,
    seasoning,
    egg_tray,
)
