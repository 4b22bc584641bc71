"""The tax on inbound articles (行邮税) as an estimate: by the rules in force on the local day of arrival.

Money is in fen (integer cents of CNY). Source of the rules: the table's own column; none is written here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from app.customs.dated import DatedRule, DatedRules, DatedRulesError, natural, one_of, parse_dated
from app.customs.documents import UNIT
from app.customs.errors import CustomsError
from app.customs.parcel import Declaration, GoodsLine

FEN: Final = 100
_FEN_UNITS: Final = UNIT // FEN
_NEAR: Final = frozenset({"HK", "MO", "TW"})
_OTHER: Final = "other"


class TaxError(CustomsError):
    """The tax cannot be estimated; the message says what is missing."""

    key = "tax"


class ValueMissingError(TaxError):
    """An article has neither an actual nor a listed value."""

    key = "tax_value_missing"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Standing(StrEnum):
    """How a shipment stands to the limit: within it, over it with one indivisible article, over it, or goods."""

    WITHIN = "within"
    SINGLE_ARTICLE = "single_article"
    OVER_LIMIT = "over_limit"
    COMMERCIAL = "commercial"


@dataclass(frozen=True, slots=True)
class Article:
    """An article of a shipment. Values are of the whole line: what was paid, and by the list of dutiable prices."""

    name: str
    category: str
    actual_fen: int | None = None
    listed_fen: int | None = None
    count: int = 1
    is_indivisible: bool = False


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one person sends to another. `country` is the other end: of origin inbound, of destination outbound."""

    direction: Direction
    country: str
    articles: tuple[Article, ...]
    is_commercial: bool = False


@dataclass(frozen=True, slots=True)
class LineTax:
    """The tax on one article: dutiable price (完税价格) times rate, rounded to the fen, half up."""

    name: str
    category: str
    value_fen: int
    rate_percent: int
    tax_fen: int
    rule: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the tax comes to, and every rule by which it does. `due_fen` is 0 where the tax is not collected."""

    arrived_on: date
    standing: Standing
    lines: tuple[LineTax, ...]
    value_fen: int
    limit_fen: int
    tax_fen: int
    due_fen: int
    rules: tuple[DatedRule, ...] = field(default=())

    @property
    def is_article(self) -> bool:
        """Whether it may clear as articles; anything else goes back, or is declared as goods."""
        return self.standing in (Standing.WITHIN, Standing.SINGLE_ARTICLE)

    @property
    def is_exempt(self) -> bool:
        """Whether there is a tax so small that it is not collected."""
        return self.is_article and self.tax_fen > 0 and self.due_fen == 0


def parse_tax_rules(table: str) -> DatedRules:
    """The post's tax table. Raises DatedRulesError."""
    return parse_dated(
        table,
        {
            "limit_inbound": natural,
            "limit_outbound": natural,
            "single_article": one_of("allowed"),
            "commercial": one_of("goods"),
            "exempt_up_to": natural,
            "basis": one_of("actual", "listed"),
            "rate": natural,
            "exchange": _rate_of_exchange,
        },
    )


def parse_categories(table: str) -> Mapping[str, str]:
    """HS prefix to category, from CSV text with the columns hs_prefix, category, source. Raises DatedRulesError."""
    try:
        return {row["hs_prefix"]: row["category"] for row in csv.DictReader(io.StringIO(table))}
    except KeyError as error:
        raise DatedRulesError(f"The table of categories has no column {error}.", line=1, detail=str(error)) from error


def suggest_category(hs_code: str, categories: Mapping[str, str]) -> str:
    """The category that a commodity code suggests by its longest known beginning; the officer confirms it."""
    beginnings = (hs_code[:length] for length in range(len(hs_code), 0, -1))
    return next((categories[each] for each in beginnings if each in categories), _OTHER)


def estimate(shipment: Shipment, arrived_on: date, rules: DatedRules) -> Estimate:
    """Estimate the tax of a shipment by the rules in force on its day of arrival.

    An outbound shipment has a limit and no tax.

    Raises:
        RuleMissingError: no rule is in force that day. ValueMissingError: an article has no value.
    """
    basis = rules.get("basis", arrived_on)
    region = "near" if shipment.country in _NEAR else "far"
    limit = rules.get(f"limit_{shipment.direction}", arrived_on, region)
    values = [_dutiable_fen(article, basis.value) for article in shipment.articles]
    used = [basis, limit]
    lines: list[LineTax] = []
    for article, value_fen in zip(shipment.articles, values, strict=True):
        if shipment.direction is Direction.OUTBOUND:
            lines.append(LineTax(article.name, article.category, value_fen, 0, 0, ""))
            continue
        rate = rules.get("rate", arrived_on, article.category)
        used.append(rate)
        tax_fen = tax_on(value_fen, rate.number)
        lines.append(LineTax(article.name, article.category, value_fen, rate.number, tax_fen, rate.id))
    standing, why = _standing(shipment, sum(values), limit.number * FEN, arrived_on, rules)
    tax_fen = sum(line.tax_fen for line in lines)
    due_fen = tax_fen if standing in (Standing.WITHIN, Standing.SINGLE_ARTICLE) else 0
    exempt = rules.get("exempt_up_to", arrived_on)
    if 0 < tax_fen <= exempt.number * FEN:
        due_fen = 0
    used += [*why, *([exempt] if lines and shipment.direction is Direction.INBOUND else [])]
    return Estimate(
        arrived_on, standing, tuple(lines), sum(values), limit.number * FEN, tax_fen, due_fen,
        tuple(dict.fromkeys(used)),
    )  # fmt: skip


