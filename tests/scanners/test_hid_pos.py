"""Scanners in HID point-of-sale mode: their reports, and the reader over a line without hardware."""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.barcode import Code
from scanners.device import CodeRefusedError, DeviceLostError, DeviceState, DeviceUnavailableError, FaultKind
from scanners.drivers import hid_pos
from scanners.drivers.hid_pos import HidPos, HidPosSettings
from scanners.drivers.hid_reports import REPORT_BYTES, Reports
from scanners.simulated.hid_scanner import HidScanner, reports_of

# The layout of a boarding pass of 60 characters in a maker's manual, which a scanner sends in two reports.
PASS = b"M1DOE/JANE            EABCDEF LHRDURAK 3542 052Y003D23  sabc"
PASS_REPORTS = [
    b"\x02\x38]Q0" + PASS[:56] + b"s\x00\x01",
    b"\x02\x04]Q0" + PASS[56:] + b"\x00" * 52 + b"s\x00\x00",
]


def take_all(reports: list[bytes]) -> list[Code]:
    taken = Reports()
    return [code for report in reports if (code := taken.take(report)) is not None]


def test_a_code_in_one_report() -> None:
    report = b"\x02\x0d]C0RR473124829GB".ljust(REPORT_BYTES, b"\0")
    (code,) = take_all([report])
    assert (code.text, code.aim, code.symbology) == ("RR473124829GB", "]C0", "Code128")


def test_a_code_in_two_reports() -> None:
    (code,) = take_all(PASS_REPORTS)
    assert (code.text, code.aim, code.symbology) == (PASS.decode(), "]Q0", "QRCode")


def test_gs1_separators_stay() -> None:
    (code,) = take_all(reports_of(b"0109501101020917171905081\x1d10AB", b"]d2"))
    assert (code.text, code.aim, code.symbology) == ("0109501101020917171905081\x1d10AB", "]d2", "DataMatrix")


@pytest.mark.parametrize("aim", [b"", b"\0\0\0", b"   ", b"]\0\0", b"\xff\xff\xff"])
def test_a_scanner_that_hides_the_symbology(aim: bytes) -> None:
    (code,) = take_all(reports_of(b"RR473124829GB\r\n", aim))
    assert (code.text, code.aim, code.symbology) == ("RR473124829GB", "", "Unknown")


def test_a_scanner_that_sends_the_identifier_twice() -> None:
    (code,) = take_all(reports_of(b"]C10109501101020917", b"]C1"))
    assert (code.text, code.aim) == ("0109501101020917", "]C1")


def test_other_reports_are_passed_over() -> None:
    assert take_all([b"", b"\x03\x01", b"\x04".ljust(REPORT_BYTES, b"\0"), *reports_of(b"A1")])[0].text == "A1"


@pytest.mark.parametrize("report", [b"\x02\x05]C0AB", b"\x02", b"\x02\x39".ljust(REPORT_BYTES, b"A")])
def test_a_damaged_report_is_refused_with_what_came_before(report: bytes) -> None:
    taken = Reports()
    assert taken.take(PASS_REPORTS[0]) is None
    with pytest.raises(CodeRefusedError):
        taken.take(report)
    code = taken.take(reports_of(b"A1")[0])
    assert code is not None
    assert code.text == "A1"


def test_an_endless_code_is_not_kept() -> None:
    taken = Reports()
    for _ in range(10_000):
        assert taken.take(PASS_REPORTS[0]) is None
    assert len(taken._data) <= 4096
    with pytest.raises(CodeRefusedError):
        taken.take(PASS_REPORTS[1])
    assert taken.take(reports_of(b"A1")[0]) is not None


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=300))
def test_any_text_comes_through_its_reports(text: str) -> None:
    (code,) = take_all(reports_of(text.encode(), b"]Q3"))
    assert (code.text, code.aim) == (text, "]Q3")


@given(st.lists(st.binary(max_size=70).map(lambda tail: b"\x02" + tail), max_size=8))
def test_any_bytes_become_a_clean_code_or_are_refused(reports: list[bytes]) -> None:
    taken = Reports()
    for report in reports:
        try:
            code = taken.take(report)
        except CodeRefusedError:
            continue
        assert code is None or code.text.replace("\x1d", "").isprintable()


@pytest.fixture
def scanner() -> HidScanner:
    return HidScanner()


@pytest.fixture
def reader(scanner: HidScanner) -> Iterator[HidPos]:
    reader = HidPos("hid", HidPosSettings(), scanner.connect)
    reader.open()
    yield reader
    reader.close()


def read_text(reader: HidPos) -> str:
    reading = reader.read(2.0)
    return reading.code.text if reading else ""


