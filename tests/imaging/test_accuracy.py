"""The table of accuracy: what it says is in line with physics, and it is written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from imaging.accuracy import REFERENCE, reference_zeff, steel_rows, wire_rows, zeff_rows
from imaging.accuracy_report import write_report
from imaging.phantom.materials import MATERIALS

REPORT = Path(__file__).resolve().parents[2] / "docs" / "accuracy.md"


@pytest.mark.parametrize(
    ("material", "number"),
    [("Al", 13.0), ("steel", 26.0), ("water", 7.42), ("PE", 5.44), ("salt", 15.2)],
)
def test_reference_numbers_are_those_of_the_literature(material: str, number: float) -> None:
    assert reference_zeff(MATERIALS[material]) == pytest.approx(number, abs=0.1)


def test_atomic_numbers_are_found_where_they_can_be() -> None:
    rows = zeff_rows()
    assert len(rows) == len(REFERENCE) >= 20
    for row in rows:
        thin, middle, thick = row.found
        assert thin.mm < middle.mm < thick.mm
        assert middle.measured is not None
        assert middle.ideal is not None
        limit = 0.5 if row.reference < 18 else 1.0
        assert abs(middle.ideal - row.reference) < limit, row.material
        assert abs(middle.measured - row.reference) < 2 * limit, row.material


@pytest.mark.parametrize("is_cargo", [False, True])
def test_steel_is_measured_within_two_percent_and_its_range_is_honest(is_cargo: bool) -> None:
    for row in steel_rows(is_cargo=is_cargo):
        assert abs(row.error_percent) < 2
        assert row.within_percent > 80


def test_the_minimum_keeps_wires_that_the_mean_loses() -> None:
    kept, averaged = zip(*((thin or 9, mean or 9) for _, thin, mean in wire_rows()), strict=True)
    assert all(thin <= mean for thin, mean in zip(kept, averaged, strict=True))
    assert kept[0] < averaged[0]
    assert kept[-2] < 0.25


@pytest.mark.slow
def test_the_report_in_the_docs_is_of_this_code() -> None:
    assert REPORT.read_text(encoding="utf-8") == write_report()
