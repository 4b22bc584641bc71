"""Codes read at a belt: each waits for its scan, joins a parcel that has passed, or becomes a parcel of its own."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from app.assessing import Assessing
from app.customs.identity import Identity, ReadCode
from app.customs.matching import Matcher, Sighting
from app.customs.parcel import Declaration, Finding, FindingKind, Kind, Parcel
from app.measured import Measured
from app.retrying import Retrying
from app.settings import DeviceEntry, Work
from app.store.errors import PASSING
from app.store.store import Store
from imaging.errors import KnownError, as_known
from imaging.scan import Scan
from scanners.barcode import Reading
from scanners.folding import Fold

log = structlog.get_logger()


class CodesNotKeptError(KnownError):
    """The station has stopped, and codes that were read are in no row."""

    key = "codes_not_kept"


@dataclass(frozen=True, slots=True)
class Entered:
    """A scan that has its row: the parcel, what its codes said, and the declaration that it was assessed by."""

    parcel: Parcel
    identity: Identity
    declaration: Declaration | None


class BeltCodes:
    """The codes of every lane, and `on_parcel` is told of every parcel that they make or change.

    A code stays with its lane's matcher until its row is written; those that found no row when the station stops are
    told by name.

    One lock guards all that is kept here, of every lane. It is held from the look at which codes a row takes until that
    row is written and they are settled, so that no code goes into two rows; `on_parcel` is called under it. It is never
    held while a write waits for its next try, nor while a scan is written to disk or screened: readers go on meanwhile.
    """

    def __init__(
        self,
        store: Store,
        assessing: Assessing,
        retrying: Retrying,
        work: Work,
        measured: Measured,
        *,
        on_parcel: Callable[[Parcel], None],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._store = store
        self._assessing = assessing
        self._retrying = retrying
        self._work = work
        self._measured = measured
        self._on_parcel = on_parcel
        self._on_error = on_error
        self._lock = threading.RLock()
        self._matchers: dict[str, Matcher] = {}
        self._folds: dict[str, Fold] = {}
        self._drills: set[str] = set()
        """Lanes whose codes come from simulators or a replay."""
        self._set_aside: dict[str, list[Sighting]] = {}
        """Codes of a lane that could not be entered, for a reason that does not pass: tried again at its end."""

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
            self._retrying.until_it_goes(partial(self._join, device.lane, monotonic()))

    def hand_in(self, scan: Scan, device: DeviceEntry) -> None:
        """A scan is finished and on its way to its row: the codes that are its own wait for that."""
        with self._lock:
            finished_at = scan.finished_at or scan.started_at
            self._matcher(device.lane).hand_in(scan.id, device.name, scan.started_at, finished_at, monotonic())

    def forget(self, scan: Scan, device: DeviceEntry) -> None:
        """A scan is not on its way any more: codes that waited for it, where it has no row, wait for another."""
        with self._lock:
            self._matcher(device.lane).forget(scan.id)

    def enter_scan(self, scan: Scan, device: DeviceEntry, write: Callable[[Sequence[ReadCode]], Entered]) -> Entered:
        """Write a scan's row with the codes that are its own by now, which are settled only then."""
        with self._lock:
            matcher = self._matcher(device.lane)
            sightings = matcher.codes_of(scan.id, monotonic())
            entered = write([self._read_code(sighting) for sighting in sightings])
            for sighting in sightings:
                matcher.settle(sighting)
            matcher.enter(scan.id, entered.parcel.id)
        return entered

    def expire(self, lane: str, now: datetime) -> None:
        """Enter the codes whose parcel is known by now; those that nobody scanned become parcels of their own."""
        patience = timedelta(seconds=self._work.match_patience_s)

        def enter() -> None:
            with self._lock:
                self._join(lane, monotonic())
                self._register(lane, self._matcher(lane).expired(now, patience))

        self._retrying.until_it_goes(enter)

    def end_lane(self, lane: str) -> None:
        """No scan comes on this lane any more: enter every code that is left, and once more those set aside."""
        with self._lock:
            for sighting in self._set_aside.pop(lane, ()):
                self._matcher(lane).add_code(sighting)

        def enter() -> None:
            with self._lock:
                self._join(lane, math.inf)
                self._register(lane, self._matcher(lane).waiting)

        self._retrying.until_it_goes(enter)

    def lanes(self) -> list[str]:
        """The lanes on which anything has come."""
        with self._lock:
            return list(self._matchers)

    def tell_left(self) -> None:
        """Tell by name the codes that are in no row."""
        with self._lock:
            left = [each for matcher in self._matchers.values() for each in matcher.waiting]
            left += [each for sightings in self._set_aside.values() for each in sightings]
        if left:
            codes = ", ".join(sighting.text for sighting in left)
            self._on_error(CodesNotKeptError(f"The station has stopped, and no row has {codes}.", codes=codes))

    def _matcher(self, lane: str) -> Matcher:
        tolerance = timedelta(milliseconds=self._work.match_tolerance_ms)
        return self._matchers.setdefault(lane, Matcher(tolerance))

    def _join(self, lane: str, now_s: float) -> None:
        with self._lock:
            for parcel_id, sighting in self._matcher(lane).late(now_s):
                self._enter_code(lane, sighting, partial(self._join_late, parcel_id, sighting))

    def _register(self, lane: str, sightings: Sequence[Sighting]) -> None:
        for sighting in sightings:
            self._enter_code(lane, sighting, partial(self._register_unscanned, lane, sighting))

    def _enter_code(self, lane: str, sighting: Sighting, write: Callable[[], None]) -> None:
        """Settle a code once it is written; what fails for good with one code costs neither the others nor the device.

        Raises:
            StoreError: one of PASSING; the code still waits.
        """
        try:
            write()
        except PASSING:
            raise
        except Exception as error:
            log.exception("code not entered", lane=lane)
            self._set_aside.setdefault(lane, []).append(sighting)
            self._on_error(as_known(error))
        self._matcher(lane).settle(sighting)

    def _join_late(self, parcel_id: int, sighting: Sighting) -> None:
        """A code read behind the tunnel, or late: the parcel is there already and gets its number now."""

        def join(parcel: Parcel) -> Parcel | None:
            was_doubtful = Finding(FindingKind.DOUBTFUL_CODE, sighting.text) in parcel.findings
            if sighting.text in parcel.codes and not (was_doubtful and not sighting.is_doubtful):
                return None
            changed = self._assessing.assess_anew(parcel, self._read_code(sighting))
            self._measured.count("matched", 0 if parcel.codes else 1)
            return changed

        changed = self._assessing.until_unchanged(parcel_id, join)
        if changed is not None:
            self._on_parcel(changed)

    def _register_unscanned(self, lane: str, sighting: Sighting) -> None:
        identity = self._assessing.identify([self._read_code(sighting)], sighting.read_at, "", Kind.PARCEL)
        marks = self._assessing.marks_on((identity.number, *identity.numbers))
        parcel = self._store.register(
            identity.number,
            identity.kind,
            codes=identity.numbers,
            arrived_at=sighting.read_at,
            findings=(*identity.findings, Finding(FindingKind.NO_SCAN), *marks),
            is_drill=lane in self._drills,
        )
        if marks:
            parcel = self._assessing.until_unchanged(parcel.id, self._assessing.assess_anew)
        self._on_parcel(parcel)

    def _read_code(self, sighting: Sighting) -> ReadCode:
        label = self._assessing.label_of(sighting.text)
        return ReadCode(sighting.text, sighting.symbology, sighting.is_doubtful, label)
