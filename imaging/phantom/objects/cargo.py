"""What containers are loaded with: each load fills a bay of the container, seen from the side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imaging.phantom.bodies import Body, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.physics import cargo_basis
from imaging.phantom.shapes import Shape, ball, box, rod, turned
from imaging.phantom.yard import Yard


@dataclass(frozen=True, slots=True)
class Bay:
    """A free stretch of the container in mm: from `left` for `length`, standing on `floor`, `height` high."""

    left: float
    length: float
    floor: float
    height: float
    depth: float = 2300.0


MOST_G_CM2 = 95.0
"""Mass before one square centimetre of the side wall: what makes 26 tonnes of a full 40-foot container."""


def _depth(material: str, share: float, bay: Bay) -> float:
    """How deep a material stands in a bay, mm: a share of it, but no more than a lorry may carry."""
    return min(share * bay.depth, 10 * MOST_G_CM2 / cargo_basis().densities[material])


Load = Callable[[np.random.Generator, Yard, Bay], str]
"""Fills a bay and returns the name of the goods."""


def _pallet(yard: Yard, x: float, floor: float, length: float) -> None:
    yard.fill("wood", 1700, x, floor - 144, width=length, height=22)
    yard.fill("wood", 1700, x, floor - 22, width=length, height=22)
    for share in (0.0, 0.46, 0.92):
        yard.fill("wood", 2200, x + share * length, floor - 122, width=0.08 * length, height=100)


def cartons_on_pallets(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    goods = pick(rng, "paper", "biscuit", "food", "polyester", "PS", "glass", "chocolate", "soap", "appliances")
    fill = {"glass": ("glass", 0.16), "PS": ("PS", 0.15), "appliances": ("machinery", 0.08)}.get(goods, (goods, 0.75))
    w, h = between(rng, 250, 550), between(rng, 200, 450)
    pitch = between(rng, 1150, 1300)
    x = bay.left
    while x + 1100 <= bay.left + bay.length:
        _pallet(yard, x, bay.floor, 1100)
        layers = int((bay.height - 350) * between(rng, 0.5, 0.95) // h)
        for i in range(max(layers, 1)):
            for j in range(int(1100 // w)):
                depth = _depth(*fill, bay) * between(rng, 0.95, 1.03)
                top = bay.floor - 144 - (i + 1) * h
                yard.case(fill[0], depth, x + j * w + rng.normal() * 4, top, width=w - 6, height=h - 4)
        x += pitch
    return goods


def loose_cartons(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    goods = pick(rng, "polyester", "cotton", "paper", "ABS", "biscuit", "rubber")
    w, h = between(rng, 300, 600), between(rng, 250, 480)
    share = 0.35 if goods in {"ABS", "rubber"} else 0.85
    for i in range(int(bay.height * between(rng, 0.7, 0.97) // h)):
        shift = between(rng, 0, w / 2)
        for j in range(int((bay.length - shift) // w)):
            depth = _depth(goods, share, bay) * between(rng, 0.9, 1.05)
            yard.case(goods, depth, bay.left + shift + j * w, bay.floor - (i + 1) * h, width=w - 4, height=h - 3)
    return goods


def drums(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    content = pick(rng, "water", "oil", "oil", "petrol", "soap", "ethanol40")
    fill, metal = between(rng, 0.7, 0.97), rng.random() < 0.7
    level = 880 * fill
    wall = ("steel", 1.2) if metal else ("PE", 6.0)
    body = solid(
        rod(wall[0], 290, 880, axis="y"),
        rod(None, 290 - wall[1], 876, axis="y"),
        rod(content, 290 - wall[1], level, (0, (876 - level) / 2, 0), axis="y"),
        *(rod(wall[0], 296, 14, (0, y, 0), axis="y") for y in (-435, -150, 150, 435)),
        *(rod(None if y in {-435, 435} else content, 288, 16, (0, y, 0), axis="y") for y in (-435, -150, 150, 435)),
    )
    for tier in range(int(bay.height // 1000)):
        for i in range(int(bay.length // 600)):
            yard.stand(body, bay.left + 300 + i * 600, bay.floor - 445 - tier * 900, times=float(rng.integers(3, 5)))
    return content


def bales(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    goods = pick(rng, "cotton", "pressed_waste", "wool", "pressed_waste", "paper")
    w, h = between(rng, 900, 1300), between(rng, 600, 950)
    for i in range(int(bay.height // h)):
        for j in range(int(bay.length // w)):
            x, y = bay.left + j * w, bay.floor - (i + 1) * h
            depth = _depth(goods, 0.8, bay) * between(rng, 0.8, 1.2) * yard.grain(rng, w - 25, h - 20, 0.07)
            yard.pour(goods, depth, x, y)
            for k in range(5):
                yard.fill("steel", 14, x + (k + 0.5) * w / 5, y, width=4, height=h - 20)
    return goods


def reels(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """Paper reels, steel coils or cable drums with their axis across the container."""
    goods = pick(rng, "paper", "steel_coil", "cable")
    r = between(rng, 380, 560) if goods != "steel_coil" else between(rng, 300, 520)
    material, depth = {"paper": ("paper", 1900.0), "steel_coil": ("steel", 320.0), "cable": ("Cu", 110.0)}[goods]
    body = solid(rod(material, r, depth), rod(None, r * between(rng, 0.2, 0.5), depth + 2))
    flange = solid(rod("wood", r + 60, 80), rod(None, 60, 82))
    step = 2 * r + (700 if goods == "steel_coil" else 150)
    for i in range(int(bay.length // step)):
        x, y = bay.left + (i + 0.5) * step, bay.floor - r - 70
        yard.stand(body, x, y)
        if goods == "cable":
            yard.stand(flange, x, y)
        else:
            yard.fill("wood", 1500, x - r, bay.floor - 90, width=2 * r, height=60)
    return goods


def machines(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    x = bay.left
    while x < bay.left + bay.length - 900:
        w, h = between(rng, 800, min(2600, bay.left + bay.length - x)), between(rng, 700, bay.height * 0.9)
        _pallet(yard, x, bay.floor, w)
        yard.stand(_machine(rng, w, h), x + w / 2, bay.floor - 150 - h / 2)
        x += w + between(rng, 80, 500)
    return "machinery"


def _machine(rng: np.random.Generator, w: float, h: float) -> Body:
    wall = between(rng, 3, 14)
    shapes: list[Shape] = [box("steel", (w, h, 1300)), box(None, (w - 60, h - 60, 1300 - 2 * wall))]
    for _ in range(int(rng.integers(4, 12))):
        at = (between(rng, -0.4, 0.4) * w, between(rng, -0.35, 0.4) * h, between(rng, -400, 400))
        size = between(rng, 60, 320)
        material = pick(rng, "machinery", "steel", "Al", "Cu", "machinery")
        thick = between(rng, 40, 130) if material in {"steel", "Cu"} else size
        kind = int(rng.integers(3))
        if kind == 0:
            shapes.append(box(material, (size * 2, size, thick), at))
        elif kind == 1:
            shapes += [rod(material, size, thick, at), rod(None, size * 0.4, thick + 2, at)]
        else:
            shapes.append(rod("steel", between(rng, 15, 70), size * 3, at, axis=pick(rng, "x", "y")))
    return solid(*shapes)


def sacks(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    goods = pick(rng, "grain", "rice", "coffee", "flour", "sugar", "salt", "soil")
    share = 0.5 if goods in {"salt", "soil"} else 0.75
    for i in range(int(bay.height * between(rng, 0.5, 0.85) // 170)):
        for j in range(int(bay.length // 620)):
            x = bay.left + j * 620 + (i % 2) * 150
            bag = yard.grain(rng, 600, 165, 0.05)
            rows, cols = bag.shape
            y, z = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
            swell = np.sqrt(np.clip(1 - (np.abs(z) ** 6 + np.abs(y) ** 4) * 0.8, 0, 1))
            yard.pour(goods, bag * swell * np.float32(_depth(goods, share, bay) * 1.3), x, bay.floor - (i + 1) * 170)
    return goods


def bulk(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """Loose matter with an uneven surface."""
    goods = pick(rng, "scrap", "coal", "grain", "soil", "scrap", "plastic")
    material, share, rough = {
        "scrap": ("scrap", 0.45, 0.35),
        "coal": ("coal", 0.9, 0.08),
        "grain": ("grain", 0.9, 0.01),
        "soil": ("soil", 0.6, 0.03),
        "plastic": ("PE", 0.45, 0.1),
    }[goods]
    depth = yard.grain(rng, bay.length, bay.height, rough) * np.float32(_depth(material, share, bay) * 1.5)
    rows, cols = depth.shape
    level = np.interp(np.arange(cols), np.linspace(0, cols, 8), rows * rng.uniform(0.15, 0.6, 8))
    depth = depth * (np.arange(rows)[:, None] > level[None])
    yard.pour(material, depth, bay.left, bay.floor - bay.height)
    return goods


def logs(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """Trunks laid across, or planks laid along."""
    if rng.random() < 0.5:
        for i in range(int(bay.height * 0.8 // 130)):
            x = bay.left + between(rng, 0, 120)
            yard.fill("wood", 2100, x, bay.floor - (i + 1) * 130, width=bay.length - 150, height=118)
        return "planks"
    r = between(rng, 110, 240)
    body = solid(rod("wood", r, 2200), rod("wood", r * 0.6, 2230))
    for i in range(int(bay.height * 0.85 // (1.8 * r))):
        for j in range(int(bay.length // (2 * r)) - 1):
            yard.stand(body, bay.left + r * (1 + 2 * j + i % 2), bay.floor - r - 1.75 * r * i)
    return "logs"


def tyres(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    r = between(rng, 290, 520)
    ring = solid(rod("rubber", r, 180), rod(None, r * 0.62, 190), rod("steel", r * 0.64, 30), rod(None, r * 0.61, 190))
    for i in range(int(bay.height // (2 * r))):
        for j in range(int(bay.length // (2 * r))):
            yard.stand(ring, bay.left + r * (2 * j + 1), bay.floor - r * (2 * i + 1), times=float(rng.integers(4, 9)))
    return "tyres"


def cars(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """Cars in outline: panels, frame, engine, gearbox, wheels, seats, battery."""
    for j in range(int(bay.length // 4600)):
        x, y = bay.left + 2300 + j * 4600 + between(rng, -80, 80), bay.floor - 320
        yard.stand(car(), x, y)
    return "cars"


def car() -> Body:
    wheels: list[Shape] = []
    for x in (-1350.0, 1300.0):
        for z in (-700.0, 700.0):
            wheels += [
                rod("rubber", 315, 190, (x, 0, z)),
                rod(None, 215, 192, (x, 0, z)),
                rod("Al", 210, 25, (x, 0, z)),
            ]
            wheels.append(rod("steel", 140, 24, (x, 0, z)))
    return solid(
        ball("steel", (2150, 430, 840), (0, -260, 0)),
        ball(None, (2142, 422, 834), (0, -260, 0)),
        ball("steel", (1150, 560, 700), (150, -520, 0)),
        ball(None, (1148, 558, 698), (150, -520, 0)),
        *(box("glass", (900, 300, 5), (x, -700, z)) for x in (-250, 550) for z in (-560, 560)),
        box("steel", (3600, 70, 160), (0, -40, 0)),
        box("Al", (560, 480, 480), (-1450, -300, 0)),
        box("machinery", (420, 420, 330), (-1430, -290, 0)),
        rod("steel", 60, 500, (-1430, -150, 0), axis="x"),
        rod("steel", 45, 2400, (100, 20, 0), axis="x"),
        box("Pb", (240, 150, 55), (-1700, -420, 300)),
        rod("petrol", 180, 900, (1050, -60, 0)),
        *(box("PU_foam", (560, 160, 1200), (x, -250, 0)) for x in (-150, 750)),
        *(box("steel", (40, 480, 300), (x, -420, 0), turned(z=-0.2)) for x in (150, 1050)),
        *wheels,
    )


def frozen_goods(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    goods = pick(rng, "frozen_food", "meat", "food")
    h = between(rng, 150, 260)
    for i in range(int((bay.height - 200) // h)):
        for j in range(int(bay.length // 480)):
            yard.case(
                goods,
                _depth(goods, 0.6, bay),
                bay.left + j * 480,
                bay.floor - 60 - (i + 1) * h,
                width=474,
                height=h - 3,
            )
    return goods


def tiles(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """Stone and ceramic: low stacks, for they are heavy."""
    goods = pick(rng, "ceramic", "marble", "concrete", "glass")
    x = bay.left
    while x + 1050 <= bay.left + bay.length:
        _pallet(yard, x, bay.floor, 1050)
        h = between(rng, 450, 900)
        for k in range(int(h // 60)):
            yard.fill(goods, 950, x + 20, bay.floor - 144 - (k + 1) * 60, width=1010, height=56)
        x += between(rng, 1150, 1700)
    return goods


def nothing(rng: np.random.Generator, yard: Yard, bay: Bay) -> str:
    """An empty stretch, perhaps with a few pallets and dunnage bags."""
    for i in range(int(rng.integers(0, 3))):
        _pallet(yard, bay.left + 200 + between(rng, 0, max(bay.length - 1500, 1)), bay.floor - 144 * i, 1100)
    return "empty"


LOADS: tuple[Load, ...] = (
    cartons_on_pallets,
    cartons_on_pallets,
    loose_cartons,
    loose_cartons,
    drums,
    bales,
    reels,
    machines,
    sacks,
    bulk,
    logs,
    tyres,
    cars,
    tiles,
    frozen_goods,
    nothing,
)
