"""A thousand threats projected and resolved, the power cut on the way: none may reach what is real.

A process of its own works through the first half and is killed with a threat before its officer; the rest goes on with
the same store. What the officer really decided is known here; figures, states and log have to say exactly that.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from app.bench.mishaps.lane import BELT, OFFICER, Lane
from app.bench.rows import Row
from app.customs.errors import TipOpenError
from app.customs.states import Action
from app.customs.statistics import Period
from app.customs.tip import Ending
from imaging.phantom.chain import Detector
from imaging.phantom.physics import RANK, belt_beam
from imaging.scan import Generator, Scan, View
from imaging.tip.threats import build_library
from scanners.xray import ScanFinished

THREATS = 1_000
MM_PER_PX = 2.5
_ANSWERS = (Action.RELEASE, Action.REFER, Action.HOLD, Action.DOC_REVIEW)
_REAL = (Action.RELEASE, Action.DOC_REVIEW, Action.HOLD)


@dataclass(slots=True)
class Shift:
    """What was done; `decided` are the real decisions by action, `let_through` those that a projected threat let be
    made."""

    shown: int = 0
    unplaced: int = 0
    let_through: int = 0
    changed: int = 0
    decided: Counter[str] = field(default_factory=Counter)


def run(_data: Path | None, threats: int = THREATS) -> list[Row]:
    """Project so many threats and judge what is left of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build_library(folder / "tip", per_category=2, categories=("battery", "blade"))
        shift = _work_and_die(folder, threats // 2)
        at = Lane(folder)
        try:
            at.station.tip.set_rate(1.0, officer=OFFICER)
            work(at, threats // 2, threats, shift)
            return judge(at, shift)
        finally:
            at.stop()


def work(at: Lane, first: int, last: int, shift: Shift) -> None:
    """Threats before an officer, answered, left or too late; then each parcel is decided on as it truly is."""
    for number in range(first, last):
        chance = random.Random(number)
        parcel_id, scan = _take(at, number)
        before = at.station.parcel(parcel_id)
        prepared = at.station.tip.prepare(before, scan, officer=OFFICER)
        if prepared is None:
            shift.unplaced += 1
        else:
            tip = at.station.tip.show(prepared, officer=OFFICER)
            shift.shown += 1
            try:
                at.station.decide(parcel_id, Action.RELEASE, officer="officer-2")
                shift.let_through += 1
            except TipOpenError:
                pass
            if chance.random() < 0.8:
                at.station.tip.resolve(tip, officer=OFFICER, action=chance.choice(_ANSWERS))
            else:
                at.station.tip.end(tip, chance.choice((None, *Ending)))
        shift.changed += at.station.parcel(parcel_id) != before
        action = chance.choice(_REAL)
        at.station.decide(parcel_id, action, officer=OFFICER, reason="documents" if action is Action.HOLD else "")
        shift.decided[action.value] += 1


def judge(at: Lane, shift: Shift) -> list[Row]:
    """Hold the figures, the rows and the log against what was really decided."""
    station, store = at.station, at.station._store
    span = station.statistics.span(Period.DAY)
    station.statistics.make_report(span)
    totals = store.statistics.totals(span, is_drill=False)
    wrong = sum(abs(totals.n(action.value) - shift.decided[action.value]) for action in Action)
    wrong += abs(totals.n("decided") - sum(shift.decided.values())) + totals.n("found")
    ended = store.tips.resolved(datetime.now(UTC) - timedelta(days=1), datetime.now(UTC))
    return [
        Row("tip.shown", shift.shown, ""),
        Row("tip.no_place", shift.unplaced, ""),
        _zero("tip.not_resolved", shift.shown - len(ended)),
        _zero("tip.decided_under_a_threat", shift.let_through),
        _zero("tip.parcels_changed_by_one", shift.changed),
        _zero("tip.in_real_figures", wrong),
        _zero("tip.figures_differ_from_log", len(store.rollups.check(lambda _: None).differing)),
        _zero("tip.log_problems", int(not at.is_sound())),
    ]


def _take(at: Lane, number: int) -> tuple[int, Scan]:
    """A carton with clothes in it passes the belt."""
    beam = belt_beam(160.0)
    tau = np.zeros((140, 180, RANK), np.float32)
    tau[10:130, 10:170] = beam.basis.of("cotton") * 60
    low, high = Detector(dark=100.0).measure(beam.transmit(tau), np.random.default_rng(number))
    view = View(
        "top", high, low, mm_per_row=MM_PER_PX, mm_per_col=MM_PER_PX, air_low=58000.0, air_high=58500.0, dark=100.0
    )
    now, name = datetime.now(UTC), f"TIP{number:08}"
    scan = Scan((view,), generator=Generator(160.0), started_at=now, finished_at=now, codes=(name,))
    arrivals = at.station._arrivals
    assert arrivals is not None
    arrivals.take_xray(BELT, ScanFinished(scan))
    at.station.wait_until_idle()
    found = at.find(name)
    assert found is not None
    return found, scan


def _work_and_die(folder: Path, threats: int) -> Shift:
    """Work in a process that is killed with a threat on the screen; returns what it had done."""
    command = [sys.executable, "-m", "app.bench.tip", str(folder), str(threats)]
    died = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = died.stdout.splitlines()
    if not lines or died.returncode == 0:
        raise RuntimeError(f"The process did not die as it should: {died.stderr[-2000:]}")
    said = json.loads(lines[-1])
    return Shift(**{**said, "decided": Counter(said["decided"])})


def _die(folder: Path, threats: int) -> None:
    at, shift = Lane(folder), Shift()
    at.station.tip.set_rate(1.0, officer=OFFICER)
    work(at, 0, threats, shift)
    parcel_id, scan = _take(at, THREATS * 1_000)
    prepared = at.station.tip.prepare(at.station.parcel(parcel_id), scan, officer=OFFICER)
    assert prepared is not None
    at.station.tip.show(prepared, officer=OFFICER)
    shift.shown += 1
    said = {name: getattr(shift, name) for name in ("shown", "unplaced", "let_through", "changed")}
    sys.stdout.write("\n" + json.dumps({**said, "decided": shift.decided}) + "\n")
    sys.stdout.flush()
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _zero(name: str, value: float) -> Row:
    return Row(name, value, "", reach=0, ok=value == 0)


if __name__ == "__main__":
    _die(Path(sys.argv[1]), int(sys.argv[2]))
