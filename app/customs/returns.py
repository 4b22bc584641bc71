"""Returns of e-commerce goods (跨境电商退货): an application against the inventory, the release and what was scanned.

Money plays no part here; quantities are in 1e-5 units, as in the papers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from app.customs.dated import DatedRule, DatedRules, natural, one_of, parse_dated
from app.customs.documents import UNIT, Inventory, Line, from_units
from app.customs.matters import CounterRefusedError
from app.customs.states import Term

NO_BARCODE = frozenset({"", "无"})


class ReturnRefusedError(CounterRefusedError):
    """A return cannot be dealt with like this."""

    key = "return_refused"


class Flow(StrEnum):
    """Which way the goods went before they come back."""

    IMPORT = "import"
    EXPORT = "export"


class Site(StrEnum):
    """What kind of place the goods come back to."""

    ORIGINAL = "original"
    CENTRE = "centre"
    SUPERVISED = "supervised"
    OTHER = "other"


class Disposition(StrEnum):
    """What becomes of returned goods: sound ones go back, defective ones are destroyed or leave the country."""

    BACK = "back"
    DESTROY = "destroy"
    ABROAD = "abroad"


class FaultKind(StrEnum):
    """Why a return is not as it should be."""

    NO_ORIGINAL = "no_original"
    NOT_RELEASED = "not_released"
    APPLIED_LATE = "applied_late"
    ARRIVED_LATE = "arrived_late"
    WRONG_SITE = "wrong_site"
    NOT_DECLARED = "not_declared"
    REPEATED = "repeated"
    WRONG_ITEM = "wrong_item"
    TOO_MANY = "too_many"
    NOT_THERE = "not_there"
    NOT_APPLIED = "not_applied"
    NOT_IN_INVENTORY = "not_in_inventory"


@dataclass(frozen=True, slots=True)
class ReturnFault:
    """One thing that is wrong. `line` is 0 for the whole application; `rule` is the dated rule that says so."""

    kind: FaultKind
    line: int = 0
    found: str = ""
    expected: str = ""
    rule: str = ""
    source: Term | None = None


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One line of an application; `line.number` is that of the inventory's line (对应原清单项号)."""

    line: Line
    is_defective: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """An application for a return (退货申请). `number` is on the parcel that comes back."""

    reference: str
    number: str
    inventory_no: str
    flow: Flow
    mode: str
    site: Site
    applied_on: date
    lines: tuple[ReturnLine, ...]
    reason: str = ""

    @property
    def quantities(self) -> Counter[int]:
        """How much of each of the inventory's lines is asked for; less than nothing of a line gives no other more."""
        asked: Counter[int] = Counter()
        for each in self.lines:
            asked[each.line.number] += max(each.line.quantity or 0, 0)
        return asked

    def with_marks(self, marks: Mapping[int, bool]) -> Application:
        """The application with lines marked as defective or sound, by their numbers."""
        lines = tuple(replace(each, is_defective=marks.get(each.line.number, each.is_defective)) for each in self.lines)
        return replace(self, lines=lines)


@dataclass(frozen=True, slots=True)
class Original:
    """What went out: its inventory, when it was released, and how much of each line came back before."""

    inventory: Inventory
    released_on: date | None = None
    returned: Mapping[int, int] | None = None

    @property
    def lines(self) -> Mapping[int, Line]:
        return {line.number: line for line in self.inventory.lines}


def parse_return_rules(table: str) -> DatedRules:
    """The post's table of terms and places. Raises DatedRulesError."""
    kinds = {
        "apply_within_days": natural,
        "arrive_within_days": natural,
        "site": one_of(*(site.value for site in Site if site is not Site.OTHER)),
    }
    return parse_dated(table, kinds)


def check_papers(application: Application, original: Original | None, rules: DatedRules) -> tuple[ReturnFault, ...]:
    """Hold an application against what was declared and released, before its goods are here."""
    if original is None:
        return (ReturnFault(FaultKind.NO_ORIGINAL, found=application.inventory_no),)
    faults = list(_term(application.applied_on, "apply_within_days", application, original, rules))
    if original.released_on is None:
        faults.append(ReturnFault(FaultKind.NOT_RELEASED, found=original.inventory.number))
    faults += _place(application, rules)
    named = Counter(each.line.number for each in application.lines)
    faults += [ReturnFault(FaultKind.REPEATED, line, str(times)) for line, times in named.items() if times > 1]
    for each in application.lines:
        faults += _line(each.line, original)
    return tuple(faults)


def check_goods(
    application: Application,
    original: Original | None,
    scanned: Sequence[str],
    arrived_on: date,
    rules: DatedRules,
) -> tuple[ReturnFault, ...]:
    """The same once the goods are here: their bar codes one by one, and the day on which they came."""
    faults = list(check_papers(application, original, rules))
    if original is None:
        return tuple(faults)
    faults += _term(arrived_on, "arrive_within_days", application, original, rules)
    faults += _barcodes(application, original, Counter(scanned))
    return tuple(faults)


def dispositions_for(line: ReturnLine) -> tuple[Disposition, ...]:
    """What may become of a line's goods."""
    return (Disposition.DESTROY, Disposition.ABROAD) if line.is_defective else (Disposition.BACK,)


