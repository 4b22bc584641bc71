"""How the tests of devices make scans, files and faults."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp
from PIL import Image

from imaging.files import native
from imaging.scan import Scan, View
from scanners.device import DeviceError
from scanners.drivers.tcp_reader import TcpReader
from scanners.simulated.belt import BeltSettings, SimulatedBelt
from scanners.simulated.content import s10_number
from scanners.xray import LABELS, XrayEvent, XraySource


def make_scan(number: int = 0, rows: int = 48, cols: int = 120, views: int = 2) -> Scan:
    """A dual-energy scan with random counts, none of them zero, and one label."""
    chance = np.random.default_rng(number)
    made = []
    for index in range(views):
        high = chance.integers(1, 60_000, (rows - 8 * index, cols), dtype=np.uint16)
        made.append(View(name=("top", "side")[index], high=high, low=high // 2 + 1, mm_per_row=1.0, mm_per_col=1.0))
    return Scan(tuple(made), extra={LABELS: s10_number(random.Random(number))})


def make_belt(name: str = "belt", **options: Any) -> SimulatedBelt:
    settings = BeltSettings.model_validate({"gap_s": (0.1, 0.2)} | options)
    return SimulatedBelt(name, settings, make_scan)


def read_all(device: XraySource, until: type, limit_s: float = 10.0) -> list[XrayEvent]:
    """Everything up to the first event of a type."""
    events: list[XrayEvent] = []
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        event = device.read(0.3)
        if event is not None:
            events.append(event)
        if isinstance(event, until):
            return events
    raise AssertionError(f"no {until.__name__} within {limit_s} s, only {[type(e).__name__ for e in events]}")


def reopen(device: Any) -> None:
    """What the station does with a device that has gone."""
    device.close()
    for _ in range(100):
        try:
            device.open()
            return
        except DeviceError:
            time.sleep(0.02)


def write_huge_png(path: Path, salt: int = 0) -> None:
    """A PNG whose header announces 900 megapixels; `salt` makes files differ."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(salt.to_bytes(4, "big") * 200)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def write_mixed(folder: Path, count: int, seed: int = 0) -> tuple[int, dict[str, int]]:
    """Fill a folder with good and bad files; how many scans and, by error key, how many rejections must follow."""
    chance = np.random.default_rng(seed)
    scans = 0
    rejected = dict.fromkeys(("file_torn", "file_unsupported", "file_too_large", "file_duplicate", "file_pair"), 0)
    for number in range(count):
        counts = chance.integers(0, 65_535, (24, 40), dtype=np.uint16)
        picture = Image.fromarray((counts >> 8).astype(np.uint8))
        path = folder / f"{number:05d}.png"
        match number % 10:
            case 0 | 1:
                picture.save(path)
                scans += 1
            case 2:
                native.write(Scan((View(high=counts, low=counts // 2),)), path.with_suffix(".tif"))
                scans += 1
            case 3:
                path.write_bytes(b"")
                # Empty files are all alike, but none of them becomes a scan, so none is a duplicate.
                rejected["file_torn"] += 1
            case 4:
                picture.save(path)
                path.write_bytes(path.read_bytes()[:-200])
                rejected["file_torn"] += 1
            case 5:
                path.with_suffix(".docx").write_text(f"no picture {number}")
                rejected["file_unsupported"] += 1
            case 6:
                write_huge_png(path, number)
                rejected["file_too_large"] += 1
            case 7:
                picture.save(path, "BMP")
                path.rename(path.with_suffix(".dcm"))
                scans += 1
            case 8:
                Image.fromarray(counts).save(folder / f"{number:05d}_high.png")
                Image.fromarray(counts // 2).save(folder / f"{number:05d}_low.png")
                scans += 1
            case 9 if number % 20 == 9:
                Image.fromarray(counts).save(folder / f"{number:05d}_low.png")
                rejected["file_pair"] += 1
            case _:
                picture.save(path)
                picture.save(path.with_name(f"copy of {path.name}"))
                scans += 1
                rejected["file_duplicate"] += 1
    return scans, {key: number for key, number in rejected.items() if number}


class TcpPeer:
    """The other end of a TCP reader, on the loopback: a server that sends what it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._connections: dict[object, socket.socket] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._accept, name="tcp peer", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self._connections[address] = connection
                self._changed.notify_all()

    def send(self, reader: TcpReader, data: bytes) -> None:
        self._connection_of(reader).sendall(data)

    def drop(self, reader: TcpReader) -> None:
        """Close the connection, as a reader does that is switched off."""
        self._connection_of(reader).close()

    def _connection_of(self, reader: TcpReader) -> socket.socket:
        """This end of the reader's present connection, once it has been accepted."""
        address = next(iter(reader._readers)).getsockname()

        with self._changed:
            found = self._changed.wait_for(lambda: self._connections.get(address), 3)
        assert found is not None
        return found

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(3)
        for connection in self._connections.values():
            connection.close()


Picture = npt.NDArray[np.uint8]
BELT_PX = 240, 480
"""Rows and columns of a camera's picture of the belt."""


def draw_label(text: str) -> Picture:
    return np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=5))


def belt_frame(label: Picture, left: int) -> Picture:
    """A label on a dark belt; what lies outside the picture is cut off."""
    frame = np.full((BELT_PX[0], BELT_PX[1]), 90, np.uint8)
    top = (BELT_PX[0] - len(label)) // 2
    seen = label[:, max(0, -left) : max(0, BELT_PX[1] - left)]
    frame[top : top + len(label), max(0, left) : max(0, left) + seen.shape[1]] = seen
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR), np.uint8)


class LiveCamera:
    """Gives what `picture` holds for ever, until it is pulled out or hangs."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.shown = 0
        self.is_pulled = False
        self.trouble: Exception | None = None
        self.released = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    def connect(self, settings: object) -> LiveCamera:
        self.released.clear()
        return self

    def read(self) -> tuple[bool, Any]:
        self.released.wait(0.005)
        self.answers.wait(10)
        if self.trouble is not None:
            raise self.trouble
        self.shown += 1
        return not self.is_pulled, self.picture

    def get(self, what: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released.set()
