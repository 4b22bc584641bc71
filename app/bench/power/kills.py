"""Kills a working station at random moments, starts it again in the same folder, and judges what it kept."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from app.bench.power.cuts import ROOT, Outcome
from app.bench.power.workload import BALLAST_BYTES, is_whole, lost
from app.store.store import Store


def kill_at_random(folder: Path, wait_s: float, *options: str) -> list[str]:
    """Let the workload run, kill it some time after it began to work, and return what it had acknowledged."""
    command = [sys.executable, "-m", "app.bench.power.workload", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(wait_s)
        child.kill()
        said = child.stdout.read()
    return [line.rstrip() for line in said.splitlines(keepends=True) if line.endswith("\n")]


def kill_often(folder: Path, rounds: int, seed: int) -> Outcome:
    """Kill and start again in one folder; after each kill everything acknowledged so far is looked for."""
    chance, outcome = random.Random(seed), Outcome()
    acknowledged: list[str] = []
    for _ in range(rounds):
        acknowledged += kill_at_random(folder, chance.uniform(0.02, 0.4))
        with closing(Store.open(folder, station="belt-1", ballast_bytes=BALLAST_BYTES)) as store:
            problems = [problem.what for problem in store.verify_log().problems]
            missing = lost(store, acknowledged)
            torn = [path for path in store.orphans() if not is_whole(store, path)]
        outcome.cuts += 1
        outcome.lost += len(missing)
        outcome.damaged += bool(problems or torn or missing)
        outcome.kinds.update([*problems, *("torn picture" for _ in torn), *("lost" for _ in missing)])
    outcome.acknowledged = len(acknowledged)
    return outcome
