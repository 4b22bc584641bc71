"""From a finished scan to a row in the queue: picture to disk and detection side by side, then one transaction."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, perf_counter
from typing import TypeVar

import structlog

from app.customs.identity import Identity, OwnLabel, ReadCode, identify
from app.customs.likeness import TOLD_FROM, compare
from app.customs.matching import Matcher, Sighting
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, Kind, Parcel, Seen
from app.customs.states import LETS_GO, TERMINAL, UNDECIDED
from app.measured import Measured
from app.risk_office import RiskOffice
from app.screening import Screened, Screening, measure_opacity
from app.settings import DeviceEntry, Settings
from app.store.captures import Origin
from app.store.errors import ParcelChangedError, StoreBusyError, StoreFullError, StoreReadOnlyError
from app.store.store import Store
from imaging.content import measure_content
from imaging.errors import KnownError
from imaging.scan import Scan
from scanners.barcode import Reading
from scanners.codetext import own_codes
from scanners.folding import Fold

log = structlog.get_logger()

SCANS_WAITING = 4
"""Scans of a lane that may wait for detection before its device is held back."""
RETRY_S = 5.0
RETRIED = (StoreFullError, StoreReadOnlyError, StoreBusyError)
"""What passes: the same write goes later."""
T = TypeVar("T")


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


class CodesNotKeptError(KnownError):
    """The station has stopped, and codes that were read are in no row."""

    key = "codes_not_kept"


class _Way:
    """How the scans of a lane go in, one after the other; a belt does not wait for what looks at a container."""

    def __init__(self, lane: str) -> None:
        self.room = threading.Semaphore(SCANS_WAITING)
        self.worker = ThreadPoolExecutor(1, f"intake-{lane}")

    def wait_until_idle(self) -> None:
        self.worker.submit(lambda: None).result()


class Intake:
    """Takes scans and codes in, and tells `on_parcel` of every parcel that is new or changed.

    `take` and `read` are called by the devices' threads, which write the pictures; detection and the rows run on a
    worker of each lane meanwhile. A disk that is full or read-only, or a store that is busy, stops the intake, and with
    it the belt, until it takes more: nothing is dropped. A code stays with its lane's matcher until its row is written;
    those that found no row when the station stops are told by name.
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
        self.screening = Screening(store, measured, on_error=on_error)
        self.marks_on: Callable[[Sequence[str]], tuple[Finding, ...]] = lambda _: ()
        """What the recalls and intercepts in force say of a parcel with these codes."""
        self.label_of: Callable[[str], OwnLabel | None] = lambda _: None
        """What a code is as a label of ours."""
        self._store = store
        self._risk = risk
        self._work = settings.work
        self._measured = measured
        self._on_parcel = on_parcel
        self._on_error = on_error
        self._matchers: dict[str, Matcher] = {}
        self._folds: dict[str, Fold] = {}
        self._drills: set[str] = set()
        """Lanes whose codes come from simulators or a replay."""
        self._set_aside: dict[str, list[Sighting]] = {}
        """Codes of a lane that could not be entered, for a reason that does not pass: tried again at its end."""
        self._lock = threading.RLock()
        self._ways: dict[str, _Way] = {}
        self._stopping = threading.Event()
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

    def begin(self, device: DeviceEntry, started_at: datetime) -> None:
        """An object has entered a device's beam: the codes that may be its wait for its scan."""
        with self._lock:
            self._matcher(device.lane).begin(device.name, started_at)

    def abandon(self, device: DeviceEntry) -> None:
        """What has begun at a device is no scan."""
        with self._lock:
            self._matcher(device.lane).abandon(device.name)

    def read(self, reading: Reading, device: DeviceEntry) -> None:
        """Hand in a code: it joins its scan, or waits for it. What a reader sees again and again is one code."""
        code = reading.code
        lead = timedelta(milliseconds=device.lead_ms)
        sighting = Sighting(code.text, reading.read_at, lead, code.aim or code.symbology, code.is_doubtful)
        with self._lock:
            if not self._folds.setdefault(device.lane, Fold(self._work.repeat_s)).is_new(reading):
                return
            self._measured.count("codes")
            if device.is_drill:
                self._drills.add(device.lane)
            matcher = self._matcher(device.lane)
            matcher.add_code(sighting)
            is_late = matcher.parcel_of(sighting, monotonic()) is not None
        if is_late:
            self._until_it_goes(partial(self._join_codes, device.lane, monotonic()))

    def reassess(self, parcel_id: int) -> Parcel | None:
        """Assess a parcel anew by what was declared since; None where somebody has decided on it."""

        def assess(parcel: Parcel) -> Parcel | None:
            return self._assess_anew(parcel) if parcel.state in UNDECIDED else None

        return self._until_unchanged(parcel_id, assess)

    def expire(self, lane: str, now: datetime) -> None:
        """Enter the codes whose parcel is known by now; those that nobody scanned become parcels of their own."""
        patience = timedelta(seconds=self._work.match_patience_s)

        def enter() -> None:
            with self._lock:
                self._join_codes(lane, monotonic())
                self._register_codes(lane, self._matcher(lane).expired(now, patience))

        self._until_it_goes(enter)

    def end_lane(self, lane: str) -> None:
        """Nothing passes on this lane any more: enter what was handed in, and the codes that found no scan."""
        if way := self._way(lane):
            way.wait_until_idle()
        with self._lock:
            for sighting in self._set_aside.pop(lane, ()):
                self._matcher(lane).add_code(sighting)

        def enter() -> None:
            with self._lock:
                self._join_codes(lane, math.inf)
                self._register_codes(lane, self._matcher(lane).waiting)

        self._until_it_goes(enter)

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
        for lane in list(self._matchers):
            self.end_lane(lane)
        for way in self._all_ways():
            way.worker.shutdown(wait=True)
        self._tell_codes_left()

    def stop_waiting(self) -> None:
        """Give up waiting for room, on a full disk or behind a slow detector."""
        self._stopping.set()

    def _is_declared(self, number: str) -> bool:
        return self._store.find_declaration(number) is not None

    def _matcher(self, lane: str) -> Matcher:
        tolerance = timedelta(milliseconds=self._work.match_tolerance_ms)
        return self._matchers.setdefault(lane, Matcher(tolerance))

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
        scan, device = taken.scan, taken.device
        with self._lock:
            finished_at = scan.finished_at or scan.started_at
            self._matcher(device.lane).hand_in(scan.id, device.name, scan.started_at, finished_at, monotonic())
        way = self._way(device.lane)
        if way is None or not self._enter(way):
            self._forget(taken)
            return
        try:
            way.worker.submit(self._take_in, taken).add_done_callback(partial(self._leave, way, taken))
        except RuntimeError:  # stopped meanwhile
            self._forget(taken)
            self._release(way)

    def _forget(self, taken: Taken) -> None:
        """A scan is not on its way any more: codes that waited for it, where it has no row, wait for another."""
        with self._lock:
            self._matcher(taken.device.lane).forget(taken.scan.id)

    def _enter(self, way: _Way) -> bool:
        while not way.room.acquire(timeout=0.5):
            if self._stopping.is_set():
                return False
        with self._lock:
            self._under_way += 1
        return True

    def _release(self, way: _Way) -> None:
        with self._lock:
            self._under_way -= 1
        way.room.release()

    def _leave(self, way: _Way, taken: Taken, done: Future[None]) -> None:
        self._forget(taken)
        self._release(way)
        if error := done.exception():
            log.error("intake failed", error=repr(error))
            self._on_error(error if isinstance(error, KnownError) else KnownError(repr(error), detail=repr(error)))

    def _take_in(self, taken: Taken) -> None:
        screened = self.screening.screen(taken.scan, taken.device)
        findings = (*taken.findings, *screened.findings, *measure_opacity(taken.scan))
        taken = replace(taken, findings=findings)
        capture = taken.kept.result()
        if capture is None:
            return
        read_by_machine = self._read_by_machine(taken.scan)
        entered = self._until_it_goes(lambda: self._enter_scan(taken, read_by_machine, capture, screened))
        if entered is None:  # its picture is kept: the next start takes it in, and its codes wait for the lane's end
            return
        parcel, identity, declaration = entered
        if parcel.declaration != declaration:  # it came while the picture was looked at
            changed = self._until_it_goes(partial(self.reassess, parcel.id))
            parcel = changed or parcel
        self._count(taken, screened.seen, identity)
        self._on_parcel(parcel, taken)
        self.screening.try_out(taken.scan, taken.device)

    def _enter_scan(
        self, taken: Taken, read_by_machine: Sequence[ReadCode], capture: Capture, screened: Screened
    ) -> tuple[Parcel, Identity, Declaration | None]:
        """Write a scan's row with the codes that are its own by now, which are settled only then."""
        scan = taken.scan
        with self._lock:
            matcher = self._matcher(taken.device.lane)
            sightings = matcher.codes_of(scan.id, monotonic())
            codes = [*map(self._read_code, sightings), *read_by_machine]
            identity = self._identify(codes, scan.started_at, scan.id, taken.device.carries)
            declaration = self._store.find_declaration(identity.number)
            parcel = self._record(identity, declaration, taken, capture, screened)
            for sighting in sightings:
                matcher.settle(sighting)
            matcher.enter(scan.id, parcel.id)
        return parcel, identity, declaration

    def _keep(self, scan: Scan, device: DeviceEntry, findings: tuple[Finding, ...]) -> Capture | None:
        origin = Origin(device.driver, device.lane, device.carries, findings)
        return self._until_it_goes(lambda: self._store.keep(scan, origin))

    def _until_it_goes(self, write: Callable[[], T]) -> T | None:
        """Try a write again, telling each time, while the store cannot take it; None when the station stops."""
        while True:
            try:
                return write()
            except RETRIED as error:
                self._on_error(error)
                if self._stopping.wait(RETRY_S):
                    return None

    def _read_by_machine(self, scan: Scan) -> list[ReadCode]:
        codes, refused = own_codes(scan)
        for error in refused:
            self._on_error(error)
        return [
            ReadCode(code.text, code.aim or code.symbology, code.is_doubtful, self.label_of(code.text))
            for code in codes
        ]

    def _read_code(self, sighting: Sighting) -> ReadCode:
        return ReadCode(sighting.text, sighting.symbology, sighting.is_doubtful, self.label_of(sighting.text))

    def _identify(self, codes: Sequence[ReadCode], seen_at: datetime, scan_id: str, kind: Kind) -> Identity:
        return identify(codes, seen_at=seen_at, scan_id=scan_id, kind=kind, is_declared=self._is_declared)

    def _record(
        self,
        identity: Identity,
        declaration: Declaration | None,
        taken: Taken,
        capture: Capture,
        screened: Screened,
    ) -> Parcel:
        arrived_at = taken.scan.started_at
        marks = self.marks_on((identity.number, *identity.numbers))
        findings = (*identity.findings, *taken.findings, *marks)
        known = self._store.find_number(identity.number) if identity.numbers else None
        if known and known.state in GONE:
            findings = (*findings, Finding(FindingKind.REPEATED_NUMBER))
            known = None
        findings = (*findings, *self._compare(declaration, lambda: taken.scan, screened.seen, screened.model))
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

    def _compare(
        self, declaration: Declaration | None, load: Callable[[], Scan], seen: Sequence[Seen], model: str
    ) -> tuple[Finding, ...]:
        """What does not look as declared, where it says enough; the first view is weighed, where it can be read.

        `model` names who saw what was seen.
        """
        if declaration is None:
            return ()
        content = None
        try:
            scan = load()
            content = measure_content(scan.views[0], scan.generator)
        except KnownError as error:  # what comes late must not be lost with a picture that is gone
            self._on_error(error)
        worth = self.screening.worth_of(model, is_measured=content is not None) if seen else {}
        likeness = compare(declaration, content, seen, worth)
        return (likeness.to_finding(),) if likeness.mismatch >= TOLD_FROM else ()

    def _join_codes(self, lane: str, now_s: float) -> None:
        with self._lock:
            for parcel_id, sighting in self._matcher(lane).late(now_s):
                self._enter_code(lane, sighting, partial(self._join_late, parcel_id, sighting))

    def _register_codes(self, lane: str, sightings: Sequence[Sighting]) -> None:
        for sighting in sightings:
            self._enter_code(lane, sighting, partial(self._register_unscanned, lane, sighting))

    def _enter_code(self, lane: str, sighting: Sighting, write: Callable[[], None]) -> None:
        """Settle a code once it is written; what fails for good with one code costs neither the others nor the device.

        Raises:
            StoreError: one of RETRIED; the code still waits.
        """
        try:
            write()
        except RETRIED:
            raise
        except Exception as error:
            log.exception("code not entered", lane=lane)
            self._set_aside.setdefault(lane, []).append(sighting)
            self._on_error(error if isinstance(error, KnownError) else KnownError(repr(error), detail=repr(error)))
        self._matcher(lane).settle(sighting)

    def _tell_codes_left(self) -> None:
        with self._lock:
            left = [each for matcher in self._matchers.values() for each in matcher.waiting]
            left += [each for sightings in self._set_aside.values() for each in sightings]
        if left:
            codes = ", ".join(sighting.text for sighting in left)
            self._on_error(CodesNotKeptError(f"The station has stopped, and no row has {codes}.", codes=codes))

    def _join_late(self, parcel_id: int, sighting: Sighting) -> None:
        """A code read behind the tunnel, or late: the parcel is there already and gets its number now."""

        def join(parcel: Parcel) -> Parcel | None:
            was_doubtful = Finding(FindingKind.DOUBTFUL_CODE, sighting.text) in parcel.findings
            if sighting.text in parcel.codes and not (was_doubtful and not sighting.is_doubtful):
                return None
            changed = self._assess_anew(parcel, self._read_code(sighting))
            self._measured.count("matched", 0 if parcel.codes else 1)
            return changed

        changed = self._until_unchanged(parcel_id, join)
        if changed is not None:
            self._on_parcel(changed, None)

    def _until_unchanged(self, parcel_id: int, change: Callable[[Parcel], T]) -> T:
        """Change a parcel as it is; once more where somebody else has changed it while that was worked out."""
        while True:
            with suppress(ParcelChangedError):
                return change(self._store.parcel(parcel_id))

    def _assess_anew(self, parcel: Parcel, read: ReadCode | None = None) -> Parcel:
        """Set number, findings and lane by all that is declared by now and was read, the last of it just now.

        Raises:
            ParcelChangedError: it was changed meanwhile.
        """
        texts = parcel.codes or (() if read else (parcel.number,))
        codes = [ReadCode(text, label=self.label_of(text)) for text in texts] + ([read] if read else [])
        identity = self._identify(codes, parcel.arrived_at, "", parcel.kind)
        settled = [Finding(FindingKind.DOUBTFUL_CODE, read.text)] if read and not read.is_doubtful else []
        kept = [each for each in parcel.findings if each.kind not in ANEW and each not in settled]
        declaration = self._store.find_declaration(identity.number)
        told: tuple[Finding, ...] = ()
        if parcel.captures:
            last = parcel.captures[-1]
            told = self._compare(declaration, partial(self._store.load, last), parcel.seen, last.model)
        findings = (*kept, *identity.findings, *self.marks_on((identity.number, *identity.numbers)), *told)
        assessment = self._risk.assess_declared(
            identity.number, parcel.arrived_at, parcel.seen, findings, parcel.kind, declaration=declaration
        )
        return self._store.identify(
            parcel.id,
            number=identity.number,
            codes=identity.numbers,
            findings=findings,
            lane=assessment.lane,
            lane_reasons=assessment.reasons,
            expected_version=parcel.version,
        )

    def _register_unscanned(self, lane: str, sighting: Sighting) -> None:
        identity = self._identify([self._read_code(sighting)], sighting.read_at, "", Kind.PARCEL)
        marks = self.marks_on((identity.number, *identity.numbers))
        parcel = self._store.register(
            identity.number,
            identity.kind,
            codes=identity.numbers,
            arrived_at=sighting.read_at,
            findings=(*identity.findings, Finding(FindingKind.NO_SCAN), *marks),
            is_drill=lane in self._drills,
        )
        if marks:
            parcel = self._until_unchanged(parcel.id, self._assess_anew)
        self._on_parcel(parcel, None)

    def _count(self, taken: Taken, seen: Sequence[Seen], identity: Identity) -> None:
        self._measured.add_time("scan_to_queue", (perf_counter() - taken.complete_s) * 1000)
        self._measured.count("scans")
        self._measured.count("matched", 1 if identity.numbers else 0)
        for each in seen:
            self._measured.count(f"detections.{each.label}")


GONE = LETS_GO | TERMINAL
"""States in which a parcel with the same number is another parcel, or one that came back."""
ANEW = (
    FindingKind.NO_CODE,
    FindingKind.SEVERAL_CODES,
    FindingKind.NO_DECLARATION,
    FindingKind.NOT_AS_DECLARED,
    FindingKind.RECALLED,
    FindingKind.INTERCEPTED,
    FindingKind.ALREADY_RELEASED,
    FindingKind.DOUBTED_LABEL,
)
"""What follows from codes and declarations as they are known by now. What a reader said of its code stays."""
