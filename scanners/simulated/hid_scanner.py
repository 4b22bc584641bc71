"""A HID point-of-sale scanner without hardware: `HidPos(name, settings, scanner.connect)` reads what it is told to."""

from __future__ import annotations

import errno
import queue

from scanners.drivers.hid_pos import HidPosSettings, Transport
from scanners.drivers.hid_reports import SCANNED_DATA

_MOST_DATA = 56


def reports_of(data: bytes, aim: bytes = b"") -> list[bytes]:
    """The reports in which a scanner sends a code; `aim` has three bytes, or none where the scanner hides it."""
    parts = [data[at : at + _MOST_DATA] for at in range(0, len(data), _MOST_DATA)] or [b""]
    return [
        bytes([SCANNED_DATA, len(part)])
        + aim.ljust(3, b"\0")
        + part.ljust(_MOST_DATA, b"\0")
        + bytes([0, 0, number + 1 < len(parts)])
        for number, part in enumerate(parts)
    ]


class HidScanner:
    """A scanner that can be plugged in and out; it is plugged in at first."""

    def __init__(self) -> None:
        self._is_plugged = True
        self._reports: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def connect(self, settings: HidPosSettings) -> Transport:
        """Open the way to the scanner, as `open_usb` does."""
        del settings
        if not self._is_plugged:
            raise LookupError("it is not plugged in")
        self._reports = queue.SimpleQueue()
        return _Line(self._reports)

    def scan(self, data: bytes, aim: bytes = b"") -> None:
        """Send a code."""
        for report in reports_of(data, aim):
            self.send(report)

    def send(self, report: bytes) -> None:
        """Send a report as it stands."""
        self._reports.put(report)

    def unplug(self) -> None:
        self._is_plugged = False
        self._reports.put(None)

    def plug(self) -> None:
        self._is_plugged = True


class _Line:
    """The station's end. None among the reports is a pulled plug."""

    def __init__(self, reports: queue.SimpleQueue[bytes | None]) -> None:
        self._reports = reports
        self._is_dead = False

    def read(self, timeout_s: float) -> bytes:
        try:
            report = None if self._is_dead else self._reports.get(timeout=timeout_s)
        except queue.Empty:
            return b""
        if report is None:
            self._is_dead = True
            raise OSError(errno.ENODEV, "read error")
        return report

    def close(self) -> None:
        self._is_dead = True
