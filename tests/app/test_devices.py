"""A device's loop goes on, whatever those it tells make of it."""

from __future__ import annotations

import threading

from app.devices import DeviceLoop
from app.store.errors import StoreFullError
from scanners.barcode import BarcodeReader, Reading
from scanners.device import DeviceLostError, DeviceState, DeviceStatus


class Comes(BarcodeReader):
    """A reader that is lost at its first read, and then is there."""

    def __init__(self) -> None:
        super().__init__("reader")
        self.opened = 0

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None: ...

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def read(self, timeout_s: float) -> Reading | None:
        if self.opened == 1:
            raise DeviceLostError("It has gone.")
        threading.Event().wait(0.005)
        return None


def test_a_status_that_cannot_be_told_costs_neither_the_device_nor_its_thread() -> None:
    told: list[DeviceState] = []
    idle = threading.Event()

    def tell(status: DeviceStatus) -> None:
        told.append(status.state)
        raise StoreFullError("The disk is full.")

    reader = Comes()
    loop = DeviceLoop(reader, on_event=lambda _: None, on_status=tell, on_idle=idle.set, retry_s=0.01)
    loop.start()
    assert idle.wait(10)
    assert loop.stop()
    assert told == [DeviceState.FAULT, DeviceState.READY, DeviceState.CLOSED]
    assert reader.opened == 2
