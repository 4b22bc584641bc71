"""A barcode reader on the network: it connects to the station, or the station to it; a code a line, or STX/ETX."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from pydantic import Field

from scanners.barcode import BarcodeReader, Reading, reader_status
from scanners.device import (
    CodeRefusedError,
    DeviceLostError,
    DeviceSettings,
    DeviceStatus,
    DeviceUnavailableError,
)
from scanners.drivers.framing import Frames, Framing

_CONNECT_S = 3.0
_CHUNK = 4096
_MOST_READERS = 8


class TcpSettings(DeviceSettings):
    """`client`: the station connects to host and port. `server`: it listens there; `allowed` names who may connect."""

    mode: Literal["client", "server"] = "client"
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    """0 listens on any free port, see `TcpReader.port`."""
    framing: Framing = "line"
    allowed: tuple[IPv4Address | IPv6Address, ...] = ()
    """Addresses that may connect to a server; empty allows every one that reaches the port."""


class TcpReader(BarcodeReader):
    """Takes no more from the network than it is asked for, so that a flood waits in the sender."""

    Settings = TcpSettings

    def __init__(self, name: str, settings: TcpSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self.port = settings.port
        self._is_open = False
        self._at_work = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._readers: dict[socket.socket, Frames] = {}
        self._waker: socket.socket | None = None
        self._refused: CodeRefusedError | None = None

    def open(self) -> None:
        self.close()
        try:
            main = self._listen() if self.settings.mode == "server" else self._connect()
        except OSError as error:
            raise DeviceUnavailableError(
                f"The reader {self.name} at {self.settings.host}:{self.settings.port} cannot be reached "
                f"({error.strerror or error}). Check its power, cable and address.",
                name=self.name,
            ) from error
        main.setblocking(False)
        with self._at_work:
            wakes, self._waker = socket.socketpair()
            self._selector = selectors.DefaultSelector()
            self._selector.register(wakes, selectors.EVENT_READ)
            self._selector.register(main, selectors.EVENT_READ)
            if self.settings.mode == "server":
                self._listener = main
            else:
                self._readers[main] = Frames(self.settings.framing)
            self._refused = None
            self._is_open = True

    def close(self) -> None:
        self._is_open = False
        waker = self._waker
        if waker is not None:
            with contextlib.suppress(OSError):
                waker.send(b"close")
        with self._at_work:
            if self._waker is None:
                return
            for key in list(self._selector.get_map().values()):
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
            self._selector.close()
            self._waker.close()
            self._waker = self._listener = None
            self._readers.clear()

    def status(self) -> DeviceStatus:
        return reader_status(is_open=self._is_open, is_connected=bool(self._readers), refused=self._refused)

    def read(self, timeout_s: float) -> Reading | None:
        if not self._is_open:
            raise self._lost("is not open")
        if self._listener is None and not self._readers:
            raise self._lost("has closed the connection")
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            while self._is_open:
                reading = self._take()
                if reading is not None:
                    return reading
                left_s = deadline - time.monotonic()
                if left_s < 0:
                    break
                for key, _ in self._selector.select(left_s):
                    self._receive(key.fileobj)
        return None

    def _take(self) -> Reading | None:
        """The next code among what has arrived."""
        for frames in self._readers.values():
            while True:
                try:
                    code = frames.take_code()
                except CodeRefusedError as error:
                    self._refused = error
                    continue
                if code is None:
                    break
                self._refused = None
                return Reading(code, self.name, datetime.now(UTC))
        return None

    def _receive(self, source: object) -> None:
        if source is self._listener:
            self._accept()
            return
        if not isinstance(source, socket.socket) or source not in self._readers:
            return
        try:
            data = source.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._readers[source].feed(data)
            return
        self._selector.unregister(source)
        source.close()
        del self._readers[source]
        if self._listener is None:
            raise self._lost("has closed the connection")

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connected, (host, *_) = self._listener.accept()
        except OSError:
            return
        allowed = self.settings.allowed
        if len(self._readers) >= _MOST_READERS or (allowed and ip_address(host) not in allowed):
            connected.close()
            return
        connected.setblocking(False)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._selector.register(connected, selectors.EVENT_READ)
        self._readers[connected] = Frames(self.settings.framing)

    def _connect(self) -> socket.socket:
        connected = socket.create_connection((self.settings.host, self.settings.port), _CONNECT_S)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connected

    def _listen(self) -> socket.socket:
        listener = socket.create_server((self.settings.host, self.settings.port))
        self.port = listener.getsockname()[1]
        return listener

    def _lost(self, what: str) -> DeviceLostError:
        return DeviceLostError(f"The reader {self.name} {what}. Check its power and cable.", name=self.name)
