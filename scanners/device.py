"""What every device has: a name, open, close, and a status with the faults that it has now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from imaging.errors import KnownError


class DeviceError(KnownError):
    """Root of the errors of this package. The station shows it at the device's lamp and goes on."""

    key = "device"


class DeviceUnavailableError(DeviceError):
    """The device cannot be opened: it is off, unplugged, taken by another program or wrongly configured."""

    key = "device_unavailable"


class DeviceLostError(DeviceError):
    """The device was open and has gone: a cable pulled, a connection closed. It may be opened again."""

    key = "device_lost"


class DriverUnknownError(DeviceError):
    """The settings name a driver that is not installed."""

    key = "driver_unknown"


class DeviceSettingsError(DeviceError):
    """The settings of a device do not fit its driver."""

    key = "device_settings"


class CodeRefusedError(DeviceError):
    """A reader delivered a text that is no code: too long, control characters, hidden or reversed letters."""

    key = "code_refused"


class DeviceKind(StrEnum):
    """What a device delivers."""

    XRAY = "xray"
    BARCODE = "barcode"


class DeviceState(StrEnum):
    CLOSED = "closed"
    READY = "ready"
    BUSY = "busy"
    FAULT = "fault"


class FaultKind(StrEnum):
    """Faults that devices report; a text key each, so that the officer reads them in his language."""

    BELT_STALLED = "belt_stalled"
    LINES_LOST = "lines_lost"
    GENERATOR_OFF = "generator_off"
    DISCONNECTED = "disconnected"
    FOLDER_MISSING = "folder_missing"
    FLOODED = "flooded"
    CODE_REFUSED = "code_refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    state: DeviceState
    faults: tuple[Fault, ...] = ()


class DeviceSettings(BaseModel):
    """The options of a driver as they stand in the station's settings; a misspelt one is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(ABC):
    """A device that one thread opens, reads and closes; only `status` may be called from others.

    `open` after `close` must work again. `close` may be called twice, and from another thread while a read
    is waiting: the read then returns None within a second. Reading a closed device raises DeviceLostError.
    Calling `read` again says that what it returned before has been taken care of; closing says nothing of it. A driver
    has a `Settings` model and is made as `Driver(name, settings)`.
    """

    kind: ClassVar[DeviceKind]
    Settings: ClassVar[type[DeviceSettings]] = DeviceSettings

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def open(self) -> None:
        """Get ready to read.

        Raises:
            DeviceUnavailableError: with what to do about it.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    @abstractmethod
    def status(self) -> DeviceStatus:
        """The state now and every fault that has not cleared."""
