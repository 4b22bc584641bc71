"""Records a working station, cuts its power at random moments, and judges what the disk then holds."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.bench.power.disk import Disk, Step, lay_out, read_journal
from app.bench.power.workload import BALLAST_BYTES, is_whole, lost
from app.bench.preload import build_preload
from app.store.database import connect
from app.store.errors import StoreError
from app.store.store import FILE, Store

SHIM = Path(__file__).with_name("shim.c")
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a station did to the files below `root`."""

    root: str
    steps: list[Step]


@dataclass(slots=True)
class Outcome:
    """What the cuts left: how many, with how many acknowledgements in all, and what was wrong, by kind."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    damaged: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def record(folder: Path, parcels: int, *, synchronous: str = "FULL", checkpoint_s: float = 0.05) -> Recording:
    """Let a station work on `parcels` parcels in a new folder below this one, every step recorded.

    Raises:
        PreloadMissingError: there is no compiler, or this system cannot preload a library.
    """
    root, journal, acks = folder.resolve() / "station", folder / "journal", folder.resolve() / "acks"
    shim = build_preload(SHIM, folder)
    command = [
        sys.executable,
        "-m",
        "app.bench.power.workload",
        str(root),
        "--acks",
        str(acks),
        "--count",
        f"{parcels}",
    ]
    command += ["--synchronous", synchronous, "--checkpoint-s", f"{checkpoint_s}"]
    environment = {
        **os.environ,
        "LD_PRELOAD": str(shim),
        "RECORD_ROOT": str(root),
        "RECORD_JOURNAL": str(journal),
        "RECORD_ACKS": str(acks),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    return Recording(str(root), read_journal(journal))


def cut(recording: Recording, cuts: int, seed: int) -> Outcome:
    """Cut the power at so many moments and judge each time what is left."""
    chance, outcome = random.Random(seed), Outcome()
    moments = sorted(chance.randrange(_ready(recording), len(recording.steps) + 1) for _ in range(cuts))
    disk, done = Disk(), 0
    for moment in moments:
        disk.follow(recording.steps[done:moment])
        done = moment
        with _left_by(disk, recording.root, chance.randrange(2**32)) as folder:
            _judge(folder, disk.acknowledged[1:], outcome)
    return outcome


def _ready(recording: Recording) -> int:
    """The step after which the station promises anything."""
    return next(number for number, step in enumerate(recording.steps) if step.kind == "a") + 1


@contextmanager
def _left_by(disk: Disk, root: str, seed: int) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="guanjian-cut-"))
    try:
        lay_out(disk.cut(seed), root, folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def _judge(folder: Path, acknowledged: list[str], outcome: Outcome) -> None:
    outcome.cuts += 1
    outcome.acknowledged += len(acknowledged)
    try:
        problems = _problems(folder, acknowledged, outcome)
    except (StoreError, OSError) as error:
        problems = [type(error).__name__]
        outcome.lost += len(acknowledged)
    outcome.damaged += bool(problems)
    outcome.kinds.update(problems)


def _problems(folder: Path, acknowledged: list[str], outcome: Outcome) -> list[str]:
    if not (folder / FILE).is_file():
        raise StoreError("The store's file is gone.")
    with closing(Store.open(folder, station="belt-1", ballast_bytes=BALLAST_BYTES)) as store:
        missing = lost(store, acknowledged)
        outcome.lost += len(missing)
        report = store.verify_log()
        orphans = [path for path in store.orphans() if not is_whole(store, path)]
    with closing(connect(folder / FILE)) as connection:
        is_sound = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return [
        *(["lost"] if missing else []),
        *sorted({problem.what for problem in report.problems}),
        *(["torn picture"] if orphans else []),
        *([] if is_sound else ["corrupt"]),
    ]
