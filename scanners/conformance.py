"""The checks that every driver must pass, for the drivers here and for those of others.

A `Case` says how to make the device and how to get something out of it; each check in `checks_for` takes a case
and raises NonConformantError with what is wrong. With pytest:

    @pytest.mark.parametrize("check", checks_for(DeviceKind.XRAY), ids=lambda check: check.__name__)
    def test_conforms(check): check(Case(make=...))
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imaging.scan import Scan, View
from scanners.barcode import BarcodeReader, Reading
from scanners.codetext import check_text
from scanners.device import (
    CodeRefusedError,
    Device,
    DeviceKind,
    DeviceLostError,
    DeviceSettings,
    DeviceState,
    DeviceStatus,
    FaultKind,
)
from scanners.xray import (
    LINES_LOST,
    FileRejected,
    Lines,
    ScanAborted,
    ScanFinished,
    ScanStarted,
    SourceEnded,
    XrayEvent,
    XraySource,
)

LATE_S = 1.0
"""How much longer than asked a call may take."""

AnyDevice = Any
"""The driver under test; a case's functions know its class."""


class NonConformantError(AssertionError):
    """A driver that breaks the contract of scanners.device."""


@dataclass(frozen=True, slots=True)
class Case:
    """A driver under test.

    `make` returns a new, closed device. `stimulate` makes an open device deliver at least one event within `wait_s`;
    None where it delivers by itself. `faults` holds for each kind how to cause it and how to remove the cause.
    `is_ready` is False where a device without a counterpart shows a fault while nothing is wrong with it.
    """

    make: Callable[[], AnyDevice]
    stimulate: Callable[[AnyDevice], None] | None = None
    faults: Mapping[FaultKind, tuple[Callable[[AnyDevice], None], Callable[[AnyDevice], None]]] = field(
        default_factory=dict
    )
    wait_s: float = 10.0
    is_ready: bool = True


Check = Callable[[Case], None]


def checks_for(kind: DeviceKind) -> list[Check]:
    """All checks for a kind of device."""
    common = [
        has_settings,
        is_closed_before_open,
        opens_closes_and_reopens,
        honours_timeouts,
        returns_when_closed,
        always_tells_status,
        shows_faults_and_clears_them,
    ]
    if kind is DeviceKind.XRAY:
        return [*common, orders_its_events, delivers_again_after_reopening, scan_equals_lines]
    return [*common, delivers_clean_codes]


def has_settings(case: Case) -> None:
    """The class names its kind and a settings model that refuses what it does not know."""
    device = case.make()
    _demand(isinstance(device, XraySource | BarcodeReader), "it is neither an XraySource nor a BarcodeReader")
    _demand(device.kind in DeviceKind, "its class has no kind")
    settings = type(device).Settings
    _demand(issubclass(settings, DeviceSettings), "its Settings is no DeviceSettings")
    _demand(settings.model_config.get("extra") == "forbid", "its Settings accepts unknown options")


def is_closed_before_open(case: Case) -> None:
    """A new device is closed, can be closed again, and cannot be read."""
    device = case.make()
    _demand(device.status().state is DeviceState.CLOSED, "it is not closed before it is opened")
    device.close()
    try:
        device.read(0.05)
    except DeviceLostError:
        return
    raise NonConformantError("reading it before it is open does not raise DeviceLostError")


def opens_closes_and_reopens(case: Case) -> None:
    """Open and close work more than once, and close may be called twice."""
    device = case.make()
    for _ in range(3):
        with _opened(device):
            _demand(device.status().state is not DeviceState.CLOSED, "it is open and says closed")
            if case.is_ready:
                _demand(not device.status().faults, f"it has faults when just opened: {device.status().faults}")
        device.close()
        _demand(device.status().state is DeviceState.CLOSED, "it is closed and does not say so")


def honours_timeouts(case: Case) -> None:
    """A read takes no longer than asked."""
    device = case.make()
    with _opened(device):
        for timeout_s in (0.0, 0.1, 0.02):
            began = time.monotonic()
            device.read(timeout_s)
            took_s = time.monotonic() - began
            _demand(took_s < timeout_s + LATE_S, f"read({timeout_s}) took {took_s:.2f} s")


