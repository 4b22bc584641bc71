"""From a finished scan to a row in the queue: picture to disk and detection side by side, then one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import TypeVar

import structlog

from app.customs.identity import Identity, OwnLabel, ReadCode, identify
from app.customs.likeness import TOLD_FROM, compare
from app.customs.matching import Matcher, Passage, Sighting
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, Kind, Parcel, Seen
from app.customs.states import LETS_GO, TERMINAL, UNDECIDED
from app.measured import Measured
from app.risk_office import RiskOffice
from app.screening import Screened, Screening, measure_opacity
from app.settings import DeviceEntry, Settings
from app.store.captures import Origin
from app.store.errors import ParcelChangedError, StoreFullError, StoreReadOnlyError
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
    worker of each lane meanwhile. A disk that is full or read-only stops the intake, and with it the belt, until it
    takes more: nothing is dropped.
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
            passage = self._matcher(device.lane).add_code(sighting)
            if passage:
                self._join_late(passage, sighting)

    def reassess(self, parcel_id: int) -> Parcel | None:
        """Assess a parcel anew by what was declared since; None where somebody has decided on it."""

        def assess(parcel: Parcel) -> Parcel | None:
            return self._assess_anew(parcel) if parcel.state in UNDECIDED else None

        return self._until_unchanged(parcel_id, assess)

    def expire(self, lane: str, now: datetime) -> None:
        """Enter the codes whose parcel nobody scanned as parcels of their own."""
        with self._lock:
            for sighting in self._matcher(lane).expired(now, timedelta(seconds=self._work.match_patience_s)):
                self._register_unscanned(lane, sighting)

    def end_lane(self, lane: str) -> None:
        """Nothing passes on this lane any more: enter what was handed in, and the codes that found no scan."""
        if way := self._way(lane):
            way.wait_until_idle()
        with self._lock:
            for sighting in self._matcher(lane).give_up():
                self._register_unscanned(lane, sighting)

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
            try:
                self.end_lane(lane)
            except KnownError as error:
                self._on_error(error)
        for way in self._all_ways():
            way.worker.shutdown(wait=True)

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
        way = self._way(taken.device.lane)
        if way is None or not self._enter(way):
            return
        try:
            way.worker.submit(self._take_in, taken).add_done_callback(partial(self._leave, way))
        except RuntimeError:  # stopped meanwhile
            self._release(way)

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

    def _leave(self, way: _Way, done: Future[None]) -> None:
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
        started_at = taken.scan.started_at
        finished_at = taken.scan.finished_at or started_at
        with self._lock:
            matcher = self._matcher(taken.device.lane)
            codes = [self._read_code(sighting) for sighting in matcher.claim(started_at, finished_at)]
            codes += self._read_by_machine(taken.scan)
            identity = self._identify(codes, started_at, taken.scan.id, taken.device.carries)
            declaration = self._store.find_declaration(identity.number)
            parcel = self._until_it_goes(lambda: self._record(identity, declaration, taken, capture, screened))
            if parcel is None:  # its picture is kept: the next start takes it in
                return
            if parcel.declaration != declaration:  # it came while the picture was looked at
                parcel = self._until_it_goes(partial(self.reassess, parcel.id)) or parcel
            matcher.add_passage(Passage(parcel.id, started_at, finished_at))
        self._count(taken, screened.seen, identity)
        self._on_parcel(parcel, taken)
        self.screening.try_out(taken.scan, taken.device)

    def _keep(self, scan: Scan, device: DeviceEntry, findings: tuple[Finding, ...]) -> Capture | None:
        origin = Origin(device.driver, device.lane, device.carries, findings)
        return self._until_it_goes(lambda: self._store.keep(scan, origin))

    def _until_it_goes(self, write: Callable[[], T]) -> T | None:
        """Try a write again, telling each time, while the disk is full or read-only; None when the station stops."""
        while True:
            try:
                return write()
            except (StoreFullError, StoreReadOnlyError) as error:
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

    def _join_late(self, passage: Passage, sighting: Sighting) -> None:
        """A code read behind the tunnel, or late: the parcel is there already and gets its number now."""

        def join(parcel: Parcel) -> Parcel | None:
            was_doubtful = Finding(FindingKind.DOUBTFUL_CODE, sighting.text) in parcel.findings
            if sighting.text in parcel.codes and not (was_doubtful and not sighting.is_doubtful):
                return None
            changed = self._assess_anew(parcel, self._read_code(sighting))
            self._measured.count("matched", 0 if parcel.codes else 1)
            return changed

        changed = self._until_unchanged(passage.parcel_id, join)
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
