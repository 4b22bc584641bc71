"""From a finished scan to a row in the queue: picture to disk and detection side by side, then one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import structlog

from app.assessing import Assessing
from app.belt_codes import BeltCodes, Entered
from app.customs.identity import Identity, ReadCode
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, Parcel, Seen
from app.customs.states import LETS_GO, TERMINAL
from app.measured import Measured
from app.retrying import Retrying
from app.risk_office import RiskOffice
from app.screening import Screened, Screening, measure_opacity
from app.settings import DeviceEntry, Settings
from app.store.captures import Origin
from app.store.store import Store
from imaging.errors import KnownError, as_known
from imaging.scan import Scan
from scanners.codetext import own_codes

log = structlog.get_logger()

SCANS_WAITING = 4
"""Scans of a lane that may wait for detection before its device is held back."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A scan on its way in: where it came from and since when it was complete."""

    scan: Scan
    device: DeviceEntry
    findings: tuple[Finding, ...]
    complete_s: float
    kept: Future[Capture | None]
    """Where the picture is; None when the station stopped before there was room for it."""


class ScanNotKeptError(KnownError):
    """The station stops, and the picture of a scan that came last is not on disk."""

    key = "scan_not_kept"


class _Way:
    """How the scans of a lane go in, one after the other; a belt does not wait for what looks at a container."""

    def __init__(self, lane: str) -> None:
        self.room = threading.Semaphore(SCANS_WAITING)
        self.worker = ThreadPoolExecutor(1, f"intake-{lane}")

    def wait_until_idle(self) -> None:
        self.worker.submit(lambda: None).result()


