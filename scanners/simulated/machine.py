"""What the simulated X-ray machines share: parcels pass line by line, at a line rate, and faults happen."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from imaging.errors import KnownError
from imaging.scan import Scan
from scanners.device import (
    DeviceError,
    DeviceLostError,
    DeviceSettings,
    DeviceState,
    DeviceStatus,
    DeviceUnavailableError,
    FaultKind,
)
from scanners.pace import Pace, Speed
from scanners.passage import Passage, pitch_mm
from scanners.script import At, Await, Script, Shown, Step
from scanners.simulated.content import Content, ContentKind, open_content
from scanners.simulated.faults import MACHINE_FAULTS, Faults, PlannedFault
from scanners.simulated.lane import Passing, shared_lane
from scanners.xray import LABELS, ScanAborted, ScanFinished, SourceEnded, XrayEvent, XraySource

_READERS_PATIENCE_S = 1.0
_RUN_OUT_S = 60.0
_BLOCKING = (FaultKind.BELT_STALLED, FaultKind.GENERATOR_OFF)


class MachineSettings(DeviceSettings):
    """What every simulated machine can be told."""

    seed: int = 0
    content: str = "samples"
    """"samples" (shipped with the station), "phantoms" (made live), or a folder of scans."""
    first_lap: int = Field(default=0, ge=0)
    """Laps of recorded content that passed before; each lap has other numbers on its labels."""
    count: int | None = Field(default=None, ge=0)
    """Objects until the source ends; None never ends."""
    speed: Speed = 1.0
    speed_mm_s: float = Field(gt=0, le=5000)
    gap_s: tuple[float, float] = (0.5, 1.5)
    """Shortest and longest time between two objects."""
    block_lines: int = Field(default=16, ge=1, le=4096)
    lane: str | None = None
    """Name of the conveyor that barcode readers share with this machine."""
    reads_codes: bool = False
    """The machine has a reader of its own: labels come with the scan."""
    faults: tuple[PlannedFault, ...] = ()


class SimulatedMachine(XraySource):
    """Objects pass a line camera one after the other; each read goes on where the last one ended."""

    Settings = MachineSettings
    content_kind: ClassVar[ContentKind] = "parcel"

    def __init__(self, name: str, settings: MachineSettings, content: Content | None = None) -> None:
        super().__init__(name)
        self.settings = settings
        self._pace = Pace(settings.speed)
        self._at_work = threading.Lock()
        self._faults = Faults()
        self._lane = shared_lane(settings.lane) if settings.lane else None
        self._given_content = content
        self._content: Content | None = None
        self._makers: ThreadPoolExecutor | None = None
        self._prepared: tuple[int, Future[Scan]] | None = None
        self._script = Script(self._pace, iter(()))
        self._owed: deque[XrayEvent | DeviceError] = deque()
        self._passage: Passage | None = None
        self._next = 0
        self._planned = deque(sorted(settings.faults, key=lambda fault: (fault.parcel, fault.line)))

    def open(self) -> None:
        self.close()
        self._faults.end_due()
        if self._faults.has(FaultKind.DISCONNECTED):
            raise DeviceUnavailableError(
                f"The machine {self.name} does not answer: its cable is pulled. Plug it in.", name=self.name
            )
        if self._content is None:
            self._content = self._given_content or self._open_content()
        self._makers = ThreadPoolExecutor(1, thread_name_prefix=f"{self.name} content")
        self._owed.clear()
        self._restart()
        if self._lane is not None:
            self._lane.drive(self._pace)
        self._pace.start()
        self._hold_while_faulty()

    def _open_content(self) -> Content:
        settings = self.settings
        return open_content(settings.content, self.content_kind, settings.seed, first_lap=settings.first_lap)

    def close(self) -> None:
        self._pace.stop()
        with self._at_work:
            makers, self._makers = self._makers, None
            if makers is not None:
                makers.shutdown(wait=False, cancel_futures=True)
            self._prepared = None

    def status(self) -> DeviceStatus:
        faults = self._faults.now()
        if self._pace.is_stopped:
            return DeviceStatus(DeviceState.CLOSED, faults)
        if faults:
            return DeviceStatus(DeviceState.FAULT, faults)
        return DeviceStatus(DeviceState.BUSY if self._passage else DeviceState.READY)

    def inject(self, kind: FaultKind, lasts_s: float | None = None) -> None:
        """Let a fault happen now, until `clear` or for so long. May be called from any thread.

        Raises:
            ValueError: no fault of an X-ray machine.
        """
        if kind not in MACHINE_FAULTS:
            raise ValueError(f"A machine has no fault {kind}; it has {', '.join(MACHINE_FAULTS)}.")
        self._faults.begin(kind, lasts_s)
        self._hold_while_faulty()
        self._pace.interrupt()

    def clear(self, kind: FaultKind) -> None:
        """The cause of a fault has been removed."""
        self._faults.clear(kind)
        self._hold_while_faulty()

    def read(self, timeout_s: float) -> XrayEvent | None:
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            if self._pace.is_stopped:
                raise DeviceLostError(f"The machine {self.name} is not open. Open it first.", name=self.name)
            self._abort_if_faulty()
            if self._faults.end_due():
                self._hold_while_faulty()
            if self._owed:
                return self._pay()
            if self._faults.has(*_BLOCKING):
                self._wait_for_clear(deadline - time.monotonic())
                return None
            return self._script.next_event(deadline)

    def _pay(self) -> XrayEvent:
        owed = self._owed.popleft()
        if isinstance(owed, DeviceError):
            raise owed
        return owed

    def _wait_for_clear(self, timeout_s: float) -> None:
        end_s = self._faults.next_end_s()
        self._pace.wait_change(timeout_s if end_s is None else min(timeout_s, end_s))

    def _hold_while_faulty(self) -> None:
        if self._faults.has(*_BLOCKING, FaultKind.DISCONNECTED):
            self._pace.pause()
        else:
            self._pace.resume()

    def _abort_if_faulty(self) -> None:
        """Owe the station the end of a scan that a fault has cut off, and the loss of the machine."""
        if self._owed:
            return
        for kind in (FaultKind.DISCONNECTED, FaultKind.GENERATOR_OFF):
            if self._faults.has(kind) and self._passage is not None:
                error = DeviceLostError(
                    f"{self.name}: the scan was cut off ({kind}). Send the object through again.",
                    name=self.name,
                    fault=str(kind),
                )
                self._owed.append(ScanAborted(self._passage.scan_id, error, self._passage.partial(kind)))
                self._next += 1
                self._restart()
        if self._faults.has(FaultKind.DISCONNECTED):
            message = f"The machine {self.name} has gone: its cable was pulled. Plug it in."
            self._owed.append(DeviceLostError(message, name=self.name))

    def _restart(self) -> None:
        self._passage = None
        self._script = Script(self._pace, self._run())

    def _run(self) -> Iterator[Step]:
        """Every step from the next object on."""
        if self._lane is not None:
            yield Await(self._lane.wait_attached, time.monotonic() + _READERS_PATIENCE_S)
        while self.settings.count is None or self._next < self.settings.count:
            yield from self._pass(self._next)
            self._next += 1
        yield from self._let_readers_finish()
        yield SourceEnded()

    def _pass(self, number: int) -> Iterator[Step]:
        yield from self._wait_prepared(number)
        scan = self._prepared_scan()
        gap_s = random.Random(f"{self.settings.seed} {number}").uniform(*self.settings.gap_s)
        speed_mm_s = self.settings.speed_mm_s
        labels = tuple(scan.extra.get(LABELS, "").split())
        codes = labels if self.settings.reads_codes else ()
        content = replace(scan, device=self.name, belt_speed_mm_s=speed_mm_s, codes=codes)
        passage = Passage(content, pitch_mm(scan) / speed_mm_s, self._pace)
        enters_s = self._pace.now_s() + gap_s
        if self._lane is not None:
            self._lane.announce(Passing(number, labels, enters_s, enters_s + passage.lasts_s, speed_mm_s))
        yield At(enters_s)
        yield from self._let_readers_keep_up(number)
        self._passage = passage
        yield passage.start()
        yield from self._show_lines(number, passage, enters_s)
        self._passage = None
        yield ScanFinished(passage.finish())

    def _show_lines(self, number: int, passage: Passage, enters_s: float) -> Iterator[Step]:
        """While lines are being lost every second block is; the first one as soon as the fault begins."""
        is_lost = False
        for first in range(0, passage.lines, self.settings.block_lines):
            last = min(first + self.settings.block_lines, passage.lines)
            begun = list(self._begin_planned(number, first))
            for _ in begun:
                yield Shown()
            yield At(enters_s + last * passage.line_s)
            is_lost = not is_lost and (FaultKind.LINES_LOST in begun or self._faults.has(FaultKind.LINES_LOST))
            if is_lost:
                passage.lose(first, last)
            else:
                yield from passage.lines_between(first, last)

    def _begin_planned(self, number: int, line: int) -> Iterator[FaultKind]:
        while self._planned and (self._planned[0].parcel, self._planned[0].line) <= (number, line):
            planned = self._planned.popleft()
            self.inject(planned.kind, 0.0 if self._pace.is_max else planned.lasts_s / float(self._pace.speed))
            yield planned.kind

    def _let_readers_keep_up(self, number: int) -> Iterator[Step]:
        """At "max" time does not run by itself: the readers of the lane must have read all that went before."""
        lane = self._lane
        if lane is not None and self._pace.is_max:
            yield Await(lambda left_s: lane.wait_read(number, left_s), time.monotonic() + _READERS_PATIENCE_S)

    def _let_readers_finish(self) -> Iterator[Step]:
        if self._lane is not None and self._pace.is_max:
            yield At(self._pace.now_s() + _RUN_OUT_S)
            yield from self._let_readers_keep_up(self._next)

    def _prepare(self, number: int) -> None:
        """Make an object's scan beside, so that it is ready when its turn comes."""
        if self._makers is not None and self._content is not None:
            self._prepared = (number, self._makers.submit(self._content, number))

    def _wait_prepared(self, number: int) -> Iterator[Step]:
        if self._prepared is None or self._prepared[0] != number:
            self._prepare(number)
        yield Await(self._is_prepared, math.inf)

    def _is_prepared(self, timeout_s: float) -> bool:
        return self._prepared is not None and bool(wait([self._prepared[1]], timeout_s).done)

    def _prepared_scan(self) -> Scan:
        assert self._prepared is not None
        number, made = self._prepared
        try:
            scan = made.result()
        except KnownError as error:
            self._next += 1
            message = f"{self.name}: object {number} cannot be simulated. {error}"
            raise DeviceLostError(message, name=self.name) from error
        if self.settings.count is None or number + 1 < self.settings.count:
            self._prepare(number + 1)
        return scan
