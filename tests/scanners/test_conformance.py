"""Every driver passes the conformance checks, and the checks find what they are for."""

from __future__ import annotations

import itertools
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp

from imaging.files import native
from scanners import conformance
from scanners.barcode import BarcodeReader, Code, Reading
from scanners.conformance import Case, NonConformantError, checks_for
from scanners.device import DeviceKind, DeviceState, DeviceStatus, FaultKind
from scanners.drivers.camera import Camera, CameraSettings
from scanners.drivers.hid_pos import HidPos, HidPosSettings
from scanners.drivers.image_folder import ImageFolder
from scanners.drivers.inbox_settings import InboxSettings
from scanners.drivers.keyboard_wedge import KeyboardWedge, WedgeSettings
from scanners.drivers.replay import Replay, ReplaySettings
from scanners.drivers.serial_reader import SerialReader, SerialSettings
from scanners.drivers.tcp_reader import TcpReader, TcpSettings
from scanners.drivers.watch_folder import WatchFolder
from scanners.simulated.barcode import ReaderSettings, SimulatedReader
from scanners.simulated.belt import SimulatedBelt
from scanners.simulated.faults import MACHINE_FAULTS
from scanners.simulated.h986 import H986Settings, SimulatedH986
from scanners.simulated.hid_scanner import HidScanner
from scanners.simulated.serial_line import SerialLine
from scanners.xray import Lines, ScanFinished, ScanStarted, XraySource
from tests.scanners.rigs import LiveCamera, TcpPeer, belt_frame, draw_label, make_belt, make_scan

_number = itertools.count(1000)


def _injected(*kinds: FaultKind) -> dict[FaultKind, Any]:
    return {
        kind: (lambda device, kind=kind: device.inject(kind), lambda device, kind=kind: device.clear(kind))
        for kind in kinds
    }


def _inbox_faults(folder: Path) -> dict[FaultKind, Any]:
    def restore(_: object) -> None:
        folder.mkdir()

    return {FaultKind.FOLDER_MISSING: (lambda _: shutil.rmtree(folder), restore)}


def _h986(speed: float | str) -> Case:
    settings = H986Settings.model_validate({"speed": speed, "gap_s": (0.5, 1.0)})
    return Case(lambda: SimulatedH986("h986", settings, make_scan), faults=_injected(*MACHINE_FAULTS))


def _replay(tmp_path: Path, speed: float | str) -> Case:
    for number in range(4):
        native.write(make_scan(number), tmp_path / f"{number}.tif")
    return Case(lambda: Replay("replay", ReplaySettings(path=tmp_path, speed=speed)))


def _watch_folder(tmp_path: Path) -> Case:
    folder = tmp_path / "in"
    folder.mkdir()

    def drop(_: object) -> None:
        for _ in range(3):
            number = next(_number)
            native.write(make_scan(number), folder / f"{number}.tif")

    settings = InboxSettings(folder=folder, settle_s=0.05, rescan_s=0.1)
    return Case(lambda: WatchFolder("folder", settings), stimulate=drop, faults=_inbox_faults(folder))


def _image_folder(tmp_path: Path) -> Case:
    folder = tmp_path / "in"
    folder.mkdir()

    def drop(_: object) -> None:
        code = zxingcpp.create_barcode(f"RR{next(_number):08d}5CN", zxingcpp.BarcodeFormat.QRCode)
        cv2.imwrite(str(folder / f"{next(_number)}.png"), np.array(code.to_image(scale=5, add_quiet_zones=True)))

    settings = InboxSettings(folder=folder, settle_s=0.05, rescan_s=0.1, patience_s=0.1)
    refuse = (lambda _: (folder / "bad.txt").write_bytes(b"\x1b[2J"), drop)
    faults = _inbox_faults(folder) | {FaultKind.CODE_REFUSED: refuse}
    return Case(lambda: ImageFolder("pictures", settings), stimulate=drop, faults=faults)


def _wedge() -> Case:
    def type_text(text: str) -> Callable[[KeyboardWedge], None]:
        def type_it(device: KeyboardWedge) -> None:
            at_s = float(next(_number))
            for key in text + "\r":
                at_s += 0.01
                device.feed(key, at_s)

        return type_it

    good = type_text("RR473124829GB")
    refuse = {FaultKind.CODE_REFUSED: (type_text("]C1\x01\x02\x03\x04"), good)}
    return Case(lambda: KeyboardWedge("wedge", WedgeSettings()), stimulate=good, faults=refuse)


def _tcp_client(peer: TcpPeer) -> Case:
    return Case(
        lambda: TcpReader("tcp", TcpSettings(port=peer.port)),
        stimulate=lambda device: peer.send(device, b"RR473124829GB\r\n"),
        faults={
            FaultKind.CODE_REFUSED: (
                lambda device: peer.send(device, b"\x1b[2J\r\n"),
                lambda device: peer.send(device, b"EA123456785CN\r\n"),
            ),
            FaultKind.DISCONNECTED: (peer.drop, lambda _: None),
        },
    )


def _tcp_server() -> Case:
    def send(device: TcpReader) -> None:
        with socket.create_connection(("127.0.0.1", device.port)) as connection:
            connection.sendall(b"\x02RR473124829GB\x03")

    settings = TcpSettings(mode="server", port=0, framing="stx_etx")
    return Case(lambda: TcpReader("tcp", settings), stimulate=send, is_ready=False)


def _serial(line: SerialLine) -> Case:
    return Case(
        lambda: SerialReader("serial", SerialSettings(port=str(line.port))),
        stimulate=lambda _: line.send(b"RR473124829GB\r\n"),
        faults={
            FaultKind.CODE_REFUSED: (lambda _: line.send(b"\x1b[2J\r\n"), lambda _: line.send(b"EA123456785CN\r\n")),
            FaultKind.DISCONNECTED: (lambda _: line.unplug(), lambda _: line.plug()),
        },
    )


