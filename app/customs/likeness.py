"""Does the picture look like what was declared (图货相符)? Weight, material, like objects and finds against it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Seen
from imaging.content import Content
from models.worth import UNKNOWN, Worth

TOLD_FROM = 0.3
"""A mismatch below this hangs no finding on the parcel."""
WEIGHT_TOLERANCE, WEIGHT_CERTAIN = 1.5, 4.0
"""Seen mass over declared mass, or the other way round: from here it counts, from here it counts in full."""
WEIGHT_MOST, METAL_MOST, REPEAT_MOST = 0.8, 0.8, 0.5
METAL_TOLERANCE, METAL_CERTAIN = 0.15, 0.55
DARK_CM2 = 25.0
"""So much of the picture without light makes the seen mass a least one."""
STRONG = 10.0
"""Likelihood ratio from which evidence is strong (Jeffreys, Theory of Probability, 1961, appendix B). It makes even
what was thought so many times less likely than not: these are the odds that a find begins with."""
ADVICE_PART = 0.5
"""Finds that only advise on material share density and atomic number with harmless goods: alone they never decide."""
WEAPON_LEAST = 0.75
"""A weapon that is surely seen weighs as much whatever the card says: it costs 1 % of clean parcels, by calibration."""
_WEAPONS = frozenset({"firearm", "ammunition", "blade"})
_ADVICE = frozenset({"liquid", "powder_bag", "dense_block"})

# Chapter of the HS code -> least and greatest share of metal in the mass of such goods, packing included. Textiles and
# food hold next to none, machines anything, wares of metal mostly metal. A post corrects the score by its rules.
_METAL: Mapping[str, tuple[float, float]] = {
    **{f"{chapter:02d}": (0.0, 0.15) for chapter in range(1, 72)},
    "42": (0.0, 0.3), "64": (0.0, 0.3), "66": (0.0, 0.7), "69": (0.0, 0.3), "70": (0.0, 0.3), "16": (0.0, 0.4),
    "20": (0.0, 0.4), "22": (0.0, 0.3), "33": (0.0, 0.3), "71": (0.0, 1.0),
    **{f"{chapter}": (0.25, 1.0) for chapter in range(72, 84)},
    **{f"{chapter}": (0.0, 1.0) for chapter in range(84, 94)},
    "94": (0.0, 0.8), "95": (0.0, 0.6), "96": (0.0, 0.6), "97": (0.0, 1.0),
}  # fmt: skip

# Class of the detector -> chapters whose goods explain it.
_EXPLAINED: Mapping[str, frozenset[str]] = {
    "firearm": frozenset(("93", "95")),
    "ammunition": frozenset(("93",)),
    "blade": frozenset(("73", "82", "84", "93", "95")),
    "battery": frozenset(("84", "85", "87", "90", "91", "95")),
    "cigarettes": frozenset(("24",)),
    "ivory": frozenset(("05", "95", "96", "97")),
    "liquid": frozenset(("04", "15", "20", "21", "22", "27", "28", "29", "30", "32", "33", "34", "38")),
    "powder_bag": frozenset((*(f"{chapter:02d}" for chapter in (4, *range(7, 22))), "25", "28", "29", "30", "34")),
    "dense_block": frozenset(
        (*(f"{chapter:02d}" for chapter in (4, 15, 17, 18, 19)), "25", "34", "48", "49", "68", "69")
    ),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One difference: `key` below `likeness.` in the texts, what fills it, and how much it says from 0 to 1."""

    key: str
    details: Mapping[str, str]
    weight: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How little a picture looks like its declaration, from 0 to 1, and why; the remark that says most comes first."""

    mismatch: float
    remarks: tuple[Remark, ...]

    def to_finding(self) -> Finding:
        told = [[remark.key, dict(remark.details)] for remark in self.remarks]
        return Finding(
            FindingKind.NOT_AS_DECLARED,
            json.dumps({"mismatch": round(self.mismatch, 3), "remarks": told}, ensure_ascii=False),
        )


def compare(declaration: Declaration, content: Content | None, seen: Sequence[Seen], worth: Worth) -> Likeness:
    """Compare what was declared with what a picture shows; each difference counts as one of several witnesses.

    The mismatch is 1 - (1 - w1)(1 - w2)... of the remarks' weights. Without two energies only the finds speak. `worth`
    is what finds are worth by the card of the model that saw them.
    """
    remarks = [] if content is None else [*_weight(declaration, content), *_metal(declaration, content)]
    if content is not None:
        remarks += _repeats(declaration, content)
    remarks += _finds(declaration, seen, worth)
    agreement = math.prod(1 - remark.weight for remark in remarks)
    return Likeness(1 - agreement, tuple(sorted(remarks, key=lambda remark: -remark.weight)))


def mismatch_of(findings: Sequence[Finding]) -> float | None:
    """The mismatch that a parcel's findings tell; None where none does."""
    told = next((finding.detail for finding in findings if finding.kind is FindingKind.NOT_AS_DECLARED), None)
    return None if told is None else float(json.loads(told)["mismatch"])


