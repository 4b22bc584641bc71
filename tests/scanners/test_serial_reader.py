"""Readers at a serial port, over a pseudo terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from serial.tools import list_ports

from scanners.device import DeviceLostError, DeviceState, DeviceUnavailableError, FaultKind
from scanners.drivers.serial_reader import SerialReader, SerialSettings
from scanners.simulated.serial_line import SerialLine

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialLine]:
    line = SerialLine(tmp_path / "ttyREADER")
    line.plug()
    yield line
    line.unplug()


@pytest.fixture
def reader(line: SerialLine) -> Iterator[SerialReader]:
    reader = SerialReader("serial", SerialSettings(port=str(line.port)))
    reader.open()
    yield reader
    reader.close()


def read_texts(reader: SerialReader, count: int) -> list[str]:
    readings = [reader.read(2.0) for _ in range(count)]
    return [reading.code.text if reading else "" for reading in readings]


@needs_pty
def test_lines_are_read_as_they_come(line: SerialLine, reader: SerialReader) -> None:
    line.send(b"RR473124829GB\r\n\r\nEA1234")
    assert read_texts(reader, 1) == ["RR473124829GB"]
    assert reader.read(0.01) is None
    line.send("56785CN\n包裹\r".encode("gb18030"))
    assert read_texts(reader, 2) == ["EA123456785CN", "包裹"]


@needs_pty
def test_aim_identifier_and_separators_arrive(line: SerialLine, reader: SerialReader) -> None:
    line.send(b"]C10109501101020917171905081\x1d10AB\r\n")
    reading = reader.read(2.0)
    assert reading is not None
    assert (reading.code.aim, reading.code.symbology) == ("]C1", "Code128")
    assert reading.code.text == "0109501101020917171905081\x1d10AB"


@needs_pty
def test_stx_etx_and_control_bytes_pass_the_line_unchanged(line: SerialLine) -> None:
    reader = SerialReader("serial", SerialSettings(port=str(line.port), framing="stx_etx", baud=115_200))
    reader.open()
    # Bytes that a terminal would act upon: interrupt, end of file, flow control, suspend.
    line.send(b"\x02one\x03\x02\x04\x11\x13\x1a\x03\x02two\x03")
    assert read_texts(reader, 1) == ["one"]
    assert read_texts(reader, 1) == ["two"]
    reader.close()


@needs_pty
def test_a_pulled_cable_is_told_and_the_reader_comes_back(line: SerialLine, reader: SerialReader) -> None:
    line.send(b"half a co")
    assert reader.read(0.01) is None
    line.unplug()
    with pytest.raises(DeviceLostError, match="Plug it in"):
        reader.read(1.0)
    assert [fault.kind for fault in reader.status().faults] == [FaultKind.DISCONNECTED]
    reader.close()
    with pytest.raises(DeviceUnavailableError, match="cannot be opened"):
        reader.open()
    assert reader.status().state is DeviceState.CLOSED
    line.plug()
    reader.open()
    line.send(b"LX000000014JP\n")
    assert read_texts(reader, 1) == ["LX000000014JP"]


@needs_pty
def test_closing_from_several_threads_at_once(reader: SerialReader) -> None:
    failed: list[BaseException] = []

    def close() -> None:
        try:
            reader.close()
        except BaseException as error:
            failed.append(error)

    for _ in range(30):
        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        reader.open()
    assert not failed


@needs_pty
def test_a_port_is_opened_once(line: SerialLine, reader: SerialReader) -> None:
    with pytest.raises(DeviceUnavailableError, match="no other program"):
        SerialReader("second", reader.settings).open()


@needs_pty
def test_a_flood_is_refused_code_by_code(line: SerialLine, reader: SerialReader) -> None:
    flood = threading.Thread(target=line.send, args=(b"x" * 200_000 + b"\r\nRR473124829GB\r\n",))
    flood.start()
    assert read_texts(reader, 1) == ["RR473124829GB"]
    flood.join(5)
    line.send(b"\x1b]0;evil\x07\r\n")
    assert reader.read(0.1) is None
    assert [fault.kind for fault in reader.status().faults] == [FaultKind.CODE_REFUSED]
    line.send(b"RR473124829GB\r\n")
    assert read_texts(reader, 1) == ["RR473124829GB"]
    assert not reader.status().faults


@pytest.mark.parametrize(
    "options",
    [{}, {"port": "COM3", "usb": "05e0:1701"}, {"usb": "05e0"}, {"usb": "05e0:1701\n"}, {"port": "COM3", "baud": 0}],
)
def test_settings_name_one_place(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SerialSettings.model_validate(options)


def plugged(device: str, vid: int | None, pid: int | None, serial_number: str | None) -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=serial_number)


@needs_pty
def test_a_reader_is_found_by_its_usb_numbers(line: SerialLine, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [plugged("/dev/ttyS0", None, None, None), plugged("/dev/ttyACM0", 0x0C2E, 0x1701, "A1")]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    one = SerialReader("serial", SerialSettings(usb="05E0:1701"))
    with pytest.raises(DeviceUnavailableError, match="is at no port"):
        one.open()
    ports.append(plugged(str(line.port), 0x05E0, 0x1701, "S1"))
    one.open()
    line.send(b"RR473124829GB\r")
    assert read_texts(one, 1) == ["RR473124829GB"]
    one.close()
    ports.append(plugged("/dev/ttyACM2", 0x05E0, 0x1701, "S2"))
    with pytest.raises(DeviceUnavailableError, match="/dev/ttyACM2"):
        one.open()
    exact = SerialReader("serial", SerialSettings(usb="05e0:1701", serial_number="S1"))
    exact.open()
    exact.close()