class Intake:
    """Takes scans in, and tells `on_parcel` of every parcel that is new or changed by them or by the belt's `codes`.

    `take` is called by the devices' threads, which write the pictures; detection and the rows run on a worker of each
    lane meanwhile. A disk that is full or read-only, or a store that is busy, stops the intake, and with it the belt,
    until it takes more: nothing is dropped.

    The lock guards the ways, how many scans are under way, and whether the station has stopped. It is held for no
    write, and nothing is called under it: `codes` has a lock of its own for what it keeps.
    """

    def __init__(
        self,
        store: Store,
        risk: RiskOffice,
        settings: Settings,
        measured: Measured,
        *,
        on_parcel: Callable[[Parcel, Taken | None], None],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._retrying = Retrying(on_error=on_error)
        self.screening = Screening(store, measured, on_error=on_error)
        self.assessing = Assessing(store, risk, self.screening, on_error=on_error)
        self.codes = BeltCodes(
            store, self.assessing, self._retrying, settings.work, measured,
            on_parcel=lambda parcel: on_parcel(parcel, None), on_error=on_error,
        )  # fmt: skip
        self._store = store
        self._risk = risk
        self._measured = measured
        self._on_parcel = on_parcel
        self._on_error = on_error
        self._lock = threading.Lock()
        self._ways: dict[str, _Way] = {}
        self._under_way = 0
        self._is_stopped = False

    def take(
        self, scan: Scan, device: DeviceEntry, findings: tuple[Finding, ...] = (), capture: Capture | None = None
    ) -> None:
        """Hand in a finished scan; returns when its picture is on disk, so that the source may forget it.

        Waits while too many scans of the lane are on their way, and while the disk is full. A scan that was taken
        before, and comes again because the power went before its source knew, is passed over. Of one that finds no room
        before the station stops the picture alone is kept: the next start takes it in.

        Raises:
            ScanNotKeptError: the station stops while the disk is full.
        """
        if self._store.has_scan(scan.id):
            return
        kept: Future[Capture | None] = Future()
        self._hand_over(Taken(scan, device, findings, perf_counter(), kept))
        try:
            kept.set_result(capture or self._keep(scan, device, findings))
        except BaseException as error:
            kept.set_exception(error)
            raise
        if kept.result() is None:
            raise ScanNotKeptError(f"The station stops, and the scan {scan.id} is not on disk.")

    def end_lane(self, lane: str) -> None:
        """Nothing passes on this lane any more: enter what was handed in, and the codes that found no scan."""
        if way := self._way(lane):
            way.wait_until_idle()
        self.codes.end_lane(lane)

    def is_idle(self) -> bool:
        """Whether every scan that was handed in is in the queue."""
        with self._lock:
            return self._under_way == 0

    def wait_until_idle(self) -> None:
        """Wait until every scan that was handed in is in the queue."""
        for way in self._all_ways():
            way.wait_until_idle()

    def stop(self) -> None:
        """Finish what was handed in, enter the codes that found no scan, and end the workers."""
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
        for lane in self.codes.lanes():
            self.end_lane(lane)
        for way in self._all_ways():
            way.worker.shutdown(wait=True)
        self.codes.tell_left()

    def stop_waiting(self) -> None:
        """Give up waiting for room, on a full disk or behind a slow detector."""
        self._retrying.stop()

    def _way(self, lane: str) -> _Way | None:
        """The way of a lane; none is made any more once the station stops."""
        with self._lock:
            if lane not in self._ways and not self._is_stopped:
                self._ways[lane] = _Way(lane)
            return self._ways.get(lane)

    def _all_ways(self) -> list[_Way]:
        with self._lock:
            return list(self._ways.values())

    def _hand_over(self, taken: Taken) -> None:
        """Have the worker of its lane take a scan in, unless the station stops."""
        self.codes.hand_in(taken.scan, taken.device)
        way = self._way(taken.device.lane)
        if way is None or not self._enter(way):
            self.codes.forget(taken.scan, taken.device)
            return
        try:
            way.worker.submit(self._take_in, taken).add_done_callback(partial(self._leave, way, taken))
        except RuntimeError:  # stopped meanwhile
            self.codes.forget(taken.scan, taken.device)
            self._release(way)

    def _enter(self, way: _Way) -> bool:
        while not way.room.acquire(timeout=0.5):
            if self._retrying.is_stopping:
                return False
        with self._lock:
            self._under_way += 1
        return True

    def _release(self, way: _Way) -> None:
        with self._lock:
            self._under_way -= 1
        way.room.release()

    def _leave(self, way: _Way, taken: Taken, done: Future[None]) -> None:
        self.codes.forget(taken.scan, taken.device)
        self._release(way)
        if error := done.exception():
            log.error("intake failed", error=repr(error))
            self._on_error(as_known(error))

    def _take_in(self, taken: Taken) -> None:
        screened = self.screening.screen(taken.scan, taken.device)
        findings = (*taken.findings, *screened.findings, *measure_opacity(taken.scan))
        taken = replace(taken, findings=findings)
        capture = taken.kept.result()
        if capture is None:
            return
        read_by_machine = self._read_by_machine(taken.scan)
        enter = partial(self._enter_scan, taken, read_by_machine, capture, screened)
        entered = self._retrying.until_it_goes(lambda: self.codes.enter_scan(taken.scan, taken.device, enter))
        if entered is None:  # its picture is kept: the next start takes it in, and its codes wait for the lane's end
            return
        parcel = entered.parcel
        if parcel.declaration != entered.declaration:  # it came while the picture was looked at
            changed = self._retrying.until_it_goes(partial(self.assessing.reassess, parcel.id))
            parcel = changed or parcel
        self._count(taken, screened.seen, entered.identity)
        self._on_parcel(parcel, taken)
        self.screening.try_out(taken.scan, taken.device)

    def _enter_scan(
        self,
        taken: Taken,
        read_by_machine: Sequence[ReadCode],
        capture: Capture,
        screened: Screened,
        codes: Sequence[ReadCode],
    ) -> Entered:
        """Write a scan's row: by the codes from the belt, and those that its machine read."""
        scan = taken.scan
        identity = self.assessing.identify([*codes, *read_by_machine], scan.started_at, scan.id, taken.device.carries)
        declaration = self._store.find_declaration(identity.number)
        return Entered(self._record(identity, declaration, taken, capture, screened), identity, declaration)

    def _keep(self, scan: Scan, device: DeviceEntry, findings: tuple[Finding, ...]) -> Capture | None:
        origin = Origin(device.driver, device.lane, device.carries, findings)
        return self._retrying.until_it_goes(lambda: self._store.keep(scan, origin))

    def _read_by_machine(self, scan: Scan) -> list[ReadCode]:
        codes, refused = own_codes(scan)
        for error in refused:
            self._on_error(error)
        return [
            ReadCode(code.text, code.aim or code.symbology, code.is_doubtful, self.assessing.label_of(code.text))
            for code in codes
        ]

    def _record(
        self,
        identity: Identity,
        declaration: Declaration | None,
        taken: Taken,
        capture: Capture,
        screened: Screened,
    ) -> Parcel:
        arrived_at = taken.scan.started_at
        marks = self.assessing.marks_on((identity.number, *identity.numbers))
        findings = (*identity.findings, *taken.findings, *marks)
        known = self._store.find_number(identity.number) if identity.numbers else None
        if known and known.state in GONE:
            findings = (*findings, Finding(FindingKind.REPEATED_NUMBER))
            known = None
        findings = (*findings, *self.assessing.compare(declaration, lambda: taken.scan, screened.seen, screened.model))
        assessment = self._risk.assess_declared(
            identity.number, arrived_at, screened.seen, findings, identity.kind, declaration=declaration
        )
        return self._store.record_scan(
            known.id if known else None,
            capture,
            number=identity.number,
            kind=identity.kind,
            codes=identity.numbers,
            findings=findings,
            seen=screened.seen,
            model=screened.model,
            detect_ms=screened.ms,
            lane=assessment.lane,
            lane_reasons=assessment.reasons,
            arrived_at=arrived_at,
            is_drill=taken.device.is_drill,
        )

    def _count(self, taken: Taken, seen: Sequence[Seen], identity: Identity) -> None:
        self._measured.add_time("scan_to_queue", (perf_counter() - taken.complete_s) * 1000)
        self._measured.count("scans")
        self._measured.count("matched", 1 if identity.numbers else 0)
        for each in seen:
            self._measured.count(f"detections.{each.label}")


GONE = LETS_GO | TERMINAL
"""States in which a parcel with the same number is another parcel, or one that came back."""
