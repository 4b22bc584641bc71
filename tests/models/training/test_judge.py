"""Thresholds of an export, and how many false alarms they let through where they were not drawn from."""

from __future__ import annotations

import pytest

from models.detector import Detection, Level
from models.evaluate import Judged
from models.training.judge import calibrate_forms, false_alarms


def clean(*scores: float) -> list[Judged]:
    """Clean pictures with one box of a firearm each."""
    return [Judged((), (Detection("firearm", score, Level.BELOW, (0, 0, 9, 9)),), (1.0, 1.0)) for score in scores]


def test_the_strictest_form_draws_the_threshold() -> None:
    forms = [clean(*(k / 200 for k in range(100))), clean(*(0.4 + k / 200 for k in range(100)))]
    cuts = calibrate_forms(forms, ["firearm"])["firearm"]
    alone = calibrate_forms(forms[1:], ["firearm"])["firearm"]
    assert cuts == alone
    assert cuts[1] > cuts[5] > cuts[10] > 0.8


def test_false_alarms_are_those_in_the_half_that_drew_no_threshold() -> None:
    quiet, loud = [k / 1000 for k in range(100)], [0.5 + k / 1000 for k in range(100)]
    apart = false_alarms({"dual energy": clean(*quiet, *loud)}, ["firearm"])["dual energy"]
    assert apart == {"firearm false alarms at 1 %": 50.0, "firearm false alarms at 5 %": 50.0}
    alike = false_alarms({"dual energy": clean(*quiet, *quiet)}, ["firearm"])["dual energy"]
    assert alike["firearm false alarms at 5 %"] == pytest.approx(5, abs=1)
    assert alike["firearm false alarms at 1 %"] <= 1
