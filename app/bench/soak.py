"""A long shift of one lane compressed in time: parcels, an officer who does whatever is allowed, faults, restarts.

What a station must not do over such a shift is grow: memory, handles, threads and times are followed to its end.
Times are of the processor, the station's threads together: those of a clock follow whatever else the machine does.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles

import numpy as np
import psutil

from app.bench.mishaps.lane import OFFICER, Lane
from app.bench.rows import Row
from app.customs.parcel import Declaration, FindingKind, GoodsLine, QueueFilter
from app.customs.states import Offer
from imaging.errors import KnownError
from models.apart import ApartDetector
from models.detect import DEFAULT

HOURS, PER_HOUR = 8, 2_500
PARCELS = HOURS * PER_HOUR
RESTARTS = 2
SAMPLES = 60
FAULT_EVERY = 200
"""Parcels from one fault of the detector to the next, on average."""
UNDO_SHARE = 0.05
MOST_ACTS = 4
"""Acts on one parcel; what then still waits stays in the queue, as at the end of a shift."""
GROWTH = 0.10
"""What may be added over the run, as a share of the mean: less than the steps in which memory is given out."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after so many parcels."""

    rss_mb: float
    handles: int
    threads: int
    scan_cpu_ms: float
    decide_cpu_ms: float


@dataclass(slots=True)
class Shift:
    """What was done; `promised` are the decisions that were acknowledged."""

    promised: dict[int, list[int]] = field(default_factory=dict)
    acts: int = 0
    undone: int = 0
    refused: int = 0
    faults: int = 0
    unmarked: int = 0
    samples: list[Sample] = field(default_factory=list)
    scan_cpu_ms: list[float] = field(default_factory=list)
    decide_cpu_ms: list[float] = field(default_factory=list)


def run(_data: Path | None, parcels: int = PARCELS) -> list[Row]:
    """Work through a shift of so many parcels and judge it."""
    started_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        shift = work(Path(scratch), parcels)
        lost, is_sound = judge(Path(scratch), shift)
    took_s = time.perf_counter() - started_s
    return [
        Row("soak.parcels", parcels, ""),
        Row("soak.hours_at_2500_an_hour", parcels / PER_HOUR, "h"),
        Row("soak.times_faster", parcels / PER_HOUR * 3600 / took_s, "x"),
        Row("soak.acts", shift.acts, ""),
        Row("soak.refused_by_table", shift.refused, ""),
        Row("soak.undone", shift.undone, ""),
        Row("soak.faults", shift.faults, ""),
        Row("soak.restarts", RESTARTS, ""),
        _zero("soak.decisions_lost", lost),
        _zero("soak.failed_screenings_not_marked", shift.unmarked),
        _zero("soak.log_problems", int(not is_sound)),
        *(_flat(name, [float(getattr(sample, name)) for sample in shift.samples]) for name in _FOLLOWED),
    ]


_FOLLOWED = ("rss_mb", "handles", "threads", "scan_cpu_ms", "decide_cpu_ms")