def test_reads_and_waits_within_a_code(scanner: HidScanner, reader: HidPos) -> None:
    scanner.send(PASS_REPORTS[0])
    assert reader.read(0.01) is None
    scanner.send(PASS_REPORTS[1])
    scanner.scan("包裹".encode("gb18030"))
    assert read_text(reader) == PASS.decode()
    assert read_text(reader) == "包裹"


def test_a_pulled_plug_is_told_and_half_a_code_forgotten(scanner: HidScanner, reader: HidPos) -> None:
    scanner.send(PASS_REPORTS[0])
    assert reader.read(0.01) is None
    scanner.unplug()
    with pytest.raises(DeviceLostError, match="Plug it in"):
        reader.read(1.0)
    assert [fault.kind for fault in reader.status().faults] == [FaultKind.DISCONNECTED]
    with pytest.raises(DeviceUnavailableError, match="not plugged in"):
        reader.open()
    assert reader.status().state is DeviceState.CLOSED
    scanner.plug()
    reader.open()
    scanner.scan(b"RR473124829GB", b"]C0")
    assert read_text(reader) == "RR473124829GB"


def test_hostile_text_is_refused_and_the_next_code_read(scanner: HidScanner, reader: HidPos) -> None:
    scanner.scan(b"\x1b]0;evil\x07", b"]Q1")
    assert reader.read(0.01) is None
    assert [fault.kind for fault in reader.status().faults] == [FaultKind.CODE_REFUSED]
    scanner.scan(b"RR473124829GB", b"]C0")
    assert read_text(reader) == "RR473124829GB"
    assert not reader.status().faults


def plugged(usage_page: int, product_id: int, serial_number: str) -> dict[str, Any]:
    return {
        "path": serial_number.encode(),
        "vendor_id": 0x05E0,
        "product_id": product_id,
        "serial_number": serial_number,
        "usage_page": usage_page,
    }


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ({}, "2 such readers"),
        ({"usb": "05E0:1300"}, b"S1"),
        ({"serial_number": "S2"}, b"S2"),
        ({"usb": "05e0:1300", "serial_number": "S2"}, "it is not plugged in"),
    ],
)
def test_the_meant_scanner_is_opened(
    options: dict[str, str], opened: bytes | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [plugged(0x01, 0x1300, "keyboard"), plugged(0x8C, 0x1300, "S1"), plugged(0x8C, 0x1301, "S2")]
    listed += listed[1:]  # each again for another collection
    paths: list[bytes] = []
    monkeypatch.setattr(hid_pos.hid, "enumerate", lambda: listed)
    monkeypatch.setattr(hid_pos, "UsbTransport", paths.append)
    settings = HidPosSettings.model_validate(options)
    if isinstance(opened, bytes):
        hid_pos.open_usb(settings)
        assert paths == [opened]
    else:
        with pytest.raises(LookupError, match=opened):
            hid_pos.open_usb(settings)


def test_what_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = plugged(0x8C, 0x1300, "S1") | {"path": bytes(tmp_path / "hidraw9")}
    monkeypatch.setattr(hid_pos.hid, "enumerate", lambda: [gone])
    with pytest.raises(DeviceUnavailableError, match="this account may read it"):
        HidPos("hid", HidPosSettings()).open()


_UHID = Path("/dev/uhid")
_CREATE, _INPUT = 11, 12
# A bar code scanner (page 0x8C, usage 2) with report 2: length, three identifiers, 56 bytes, two bytes, continued.
_DESCRIPTOR = bytes.fromhex(
    "058c 0902 a101 8502 0912 a102 1500 26ff00 7508"
    "0501 093b 9501 8102"
    "058c 09fb 09fc 09fd 9503 8102"
    "09fe 9538 820201"
    "9502 8103"
    "2501 7501 09ff 9501 8102 9507 8103"
    "c0 c0"
)


@pytest.mark.skipif(
    sys.platform != "linux" or not os.access(_UHID, os.W_OK), reason="this kernel or account has no /dev/uhid"
)
def test_a_scanner_of_the_kernel() -> None:
    """The whole way through the kernel and hidapi."""
    about = (b"test scanner", b"", b"GUANJIAN-1", len(_DESCRIPTOR), 0x03, 0x16C0, 0x27D9, 1, 0, _DESCRIPTOR)
    reader = HidPos("hid", HidPosSettings(usb="16c0:27d9", serial_number="GUANJIAN-1"))
    with _UHID.open("r+b", buffering=0) as kernel:
        kernel.write(struct.pack("<I128s64s64sHHIIII4096s", _CREATE, *about))
        for _ in range(100):
            try:
                reader.open()
                break
            except DeviceUnavailableError:
                time.sleep(0.05)
        for report in reports_of(PASS, b"]Q0"):
            kernel.write(struct.pack("<IH4096s", _INPUT, len(report), report))
        assert read_text(reader) == PASS.decode()
    with pytest.raises(DeviceLostError):
        reader.read(2.0)
    reader.close()
