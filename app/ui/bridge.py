"""What happens in the station's threads, carried to the window's thread in few and short steps."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.customs.parcel import QueueRow
from app.printing import PrinterStatus
from app.store.space import Space
from app.tracing import Alarm
from imaging.errors import KnownError
from scanners.barcode import Reading
from scanners.device import DeviceStatus
from scanners.xray import Lines, ScanStarted

DELIVER_EVERY_MS = 30
MOST_BLOCKS = 2048
"""Line blocks kept while the window is busy; the live picture is a preview, so the oldest may go."""


class Bridge(QObject):
    """The station's Watcher: may be called from any thread and returns at once.

    What comes within 30 ms is delivered together: of a queue row, a device or the detector only the newest state,
    of the lines of a scan all blocks in one list. Everything else keeps its order.
    """

    rows_changed = Signal(list)
    scan_begun = Signal(str, object)
    lines_came = Signal(str, list)
    scan_done = Signal(str, str, object)
    code_came = Signal(object)
    code_asked_for = Signal(object)
    alarm_came = Signal(object)
    printer_came = Signal(object)
    room_came = Signal(object)
    device_came = Signal(str, object)
    detector_came = Signal(str, object)
    file_put_aside = Signal(str, str, object)
    source_done = Signal(str)
    error_came = Signal(object)
    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._rows: dict[int, QueueRow] = {}
        self._states: dict[tuple[str, str], tuple[object, ...]] = {}
        self._events: list[tuple[str, tuple[object, ...]]] = []
        self._blocks: list[Lines] = []
        self._blocks_of = ("", "")
        self._is_woken = False
        self._timer = QTimer(self, singleShot=True, interval=DELIVER_EVERY_MS)
        self._timer.timeout.connect(self.deliver)
        self._woken.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)

    def queue_changed(self, row: QueueRow) -> None:
        with self._lock:
            self._rows[row.id] = row
            self._wake()

    def scan_started(self, device: str, event: ScanStarted) -> None:
        self._add("scan_begun", device, event)

    def lines_arrived(self, device: str, event: Lines) -> None:
        with self._lock:
            if self._blocks_of != (device, event.scan_id):
                self._blocks, self._blocks_of = [], (device, event.scan_id)
                self._events.append(("lines_came", (device, self._blocks)))
            self._blocks.append(event)
            if len(self._blocks) > MOST_BLOCKS:
                del self._blocks[: MOST_BLOCKS // 2]
            self._wake()

    def scan_ended(self, device: str, scan_id: str, parcel_id: int | None) -> None:
        self._add("scan_done", device, scan_id, parcel_id)

    def code_read(self, reading: Reading) -> None:
        self._add("code_came", reading)

    def code_asked(self, reading: Reading) -> None:
        self._add("code_asked_for", reading)

    def alarmed(self, alarm: Alarm) -> None:
        self._add("alarm_came", alarm)

    def printer_changed(self, status: PrinterStatus) -> None:
        with self._lock:
            self._states["printer_came", status.name] = (status,)
            self._wake()

    def room_changed(self, space: Space) -> None:
        with self._lock:
            self._states["room_came", ""] = (space,)
            self._wake()

    def device_changed(self, device: str, status: DeviceStatus) -> None:
        with self._lock:
            self._states["device_came", device] = (device, status)
            self._wake()

    def detector_changed(self, name: str, error: KnownError | None) -> None:
        with self._lock:
            self._states["detector_came", ""] = (name, error)
            self._wake()

    def file_rejected(self, device: str, name: str, error: KnownError) -> None:
        self._add("file_put_aside", device, name, error)

    def source_ended(self, device: str) -> None:
        self._add("source_done", device)

    def failed(self, error: KnownError) -> None:
        self._add("error_came", error)

    def deliver(self) -> None:
        """Hand over everything that has come; called in the window's thread."""
        with self._lock:
            rows, self._rows = list(self._rows.values()), {}
            states, self._states = self._states, {}
            events, self._events = self._events, []
            self._blocks, self._blocks_of = [], ("", "")
            self._is_woken = False
        for name, values in events:
            getattr(self, name).emit(*values)
        for (name, _), values in states.items():
            getattr(self, name).emit(*values)
        if rows:
            self.rows_changed.emit(rows)

    def _add(self, name: str, *values: object) -> None:
        with self._lock:
            self._events.append((name, values))
            self._blocks, self._blocks_of = [], ("", "")
            self._wake()

    def _wake(self) -> None:
        if not self._is_woken:
            self._is_woken = True
            self._woken.emit()
