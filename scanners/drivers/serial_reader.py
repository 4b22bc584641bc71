"""A barcode reader at a serial port, real or over USB (CDC); a code a line, or STX/ETX."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import Self

import serial
from pydantic import Field, model_validator
from serial.tools import list_ports

from scanners.barcode import BarcodeReader, Reading, reader_status
from scanners.device import (
    CodeRefusedError,
    DeviceLostError,
    DeviceSettings,
    DeviceStatus,
    DeviceUnavailableError,
)
from scanners.drivers.framing import Frames, Framing

_CHUNK = 4096


class SerialSettings(DeviceSettings):
    """Either `port`, or `usb` for a reader that may come back at another port."""

    port: str = ""
    """As the system calls it: "/dev/ttyUSB0", "COM3"."""
    usb: str = Field(default="", pattern=r"^([0-9A-Fa-f]{4}:[0-9A-Fa-f]{4})?$")
    """Vendor and product number, "05e0:1701"."""
    serial_number: str = ""
    """Of the reader's USB plug, where two of a kind are plugged in."""
    baud: int = Field(default=9600, ge=300, le=4_000_000)
    framing: Framing = "line"

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if bool(self.port) == bool(self.usb):
            raise ValueError("name either port or usb")
        return self


class SerialReader(BarcodeReader):
    """Takes no more from the port than it is asked for, so that a flood waits in the sender."""

    Settings = SerialSettings

    def __init__(self, name: str, settings: SerialSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._at_work = threading.Lock()
        self._at_line = threading.Lock()  # waking a read and closing the line exclude each other
        self._line: serial.Serial | None = None
        self._is_open = False
        self._is_lost = False
        self._frames = Frames(settings.framing)
        self._refused: CodeRefusedError | None = None

    def open(self) -> None:
        self.close()
        port = self.settings.port or self._find_port()
        try:
            line = serial.Serial(port, self.settings.baud, exclusive=True)
        except (OSError, ValueError) as error:
            raise DeviceUnavailableError(
                f"The reader {self.name} cannot be opened at {port} ({error}). "
                "Check its cable, and that no other program uses it.",
                name=self.name,
            ) from error
        with self._at_work:
            self._line = line
            self._frames = Frames(self.settings.framing)
            self._refused = None
            self._is_lost = False
            self._is_open = True

    def close(self) -> None:
        self._is_open = False
        with self._at_line:
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.cancel_read()
        with self._at_work, self._at_line:
            line, self._line = self._line, None
            if line is not None:
                with contextlib.suppress(OSError):  # a port that has gone says so once more
                    line.close()

    def status(self) -> DeviceStatus:
        return reader_status(is_open=self._is_open, is_connected=not self._is_lost, refused=self._refused)

    def read(self, timeout_s: float) -> Reading | None:
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            line = self._line
            if line is None:
                raise DeviceLostError(f"The reader {self.name} is not open. Open it first.", name=self.name)
            while self._is_open:
                reading = self._take()
                if reading is not None:
                    return reading
                left_s = deadline - time.monotonic()
                if left_s < 0:
                    break
                self._receive(line, left_s)
        return None

    def _take(self) -> Reading | None:
        """The next code among what has arrived."""
        while True:
            try:
                code = self._frames.take_code()
            except CodeRefusedError as error:
                self._refused = error
                continue
            if code is None:
                return None
            self._refused = None
            return Reading(code, self.name, datetime.now(UTC))

    def _receive(self, line: serial.Serial, timeout_s: float) -> None:
        try:
            line.timeout = timeout_s
            first = line.read(1)
            self._frames.feed(first + line.read(min(line.in_waiting, _CHUNK)) if first else b"")
        except OSError as error:
            self._is_lost = True
            raise DeviceLostError(
                f"The reader {self.name} has gone from its port ({error}). Plug it in.", name=self.name
            ) from error

    def _find_port(self) -> str:
        """The port at which the reader with the wanted USB numbers is now."""
        settings = self.settings
        vendor, product = (int(part, 16) for part in settings.usb.split(":"))
        found = [
            port.device
            for port in list_ports.comports()
            if (port.vid, port.pid) == (vendor, product) and settings.serial_number in ("", port.serial_number)
        ]
        if not found:
            raise DeviceUnavailableError(
                f"The reader {self.name} ({settings.usb}) is at no port. Plug it in and set it to USB serial.",
                name=self.name,
            )
        if len(found) > 1:
            raise DeviceUnavailableError(
                f"Several readers like {self.name} ({settings.usb}) are plugged in, at {', '.join(found)}. "
                "Give its serial_number or port in the settings.",
                name=self.name,
            )
        return str(found[0])
