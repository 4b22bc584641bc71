"""Parcels and pictures for tests of the window: small, made at once, with things to see in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from app.customs.parcel import (
    Declaration,
    Finding,
    FindingKind,
    GoodsLine,
    Kind,
    Lane,
    Parcel,
    Seen,
)
from app.customs.states import State
from imaging.scan import Generator, Scan, View

RED, YELLOW, GREEN = 1, 2, 4
"""Ids of the first parcels of `make_parcels` in these lanes."""


def make_view(rows: int = 240, cols: int = 360, name: str = "top", seed: int = 1) -> View:
    """Air with a box, a metal bar and a 1 px wire."""
    rng = np.random.default_rng(seed)
    high = np.full((rows, cols), 58000.0)
    low = np.full((rows, cols), 58000.0)
    high[rows // 6 : -rows // 6, cols // 8 : -cols // 8] *= 0.72
    low[rows // 6 : -rows // 6, cols // 8 : -cols // 8] *= 0.66
    high[rows // 3 : rows // 2, cols // 3 : cols // 2] *= 0.12
    low[rows // 3 : rows // 2, cols // 3 : cols // 2] *= 0.04
    high[rows * 2 // 3, :] *= 0.4
    low[rows * 2 // 3, :] *= 0.2
    high, low = (np.clip(plane + rng.normal(0, 200, plane.shape), 0, 65535).astype(np.uint16) for plane in (high, low))
    return View(name, high, low, mm_per_row=1.0, mm_per_col=1.0, air_low=58000.0, air_high=58000.0)


def make_scan(*views: View) -> Scan:
    return Scan(views or (make_view(),), device="belt-1", generator=Generator(160.0))


def make_colour_scan() -> Scan:
    colour = np.random.default_rng(3).integers(60, 255, (200, 300, 3), dtype=np.uint8)
    colour[60:120, 80:160] = (20, 30, 60)
    return Scan((View("top", colour=colour),), device="old-machine")


DECLARATION = Declaration(
    number="RR123456785CN",
    goods=(
        GoodsLine("锂电池移动电源 Power bank", "8507600090", "2", "件", 520, 24_800_000, "CN"),
        GoodsLine("男式棉制针织衬衫", "6105100090", "3", "件", 640, 18_900_000, "CN"),
    ),
    sender="Example Trading Ltd",
    consignee="示例收件人",
    origin="GB",
    gross_weight_g=1240,
    value=43_700_000,
    source="ceb",
)


def make_parcels(count: int = 6) -> list[Parcel]:
    """Parcels of all lanes and several conditions, the oldest first."""
    now = datetime.now(UTC)
    lanes = (Lane.RED, Lane.YELLOW, Lane.BLUE, Lane.GREEN)
    made = []
    for number in range(1, count + 1):
        lane = lanes[(number - 1) % 4]
        seen: tuple[Seen, ...] = ()
        if lane == Lane.RED:
            seen = (
                Seen("firearm", 0.94, "sure", (120, 80, 180, 120)),
                Seen("battery", 0.61, "likely", (60, 150, 130, 190)),
            )
        findings = {
            Lane.YELLOW: (Finding(FindingKind.SEVERAL_CODES, "2"), Finding(FindingKind.NO_DECLARATION)),
            Lane.BLUE: (Finding(FindingKind.BAD_CHECK_DIGIT),),
        }.get(lane, ())
        made.append(
            Parcel(
                number,
                Kind.PARCEL,
                s10(number) if lane != Lane.BLUE else s10(number)[:-3] + "0CN",
                State.IMAGED,
                lane,
                now - timedelta(minutes=3 * (count - number), seconds=20),
                codes=(s10(number),),
                lane_reasons={Lane.RED: ("seen-firearm",), Lane.YELLOW: ("several-codes", "no-declaration")}.get(
                    lane, ()
                ),
                declaration=None if lane == Lane.YELLOW else DECLARATION,
                seen=seen,
                findings=findings,
                version=1,
            )
        )
    return made


def s10(number: int) -> str:
    """A postal number with its right check digit (UPU S10)."""
    serial = f"{12345670 + number:08d}"
    total = sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return f"RR{serial}{ {10: 0, 11: 5}.get(check, check) }CN"