def returns_when_closed(case: Case) -> None:
    """Closed from another thread, a read that waits returns within a second and raises nothing but DeviceLostError."""
    device = case.make()
    failed: list[BaseException] = []

    def read_until_closed() -> None:
        try:
            while device.status().state is not DeviceState.CLOSED:
                device.read(30.0)
        except DeviceLostError:
            return
        except BaseException as error:
            failed.append(error)

    with _opened(device):
        thread = threading.Thread(target=read_until_closed, name="conformance read", daemon=True)
        thread.start()
        time.sleep(0.1)
        device.close()
        thread.join(LATE_S)
        _demand(not thread.is_alive(), "a waiting read did not return within a second of close")
    _demand(not failed, f"a read that was closed raised {failed!r}")


def always_tells_status(case: Case) -> None:
    """Status answers at once and never raises, from another thread, whatever the device is doing."""
    device = case.make()
    stopping = threading.Event()
    failed: list[str] = []

    def ask() -> None:
        while not stopping.is_set():
            began = time.monotonic()
            try:
                told = device.status()
            except BaseException as error:
                failed.append(f"status raised {error!r}")
                return
            if not isinstance(told, DeviceStatus) or time.monotonic() - began > LATE_S:
                failed.append(f"status was slow or no DeviceStatus: {told!r}")
            time.sleep(0.001)

    thread = threading.Thread(target=ask, name="conformance status", daemon=True)
    thread.start()
    try:
        for _ in range(2):
            with _opened(device):
                for _ in range(5):
                    device.read(0.02)
    finally:
        stopping.set()
        thread.join(5)
    _demand(not failed, "; ".join(failed[:1]))


def shows_faults_and_clears_them(case: Case) -> None:
    """A fault shows in the status while its cause lasts; afterwards the device works again."""
    for kind, (cause, remove) in case.faults.items():
        device = case.make()
        with _opened(device):
            cause(device)
            _demand(_shows(case, device, kind, True), f"the fault {kind} did not show")
            remove(device)
            _reopen_if_lost(device)
            _demand(_shows(case, device, kind, False), f"the fault {kind} did not clear")
            _demand(_first_event(case, device) is not None, f"it delivers nothing after the fault {kind}")


def orders_its_events(case: Case) -> None:
    """A scan starts, its lines follow one another, it finishes or is aborted; then the next one. Ids are unique."""
    device = case.make()
    seen: set[str] = set()
    started: ScanStarted | None = None
    reached: dict[int, int] = {}
    for event in _events(case, device, scans=3):
        if isinstance(event, ScanStarted):
            _demand(started is None, "a scan started before the last one ended")
            _demand(event.started_at.tzinfo is not None, "started_at has no time zone")
            started, reached = event, {}
        elif isinstance(event, Lines):
            _check_lines(event, started, reached)
        elif isinstance(event, ScanFinished | ScanAborted):
            ended = event.scan.id if isinstance(event, ScanFinished) else event.scan_id
            _demand(started is None or started.scan_id == ended, "another scan ended than the one that started")
            _demand(ended not in seen, "two scans have the same id")
            seen.add(ended)
            started = None
        else:
            _demand(isinstance(event, FileRejected | SourceEnded), f"{event!r} is no event")
            _demand(not isinstance(event, SourceEnded) or started is None, "the source ended within a scan")
    _demand(bool(seen), "it delivered no scan")


def delivers_again_after_reopening(case: Case) -> None:
    """Closed in the middle of a scan and opened again, it begins with a new scan, not with the rest."""
    device = case.make()
    with _opened(device):
        first = _first_event(case, device)
    with _opened(device):
        event = _first_event(case, device)
        _demand(first is not None and event is not None, "it delivered nothing")
        _demand(not isinstance(event, Lines | ScanAborted), f"after reopening it began with {type(event).__name__}")


def scan_equals_lines(case: Case) -> None:
    """A finished scan is what its lines said; lines that never came are named and have zero counts."""
    device = case.make()
    lines: list[Lines] = []
    for event in _events(case, device, scans=3):
        if isinstance(event, ScanStarted):
            lines = []
        elif isinstance(event, Lines):
            lines.append(event)
        elif isinstance(event, ScanFinished) and lines:
            _compare(event.scan, lines)


