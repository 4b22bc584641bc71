"""The vehicle lane (H986 通道): a vehicle with container, manifest, seal and weight, each held against the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.customs.dated import DatedRule, DatedRules, natural, parse_dated
from app.customs.matters import CounterRefusedError
from app.customs.states import Term

# Plates of the mainland: province, letter, five or (new energy) six signs, the last of which may say what it is for.
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][A-HJ-NP-Z0-9]{4,5}"
    r"[A-HJ-NP-Z0-9挂学警港澳]"
)


class VehicleRefusedError(CounterRefusedError):
    """A vehicle cannot be dealt with like this."""

    key = "vehicle_refused"


class VehicleFaultKind(StrEnum):
    """What does not fit."""

    PLATE_DIFFERS = "plate_differs"
    PLATE_DOUBTFUL = "plate_doubtful"
    SEAL_DIFFERS = "seal_differs"
    SEAL_BROKEN = "seal_broken"
    WEIGHT_DIFFERS = "weight_differs"
    NOT_IMAGED = "not_imaged"
    NOT_WEIGHED = "not_weighed"
    SEAL_NOT_SEEN = "seal_not_seen"


OPEN_CHECKS = frozenset({VehicleFaultKind.NOT_IMAGED, VehicleFaultKind.NOT_WEIGHED, VehicleFaultKind.SEAL_NOT_SEEN})
"""What is not wrong but still to be done."""


@dataclass(frozen=True, slots=True)
class VehicleFault:
    kind: VehicleFaultKind
    found: str = ""
    expected: str = ""
    source: Term | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was announced of a vehicle (舱单). `gross_g` is the declared weight of the goods, `tare_g` all the rest."""

    container: str
    plate: str
    seal_no: str = ""
    gross_g: int | None = None
    tare_g: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "container": self.container, "plate": self.plate, "seal_no": self.seal_no, "gross_g": self.gross_g,
            "tare_g": self.tare_g,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """What was seen of the vehicle itself at the lane; None where nobody looked yet."""

    plate: str = ""
    weight_g: int | None = None
    seal_no: str | None = None
    is_seal_whole: bool = True
    is_imaged: bool = False


@dataclass(frozen=True, slots=True)
class Weight:
    """Measured against declared weight of the goods, and how far apart they may be by the post's rule."""

    declared_g: int
    measured_g: int
    permille: int
    rule: DatedRule

    @property
    def difference_g(self) -> int:
        return self.measured_g - self.declared_g

    @property
    def is_over(self) -> bool:
        """Whether they are further apart than allowed; exactly at the limit is allowed."""
        return abs(self.difference_g) * 1000 > self.declared_g * self.permille


def parse_vehicle_rules(table: str) -> DatedRules:
    """The post's table of tolerances. Raises DatedRulesError."""
    return parse_dated(table, {"weight_tolerance_permille": natural})


def normalise_plate(text: str) -> str:
    """A plate as it is compared: without spaces, dots and dashes, in capitals."""
    return re.sub(r"[\s·.\-]", "", text).upper()


def is_plate(text: str) -> bool:
    """Whether it has the shape of a plate of the mainland."""
    return _PLATE.fullmatch(normalise_plate(text)) is not None


def weigh(manifest: Manifest, passage: Passage, day: date, rules: DatedRules) -> Weight | None:
    """The weight of the goods against the declared one; None while one of them is not known.

    Raises:
        RuleMissingError: the post's table has no tolerance that day.
    """
    if manifest.gross_g is None or passage.weight_g is None:
        return None
    rule = rules.get("weight_tolerance_permille", day)
    return Weight(manifest.gross_g, passage.weight_g - (manifest.tare_g or 0), rule.number, rule)


def check_vehicle(manifest: Manifest, passage: Passage, day: date, rules: DatedRules) -> tuple[VehicleFault, ...]:
    """What does not fit between manifest and vehicle, and what is still to be looked at."""
    return tuple(_faults(manifest, passage, weigh(manifest, passage, day, rules)))


def _faults(manifest: Manifest, passage: Passage, weight: Weight | None) -> Iterator[VehicleFault]:
    kinds = VehicleFaultKind
    if passage.plate and passage.plate != manifest.plate:
        yield VehicleFault(kinds.PLATE_DIFFERS, passage.plate, manifest.plate)
    elif not is_plate(manifest.plate):
        yield VehicleFault(kinds.PLATE_DOUBTFUL, manifest.plate)
    if not passage.is_imaged:
        yield VehicleFault(kinds.NOT_IMAGED)
    if weight is not None and weight.is_over:
        expected = f"{weight.declared_g / 1000:g} kg ± {weight.permille / 10:g} %"
        yield VehicleFault(kinds.WEIGHT_DIFFERS, f"{weight.measured_g / 1000:g} kg", expected, weight.rule.source)
    elif weight is None and manifest.gross_g is not None:
        yield VehicleFault(kinds.NOT_WEIGHED)
    if manifest.seal_no and passage.seal_no is None:
        yield VehicleFault(kinds.SEAL_NOT_SEEN, "", manifest.seal_no)
    elif not passage.is_seal_whole:
        yield VehicleFault(kinds.SEAL_BROKEN, passage.seal_no or "", manifest.seal_no)
    elif passage.seal_no is not None and passage.seal_no != manifest.seal_no:
        yield VehicleFault(kinds.SEAL_DIFFERS, passage.seal_no, manifest.seal_no)