def work(folder: Path, parcels: int, seed: int = 1) -> Shift:
    """A shift in a new store, closed and opened again on the way."""
    chance, shift = random.Random(seed), Shift()
    parts = [parcels * at // (RESTARTS + 1) for at in range(RESTARTS + 2)]
    for first, last in pairwise(parts):
        at = Lane(folder, seed=first)
        detector = ApartDetector(DEFAULT, longest_s=5.0)
        at.station.use_detector(detector)
        try:
            for number in range(first, last):
                _pass(at, f"S{number:08}", detector, chance, shift)
                if (number + 1) % max(1, parcels // SAMPLES) == 0:
                    shift.samples.append(_sample(shift))
        finally:
            at.stop()
    return shift


def judge(folder: Path, shift: Shift) -> tuple[int, bool]:
    """How many acknowledged decisions are not there, and whether the log is sound."""
    at = Lane(folder)
    try:
        lost = 0
        for parcel, decisions in shift.promised.items():
            kept = {decision.id for decision in at.station.history(parcel)}
            lost += len(set(decisions) - kept)
        return lost, at.is_sound()
    finally:
        at.stop()


def growth(values: Sequence[float]) -> float:
    """What a straight line through the values adds from end to end, as a share of their mean.

    The first fifth is left out: caches fill, and libraries are loaded when they are first needed.
    """
    steady = np.array(values[len(values) // 5 :])
    slope = np.polyfit(np.arange(len(steady)), steady, 1)[0]
    return float(slope * (len(steady) - 1) / steady.mean())


def _pass(at: Lane, number: str, detector: ApartDetector, chance: random.Random, shift: Shift) -> None:
    store = at.station._store
    if chance.random() < 0.9:
        store.add_declarations([Declaration(number, (GoodsLine(chance.choice(("茶叶", "口红", "手表"))),))])
    is_fault = chance.random() * FAULT_EVERY < 1 and _hurt(detector, chance)
    started_s = time.process_time()
    at.scan(number)
    shift.scan_cpu_ms.append((time.process_time() - started_s) * 1000)
    parcel = at.find(number)
    assert parcel is not None
    if is_fault:
        shift.faults += 1
        kinds = {finding.kind for finding in at.station.parcel(parcel).findings}
        shift.unmarked += FindingKind.UNSCREENED not in kinds
    for _ in range(chance.randint(1, MOST_ACTS)):
        _act(at, parcel, chance, shift)
    at.station.queue(QueueFilter(), limit=100)


def _hurt(detector: ApartDetector, chance: random.Random) -> bool:
    if detector.child_pid is None:
        return False
    os.kill(detector.child_pid, chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP)))
    return True


def _act(at: Lane, parcel: int, chance: random.Random, shift: Shift) -> None:
    """Any act that the table allows now; some are taken back."""
    allowed = [offer for offer in at.station.offers(parcel, officer=OFFICER) if offer.is_allowed]
    if not allowed:
        return
    started_s = time.process_time()
    try:
        made = _decide(at, parcel, chance.choice(allowed))
    except KnownError:
        shift.refused += 1
        return
    shift.decide_cpu_ms.append((time.process_time() - started_s) * 1000)
    shift.acts += 1
    shift.promised.setdefault(parcel, []).append(made)
    if chance.random() < UNDO_SHARE:
        try:
            at.station.undo(made, officer=OFFICER)
        except KnownError:  # two officers decided, or the parcel has left
            return
        shift.undone += 1


def _decide(at: Lane, parcel: int, offer: Offer) -> int:
    made = at.station.decide(
        parcel,
        offer.action,
        officer=OFFICER,
        reason="other" if offer.needs_reason else "",
        note="SOAK-0001" if offer.needs_document or offer.needs_reason else "",
        second_officer="officer-2" if offer.needs_second_officer else "",
    )
    return made.decision.id


def _sample(shift: Shift) -> Sample:
    process = psutil.Process()
    handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    sample = Sample(
        process.memory_info().rss / 1e6,
        handles,
        process.num_threads(),
        _middle(shift.scan_cpu_ms),
        _middle(shift.decide_cpu_ms),
    )
    shift.scan_cpu_ms.clear()
    shift.decide_cpu_ms.clear()
    return sample


def _middle(values: Sequence[float]) -> float:
    """The mean of the inner half: what a fault costs is no trend."""
    if len(values) < 4:
        return fmean(values) if values else 0.0
    low, _, high = quantiles(values, n=4)
    return fmean(value for value in values if low <= value <= high)


def _zero(name: str, value: float) -> Row:
    return Row(name, value, "", reach=0, ok=value == 0)


def _flat(name: str, values: Sequence[float]) -> Row:
    added = growth(values)
    return Row(f"soak.{name}_added", added * 100, f"% of {fmean(values):.1f}", reach=GROWTH * 100, ok=added <= GROWTH)
