"""Clothes, shoes and what is worn: soft heaps with folds and hems, thin metal in soft matter."""

from __future__ import annotations

import cv2
import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Recipe, Solid, Wire, blob, noise, pillow, slab, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.shapes import Array, Shape, ball, box, rod, turned


def _lay_layers(rng: np.random.Generator, rows: int, cols: int, layers: int, layer_mm: float) -> Array:
    """Sheets of cloth laid over each other, each with ripples and a thicker hem along its edge."""
    height = np.zeros((rows, cols), np.float32)
    for _ in range(layers):
        center = (cols * between(rng, 0.4, 0.6), rows * between(rng, 0.4, 0.6))
        size = (cols * between(rng, 0.35, 0.75), rows * between(rng, 0.35, 0.75))
        corners = cv2.boxPoints((center, size, rng.normal() * 12)) + rng.normal(size=(4, 2)) * 0.03 * cols
        dots = np.rint(corners).astype(np.int32)
        sheet = np.zeros((rows, cols), np.uint8)
        cv2.fillPoly(sheet, [dots], 1)
        hem = np.zeros((rows, cols), np.uint8)
        cv2.polylines(hem, [dots], True, 1, int(rng.integers(2, 6)))
        height += layer_mm * (sheet * np.clip(1 + 0.25 * noise(rng, rows, cols), 0.3, 2) + 0.9 * (hem & sheet))
    return height


def _fold(rng: np.random.Generator, height: Array) -> Array:
    """Waves of folds across a height map."""
    rows, cols = height.shape
    x, y = np.meshgrid(np.arange(cols, dtype=np.float32), np.arange(rows, dtype=np.float32))
    warp = noise(rng, rows, cols)
    for _ in range(int(rng.integers(1, 5))):
        angle, wave = between(rng, 0, np.pi), between(rng, 0.02, 0.12)
        phase = wave * (x * np.cos(angle) + y * np.sin(angle)) + warp * between(rng, 0.5, 2) + between(rng, 0, 6)
        height = height * (1 + between(rng, 0.1, 0.35) * np.sin(phase))
    return np.asarray(np.maximum(height, 0), np.float32)


def folded_clothes(rng: np.random.Generator) -> Body:
    rows, cols = int(between(rng, 180, 380)), int(between(rng, 180, 440))
    layers = int(rng.integers(3, 11))
    height = _fold(rng, _lay_layers(rng, rows, cols, layers, between(rng, 2, 7)))
    return Body((Heap(pick(rng, "cotton", "polyester", "wool", "cotton"), height),), Pose.FIXED)


def crumpled_clothes(rng: np.random.Generator) -> Body:
    rows, cols = int(between(rng, 100, 360)), int(between(rng, 120, 420))
    height = pillow(blob(rng, rows, cols), between(rng, 10, 60)) * np.clip(1 + 0.35 * noise(rng, rows, cols), 0.15, 2.5)
    material = pick(rng, "cotton", "wool", "polyester", "leather")
    return Body((Heap(material, _fold(rng, height)),), Pose.FIXED)


def jacket(rng: np.random.Generator) -> Body:
    """Cloth with a zip of metal or nylon teeth, a slider, and buttons."""
    cloth = folded_clothes(rng).parts[0]
    length, metal = between(rng, 120, 380), pick(rng, "brass", "Zn", "nylon")
    start = np.array([between(rng, -60, 60), -length / 2, 3.0])
    bend = rng.normal() * 25
    along = np.linspace(0, 1, 60)
    path = start + np.stack([bend * np.sin(along * np.pi), along * length, 0 * along], axis=1)
    zipper = Wire(path, ((metal, between(rng, 0.8, 1.8)), ("polyester", 7.0)))
    x, y, z = (float(v) for v in path[int(rng.integers(60))])
    slider = [box("Zn", (9, 12, 4), (x, y, z)), box("Zn", (5, 26, 1.8), (x, y + 16, z))]
    buttons = [
        rod(pick(rng, "brass", "PE", "steel"), between(rng, 5, 10), 2, (x + 20, y + 45.0 * i, z))
        for i in range(int(rng.integers(0, 5)))
    ]
    return Body((cloth, zipper, Solid((*slider, *buttons))), Pose.FIXED)


