"""kill -9 at any moment: what was acknowledged is there after the restart, with its label, and the log verifies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.store.store import Store
from imaging.files import native

ROOT = Path(__file__).resolve().parents[2]


def kill_at_random(folder: Path, wait_s: float, *options: str) -> list[list[str]]:
    """Run the decider, kill it some time after it began to work, and return what it had acknowledged."""
    command = [sys.executable, str(Path(__file__).with_name("decider.py")), str(folder), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(wait_s)
        child.kill()
        said = child.stdout.read()
    return [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]


def lost(store: Store, acknowledged: list[list[str]]) -> list[list[str]]:
    """What was acknowledged and is not in the store."""
    return [line for line in acknowledged if not is_kept(store, *line)]


def is_kept(store: Store, verb: str, *rest: str) -> bool:
    if verb == "undone":
        with store._database.read() as reader:
            return reader.execute("SELECT 1 FROM undos WHERE decision_id = ?", rest).fetchone() is not None
    parcel_id, decision_id, trace_id = int(rest[0]), int(rest[1]), rest[2]
    found = store.find_trace(trace_id)
    if found is None or (found.parcel_id, found.decision_id) != (parcel_id, decision_id):
        return False
    return found.payload == f"PT1:{trace_id[1:]}" and decision_id in {one.id for one in store.history(parcel_id)}


def kill_rounds(folder: Path, rounds: int, seed: int) -> int:
    """Kill and restart in one folder; returns how many decisions were acknowledged in all."""
    chance, acknowledged = random.Random(seed), []
    for _ in range(rounds):
        acknowledged += kill_at_random(folder, chance.uniform(0.02, 0.4))
        store = Store.open(folder, station="belt-1", ballast_bytes=1 << 16)
        assert lost(store, acknowledged) == []
        assert store.verify_log().problems == ()
        for orphan in store.orphans():
            capture_id = native.read(orphan).id
            assert capture_id == orphan.stem
        store.close()
    return len(acknowledged)


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    assert kill_rounds(tmp_path, 5, seed=1) > 5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_by_many_kills(tmp_path: Path) -> None:
    rounds = int(os.environ.get("GUANJIAN_KILL_ROUNDS", "20"))
    assert kill_rounds(tmp_path, rounds, seed=int(os.environ.get("GUANJIAN_KILL_SEED", "2"))) > rounds


def test_a_station_that_promises_too_early_is_caught(tmp_path: Path) -> None:
    """The harness itself: it would notice a loss."""
    acknowledged = kill_at_random(tmp_path, 0.5, "--early")
    store = Store.open(tmp_path, station="belt-1", ballast_bytes=1 << 16)
    assert lost(store, acknowledged) == acknowledged != []
    assert store.verify_log().is_ok
    store.close()
