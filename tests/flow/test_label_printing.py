"""Labels at a printer that is out of paper, off or slow, into a folder, and without a printer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.settings import Printer
from scanners.decode import decode
from tests.app.trace.test_printing import READY_ZPL, Socketed
from tests.flow.conftest import Desk, wait_until
from tests.flow.labels import BOOK, MILK, S10, guanjian, release

NO_PAPER = READY_ZPL.replace(b"030,0", b"030,1", 1)


@pytest.fixture
def printer() -> Iterator[Socketed]:
    made = Socketed({b"~HS\r\n": NO_PAPER})
    yield made
    made.close()


def at(port: int) -> Printer:
    return Printer(kind="tcp", address=f"127.0.0.1:{port}", language="zpl")


def test_a_label_of_unsure_fate_is_settled_from_the_command_line(
    open_desk: Callable[..., Desk], printer: Socketed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.trace.printing.ROUND_S", 0.05)
    printer.answers[b"~HS\r\n"] = NO_PAPER
    desk = open_desk(printer=at(printer.port))
    key, _ = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    wait_until(lambda: bool(desk.watched.printer) and desk.watched.printer[-1].error_key == "printer_paper_out")
    assert guanjian(desk, "prints", "confirm", trace_id).exit_code == 3, "it only waits: it cannot have come out"
    folder = desk.station.settings.data / "prints"
    desk.station.stop()
    (job,) = folder.glob("*.job.json")
    job.write_text(job.read_text("utf-8").replace('"waiting"', '"printing"'), "utf-8")  # as a power cut leaves it

    printer.answers[b"~HS\r\n"] = READY_ZPL
    desk = open_desk(printer=at(printer.port))
    assert desk.watched.printer[-1].unsure == 1
    assert trace_id in guanjian(desk, "prints", "list").stdout
    assert printer.printed == []
    done = guanjian(desk, "prints", "again", trace_id)
    assert done.exit_code == 0, done.output
    wait_until(lambda: len(printer.printed) == 1)
    wait_until(lambda: json.loads(guanjian(desk, "prints", "list", "--json").stdout or "null") is None)
    assert guanjian(desk, "prints", "drop", trace_id).exit_code == 3
    assert desk.station._store.verify_log().is_ok


def test_a_printer_out_of_paper_is_shown_and_prints_when_it_has_some(
    open_desk: Callable[..., Desk], printer: Socketed
) -> None:
    desk = open_desk(printer=at(printer.port))
    key, _ = release(desk, S10)
    wait_until(lambda: desk.watched.printer[-1].error_key == "printer_paper_out")
    assert desk.watched.printer[-1].waiting == 1
    printer.answers[b"~HS\r\n"] = READY_ZPL
    wait_until(lambda: desk.watched.printer[-1].waiting == 0)
    assert desk.watched.printer[-1].error_key == ""

    job = desk.station.print_label(key, officer="a")
    assert job is not None
    assert job.copy == 1
    wait_until(lambda: len(printer.printed) == 2)
    first, again = printer.printed
    assert first.startswith(b"^XA")
    assert first != again, "a reprint is marked"
    assert desk.station._store.verify_log().is_ok


def test_a_label_for_a_printer_that_is_off_is_printed_by_the_next_run(
    open_desk: Callable[..., Desk], printer: Socketed
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()[1]
    desk = open_desk(printer=at(dead))
    release(desk, S10)
    wait_until(lambda: desk.watched.printer[-1].error_key == "printer_unreachable")
    printer.answers[b"~HS\r\n"] = READY_ZPL
    desk = open_desk(printer=at(printer.port))
    wait_until(lambda: len(printer.printed) == 1)
    wait_until(lambda: desk.watched.printer[-1].waiting == 0)


def test_a_slow_printer_holds_nobody_up(open_desk: Callable[..., Desk], printer: Socketed) -> None:
    del printer.answers[b"~HS\r\n"]  # it never says how it is, which costs each label a second
    desk = open_desk(printer=at(printer.port))
    for n, number in enumerate((*MILK, BOOK)):
        release(desk, number, 10 * n)
    assert len(printer.printed) < 3, "the officer was ahead of the printer"
    wait_until(lambda: len(printer.printed) == 3)


def test_labels_go_into_a_folder_and_say_the_code(open_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = open_desk(printer=Printer(kind="folder", address=str(tmp_path / "out"), language="png"))
    _, payload = release(desk, S10)
    wait_until(lambda: any((tmp_path / "out").glob("*.png")))
    (file,) = (tmp_path / "out").glob("*.png")
    picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert [code.text for code in decode(np.asarray(picture, np.uint8))] == [payload]


def test_without_a_printer_the_window_prints(desk: Desk) -> None:
    key, _ = release(desk, S10)
    assert desk.station.print_label(key, officer="a") is None