def delivers_clean_codes(case: Case) -> None:
    """What it reads is checked text with an aware time and the reader's own name."""
    device = case.make()
    with _opened(device):
        reading = _first_event(case, device)
        _demand(isinstance(reading, Reading), f"it delivered {reading!r}, no Reading")
        assert isinstance(reading, Reading)
        _demand(reading.reader == device.name, "a reading names another reader")
        _demand(reading.read_at.tzinfo is not None, "read_at has no time zone")
        try:
            check_text(reading.code.text)
        except CodeRefusedError as error:
            raise NonConformantError(f"it delivered a text that must be refused: {error}") from error


def _check_lines(event: Lines, started: ScanStarted | None, reached: dict[int, int]) -> None:
    _demand(started is not None and event.scan_id == started.scan_id, "lines came outside their scan")
    assert started is not None
    _demand(event.view < len(started.pixels_per_line), "lines of a view that was not announced")
    _demand(event.first >= reached.get(event.view, 0), "lines came again or backwards")
    _demand(event.high.ndim == 2 and event.high.dtype == np.uint16, "lines are not (lines, pixels) uint16")
    _demand(event.high.shape[1] == started.pixels_per_line[event.view], "a line has not the announced length")
    _demand(event.low is None or event.low.shape == event.high.shape, "the energies of a line do not fit")
    reached[event.view] = event.first + len(event.high)


def _compare(scan: Scan, lines: list[Lines]) -> None:
    lost = [tuple(map(int, span.split("-"))) for span in scan.extra.get(LINES_LOST, "").split()]
    for number, view in enumerate(scan.views):
        _compare_view(view, [part for part in lines if part.view == number], lost)


def _compare_view(view: View, lines: list[Lines], lost: list[tuple[int, ...]]) -> None:
    columns = view.shape[1]
    came = np.zeros(columns, bool)
    for part in lines:
        span = slice(part.first, part.first + len(part.high))
        came[span] = True
        _demand(view.high is not None and np.array_equal(view.high[:, span].T, part.high), "scan differs from lines")
        if part.low is not None:
            _demand(view.low is not None and np.array_equal(view.low[:, span].T, part.low), "scan differs from lines")
    named = np.zeros(columns, bool)
    for first, last in lost:
        named[first : last + 1] = True
    _demand(np.array_equal(~came, named), f"lines are missing that the scan does not name under {LINES_LOST}")
    _demand(view.high is None or not view.high[:, named].any(), "lost lines have counts")


def _events(case: Case, device: AnyDevice, scans: int) -> Iterator[XrayEvent]:
    """What an X-ray source delivers until so many scans have ended, or the source has, or `wait_s` is over."""
    deadline = time.monotonic() + case.wait_s
    with _opened(device):
        if case.stimulate is not None:
            case.stimulate(device)
        while scans > 0 and time.monotonic() < deadline:
            event = device.read(0.2)
            if event is not None:
                yield event
            scans -= isinstance(event, ScanFinished | ScanAborted | FileRejected)
            if isinstance(event, SourceEnded):
                return


def _first_event(case: Case, device: AnyDevice) -> XrayEvent | Reading | None:
    if case.stimulate is not None:
        case.stimulate(device)
    deadline = time.monotonic() + case.wait_s
    while time.monotonic() < deadline:
        event: XrayEvent | Reading | None = device.read(0.2)
        if event is not None:
            return event
    return None


def _shows(case: Case, device: AnyDevice, kind: FaultKind, is_shown: bool) -> bool:
    """Read on, as the station does, until the status shows a fault, or no longer shows it."""
    deadline = time.monotonic() + case.wait_s
    while any(fault.kind is kind for fault in device.status().faults) is not is_shown:
        if time.monotonic() > deadline:
            return False
        try:
            device.read(0.05)
        except DeviceLostError:
            time.sleep(0.05)
    return True


def _reopen_if_lost(device: AnyDevice) -> None:
    """What the station does with a device that has gone: close it, open it again."""
    for _ in range(3):
        try:
            device.read(0.05)
        except DeviceLostError:
            device.close()
            device.open()


@contextmanager
def _opened(device: Device) -> Iterator[None]:
    device.open()
    try:
        yield
    finally:
        device.close()


def _demand(is_so: bool, complaint: str) -> None:
    if not is_so:
        raise NonConformantError(f"The driver does not conform: {complaint}.")
