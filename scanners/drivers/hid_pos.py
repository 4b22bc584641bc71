"""A barcode reader in the mode "HID point of sale" (usage page 0x8C): it neither types nor needs a serial driver."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import Field

from scanners.barcode import BarcodeReader, Reading, reader_status
from scanners.device import (
    CodeRefusedError,
    DeviceLostError,
    DeviceSettings,
    DeviceStatus,
    DeviceUnavailableError,
)
from scanners.drivers.hid_reports import REPORT_BYTES, Reports

if sys.platform == "linux":
    # The other module goes past the kernel and cannot tell usage pages.
    import hidraw as hid  # type: ignore[import-not-found]
else:
    import hid

USAGE_PAGE = 0x8C
_SLICE_S = 0.2
"""A read cannot be woken, so it looks so often whether it should end."""


class Transport(Protocol):
    """An open HID device. Errors of the system are OSError."""

    def read(self, timeout_s: float) -> bytes:
        """The next input report with its number in front; empty when none came in time."""

    def close(self) -> None: ...


class HidPosSettings(DeviceSettings):
    """Empty settings take the one scanner that is plugged in."""

    usb: str = Field(default="", pattern=r"^([0-9A-Fa-f]{4}:[0-9A-Fa-f]{4})?$")
    """Vendor and product number, "05e0:1300"."""
    serial_number: str = ""
    """Of the reader's USB plug, where two of a kind are plugged in."""


class UsbTransport:
    """A HID device of this computer, through hidapi."""

    def __init__(self, path: bytes) -> None:
        self._device = hid.device()
        self._device.open_path(path)

    def read(self, timeout_s: float) -> bytes:
        # At least 1 ms: 0 would wait without end.
        return bytes(self._device.read(REPORT_BYTES, max(1, round(timeout_s * 1000))))

    def close(self) -> None:
        self._device.close()


def open_usb(settings: HidPosSettings) -> Transport:
    """Open the scanner that the settings mean.

    Raises:
        LookupError: it is not plugged in, or several are.
        OSError: the system does not let it be opened.
    """
    # A device is listed once for each of its collections.
    paths = {each["path"] for each in hid.enumerate() if _is_meant(each, settings)}
    if len(paths) != 1:
        raise LookupError(f"{len(paths)} such readers are plugged in" if paths else "it is not plugged in")
    return UsbTransport(paths.pop())


class HidPos(BarcodeReader):
    """Reads the reports of a scanner; `connect` opens the way to it."""

    Settings = HidPosSettings

    def __init__(
        self, name: str, settings: HidPosSettings, connect: Callable[[HidPosSettings], Transport] = open_usb
    ) -> None:
        super().__init__(name)
        self.settings = settings
        self._connect = connect
        self._at_work = threading.Lock()
        self._transport: Transport | None = None
        self._is_open = False
        self._is_lost = False
        self._reports = Reports()
        self._refused: CodeRefusedError | None = None

    def open(self) -> None:
        self.close()
        try:
            transport = self._connect(self.settings)
        except (OSError, LookupError) as error:
            raise DeviceUnavailableError(
                f"The reader {self.name} cannot be opened: {error}. Plug in one, set it to HID POS, and check that "
                "this account may read it.",
                name=self.name,
            ) from error
        with self._at_work:
            self._transport = transport
            self._reports = Reports()
            self._refused = None
            self._is_lost = False
            self._is_open = True

    def close(self) -> None:
        self._is_open = False
        with self._at_work:
            if self._transport is not None:
                self._transport.close()
                self._transport = None

    def status(self) -> DeviceStatus:
        return reader_status(is_open=self._is_open, is_connected=not self._is_lost, refused=self._refused)

    def read(self, timeout_s: float) -> Reading | None:
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            transport = self._transport
            if transport is None:
                raise DeviceLostError(f"The reader {self.name} is not open. Open it first.", name=self.name)
            while self._is_open:
                left_s = deadline - time.monotonic()
                reading = self._take(self._receive(transport, min(max(left_s, 0.0), _SLICE_S)))
                if reading is not None or left_s <= 0:
                    return reading
        return None

    def _receive(self, transport: Transport, timeout_s: float) -> bytes:
        try:
            return transport.read(timeout_s)
        except OSError as error:
            self._is_lost = True
            raise DeviceLostError(f"The reader {self.name} has gone ({error}). Plug it in.", name=self.name) from error

    def _take(self, report: bytes) -> Reading | None:
        try:
            code = self._reports.take(report)
        except CodeRefusedError as error:
            self._refused = error
            return None
        if code is None:
            return None
        self._refused = None
        return Reading(code, self.name, datetime.now(UTC))


def _is_meant(plugged: Mapping[str, Any], settings: HidPosSettings) -> bool:
    """Whether a device as hidapi lists it is the scanner of the settings."""
    numbers = f"{plugged['vendor_id']:04x}:{plugged['product_id']:04x}"
    return (
        plugged["usage_page"] == USAGE_PAGE
        and settings.usb.lower() in ("", numbers)
        and settings.serial_number in ("", plugged["serial_number"])
    )
