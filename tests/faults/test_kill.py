"""kill -9 at any moment: what was acknowledged is there after the restart, with its label, and the log verifies."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from app.bench.power.cuts import Outcome
from app.bench.power.kills import kill_at_random, kill_often
from app.bench.power.workload import BALLAST_BYTES, lost
from app.store.store import Store


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    assert_nothing_lost(kill_often(tmp_path, 5, seed=1), rounds=5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_by_many_kills(tmp_path: Path) -> None:
    rounds = int(os.environ.get("GUANJIAN_KILL_ROUNDS", "20"))
    outcome = kill_often(tmp_path, rounds, seed=int(os.environ.get("GUANJIAN_KILL_SEED", "2")))
    assert_nothing_lost(outcome, rounds)


def test_a_station_that_promises_too_early_is_caught(tmp_path: Path) -> None:
    """The harness itself: it would notice a loss."""
    acknowledged = kill_at_random(tmp_path, 0.5, "--early")
    with closing(Store.open(tmp_path, station="belt-1", ballast_bytes=BALLAST_BYTES)) as store:
        assert lost(store, acknowledged) == acknowledged != []
        assert store.verify_log().is_ok


def assert_nothing_lost(outcome: Outcome, rounds: int) -> None:
    assert outcome == Outcome(cuts=rounds, acknowledged=outcome.acknowledged)
    assert outcome.acknowledged > rounds