def tax_on(value_fen: int, rate_percent: int) -> int:
    """A price times a rate, in fen, half up."""
    return (value_fen * rate_percent + 50) // 100


def to_fen(units: int) -> int:
    """Fen of a value in 1e-5 yuan, half up."""
    return (units + _FEN_UNITS // 2) // _FEN_UNITS


def fen_of(text: str) -> int:
    """Fen of a decimal text such as 123.45.

    Raises:
        ValueError: it is no amount, is negative, or has more than two places.
    """
    try:
        amount = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
    fen = amount * FEN
    if not amount.is_finite() or amount < 0 or fen != fen.to_integral_value() or amount >= 10**12:
        raise ValueError(f"{text!r} is no amount of money")
    return int(fen)


def yuan(fen: int) -> str:
    """An amount as people write it: 12,345.67."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // FEN:,}.{fen % FEN:02d}"


def articles_of(
    declaration: Declaration, arrived_on: date, rules: DatedRules, categories: Mapping[str, str]
) -> tuple[Article, ...]:
    """The declared goods as articles, in the category that their code suggests, valued in CNY.

    Raises:
        RuleMissingError: the table has no rate of exchange for the declaration's currency that day.
    """
    return tuple(_article(line, declaration.currency, arrived_on, rules, categories) for line in declaration.goods)


def value_fen(units: int, currency: str, day: date, rules: DatedRules) -> int:
    """Fen of a value in 1e-5 units of a currency. Raises RuleMissingError where no rate is in force that day."""
    if currency == "CNY":
        return to_fen(units)
    rate = rules.get("exchange", day, currency)
    return int((Decimal(units) * Decimal(rate.value) / _FEN_UNITS).quantize(Decimal(1), "ROUND_HALF_UP"))


def estimate_to_json(made: Estimate) -> dict[str, Any]:
    """An estimate as it is kept and sent: amounts in fen, every rule with its source."""
    return {
        "arrived_on": made.arrived_on.isoformat(),
        "standing": made.standing.value,
        "value_fen": made.value_fen,
        "limit_fen": made.limit_fen,
        "tax_fen": made.tax_fen,
        "due_fen": made.due_fen,
        "lines": [
            {
                "name": line.name, "category": line.category, "value_fen": line.value_fen,
                "rate_percent": line.rate_percent, "tax_fen": line.tax_fen, "rule": line.rule,
            }
            for line in made.lines
        ],
        "rules": [
            {"id": rule.id, "value": rule.value, "source_en": rule.source.en, "source_zh": rule.source.zh}
            for rule in made.rules
        ],
    }  # fmt: skip


def _standing(
    shipment: Shipment, value_fen: int, limit_fen: int, day: date, rules: DatedRules
) -> tuple[Standing, list[DatedRule]]:
    if shipment.is_commercial:
        return Standing.COMMERCIAL, [rules.get("commercial", day)]
    if value_fen <= limit_fen:
        return Standing.WITHIN, []
    single = rules.find("single_article", day)
    only = shipment.articles[0] if len(shipment.articles) == 1 else None
    if single and only and only.count == 1 and only.is_indivisible:
        return Standing.SINGLE_ARTICLE, [single]
    return Standing.OVER_LIMIT, [single] if single else []


def _dutiable_fen(article: Article, basis: str) -> int:
    first, second = article.actual_fen, article.listed_fen
    if basis == "listed":
        first, second = second, first
    value = first if first is not None else second
    if value is None:
        raise ValueMissingError(f"{article.name} has no value; ask for a declaration.", name=article.name)
    return value


def _article(line: GoodsLine, currency: str, day: date, rules: DatedRules, categories: Mapping[str, str]) -> Article:
    actual = None if line.value is None else value_fen(line.value, currency, day, rules)
    category = suggest_category(line.hs_code, categories)
    count = int(line.quantity) if line.quantity.isascii() and line.quantity.isdecimal() else 0
    return Article(line.name, category, actual, count=count)


def _rate_of_exchange(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no rate of exchange") from error
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"{text!r} is no rate of exchange")
    return rate


def categories_on(day: date, rules: DatedRules) -> Sequence[str]:
    """The categories that have a rate on a day, in the table's order."""
    return [rule.argument for rule in rules.of_kind("rate", day)]
