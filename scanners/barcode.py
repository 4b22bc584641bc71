"""Barcode readers: they deliver codes as parcels pass."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from imaging.errors import KnownError
from scanners.device import Device, DeviceKind, DeviceState, DeviceStatus, Fault, FaultKind


@dataclass(frozen=True, slots=True)
class Code:
    """A code as read: symbology ("QRCode", "Code128", ...), text, corner points (x, y) in px of the picture.

    `raw` is what the symbol holds, byte for byte. `is_doubtful` says that the symbology or the picture is weak and
    that the text should be checked before anything depends on it. `aim` is the AIM symbology identifier without
    which GS1 element strings cannot be told from other digits ("]C1", "]Q3", "]d2"); empty where the reader hides it.
    """

    symbology: str
    text: str
    points: tuple[tuple[int, int], ...] = ()
    raw: bytes = b""
    is_doubtful: bool = False
    aim: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A code read by a device at a time (aware UTC)."""

    code: Code
    reader: str
    read_at: datetime


class BarcodeReader(Device):
    """A device that reads codes. A driver implements open, close, status and `read`."""

    kind: ClassVar[DeviceKind] = DeviceKind.BARCODE

    @abstractmethod
    def read(self, timeout_s: float) -> Reading | None:
        """Wait for the next code, at most `timeout_s`; None when nothing was read.

        Raises:
            DeviceLostError: the device has gone; the station opens it again after a pause.
        """


def reader_status(*, is_open: bool, is_connected: bool, refused: KnownError | None) -> DeviceStatus:
    """How a reader is; `refused` is why the last text was no code."""
    if not is_open:
        return DeviceStatus(DeviceState.CLOSED)
    faults = (Fault(FaultKind.CODE_REFUSED, str(refused)),) if refused else ()
    if not is_connected:
        return DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.DISCONNECTED), *faults))
    return DeviceStatus(DeviceState.READY, faults)
