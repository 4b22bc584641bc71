"""A short shift of the soak, and its judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench import soak
from app.bench.mishaps.lane import Lane


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_shift_with_faults_and_restarts_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "FAULT_EVERY", 20)
    shift = soak.work(tmp_path, 60)
    assert soak.judge(tmp_path, shift) == (0, True)
    assert shift.unmarked == 0
    assert shift.faults > 0
    assert shift.acts > 60
    assert len({sample.threads for sample in shift.samples[20:]}) <= 6


def test_the_judge_sees_a_decision_that_is_gone(tmp_path: Path) -> None:
    shift = soak.Shift(promised={1: [1]})
    at = Lane(tmp_path)
    at.scan("S1")
    at.stop()
    assert soak.judge(tmp_path, shift) == (1, True)


def test_growth_is_told_from_noise() -> None:
    flat = [100.0, 103.0, 98.0, 101.0] * 15
    assert abs(soak.growth(flat)) < 0.02
    assert soak.growth([100.0 + at for at in range(60)]) > 0.3
