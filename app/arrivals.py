"""What the devices bring: loops that read them, and where each event goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.customs.parcel import Finding, FindingKind
from app.devices import DeviceLoop
from app.intake import Intake
from app.measured import Measured
from app.settings import DeviceEntry
from app.store.errors import StoreError
from app.store.store import Store
from app.trace.codes import PREFIX
from app.tracing import Tracing
from app.watcher import Watcher
from imaging.errors import FileError, KnownError
from scanners.barcode import BarcodeReader, Reading
from scanners.device import DeviceStatus, Fault
from scanners.xray import (
    FileRejected,
    Lines,
    ScanAborted,
    ScanFinished,
    ScanStarted,
    SourceEnded,
    XrayEvent,
    XraySource,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A device at its place: the settings' entry and the driver's object."""

    entry: DeviceEntry
    device: XraySource | BarcodeReader


class Arrivals:
    """Runs the devices of a station and hands what they deliver to the intake; errors go to `on_error`."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        tracing: Tracing,
        measured: Measured,
        *,
        watcher: Watcher,
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._store = store
        self._intake = intake
        self._tracing = tracing
        self._measured = measured
        self._watcher = watcher
        self._on_error = on_error
        self._loops: list[DeviceLoop] = []
        self._faults: dict[str, set[Fault]] = {}

    def open(self, devices: Sequence[Placed]) -> None:
        """Take in what a power cut left between picture and row, then start every device's loop."""
        self._take_orphans({placed.entry.name: placed.entry for placed in devices})
        self._loops = [self._make_loop(placed) for placed in devices]
        for loop in self._loops:
            loop.start()

    def close(self) -> bool:
        """Stop every loop; False if a device did not come back in time."""
        came_back = [loop.stop() for loop in self._loops]
        self._loops.clear()
        return all(came_back)

    def _make_loop(self, placed: Placed) -> DeviceLoop:
        entry, device = placed.entry, placed.device
        take: Callable[..., None] = self.take_xray if isinstance(device, XraySource) else self.take_code
        return DeviceLoop(
            device,
            on_event=partial(take, entry),
            on_status=partial(self._take_status, entry),
            on_idle=lambda: self._intake.codes.expire(entry.lane, datetime.now(UTC)),
        )

    def take_code(self, entry: DeviceEntry, reading: Reading) -> None:
        """A code from a reader: at a lane it belongs to a scan, in the officer's hand it opens a parcel."""
        self._watch(reading.code.text, reading.read_at, is_scan=bool(entry.lane))
        if entry.lane:
            self._intake.codes.read(reading, entry)
            self._watcher.code_read(reading)
        else:
            self._watcher.code_asked(reading)

    def take_xray(self, entry: DeviceEntry, event: XrayEvent) -> None:
        """What an X-ray source delivers."""
        match event:
            case ScanStarted():
                self._intake.codes.begin(entry, event.started_at)
                self._watcher.scan_started(entry.name, event)
            case Lines():
                self._watcher.lines_arrived(entry.name, event)
            case ScanFinished(scan):
                for code in scan.codes:
                    self._watch(code, scan.finished_at or scan.started_at)
                self._intake.take(scan, entry)
            case ScanAborted(scan_id, error, partial_scan):
                self._on_error(error)
                if partial_scan:
                    self._intake.take(partial_scan, entry, (Finding(FindingKind.PARTIAL_SCAN, str(error)),))
                else:
                    self._intake.codes.abandon(entry)
                    self._watcher.scan_ended(entry.name, scan_id, None)
            case FileRejected(path, kept_at, error):
                self._reject(entry, path, kept_at, error)
            case SourceEnded():
                self._intake.end_lane(entry.lane)
                self._watcher.source_ended(entry.name)

    def _watch(self, code: str, read_at: datetime, *, is_scan: bool = False) -> None:
        """Alarm where a notice names a code, and log the scan of a label; what fails here does not cost the code."""
        try:
            for alarm in self._tracing.watch(code, read_at):
                self._watcher.alarmed(alarm)
            if is_scan and code.startswith(PREFIX):
                self._tracing.trace(code)
        except KnownError as error:
            self._on_error(error)

    def _reject(self, entry: DeviceEntry, path: Path, kept_at: Path | None, error: KnownError) -> None:
        self._measured.count("rejected_files")
        body = {"device": entry.name, "file": path.name, "kept_at": str(kept_at or ""), "why": error.key}
        self._store.add_event("file_rejected", None, body)
        self._watcher.file_rejected(entry.name, path.name, error)

    def _take_orphans(self, entries: Mapping[str, DeviceEntry]) -> None:
        taken = [path for path in self._store.orphans() if self._take_orphan(path, entries)]
        try:
            self._store.note_orphans(taken)
        except StoreError as error:  # the next start looks further back than it has to
            self._on_error(error)

    def _take_orphan(self, path: Path, entries: Mapping[str, DeviceEntry]) -> bool:
        """Take a picture in as what it was kept as, else as what its device would bring now; False: it is damaged."""
        try:
            scan, capture, origin = self._store.adopt(path)
        except FileError as error:
            self._on_error(error)
            return False
        if origin is None:
            entry = entries.get(scan.device) or DeviceEntry(name=scan.device, driver="recovered")
            self._intake.take(scan, entry, capture=capture)
        else:
            entry = DeviceEntry(name=scan.device, driver=origin.driver, carries=origin.carries, lane=origin.lane)
            self._intake.take(scan, entry, origin.findings, capture)
        return True

    def _take_status(self, entry: DeviceEntry, status: DeviceStatus) -> None:
        self._watcher.device_changed(entry.name, status)
        for fault in set(status.faults) - self._faults.get(entry.name, set()):
            self._measured.count("faults")
            body = {"device": entry.name, "fault": fault.kind, "detail": fault.detail}
            self._store.add_event("device_fault", None, body)
        self._faults[entry.name] = set(status.faults)
