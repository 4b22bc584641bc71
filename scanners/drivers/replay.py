"""Captured scans played back: a folder of pictures or an archive of native scans, in real time or faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from imaging.errors import FileError
from imaging.scan import Scan, ViewKind
from scanners.device import DeviceLostError, DeviceSettings, DeviceState, DeviceStatus
from scanners.drivers.recording import Recording, open_recording
from scanners.pace import Pace, Speed
from scanners.passage import Passage, pitch_mm
from scanners.script import At, Script, Step
from scanners.xray import FileRejected, ScanFinished, SourceEnded, XrayEvent, XraySource

_DEFAULT_SPEED_MM_S = 300.0


class ReplaySettings(DeviceSettings):
    """What to play, and how fast."""

    path: Path
    speed: Speed = 1.0
    longest_gap_s: float = Field(default=5.0, ge=0, le=3600)
    """Pauses between recorded scans are cut to this."""
    block_lines: int = Field(default=16, ge=1, le=4096)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a replay is: scan number (from 0) of so many, line of so many within it."""

    scan: int
    scans: int
    line: int = 0
    lines: int = 0


class Replay(XraySource):
    """Every scan comes under a new id and the present time; its `extra` tells whose replay it is.

    At "max" whole scans come as fast as they are taken, otherwise line by line. `pause`, `resume`, `step`, `seek`
    and `set_speed` may be called from any thread. A scan that has begun is always delivered to its end.
    """

    Settings = ReplaySettings

    def __init__(self, name: str, settings: ReplaySettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._pace = Pace(settings.speed)
        self._at_work = threading.Lock()
        self._recording: Recording | None = None
        self._script = Script(self._pace, iter(()))
        self._passage: Passage | None = None
        self._next = 0
        self._target: int | None = None
        self._is_hurried = False

    def open(self) -> None:
        self.close()
        self._recording = open_recording(self.settings.path)
        self._restart()
        self._pace.start()

    def close(self) -> None:
        self._pace.stop()
        with self._at_work:
            recording, self._recording = self._recording, None
            if recording is not None:
                recording.close()

    def status(self) -> DeviceStatus:
        if self._pace.is_stopped:
            return DeviceStatus(DeviceState.CLOSED)
        return DeviceStatus(DeviceState.BUSY if self._passage else DeviceState.READY)

    @property
    def position(self) -> Position:
        recording, passage = self._recording, self._passage
        scans = recording.count if recording else 0
        if passage is None:
            return Position(self._next if self._target is None else self._target, scans)
        return Position(self._next, scans, passage.seen, passage.lines)

    @property
    def is_paused(self) -> bool:
        return self._pace.is_paused

    def pause(self) -> None:
        self._pace.pause()

    def resume(self) -> None:
        self._pace.resume()

    def set_speed(self, speed: float | Literal["max"]) -> None:
        self._pace.set_speed(speed)

    def step(self) -> None:
        """Deliver the rest of the scan that has begun, or the next one, at once, also while paused."""
        self._is_hurried = True
        self._pace.interrupt()

    def seek(self, scan: int) -> None:
        """Go on with another scan, once the one that has begun is delivered; beyond the ends means the ends."""
        scans = self._recording.count if self._recording else 0
        self._target = max(0, min(scan, scans))
        self._is_hurried = self._passage is not None
        self._pace.interrupt()

    def read(self, timeout_s: float) -> XrayEvent | None:
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            if self._pace.is_stopped:
                raise DeviceLostError(f"The replay {self.name} is not open. Open it first.", name=self.name)
            while True:
                self._obey()
                event = self._script.next_event(deadline)
                if event is not None or time.monotonic() >= deadline or self._pace.is_stopped or not self._is_called:
                    return event

    @property
    def _is_called(self) -> bool:
        """Whether somebody has asked for a step or for another scan."""
        return self._is_hurried or (self._target is not None and self._passage is None)

    def _obey(self) -> None:
        if self._target is not None and self._passage is None:
            self._next, self._target = self._target, None
            self._restart()
        if self._is_hurried:
            self._script.skip_wait()

    def _restart(self) -> None:
        self._passage = None
        self._script = Script(self._pace, self._run())

    def _run(self) -> Iterator[Step]:
        """Every step from the next scan on."""
        ended_at = None
        recording = self._recording
        assert recording is not None
        while self._next < recording.count:
            path = recording.path(self._next)
            try:
                scan = recording.read(self._next)
            except FileError as error:
                self._next += 1
                yield FileRejected(path, None, error)
                continue
            gap_s = 0.0 if ended_at is None else (scan.started_at - ended_at).total_seconds()
            yield from self._pass(scan, min(max(0.0, gap_s), self.settings.longest_gap_s))
            ended_at = scan.finished_at or scan.started_at
        self._is_hurried = False
        yield SourceEnded()

    def _pass(self, scan: Scan, gap_s: float) -> Iterator[Step]:
        line_s = pitch_mm(scan) / (scan.belt_speed_mm_s or _DEFAULT_SPEED_MM_S)
        passage = Passage(self._as_replay(scan), line_s, self._pace)
        enters_s = self._pace.now_s() + gap_s
        yield from self._wait(enters_s)
        has_lines = not self._pace.is_max and all(view.kind is not ViewKind.COLOUR for view in scan.views)
        if has_lines:
            self._passage = passage
            yield passage.start()
        for first in range(0, passage.lines, self.settings.block_lines):
            last = min(first + self.settings.block_lines, passage.lines)
            yield from self._wait(enters_s + last * passage.line_s)
            if has_lines:
                yield from passage.lines_between(first, last)
        self._passage = None
        self._is_hurried = False
        self._next += 1
        yield ScanFinished(passage.finish())

    def _wait(self, played_s: float) -> Iterator[Step]:
        if not (self._is_hurried or (self._pace.is_max and not self._pace.is_paused)):
            yield At(played_s)

    def _as_replay(self, scan: Scan) -> Scan:
        told = {"replay_of": scan.id, "recorded_by": scan.device, "recorded_at": scan.started_at.isoformat()}
        return replace(scan, device=self.name, extra=dict(scan.extra) | told)
