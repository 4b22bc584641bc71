"""X-ray sources: they deliver scans, line by line where the machine does, and say what went wrong."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from imaging.errors import KnownError
from imaging.scan import Counts, Scan
from scanners.device import Device, DeviceKind

LINES_LOST = "lines_lost"
"""In `extra` of a scan with lost lines: its columns as "120-135 300-315", first and last inclusive."""
PARTIAL = "partial"
"""In `extra` of a scan that was not finished: the fault that ended it."""
LABELS = "labels"
"""In `extra` of a simulated scan: what is written on the parcel, separated by spaces."""


@dataclass(frozen=True, slots=True)
class ScanStarted:
    """An object has entered the beam. `lines_expected` is a guess for the live display, None where unknown."""

    scan_id: str
    started_at: datetime
    pixels_per_line: tuple[int, ...]
    """Pixels of a line, one number a view."""
    lines_expected: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Consecutive lines of one view, (lines, pixels) uint16; line i becomes column `first` + i on screen.

    Where `first` leaps ahead, lines were lost: the finished scan has zero counts there and names the columns in
    its `extra` under LINES_LOST.
    """

    scan_id: str
    view: int
    first: int
    high: Counts
    low: Counts | None = None


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """The whole scan. It may come without a start and lines, as from a folder."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class ScanAborted:
    """The scan that had started will not be finished; what arrived is in `partial`, marked so in its `extra`."""

    scan_id: str
    error: KnownError
    partial: Scan | None = None


@dataclass(frozen=True, slots=True)
class FileRejected:
    """A file that did not become a scan; `kept_at` is where it was put aside, nothing is deleted."""

    path: Path
    kept_at: Path | None
    error: KnownError


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """A replay or a counted simulation has delivered everything."""


XrayEvent = ScanStarted | Lines | ScanFinished | ScanAborted | FileRejected | SourceEnded


class XraySource(Device):
    """A machine that makes scans. A driver implements open, close, status and `read`."""

    kind: ClassVar[DeviceKind] = DeviceKind.XRAY

    @abstractmethod
    def read(self, timeout_s: float) -> XrayEvent | None:
        """Wait for the next event, at most `timeout_s`; None when nothing happened.

        Raises:
            DeviceLostError: the device has gone; the station opens it again after a pause.
        """