def remarks_of(finding: Finding) -> list[tuple[str, dict[str, str]]]:
    """Keys and details of the remarks of such a finding."""
    return [(str(key), dict(details)) for key, details in json.loads(finding.detail)["remarks"]]


def _weight(declaration: Declaration, content: Content) -> list[Remark]:
    declared_g = declaration.gross_weight_g or sum(line.weight_g or 0 for line in declaration.goods)
    if not declared_g or not content.mass_g:
        return []
    ratio = content.mass_g / declared_g
    if ratio < 1 and content.dark_cm2 > DARK_CM2:
        return []
    weight = WEIGHT_MOST * _ramp(abs(math.log(ratio)), math.log(WEIGHT_TOLERANCE), math.log(WEIGHT_CERTAIN))
    details = {"declared": _kg(declared_g), "seen": _kg(content.mass_g)}
    return [Remark("heavier" if ratio > 1 else "lighter", details, weight)] if weight else []


def _metal(declaration: Declaration, content: Content) -> list[Remark]:
    expected = [_METAL[chapter] for line in declaration.goods if (chapter := _chapter(line)) in _METAL]
    if not expected or len(expected) < len(declaration.goods) or content.mass_g < 50:
        return []
    # Which line weighs how much is often not told: the least of all lines, the most of any.
    least, most = min(low for low, _ in expected), max(high for _, high in expected)
    over, under = content.metal_share - most, least - content.metal_share
    weight = METAL_MOST * _ramp(max(over, under), METAL_TOLERANCE, METAL_CERTAIN)
    what = "metal_seen" if over > under else "metal_missing"
    details = {"goods": declaration.summary, "metal": _kg(content.metal_g), "share": f"{content.metal_share:.0%}"}
    return [Remark(what, details, weight)] if weight else []


def _repeats(declaration: Declaration, content: Content) -> list[Remark]:
    pieces = sum(_pieces(line) for line in declaration.goods)
    if content.like_objects < 3 * max(pieces, 1):
        return []
    weight = REPEAT_MOST * _ramp(content.like_objects / max(pieces, 1), 2.0, 8.0)
    details = {"count": str(content.like_objects), "pieces": str(pieces)}
    return [Remark("repeats", details, weight)]


def _finds(declaration: Declaration, seen: Sequence[Seen], worth: Worth) -> list[Remark]:
    """The best find of each class that no declared goods explain; several of a class prove no more than one.

    Finds that advise on material alone are one witness, whichever of its names they bear.
    """
    chapters = {_chapter(line) for line in declaration.goods}
    best: dict[str, Remark] = {}
    for each in seen:
        if each.label not in _EXPLAINED or chapters & _EXPLAINED[each.label]:
            continue
        weight = _find_weight(each, worth.get(each.label, UNKNOWN).get(each.level, 1.0))
        witness = "material" if each.label in _ADVICE else each.label
        if weight > (best[witness].weight if witness in best else 0.0):
            best[witness] = Remark("undeclared_find", {"class": each.label, "level": each.level}, weight)
    return list(best.values())


def _find_weight(find: Seen, ratio: float) -> float:
    """What a find says from 0 to 1, by its likelihood ratio: nothing at 1. What is surely seen is told, but for advice.

    It is the part that it takes off the doubt: STRONG / (STRONG + 1) before it, STRONG / (STRONG + ratio) after it.
    """
    weight = max(ratio - 1, 0.0) / (ratio + STRONG)
    if find.label in _ADVICE:
        return ADVICE_PART * weight
    least = WEAPON_LEAST if find.label in _WEAPONS else TOLD_FROM
    return max(weight, least) if find.level == "sure" else weight


def _chapter(line: GoodsLine) -> str:
    return line.hs_code[:2]


def _pieces(line: GoodsLine) -> int:
    found = re.match(r"\d{1,6}", line.quantity)
    return int(found[0]) if found else 1


def _ramp(value: float, start: float, full: float) -> float:
    return min(max((value - start) / (full - start), 0.0), 1.0)


def _kg(grams: float) -> str:
    return f"{grams / 1000:.1f}"
