"""What fails while an officer works: the detector, the clock, a device that floods."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self
from unittest import mock

import psutil

from app.bench.mishaps.lane import OFFICER, Lane, Tried, lane
from app.customs.parcel import FindingKind
from app.customs.states import Action
from imaging.errors import KnownError
from models.apart import ApartDetector
from models.detect import DEFAULT


def failing_detector(folder: Path, times: int) -> Tried:
    """The detector's process is killed or stands still: its parcel is unscreened, never clean, and the next is seen."""
    tried, chance = Tried(), random.Random(1)
    with lane(folder) as at:
        detector = ApartDetector(DEFAULT, longest_s=5.0)
        at.station.use_detector(detector)
        for number in range(times):
            pid = detector.child_pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL if chance.random() < 0.5 else signal.SIGSTOP)
            at.scan(f"BAD{number}")
            tried.expect(_is_unscreened(at, f"BAD{number}"), "a parcel that counts as screened")
            at.scan(f"NEXT{number}")
            tried.expect(not _is_unscreened(at, f"NEXT{number}"), "no new detector for the next parcel")
            tried.times += 1
    return tried


def _is_unscreened(at: Lane, number: str) -> bool:
    key = at.find(number)
    return key is not None and any(
        finding.kind is FindingKind.UNSCREENED for finding in at.station.parcel(key).findings
    )


def flood(folder: Path, scans: int, codes: int) -> Tried:
    """A belt and a reader that deliver as fast as they can: all is kept, and memory stays where it was."""
    tried, process = Tried(), psutil.Process()
    with lane(folder) as at:
        for number in range(20):
            at.scan(f"WARM{number}")
        before = process.memory_info().rss
        reader = threading.Thread(target=lambda: at.read(*(f"CODE{number}" for number in range(codes))))
        reader.start()
        delivered = [at.scan(f"FLOOD{number}", is_waited=False).id for number in range(scans)]
        reader.join()
        at.station.wait_until_idle()
        grown_mb = (process.memory_info().rss - before) / 1e6
        tried.times = scans + codes
        tried.missed["scans lost"] = sum(not at.station._store.has_scan(scan_id) for scan_id in delivered)
        tried.expect(grown_mb < 200, f"{grown_mb:.0f} MB more memory")
        at.station._intake.end_lane("mail")
        tried.missed["codes lost"] = sum(
            at.station.find_code(f"CODE{number}", is_scan=False) is None for number in range(codes)
        )
        tried.expect(at.is_sound(), "a damaged log")
    return Tried(tried.times, +tried.missed)


def jumping_clock(folder: Path, times: int) -> Tried:
    """The wall clock is set back and forth while an officer works: order, chain and the undo window hold.

    It stays within the time of the keys: before that, signing is refused by name.
    """
    tried, chance, clock = Tried(), random.Random(1), _Clock()
    with clock.worn(), lane(folder) as at:
        for number in range(times):
            at.scan(f"T{number}")
            parcel = at.find(f"T{number}")
            assert parcel is not None
            decided = at.station.decide(parcel, Action.RELEASE, officer=OFFICER)
            step_s = chance.choice((-86_400, -3_600, -5, 5, 3_600, 86_400))
            clock.shift_s = min(max(clock.shift_s + step_s, 5 * 86_400), 60 * 86_400)
            wanted = 0 <= clock.now().timestamp() - decided.decision.decided_at.timestamp() <= at.undo_s
            tried.expect(_can_undo(at, decided.decision.id) == wanted, "undone after its time, or not in it")
            tried.times += 1
        stamps = [event.hlc for number in range(times) for event in at.station._store.events(number + 1)]
        tried.expect(stamps == sorted(set(stamps)), "events out of order")
        tried.expect(at.is_sound(), "a damaged log")
    return tried


class _Clock:
    """A wall clock that somebody sets."""

    def __init__(self) -> None:
        self.shift_s = 30 * 86_400.0
        self._real_ns = time.time_ns

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._real_ns() / 1e9 + self.shift_s, UTC)

    @contextmanager
    def worn(self) -> Iterator[None]:
        """The station and the log go by it."""
        clock = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(clock._real_ns() / 1e9 + clock.shift_s, tz)

        def now_ns() -> int:
            return clock._real_ns() + int(clock.shift_s * 1e9)

        with mock.patch("app.deciding.datetime", Shifted), mock.patch("app.store.audit.time.time_ns", now_ns):
            yield


def _can_undo(at: Lane, decision: int) -> bool:
    try:
        at.station.undo(decision, officer=OFFICER)
    except KnownError:
        return False
    return True
