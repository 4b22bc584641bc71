"""A real station in a temporary folder, fed by hand: real store, keys, labels; a detector where a test gives one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app import texts
from app.build import build_station
from app.customs.parcel import Kind, QueueRow
from app.officers.rights import Role
from app.printing import PrinterStatus
from app.settings import Detection, DeviceEntry, Officers, Settings
from app.station import Station
from app.store.space import Space
from app.tracing import Alarm
from imaging.errors import KnownError
from imaging.scan import Scan, View
from scanners.barcode import Code, Reading
from scanners.device import DeviceState, DeviceStatus
from scanners.xray import Lines, ScanFinished, ScanStarted, XrayEvent, XraySource

T0 = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Watched:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: dict[int, QueueRow] = {}
        self.errors: list[KnownError] = []
        self.rejected: list[tuple[str, KnownError]] = []
        self.statuses: list[DeviceStatus] = []
        self.detector: tuple[str, KnownError | None] | None = None
        self.codes: list[str] = []
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.alarms: list[Alarm] = []
        self.printer: list[PrinterStatus] = []
        self.spaces: list[Space] = []
        self.lines = 0

    def queue_changed(self, row: QueueRow) -> None:
        self.rows[row.id] = row

    def scan_started(self, device: str, event: ScanStarted) -> None:
        pass

    def lines_arrived(self, device: str, event: Lines) -> None:
        self.lines += len(event.high)

    def scan_ended(self, device: str, scan_id: str, parcel_id: int | None) -> None:
        self.ended.append(scan_id)

    def code_read(self, reading: Reading) -> None:
        self.codes.append(reading.code.text)

    def code_asked(self, reading: Reading) -> None:
        self.asked.append(reading.code.text)

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)

    def printer_changed(self, status: PrinterStatus) -> None:
        self.printer.append(status)

    def room_changed(self, space: Space) -> None:
        self.spaces.append(space)

    def device_changed(self, device: str, status: DeviceStatus) -> None:
        self.statuses.append(status)

    def detector_changed(self, name: str, error: KnownError | None) -> None:
        self.detector = (name, error)

    def file_rejected(self, device: str, name: str, error: KnownError) -> None:
        self.rejected.append((name, error))

    def source_ended(self, device: str) -> None:
        pass

    def failed(self, error: KnownError) -> None:
        self.errors.append(error)


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


class Hand(XraySource):
    """An X-ray source that a test holds in its hand."""

    def __init__(self) -> None:
        super().__init__("hand")
        self.events: list[XrayEvent] = []

    def open(self) -> None: ...
    def close(self) -> None: ...

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def read(self, timeout_s: float) -> XrayEvent | None:
        return self.events.pop(0) if self.events else None


class Desk:
    """A station, its watcher, and short ways to let parcels pass."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.watched = Watched()
        self.belt = DeviceEntry(name="belt", driver="hand", lane="mail")
        self.reader = DeviceEntry(name="reader", driver="hand", lane="mail")
        station.start([], self.watched)

    def scan(self, at_s: float, *codes: str, kind: Kind = Kind.PARCEL) -> Scan:
        """A parcel passes, with codes that the machine itself read."""
        counts = np.full((40, 60), 50_000, np.uint16)
        counts[10:30, 20:40] = 9_000
        return self.take(Scan((View(high=counts, low=counts // 2),)), T0 + timedelta(seconds=at_s), *codes, kind=kind)

    def take(self, scan: Scan, at: datetime, *codes: str, kind: Kind = Kind.PARCEL) -> Scan:
        """A scan comes from the belt as of this time."""
        scan = replace(scan, started_at=at, finished_at=at + timedelta(seconds=1), codes=codes)
        self.station._arrivals.take_xray(self.belt.model_copy(update={"carries": kind}), ScanFinished(scan))
        self.station.wait_until_idle()
        return scan

    def read(self, at_s: float, text: str) -> None:
        """A reader at the beam reads a code."""
        reading = Reading(Code("Code128", text), "reader", T0 + timedelta(seconds=at_s))
        self.station._arrivals.take_code(self.reader, reading)

    @property
    def newest(self) -> QueueRow:
        return self.watched.rows[max(self.watched.rows)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    known = Officers(sign_in="demo", demo={"a": Role.SUPERVISOR, "b": Role.SUPERVISOR})
    return Settings(data=tmp_path / "data", detection=Detection(is_on=False), officers=known)


@pytest.fixture
def open_desk(settings: Settings) -> Iterator[Callable[..., Desk]]:
    """Opens a desk on the same store; the earlier one is stopped before."""
    open_stations: list[Station] = []

    def open_one(**changes: object) -> Desk:
        while open_stations:
            open_stations.pop().stop()
        station = build_station(settings.model_copy(update=changes))
        open_stations.append(station)
        return Desk(station)

    yield open_one
    while open_stations:
        assert open_stations.pop().stop()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture(params=texts.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = texts.language()
    texts.set_language(request.param)
    yield request.param
    texts.set_language(before)