def jeans(rng: np.random.Generator) -> Body:
    rows, cols = int(between(rng, 240, 380)), int(between(rng, 180, 260))
    cloth = Heap("cotton", _lay_layers(rng, rows, cols, int(rng.integers(4, 8)), between(rng, 4, 8)))
    rivets = [
        rod(pick(rng, "Cu", "brass"), between(rng, 3.5, 5), 3, (rng.normal() * cols / 5, rng.normal() * rows / 6, 4))
        for _ in range(int(rng.integers(3, 9)))
    ]
    button = rod("steel", between(rng, 7, 9), 3, (rng.normal() * 20, -rows / 3, 4))
    return Body((cloth, Solid((*rivets, button))), Pose.FIXED)


def shoe(rng: np.random.Generator) -> Body:
    length, width, toe = between(rng, 220, 300), between(rng, 76, 104), between(rng, 18, 34)
    shapes = [
        ball("leather", (length / 2, width / 2, 45), (0, 0, 18)),
        ball(None, (length / 2 - 3, width / 2 - 3, 42), (0, 0, 19)),
        ball(None, (length * 0.25, width / 2 - 6, 40), (-length * 0.25, 0, 55)),
        box("rubber", (length * 0.95, width * 0.9, toe), (0, 0, -26)),
        box(None, (length * 0.5, width * 0.6, toe * 0.5), (-length * 0.1, 0, -20)),
    ]
    if rng.random() < 0.5:
        shapes.append(box("steel", (length * 0.4, 12, 1.4), (0, 0, -16)))
    if rng.random() < 0.25:
        shapes += [rod("brass", 3, 2, (length * 0.1 + 14 * (i // 2), 18.0 * (-1) ** i, 55)) for i in range(8)]
    return solid(*shapes)


def boot(rng: np.random.Generator) -> Body:
    length, width, shaft = between(rng, 240, 300), between(rng, 80, 105), between(rng, 120, 260)
    shapes = [
        ball("leather", (length / 2, width / 2, 48), (0, 0, 10)),
        rod("leather", width / 2, shaft, (-length * 0.25, 0, shaft / 2)),
        ball(None, (length / 2 - 3, width / 2 - 3, 45), (0, 0, 11)),
        rod(None, width / 2 - 3, shaft, (-length * 0.25, 0, shaft / 2 + 2)),
        box("rubber", (length * 0.95, width * 0.9, 28), (0, 0, -32)),
    ]
    if rng.random() < 0.35:
        cap = length * 0.33
        shapes += [ball("steel", (55, 40, 32), (cap, 0, 4)), ball(None, (53, 38.5, 30.5), (cap, 0, 3))]
    return solid(*shapes)


def belt(rng: np.random.Generator) -> Body:
    turns, width = between(rng, 1.5, 4), between(rng, 25, 42)
    angle = np.linspace(0, turns * 2 * np.pi, 90)
    radius = 32 + 3.2 * angle / 2
    strap = Wire(np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1), (("leather", 2.4),))
    r = float(radius[-1])
    buckle = [
        box(pick(rng, "Zn", "brass", "steel"), (5, 45, width + 10), (r, 20, 0)),
        box(None, (6, 37, width), (r, 20, 0)),
        box("steel", (3, 40, 4), (r, 20, 0)),
    ]
    return Body((strap, Solid(tuple(buckle))))


def bra(rng: np.random.Generator) -> Body:
    angle, r = np.linspace(0, np.pi, 40), between(rng, 55, 75)
    wires = [
        Wire(np.stack([r * np.cos(angle) + s * r * 1.08, r * np.sin(angle), 4 + 0 * angle], axis=1), (("steel", 0.7),))
        for s in (-1, 1)
    ]
    cups = [Heap("polyester", pillow(blob(rng, 130, 130), between(rng, 6, 16)), (s * r, 20, 0)) for s in (-1, 1)]
    return Body((*wires, *cups), Pose.FIXED)


def handbag(rng: np.random.Generator) -> Body:
    w, h, d = between(rng, 180, 320), between(rng, 140, 240), between(rng, 40, 90)
    metal = pick(rng, "brass", "Zn", "steel")
    shapes = [
        box("leather", (w, h, d)),
        box(None, (w - 5, h - 5, d - 5)),
        box("cardboard", (w - 10, h - 10, 2), (0, 0, -d / 2 + 5)),
        box(metal, (w * 0.85, 4, 4), (0, -h / 2, 0)),
        *(rod(metal, 11, 4, (s * w * 0.35, -h / 2 - 6, 0)) for s in (-1, 1)),
        *(rod(None, 8, 5, (s * w * 0.35, -h / 2 - 6, 0)) for s in (-1, 1)),
    ]
    angle = np.linspace(np.pi, 2 * np.pi, 40)
    handle = Wire(
        np.stack([w * 0.35 * np.cos(angle), -h / 2 + h * 0.7 * np.sin(angle), 0 * angle], axis=1),
        ((pick(rng, "leather", "brass", "leather"), between(rng, 2, 5)),),
    )
    return Body((Solid(tuple(shapes)), handle), Pose.LYING)


def eyeglasses(rng: np.random.Generator) -> Body:
    r, metal = between(rng, 20, 27), pick(rng, "Ti", "stainless", "ABS")
    angle = np.linspace(0, 2 * np.pi, 40)
    rims: list[Wire] = []
    lenses: list[Shape] = []
    for s in (-1, 1):
        rim = np.stack([s * (r + 9) + r * np.cos(angle), 0.8 * r * np.sin(angle), 0 * angle], axis=1)
        arm = np.array([[s * (2 * r + 9), 0, 0], [s * (2 * r + 7), 0, -60], [s * (2 * r), 0, -135]])
        rims += [Wire(rim, ((metal, 1.2),)), Wire(arm, ((metal, 1.4),))]
        lenses.append(rod(pick(rng, "PC", "glass"), (r, 0.8 * r), 2, (s * (r + 9), 0, 0)))
    case = [box("ABS", (160, 65, 40), (0, 0, -15)), box(None, (156, 61, 36), (0, 0, -15))]
    return Body((Solid(tuple(lenses)), *rims, *([Solid(tuple(case))] if rng.random() < 0.5 else [])))


def blanket(rng: np.random.Generator) -> Body:
    outline = slab(rng, int(between(rng, 220, 360)), int(between(rng, 260, 480)))
    height = pillow(outline, between(rng, 30, 110)) * np.clip(1 + 0.2 * noise(rng, *outline.shape), 0.4, 2)
    return Body((Heap(pick(rng, "wool", "polyester", "down", "down"), _fold(rng, height)),), Pose.FIXED)


def hanger(rng: np.random.Generator) -> Body:
    r, metal = between(rng, 1.2, 1.8), "steel"
    frame = np.array([[0, 0, 0], [-200, 70, 0], [-205, 80, 0], [205, 80, 0], [200, 70, 0], [0, 0, 0]], float)
    angle = np.linspace(np.pi / 2, -np.pi, 20)
    hook = np.stack([25 * np.cos(angle), -45 + 25 * np.sin(angle), 0 * angle], axis=1)
    wires = (Wire(frame, ((metal, r),)), Wire(np.concatenate([[[0.0, 0, 0]], hook]), ((metal, r),)))
    if rng.random() < 0.5:
        return Body(wires, Pose.LYING)
    arms = [box(pick(rng, "PP", "wood"), (210, 12, 8), (s * 100, 34, 0), turned(z=s * 0.32)) for s in (-1, 1)]
    return Body((Solid(tuple(arms)), wires[1]), Pose.LYING)


CLOTHING: tuple[Recipe, ...] = (
    folded_clothes,
    folded_clothes,
    crumpled_clothes,
    jacket,
    jeans,
    shoe,
    boot,
    belt,
    bra,
    handbag,
    eyeglasses,
    blanket,
    hanger,
)