def check_dispositions(application: Application, chosen: Mapping[int, Disposition]) -> None:
    """
    Raises:
        ReturnRefusedError: a line has none, or one that is not for goods like these.
    """
    for each in application.lines:
        said = chosen.get(each.line.number)
        if said not in dispositions_for(each):
            number, state = each.line.number, "defective" if each.is_defective else "sound"
            raise ReturnRefusedError(
                f"Line {number} is {state}: {said or 'nothing'} is no way for it.", "way", line=number
            )


def _term(
    day: date, kind: str, application: Application, original: Original, rules: DatedRules
) -> Iterator[ReturnFault]:
    """Too late by the term in force on the day of application; where no term is known there is none."""
    rule = rules.find(kind, application.applied_on, application.flow)
    if rule is None or original.released_on is None:
        return
    days = (day - original.released_on).days
    if days > rule.number:
        late = FaultKind.APPLIED_LATE if kind == "apply_within_days" else FaultKind.ARRIVED_LATE
        yield _by(rule, late, found=str(days), expected=rule.value)


def _place(application: Application, rules: DatedRules) -> Iterator[ReturnFault]:
    rule = rules.find("site", application.applied_on, f"{application.flow} {application.mode}")
    if rule is None:
        yield ReturnFault(FaultKind.WRONG_SITE, found=f"{application.flow} {application.mode}")
    elif application.site not in (Site.ORIGINAL, Site(rule.value)):
        yield _by(rule, FaultKind.WRONG_SITE, found=application.site, expected=rule.value)


def _line(applied: Line, original: Original) -> Iterator[ReturnFault]:
    declared = original.lines.get(applied.number)
    if declared is None:
        yield ReturnFault(FaultKind.NOT_DECLARED, applied.number, applied.name)
        return
    for name in ("name", "hs_code", "unit", "bar_code"):
        one, two = getattr(applied, name), getattr(declared, name)
        if one and two and one != two:
            yield ReturnFault(FaultKind.WRONG_ITEM, applied.number, one, two)
    before = (original.returned or {}).get(applied.number, 0)
    if applied.quantity is not None and declared.quantity is not None:
        left = declared.quantity - before
        if applied.quantity > left:
            yield ReturnFault(FaultKind.TOO_MANY, applied.number, from_units(applied.quantity), from_units(left))


def _barcodes(application: Application, original: Original, scanned: Counter[str]) -> Iterator[ReturnFault]:
    """Each applied piece was scanned, and nothing else; lines without a bar code cannot be held against scans."""
    wanted: Counter[str] = Counter()
    line_of: dict[str, int] = {}
    for each in application.lines:
        declared = original.lines.get(each.line.number)
        code = each.line.bar_code or (declared.bar_code if declared else "")
        if code not in NO_BARCODE and each.line.quantity is not None:
            wanted[code] += -(-each.line.quantity // UNIT)
            line_of.setdefault(code, each.line.number)
    declared_codes = {line.bar_code: line.number for line in original.inventory.lines}
    for code, count in (scanned - wanted).items():
        if code in wanted:
            yield ReturnFault(FaultKind.TOO_MANY, line_of[code], str(scanned[code]), str(wanted[code]))
        else:
            kind = FaultKind.NOT_APPLIED if code in declared_codes else FaultKind.NOT_IN_INVENTORY
            yield ReturnFault(kind, declared_codes.get(code, 0), f"{code} × {count}")
    for code, count in (wanted - scanned).items():
        yield ReturnFault(FaultKind.NOT_THERE, line_of[code], str(wanted[code] - count), str(wanted[code]))


def _by(rule: DatedRule, kind: FaultKind, *, found: str, expected: str) -> ReturnFault:
    return ReturnFault(kind, 0, found, expected, rule.id, rule.source)


def application_to_json(application: Application) -> dict[str, Any]:
    """An application as it is kept."""
    return {
        "reference": application.reference,
        "number": application.number,
        "inventory_no": application.inventory_no,
        "flow": application.flow.value,
        "mode": application.mode,
        "site": application.site.value,
        "applied_on": application.applied_on.isoformat(),
        "reason": application.reason,
        "lines": [
            {
                "number": each.line.number, "name": each.line.name, "hs_code": each.line.hs_code,
                "bar_code": each.line.bar_code, "quantity": each.line.quantity, "unit": each.line.unit,
                "is_defective": each.is_defective,
            }
            for each in application.lines
        ],
    }  # fmt: skip


def application_from_json(kept: Mapping[str, Any]) -> Application:
    return Application(
        reference=kept["reference"],
        number=kept["number"],
        inventory_no=kept["inventory_no"],
        flow=Flow(kept["flow"]),
        mode=kept["mode"],
        site=Site(kept["site"]),
        applied_on=date.fromisoformat(kept["applied_on"]),
        reason=kept["reason"],
        lines=tuple(
            ReturnLine(
                Line(**{name: value for name, value in line.items() if name != "is_defective"}), line["is_defective"]
            )
            for line in kept["lines"]
        ),
    )
