"""Hostile text through every reader that takes text: refused, or delivered as the letters that it is."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanners.barcode import BarcodeReader
from scanners.codetext import check_text
from scanners.device import CodeRefusedError
from scanners.drivers.hid_pos import HidPos, HidPosSettings
from scanners.drivers.keyboard_wedge import KeyboardWedge, WedgeSettings
from scanners.drivers.serial_reader import SerialReader, SerialSettings
from scanners.drivers.tcp_reader import TcpReader, TcpSettings
from scanners.simulated.hid_scanner import HidScanner
from scanners.simulated.serial_line import SerialLine

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


def _hid() -> Iterator[Rig]:
    scanner = HidScanner()
    reader = HidPos("hid", HidPosSettings(), scanner.connect)
    reader.open()
    yield reader, lambda text: scanner.scan(text.encode())
    reader.close()


@pytest.fixture(params=["wedge", "serial", "tcp", "hid"])
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
        case "hid":
            yield from _hid()


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


def is_clean(text: str) -> bool:
    try:
        check_text(text)
    except CodeRefusedError:
        return False
    return text != "]C1"
