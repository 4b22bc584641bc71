"""Who is told what happens in the station."""

from __future__ import annotations

from typing import Protocol

from app.customs.parcel import QueueRow
from app.printing import PrinterStatus
from app.store.space import Space
from app.tracing import Alarm
from imaging.errors import KnownError
from scanners.barcode import Reading
from scanners.device import DeviceStatus
from scanners.xray import Lines, ScanStarted


class Watcher(Protocol):
    """Called from the station's threads; must return at once."""

    def queue_changed(self, row: QueueRow) -> None:
        return

    def scan_started(self, device: str, event: ScanStarted) -> None:
        return

    def lines_arrived(self, device: str, event: Lines) -> None:
        return

    def scan_ended(self, device: str, scan_id: str, parcel_id: int | None) -> None:
        return

    def code_read(self, reading: Reading) -> None:
        return

    def code_asked(self, reading: Reading) -> None:
        """The officer's hand reader read a code: he asks for what it leads to."""
        return

    def alarmed(self, alarm: Alarm) -> None:
        """A code was read that a recall or intercept names; it stands until the officer has taken note."""
        return

    def printer_changed(self, status: PrinterStatus) -> None:
        return

    def room_changed(self, space: Space) -> None:
        """The disk has become almost full, or has room again."""
        return

    def device_changed(self, device: str, status: DeviceStatus) -> None:
        return

    def detector_changed(self, name: str, error: KnownError | None) -> None:
        return

    def file_rejected(self, device: str, name: str, error: KnownError) -> None:
        return

    def source_ended(self, device: str) -> None:
        return

    def failed(self, error: KnownError) -> None:
        return


class Unwatched(Watcher):
    """Nobody is told."""