def _hid() -> Case:
    scanner = HidScanner()
    return Case(
        lambda: HidPos("hid", HidPosSettings(), scanner.connect),
        stimulate=lambda _: scanner.scan(b"RR473124829GB", b"]C0"),
        faults={
            FaultKind.CODE_REFUSED: (lambda _: scanner.scan(b"\x1b[2J"), lambda _: scanner.scan(b"EA123456785CN")),
            FaultKind.DISCONNECTED: (lambda _: scanner.unplug(), lambda _: scanner.plug()),
        },
    )


def _camera() -> Case:
    camera = LiveCamera(belt_frame(draw_label("RR473124829GB"), 100))

    def connect(settings: CameraSettings) -> LiveCamera:
        camera.is_pulled = False
        return camera.connect(settings)

    def pull(_: Camera) -> None:
        camera.is_pulled = True

    def show_other(_: Camera) -> None:
        camera.picture = belt_frame(draw_label(f"RR{next(_number):08d}5CN"), 100)

    faults = {FaultKind.DISCONNECTED: (pull, lambda _: None)}
    return Case(lambda: Camera("camera", CameraSettings(source=0), connect), stimulate=show_other, faults=faults)


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    match request.param:
        case "belt":
            yield Case(lambda: make_belt(speed=5), faults=_injected(*MACHINE_FAULTS))
        case "belt at max":
            yield Case(lambda: make_belt(speed="max"), faults=_injected(*MACHINE_FAULTS))
        case "h986":
            yield _h986(20)
        case "replay":
            yield _replay(tmp_path, 5)
        case "replay at max":
            yield _replay(tmp_path, "max")
        case "watch folder":
            yield _watch_folder(tmp_path)
        case name:
            yield from _reader(name, tmp_path)


def _reader(name: str, tmp_path: Path) -> Iterator[Case]:
    match name:
        case "image folder":
            yield _image_folder(tmp_path)
        case "wedge":
            yield _wedge()
        case "tcp client":
            peer = TcpPeer()
            yield _tcp_client(peer)
            peer.close()
        case "tcp server":
            yield _tcp_server()
        case "serial":
            line = SerialLine(tmp_path / "ttyREADER")
            line.plug()
            yield _serial(line)
            line.unplug()
        case "hid pos":
            yield _hid()
        case "camera":
            yield _camera()
        case "simulated reader":
            belt = make_belt(speed=5, lane="conformance")
            belt.open()
            settings = ReaderSettings(lane="conformance", offset_mm=0)
            yield Case(
                lambda: SimulatedReader("reader", settings),
                stimulate=lambda _: _run_parcel(belt),
                faults=_injected(FaultKind.DISCONNECTED),
            )
            belt.close()


def _run_parcel(belt: SimulatedBelt) -> None:
    while not isinstance(belt.read(1.0), ScanFinished):
        pass


_XRAY = ("belt", "belt at max", "h986", "replay", "replay at max", "watch folder")
_NEEDS_PTY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
_BARCODE = (
    "image folder",
    "wedge",
    "tcp client",
    "tcp server",
    "hid pos",
    "camera",
    "simulated reader",
    pytest.param("serial", marks=_NEEDS_PTY),
)


@pytest.mark.parametrize("case", _XRAY, indirect=True)
@pytest.mark.parametrize("check", checks_for(DeviceKind.XRAY), ids=lambda check: check.__name__)
def test_xray_driver_conforms(case: Case, check: conformance.Check) -> None:
    check(case)


@pytest.mark.parametrize("case", _BARCODE, indirect=True)
@pytest.mark.parametrize("check", checks_for(DeviceKind.BARCODE), ids=lambda check: check.__name__)
def test_barcode_driver_conforms(case: Case, check: conformance.Check) -> None:
    check(case)


class _Careless(BarcodeReader):
    """Breaks one rule after another."""

    def open(self) -> None:
        """Tells of nothing."""

    def close(self) -> None:
        """Neither does this."""

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def read(self, timeout_s: float) -> Reading | None:
        return Reading(Code("QRCode", "evil\u202etxt"), self.name, datetime.now(UTC))


@pytest.mark.parametrize(
    "check", [conformance.is_closed_before_open, conformance.opens_closes_and_reopens, conformance.delivers_clean_codes]
)
def test_careless_driver_fails(check: conformance.Check) -> None:
    with pytest.raises(NonConformantError):
        check(Case(lambda: _Careless("careless")))


class _Tampering(SimulatedBelt):
    """Delivers lines that are not those of its scan."""

    def read(self, timeout_s: float) -> Any:
        event = super().read(timeout_s)
        if isinstance(event, Lines) and event.first == 32:
            return Lines(event.scan_id, event.view, event.first, event.high + 1, event.low)
        return event


class _Disorderly(SimulatedBelt):
    """Starts each scan twice."""

    _again: ScanStarted | None = None

    def read(self, timeout_s: float) -> Any:
        if self._again is not None:
            self._again = None
            return ScanStarted("other", datetime.now(UTC), (48, 40))
        event = super().read(timeout_s)
        self._again = event if isinstance(event, ScanStarted) else None
        return event


@pytest.mark.parametrize(
    ("driver", "check"),
    [(_Tampering, conformance.scan_equals_lines), (_Disorderly, conformance.orders_its_events)],
)
def test_false_source_fails(driver: type[XraySource], check: conformance.Check) -> None:
    belt = make_belt(speed="max")
    with pytest.raises(NonConformantError):
        check(Case(lambda: driver("belt", belt.settings, make_scan)))  # type: ignore[call-arg]
