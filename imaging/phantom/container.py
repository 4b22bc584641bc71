"""Container lorries at 6 and 4 MeV: shell, chassis, loads, and what may be hidden among them."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, solid
from imaging.phantom.chain import Detector, sample_cargo_detector
from imaging.phantom.chance import between, pick
from imaging.phantom.objects.cargo import LOADS, Bay, Load, frozen_goods
from imaging.phantom.physics import cargo_beam
from imaging.phantom.shapes import Shape, box, rod, turned
from imaging.phantom.yard import Yard
from imaging.scan import Generator, Scan, View

LENGTHS_MM = {20: 6058.0, 40: 12192.0}
"""Outer length by nominal length in feet; with the height those of ISO 668 (1CC and 1AA)."""
HEIGHT_MM = 2591.0
CHASSIS_MM = 1250.0
FALSE_WALL = "false_wall"
HIDDEN = ("dense_block", "cigarettes", "firearm", FALSE_WALL)
"""What may be hidden: three classes of the parcel detector, as cargo, and the wall that is not one."""


def simulate_container(
    seed: int,
    *,
    mm_per_px: float = 5.0,
    feet: int | None = None,
    hidden: tuple[str, ...] | None = None,
    loads: tuple[Load, ...] = LOADS,
    detector: Detector | None = None,
) -> Scan:
    """A container on its lorry, the same counts and truth for the same seed; identity and time are new.

    `hidden` names what is hidden (of `HIDDEN`); about half of all containers hide one or two things when it is not
    said; `loads` are the declared goods to choose from. At 5 mm per px a 40-foot container takes about 880 rows by
    3,300 columns.

    Raises:
        ValueError: a hidden thing or a length that is not known.
    """
    if unknown := set(hidden or ()) - set(HIDDEN):
        raise ValueError(f"nothing is known of hiding {', '.join(sorted(unknown))}; there are {', '.join(HIDDEN)}")
    if feet not in (None, *LENGTHS_MM):
        raise ValueError(f"there is no container of {feet} feet; there are {', '.join(map(str, LENGTHS_MM))}")
    rng = np.random.default_rng(seed)
    length = LENGTHS_MM[pick(rng, 20, 40, 40) if feet is None else feet]
    secrets = _draw_secrets(rng) if hidden is None else hidden
    yard = Yard.empty(length + 4200, HEIGHT_MM + CHASSIS_MM + 500, mm_per_px)
    left, roof = 3700.0, 300.0
    floor = roof + HEIGHT_MM
    _draw_lorry(rng, yard, left, floor, length)
    reefer = rng.random() < 0.12
    _draw_shell(rng, yard, left, roof, length)
    if reefer:
        _draw_reefer(yard, left, roof, length)
    room = Bay(left + (700 if reefer else 90), length - (850 if reefer else 180), floor - 60, HEIGHT_MM - 220)
    if FALSE_WALL in secrets:
        room = _draw_false_wall(rng, yard, room)
    goods = _load(rng, yard, room, reefer, loads)
    for label in secrets:
        if label != FALSE_WALL:
            _hide(rng, yard, room, label)
    return _measure(rng, yard, detector, goods)


def _draw_secrets(rng: np.random.Generator) -> tuple[str, ...]:
    count = pick(rng, 0, 0, 1, 1, 2)
    return tuple(str(label) for label in rng.choice(HIDDEN, count, replace=False))


def _draw_shell(rng: np.random.Generator, yard: Yard, left: float, roof: float, length: float) -> None:
    """Two corrugated side walls, posts, castings, rails, roof, doors and the floor on its cross members."""
    sheet, period = between(rng, 1.5, 2.0), 278.0
    x = np.arange(round(length / yard.mm_per_px)) * yard.mm_per_px % period
    slope = ((x > 70) & (x < 138)) | (x > 208)
    walls = 2 * sheet * np.where(slope, 1.45, 1.0)
    rows = round(HEIGHT_MM / yard.mm_per_px)
    yard.pour("steel", np.broadcast_to(walls, (rows, len(x))).astype(np.float32), left, roof)
    yard.fill("steel", 150, left, roof, width=length, height=28)
    yard.fill("steel", 2 * 9, left, roof, width=length, height=70)
    yard.fill("steel", 2 * 10, left, roof + HEIGHT_MM - 150, width=length, height=150)
    for end in (left, left + length - 60):
        yard.fill("steel", 60, end, roof, width=60, height=HEIGHT_MM)
        yard.fill("steel", 100, end + 10, roof + 100, width=38, height=HEIGHT_MM - 200)
        for y in (roof, roof + HEIGHT_MM - 118):
            yard.fill("steel", 130, end - (60 if end > left else 0), y, width=178, height=118)
    yard.fill("plywood", 2330, left + 40, roof + HEIGHT_MM - 155, width=length - 80, height=28)
    for place in np.arange(left + 150, left + length - 100, 300):
        yard.fill("steel", 60, float(place), roof + HEIGHT_MM - 125, width=45, height=120)
    for y in (roof + 500, roof + 1900):
        yard.fill("steel", 40, left + length - 70, y, width=120, height=90)


def _draw_reefer(yard: Yard, left: float, roof: float, length: float) -> None:
    """The cooling machine in the front wall, and foam in all walls."""
    yard.fill("PU_foam", 160, left, roof, width=length, height=HEIGHT_MM)
    yard.fill("Al", 8, left + 60, roof, width=length - 100, height=HEIGHT_MM)
    machine = solid(
        box("steel", (380, 1900, 1900)),
        box(None, (370, 1890, 1890)),
        rod("machinery", 150, 420, (0, 600, -200)),
        rod("Cu", 90, 260, (0, 600, -200)),
        rod("Al", 320, 60, (0, -500, 300), axis="x"),
        rod("Cu", 110, 180, (0, -500, 300), axis="x"),
        box("Al", (90, 600, 700), (80, 50, 0)),
        box("PCBA", (40, 300, 20), (-100, 200, 600)),
    )
    yard.stand(machine, left + 330, roof + HEIGHT_MM / 2)


def _wheel() -> Body:
    return solid(
        rod("rubber", 500, 300),
        rod(None, 290, 310),
        rod("steel", 290, 60),
        rod("steel", 130, 330),
        rod(None, 60, 340),
        rod("steel", 510, 8),
        rod("steel", 200, 70),
    )


def _draw_lorry(rng: np.random.Generator, yard: Yard, left: float, floor: float, length: float) -> None:
    """Beams, axles, wheels, legs, tank, and a cab with its engine."""
    ground = floor + CHASSIS_MM
    yard.fill("steel", 2 * 12, left - 900, floor + 10, width=length + 700, height=260)
    yard.fill("steel", 2 * 40, left - 900, floor + 10, width=length + 700, height=22)
    yard.fill("steel", 2 * 40, left - 900, floor + 250, width=length + 700, height=22)
    axles = [left - 2900, left - 300, *(left + length - 900 - 1310 * i for i in range(int(rng.integers(2, 4))))]
    wheel = _wheel()
    for x in axles:
        yard.stand(wheel, x, ground - 500, times=2)
        yard.stand(solid(rod("steel", 65, 1800)), x, ground - 500, times=0.15)
    yard.fill("steel", 120, left + 1300, floor + 270, width=110, height=CHASSIS_MM - 330)
    yard.fill("steel", 8, left + 250, floor + 320, width=900, height=480)
    yard.fill("petrol", 500, left + 255, floor + 500, width=890, height=295)
    _draw_cab(rng, yard, left - 3500, floor)


def _draw_cab(rng: np.random.Generator, yard: Yard, left: float, floor: float) -> None:
    top = floor - between(rng, 1500, 1900)
    shapes: list[Shape] = [
        box("steel", (1900, floor - top, 2300), (950, (floor - top) / 2, 0)),
        box(None, (1860, floor - top - 40, 2292), (950, (floor - top) / 2, 0)),
        box("glass", (700, 620, 2300), (450, 480, 0)),
        box(None, (700, 620, 2290), (450, 480, 0)),
        box("machinery", (1100, 800, 420), (900, floor - top - 250, 0)),
        rod("steel", 90, 1000, (900, floor - top - 50, 0), axis="x"),
        *(rod(None, 62, 300, (450 + 170.0 * i, floor - top - 420, 0), axis="y") for i in range(6)),
        box("Al", (160, 800, 900), (180, floor - top - 250, 0)),
        box("PU_foam", (500, 160, 1900), (900, 1100, 0)),
        box("steel", (60, 700, 1200), (1200, 800, 0), turned(z=0.2)),
        rod("steel", 18, 520, (560, 760, 0), turn=turned(z=0.4, x=1.2)),
    ]
    yard.stand(solid(*shapes), left, top)


def _draw_false_wall(rng: np.random.Generator, yard: Yard, room: Bay) -> Bay:
    """A second wall before the front one and a narrow space between, stowed with packages; returns what is left."""
    gap = between(rng, 180, 450)
    yard.fill("steel", 90, room.left + gap, room.floor - room.height, width=32, height=room.height)
    yard.fill("steel", 2200 * 0.02, room.left + gap, room.floor - room.height, width=12, height=room.height)
    material, h = pick(rng, "cocaine", "heroin", "tobacco", "meth"), between(rng, 150, 260)
    for i in range(int(room.height * between(rng, 0.5, 0.95) // h)):
        y = room.floor - (i + 1) * h
        yard.fill(material, between(rng, 900, 1800), room.left + 15, y, width=gap - 30, height=h - 8)
    yard.mark(FALSE_WALL, room.left, room.floor - room.height, gap + 32, room.height)
    return Bay(room.left + gap + 60, room.length - gap - 60, room.floor, room.height)


def _load(rng: np.random.Generator, yard: Yard, room: Bay, reefer: bool, loads: tuple[Load, ...]) -> list[str]:
    """One kind of goods, or several behind each other."""
    if reefer:
        return [frozen_goods(rng, yard, room)]
    bays = pick(rng, 1, 1, 1, 2, 3)
    cuts = np.cumsum(rng.dirichlet(np.full(bays, 4.0))) * room.length
    goods, start = [], 0.0
    for end in cuts.tolist():
        if end - start > 700:
            bay = Bay(room.left + start, end - start - 80, room.floor, room.height)
            goods.append(pick(rng, *loads)(rng, yard, bay))
        start = end
    return goods


def _hide(rng: np.random.Generator, yard: Yard, room: Bay, label: str) -> None:
    """Something in the midst of the load: a stack of blocks, master cases, or a crate of rifles."""
    w, h = between(rng, 350, 900), between(rng, 250, 700)
    left = room.left + between(rng, 0.02, 0.95) * max(room.length - w, 1)
    top = room.floor - h - between(rng, 0.0, 0.4) * max(room.height - h, 1)
    if label == "dense_block":
        material = pick(rng, "cocaine", "heroin", "meth", "hashish", "TNT")
        across, down = int(w // 110), int(h // 75)
        w, h = across * 110.0, down * 75.0
        for i in range(across * down):
            x, y = left + i % across * 110, top + i // across * 75
            yard.fill(material, between(rng, 550, 1000), x, y, width=104, height=70)
    elif label == "cigarettes":
        across, down = int(w // 290), max(int(h // 240), 1)
        w, h = across * 290.0, down * 240.0
        for i in range(across * down):
            yard.case("tobacco", 1700, left + i % across * 290, top + i // across * 240, width=286, height=235)
    else:
        w, h = 1150.0, between(rng, 260, 420)
        left = min(left, room.left + room.length - w)
        yard.case("plywood", 40, left, top, width=w, height=h)
        for i in range(int(h // 90)):
            y = top + 45 + 85 * i
            yard.fill("steel", 90, left + 80, y, width=620, height=22)
            yard.fill("steel", 150, left + 520, y - 10, width=260, height=52)
            yard.fill("wood", 160, left + 790, y, width=280, height=60)
            yard.fill("steel", 90, left + 600, y + 40, width=55, height=40)
    yard.mark(label, left, top, w, h)


def _measure(rng: np.random.Generator, yard: Yard, detector: Detector | None, goods: list[str]) -> Scan:
    """The scanner's picture: with a strip of lead as fiducial mark along the lower edge."""
    rows = len(yard.tau)
    strip = max(3, rows // 90)
    transmission = cargo_beam().transmit(yard.tau)
    transmission[rows - 2 * strip : rows - strip] *= np.float32(0.02)
    machine = sample_cargo_detector(rng) if detector is None else detector
    low, high = machine.measure(transmission, rng)
    view = View(
        name="side",
        high=high,
        low=low,
        mm_per_row=yard.mm_per_px,
        mm_per_col=yard.mm_per_px,
        air_low=machine.air[0],
        air_high=machine.air[1],
        dark=machine.dark,
    )
    beam = cargo_beam()
    return Scan(
        views=(view,),
        device="phantom",
        belt_speed_mm_s=400.0,
        generator=Generator(kv=beam.kv, kv_low=beam.kv_low),
        truth=tuple(yard.truth),
        source="phantom",
        extra={"contents": " ".join(goods)},
    )
