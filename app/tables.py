"""The post's dated tables: those that are shipped, or the post's own in a folder of the same names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from app.customs.dated import DatedRules, DatedRulesError
from app.customs.lanes import parse_vehicle_rules
from app.customs.refund import parse_refund_rules
from app.customs.returns import parse_return_rules
from app.customs.tax import parse_categories, parse_tax_rules


@dataclass(frozen=True, slots=True)
class Tables:
    """Rules of tax, the category that a commodity code suggests, terms of returns and refunds, tolerances."""

    tax: DatedRules
    categories: Mapping[str, str]
    returns: DatedRules
    refunds: DatedRules
    vehicles: DatedRules


def load_tables(folder: Path | None = None) -> Tables:
    """The tables; a file in `folder` takes the place of the shipped one with its name.

    Raises:
        DatedRulesError: a table cannot be read, or a line of it is wrong.
    """
    return Tables(
        parse_tax_rules(_read(folder, "tax.csv")),
        parse_categories(_read(folder, "tax_categories.csv")),
        parse_return_rules(_read(folder, "returns.csv")),
        parse_refund_rules(_read(folder, "refund.csv")),
        parse_vehicle_rules(_read(folder, "vehicles.csv")),
    )


def _read(folder: Path | None, name: str) -> str:
    own = folder / name if folder else None
    source = own if own and own.is_file() else resources.files("resources") / "rules" / name
    try:
        return source.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatedRulesError(
            f"The table {name} cannot be read: {error}.", line=0, detail=f"{name}: {error}"
        ) from error
