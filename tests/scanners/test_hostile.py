"""Hostile text through every reader that takes text: refused, or delivered as the letters that it is."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanners.barcode import BarcodeReader
from scanners.codetext import check_text
from scanners.device import CodeRefusedError
from scanners.drivers.camera import Camera, CameraSettings
from scanners.drivers.hid_pos import HidPos, HidPosSettings
from scanners.drivers.image_folder import ImageFolder
from scanners.drivers.inbox_settings import InboxSettings
from scanners.drivers.keyboard_wedge import KeyboardWedge, WedgeSettings
from scanners.drivers.serial_reader import SerialReader, SerialSettings
from scanners.drivers.tcp_reader import TcpReader, TcpSettings
from scanners.simulated.hid_scanner import HidScanner
from scanners.simulated.serial_line import SerialLine
from tests.scanners.rigs import draw_label

HOSTILE = (
    "x" * 100_000,
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[H",
    "EA123456785\u202eNC",
    "EA1234\u200b56785CN",
    "\ufeffEA123456785CN",
    "]C1\x00\x01",
    "]C1",
    "'; DROP TABLE parcels; --",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://192.0.2.1")',
    "../../../etc/passwd",
    "%s%n{0}$(reboot)`reboot`",
    "﷽" * 500,
    "\U000e0041\U000e0042",
)
GOOD = "RR473124829GB"
Rig = tuple[BarcodeReader, Callable[[str], None]]


def _wedge() -> Iterator[Rig]:
    reader = KeyboardWedge("wedge", WedgeSettings())
    now_s = itertools.count(step=0.001)

    def type_text(text: str) -> None:
        next(itertools.islice(now_s, 1000, None))
        for key in text + "\r":
            reader.feed(key, next(now_s))

    reader.open()
    yield reader, type_text
    reader.close()


def _serial(folder: Path) -> Iterator[Rig]:
    line = SerialLine(folder / "ttyREADER")
    line.plug()
    reader = SerialReader("serial", SerialSettings(port=str(line.port)))
    reader.open()
    yield reader, lambda text: line.send(text.encode() + b"\r\n")
    reader.close()
    line.unplug()


def _tcp() -> Iterator[Rig]:
    reader = TcpReader("tcp", TcpSettings(mode="server", port=0, framing="stx_etx"))
    reader.open()
    with socket.create_connection(("127.0.0.1", reader.port)) as sender:
        yield reader, lambda text: sender.sendall(b"\x02" + text.encode() + b"\x03")
    reader.close()


def _tcp_client() -> Iterator[Rig]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = TcpReader("tcp", TcpSettings(mode="client", port=server.getsockname()[1], framing="stx_etx"))
        reader.open()
        sender, _ = server.accept()
        with sender:
            yield reader, lambda text: sender.sendall(b"\x02" + text.encode() + b"\x03")
        reader.close()


def _text_files(folder: Path) -> Iterator[Rig]:
    reader = ImageFolder("folder", InboxSettings(folder=folder, settle_s=0.02, patience_s=0.1, rescan_s=0.05))
    numbers = itertools.count()

    def drop(text: str) -> None:
        """One file at a time: how they are named or dated must not decide on their order."""
        part = folder / "part"
        part.write_bytes(text.encode())
        part.rename(folder / f"{next(numbers):03}.txt")

    reader.open()
    yield reader, drop
    reader.close()


def _hid() -> Iterator[Rig]:
    scanner = HidScanner()
    reader = HidPos("hid", HidPosSettings(), scanner.connect)
    reader.open()
    yield reader, lambda text: scanner.scan(text.encode())
    reader.close()


@pytest.fixture(params=["wedge", "serial", "tcp", "tcp client", "hid", "text files"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    match request.param:
        case "wedge":
            yield from _wedge()
        case "serial":
            if sys.platform == "win32":
                pytest.skip("Windows has no pseudo terminals")
            yield from _serial(tmp_path)
        case "tcp":
            yield from _tcp()
        case "tcp client":
            yield from _tcp_client()
        case "hid":
            yield from _hid()
        case "text files":
            yield from _text_files(tmp_path)


def test_hostile_text_is_refused_or_delivered_as_it_is(rig: Rig) -> None:
    reader, send = rig

    def send_all() -> None:
        for text in (*HOSTILE, GOOD):
            send(text)

    sender = threading.Thread(target=send_all)
    sender.start()
    texts: list[str] = []
    while GOOD not in texts:
        reading = reader.read(5.0)
        assert reading is not None, f"only {texts}"
        texts.append(reading.code.text)
    sender.join(5)
    assert texts == [text for text in HOSTILE if is_clean(text)] + [GOOD]


PRINTED = ("x" * 2000, *(text for text in HOSTILE if len(text) < 2000 and text != "]C1" and text[0] != "\ufeff"))
"""Without an AIM identifier, which is plain text in a symbol, and a byte order mark, which is none of its text."""


def test_hostile_codes_in_pictures_are_refused_or_read_as_they_are(tmp_path: Path) -> None:
    reader = ImageFolder("folder", InboxSettings(folder=tmp_path, settle_s=0.02, patience_s=0.1, rescan_s=0.05))
    reader.open()
    try:
        for number, text in enumerate((*PRINTED, GOOD)):
            cv2.imwrite(str(tmp_path / f"{number:03}.png"), draw_label(text))
        texts: set[str] = set()
        while GOOD not in texts or len(texts) < sum(map(is_clean, PRINTED)) + 1:
            reading = reader.read(5.0)
            assert reading is not None, f"only {texts}"
            texts.add(reading.code.text)
        assert reader.read(0.3) is None
    finally:
        reader.close()
    assert texts == {text for text in PRINTED if is_clean(text)} | {GOOD}


def test_hostile_codes_before_the_camera_are_refused_or_read_as_they_are(tmp_path: Path) -> None:
    printed = [text for text in PRINTED if len(text) < 200]
    film = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (640, 480))
    for text in (*printed, GOOD):
        frame = np.full((480, 640, 3), 255, np.uint8)
        label = draw_label(text)
        frame[10 : 10 + len(label), 10 : 10 + label.shape[1]] = label[..., None]
        for _ in range(6):
            film.write(frame)
    film.release()
    camera = Camera("camera", CameraSettings(source=str(tmp_path / "film.avi"), speed=1))
    camera.open()
    texts: set[str] = set()
    try:
        while GOOD not in texts:
            reading = camera.read(5.0)
            assert reading is not None, f"only {texts}"
            texts.add(reading.code.text)
    finally:
        camera.close()
    assert texts <= {text for text in printed if is_clean(text)} | {GOOD}
    assert len(texts) > 1, "what is only strange is delivered"


def is_clean(text: str) -> bool:
    try:
        check_text(text)
    except CodeRefusedError:
        return False
    return text != "]C1"
