"""What comes from other threads: floods are put together, order is kept, the newest answer wins."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.customs.parcel import QueueRow
from app.ui import bridge as bridge_module
from app.ui.background import Background
from app.ui.bridge import Bridge
from app.ui.live import LiveStrip
from imaging.errors import FileTornError
from scanners.device import DeviceState, DeviceStatus
from scanners.xray import Lines, ScanStarted
from tests.app.ui.samples import make_parcels


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Background]:
    made = Background("guanjian-test")
    yield made
    assert made.close()


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads take turns as often as they can, so that rare orders of their steps become common."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def make_lines(scan_id: str, first: int, lines: int = 4, rows: int = 64) -> Lines:
    high = np.full((lines, rows), 40_000, np.uint16)
    return Lines(scan_id, 0, first, high, high)


def make_row(version: int) -> QueueRow:
    parcel = make_parcels(1)[0]
    return QueueRow(1, parcel.kind, f"N{version}", parcel.state, parcel.lane, parcel.arrived_at, "")


def started(scan_id: str) -> ScanStarted:
    return ScanStarted(scan_id, make_parcels(1)[0].arrived_at, (64,), 400)


def test_a_flood_of_lines_comes_in_few_deliveries(bridge: Bridge, qtbot: QtBot) -> None:
    deliveries: list[int] = []
    bridge.lines_came.connect(lambda _device, blocks: deliveries.append(len(blocks)))

    def flood() -> None:
        for number in range(1500):
            bridge.lines_arrived("belt-1", make_lines("a", number * 4))

    thread = threading.Thread(target=flood)
    thread.start()
    qtbot.waitUntil(lambda: sum(deliveries) == 1500, timeout=5000)
    thread.join()
    assert len(deliveries) < 150


def test_a_window_that_hangs_keeps_a_bounded_number_of_lines(bridge: Bridge, qtbot: QtBot) -> None:
    block = make_lines("a", 0, 1, 8)
    for number in range(3 * bridge_module.MOST_BLOCKS):
        bridge.lines_arrived("belt-1", replace(block, first=number))
    with qtbot.waitSignal(bridge.lines_came) as came:
        pass
    assert len(came.args[1]) <= bridge_module.MOST_BLOCKS
    assert came.args[1][-1].first == 3 * bridge_module.MOST_BLOCKS - 1


def test_start_lines_and_end_keep_their_order(bridge: Bridge, qtbot: QtBot) -> None:
    seen: list[str] = []
    bridge.scan_begun.connect(lambda _d, event: seen.append(f"begin {event.scan_id}"))
    bridge.lines_came.connect(lambda _d, blocks: seen.append(f"lines {blocks[0].scan_id} {len(blocks)}"))
    bridge.scan_done.connect(lambda _d, scan_id, _p: seen.append(f"end {scan_id}"))
    for scan_id in ("a", "b"):
        bridge.scan_started("belt-1", started(scan_id))
        bridge.lines_arrived("belt-1", make_lines(scan_id, 0))
        bridge.lines_arrived("belt-1", make_lines(scan_id, 4))
        bridge.scan_ended("belt-1", scan_id, 1)
    qtbot.waitUntil(lambda: len(seen) == 6, timeout=2000)
    assert seen == ["begin a", "lines a 2", "end a", "begin b", "lines b 2", "end b"]


def test_of_rows_and_devices_only_the_newest_state_comes(bridge: Bridge, qtbot: QtBot) -> None:
    rows: list[list[QueueRow]] = []
    states: list[DeviceState] = []
    bridge.rows_changed.connect(rows.append)
    bridge.device_came.connect(lambda _name, status: states.append(status.state))
    for version in range(50):
        bridge.queue_changed(make_row(version))
        bridge.device_changed("belt-1", DeviceStatus(DeviceState.BUSY if version % 2 else DeviceState.READY))
    qtbot.waitUntil(lambda: bool(rows and states), timeout=2000)
    assert [[row.number for row in batch] for batch in rows] == [["N49"]]
    assert states == [DeviceState.BUSY]


def test_answers_come_on_the_thread_of_the_window(worker: Background, qtbot: QtBot) -> None:
    here = QThread.currentThread()
    came: list[tuple[str, bool]] = []
    worker.submit(
        lambda: threading.current_thread().name, lambda name: came.append((name, QThread.currentThread() == here))
    )
    qtbot.waitUntil(lambda: bool(came), timeout=2000)
    assert came[0][0].startswith("guanjian-test")
    assert came[0][1]


def test_the_newest_of_a_slot_wins_and_the_rest_is_dropped(worker: Background, qtbot: QtBot) -> None:
    ran: list[int] = []
    came: list[int] = []

    def make(number: int) -> int:
        ran.append(number)
        time.sleep(0.02)
        return number

    for number in range(20):
        worker.submit(lambda number=number: make(number), came.append, slot="queue")
    qtbot.waitUntil(lambda: came == [19], timeout=3000)
    assert len(ran) <= 3


def test_requests_without_a_slot_are_all_answered_in_order(worker: Background, qtbot: QtBot) -> None:
    came: list[int] = []
    for number in range(30):
        worker.submit(lambda number=number: number, came.append)
    qtbot.waitUntil(lambda: came == list(range(30)), timeout=3000)


def test_errors_are_told_and_never_swallowed(worker: Background, qtbot: QtBot) -> None:
    def tear() -> None:
        raise FileTornError("a.tif", "is empty")

    def break_down() -> None:
        raise ZeroDivisionError

    told: list[object] = []
    with qtbot.waitSignal(worker.failed) as failed:
        worker.submit(tear, lambda _: None)
    assert isinstance(failed.args[0], FileTornError)
    worker.submit(tear, lambda _: None, otherwise=told.append)
    qtbot.waitUntil(lambda: len(told) == 1, timeout=2000)
    with qtbot.waitSignal(worker.failed) as failed:
        worker.submit(break_down, lambda _: None, otherwise=told.append)
    assert isinstance(failed.args[0], ZeroDivisionError)


def test_closing_finishes_decisions_drops_reads_and_answers_nothing_more(qtbot: QtBot) -> None:
    worker = Background("guanjian-test")
    came: list[object] = []
    done: list[str] = []
    worker.submit(lambda: time.sleep(0.1), came.append)
    worker.submit(lambda: done.append("decision"), came.append)
    worker.submit(lambda: done.append("read"), came.append, slot="queue")
    assert worker.close()
    qtbot.wait(30)
    assert came == []
    assert done == ["decision"]
    worker.submit(lambda: 1, came.append)
    qtbot.wait(30)
    assert came == []


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_request_holds_is_destroyed_on_the_thread_of_the_window(
    worker: Background, qapp: QApplication, eager_switches: None, fails: bool
) -> None:
    here = QThread.currentThread()
    ends: list[bool] = []

    def ask() -> None:
        timer = QTimer()
        timer.start(10_000)
        timer.destroyed.connect(lambda: ends.append(QThread.currentThread() == here))

        def use() -> int:
            if fails:
                raise FileTornError("a.tif", f"is empty {timer.interval()}")
            return timer.interval()

        worker.submit(use, lambda _: timer.stop(), otherwise=lambda _: timer.stop())

    for number in range(1, 301):
        ask()
        deadline = time.monotonic() + 5
        while len(ends) < number and time.monotonic() < deadline:
            qapp.processEvents()
    assert ends == [True] * 300


def test_live_strip_fills_as_lines_come(worker: Background, qtbot: QtBot) -> None:
    strip = LiveStrip()
    qtbot.addWidget(strip)
    strip.begin("belt-1", started("a"))
    for first in range(0, 200, 20):
        strip.add([make_lines("a", first, 20)], worker)
    qtbot.waitUntil(lambda: strip.viewer.shown is not None and strip.viewer.shown.pyramid.shape[1] == 200, timeout=3000)
    assert strip.viewer.camera.image_w == 400
    assert "50%" in strip._state.text()
    strip.end("a")
    assert "200" in strip._state.text()


def test_lines_of_another_scan_are_not_mixed_in(worker: Background, qtbot: QtBot) -> None:
    strip = LiveStrip()
    qtbot.addWidget(strip)
    strip.begin("belt-1", started("a"))
    strip.add([make_lines("b", 0)], worker)
    qtbot.wait(30)
    assert strip.viewer.shown is None


def test_strip_tells_every_state_of_the_picture_and_how_long_it_will_be(worker: Background, qtbot: QtBot) -> None:
    strip = LiveStrip()
    qtbot.addWidget(strip)
    strip.begin("belt-1", started("a"))
    with qtbot.waitSignal(strip.grown, timeout=3000) as grown:
        strip.add([make_lines("a", 0, 20)], worker)
    views, expected = grown.args
    assert [shown.pyramid.shape[1] for shown in views] == [20]
    assert expected == 400
    with qtbot.waitSignal(strip.grown, timeout=3000) as grown:
        strip.add([replace(make_lines("a", 20, 20), view=view) for view in (0, 1)], worker)
    assert [shown.pyramid.shape[1] for shown in grown.args[0]] == [40, 40]
