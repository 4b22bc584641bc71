"""One thread a device: opens it, reads it, opens it again when it was lost, and tells what it reads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from imaging.errors import KnownError
from scanners.barcode import BarcodeReader, Reading
from scanners.device import DeviceError, DeviceState, DeviceStatus, Fault, FaultKind
from scanners.xray import XrayEvent, XraySource

log = structlog.get_logger()

READ_TIMEOUT_S = 0.25


class DeviceLoop:
    """Runs one device in a thread of its own until it is stopped.

    `on_event` gets everything that the device reads; it may block, which holds the device back. `on_status` gets
    every change of status; where that fails it is logged, and costs neither the device nor its thread. `on_idle` is
    called whenever a read ended without an event. An error of the device is shown as its status, and the device is
    opened again after `retry_s`; any other exception is a bug: it is logged, shown as a fault, and the loop goes on,
    because a belt does not stop for a bug.
    """

    def __init__(
        self,
        device: XraySource | BarcodeReader,
        *,
        on_event: Callable[[XrayEvent | Reading], None],
        on_status: Callable[[DeviceStatus], None],
        on_idle: Callable[[], None],
        retry_s: float = 2.0,
    ) -> None:
        self.device = device
        self._on_event = on_event
        self._on_status = on_status
        self._on_idle = on_idle
        self._retry_s = retry_s
        self._stopping = threading.Event()
        self._shown: DeviceStatus | None = None
        self._thread = threading.Thread(target=self._run, name=f"device {device.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Close the device and wait for its thread; False when the device's code did not return in time."""
        self._stopping.set()
        if self._thread.is_alive():
            self.device.close()
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.device.open()
                self._read_until_stopped()
            except DeviceError as error:
                self._show(DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.DISCONNECTED, str(error)),)))
            except KnownError as error:
                self._show(DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.OTHER, str(error)),)))
            except Exception as error:
                log.exception("device failed", device=self.device.name)
                self._show(DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.OTHER, repr(error)),)))
            if not self._stopping.is_set():
                self.device.close()
                self._stopping.wait(self._retry_s)
        self.device.close()
        self._show(DeviceStatus(DeviceState.CLOSED))

    def _read_until_stopped(self) -> None:
        while not self._stopping.is_set():
            event = self.device.read(READ_TIMEOUT_S)
            self._show(self.device.status())
            if event is None:
                self._on_idle()
            else:
                self._on_event(event)

    def _show(self, status: DeviceStatus) -> None:
        if status == self._shown:
            return
        self._shown = status
        try:
            self._on_status(status)
        except Exception:
            log.exception("status not told", device=self.device.name, state=status.state)
