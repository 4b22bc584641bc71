"""The departure tax refund (离境退税): a traveller's form held against the goods before him. Money is in fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.customs.dated import DatedRules, natural, parse_dated
from app.customs.matters import CounterRefusedError
from app.customs.states import Term


class RefundRefusedError(CounterRefusedError):
    """A form cannot be dealt with like this."""

    key = "refund_refused"


class FormFaultKind(StrEnum):
    """Why a form is not verified as it stands."""

    TOO_LATE = "too_late"
    NOT_YET_BOUGHT = "not_yet_bought"
    GOODS_MISSING = "goods_missing"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of goods on a form; `amount_fen` is what the invoice says with the tax in it."""

    name: str
    count: int
    amount_fen: int
    serial: str = ""


@dataclass(frozen=True, slots=True)
class RefundForm:
    """A form (离境退税申请单) as the tax office's system sent it. The traveller's document is masked already."""

    number: str
    shop: str
    invoice: str
    bought_on: date
    traveller: str
    lines: tuple[FormLine, ...]

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


@dataclass(frozen=True, slots=True)
class FormFault:
    kind: FormFaultKind
    line: int = 0
    found: str = ""
    expected: str = ""
    source: Term | None = None


def parse_refund_rules(table: str) -> DatedRules:
    """The post's table of terms. Raises DatedRulesError."""
    return parse_dated(table, {"leave_within_days": natural})


def check_form(
    form: RefundForm, seen: Mapping[int, int], leaving_on: date, rules: DatedRules, *, is_settled: bool = False
) -> tuple[FormFault, ...]:
    """Hold a form against its term and the goods; `seen` is how many pieces of each line are there, by line from 1."""
    faults: list[FormFault] = []
    if is_settled:
        faults.append(FormFault(FormFaultKind.SETTLED))
    days = (leaving_on - form.bought_on).days
    term = rules.find("leave_within_days", leaving_on)
    if days < 0:
        faults.append(FormFault(FormFaultKind.NOT_YET_BOUGHT, 0, form.bought_on.isoformat()))
    elif term is not None and days > term.number:
        faults.append(FormFault(FormFaultKind.TOO_LATE, 0, str(days), term.value, term.source))
    for number, line in enumerate(form.lines, 1):
        if seen.get(number, 0) < line.count:
            faults.append(FormFault(FormFaultKind.GOODS_MISSING, number, str(seen.get(number, 0)), str(line.count)))
    return tuple(faults)


def mask(document: str) -> str:
    """A traveller's document number as it may be kept and shown: its ends only."""
    if len(document) <= 4:
        return "*" * len(document)
    return f"{document[:1]}{'*' * (len(document) - 3)}{document[-2:]}"


def form_to_json(form: RefundForm) -> dict[str, Any]:
    """A form as it is kept."""
    return {
        "number": form.number,
        "shop": form.shop,
        "invoice": form.invoice,
        "bought_on": form.bought_on.isoformat(),
        "traveller": form.traveller,
        "lines": [[line.name, line.count, line.amount_fen, line.serial] for line in form.lines],
    }


def form_from_json(kept: Mapping[str, Any]) -> RefundForm:
    lines = tuple(FormLine(*line) for line in kept["lines"])
    return RefundForm(**{**kept, "bought_on": date.fromisoformat(kept["bought_on"]), "lines": lines})
