"""Threats projected by the dozen, with a killed process on the way: none reaches what is real."""

from __future__ import annotations

import pytest

from app.bench.tip import run


def expect_nothing_real(threats: int) -> None:
    rows = {row.name: row for row in run(None, threats)}
    assert rows["tip.shown"].value + rows["tip.no_place"].value == threats + 1  # one before the officer who was cut off
    assert rows["tip.shown"].value > 0.8 * threats
    assert [name for name, row in rows.items() if row.ok is False] == []


def test_two_dozen_threats_and_a_killed_process_leave_the_figures_as_they_are() -> None:
    expect_nothing_real(24)


@pytest.mark.slow
def test_a_hundred_do_too() -> None:
    expect_nothing_real(100)
