from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.trace.errors import (
    PrinterError,
    PrinterNotReadyError,
    PrinterOpenError,
    PrinterPaperOutError,
    PrinterPausedError,
    PrinterSlowError,
    PrinterUnreachableError,
    PrintJobError,
)
from app.trace.formats import Format
from app.trace.printers import CupsPrinter, FolderPrinter, TcpPrinter
from app.trace.printing import LONGEST_PAUSE_S, JobState, PrintJob, PrintQueue
from app.trace.wishes import Said, Wish, leave_wish, take_wishes

READY_ZPL = (
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
)


class Socketed:
    """A label printer on a loopback port: keeps what it is sent and answers questions about its state."""

    def __init__(self, answers: dict[bytes, bytes] | None = None, *, takes_data: bool = True) -> None:
        self.answers = answers or {}
        self.takes_data = takes_data
        self.printed: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        if not takes_data:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="printer-simulator")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._server.close()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        self._thread.join(5)

    def _serve(self) -> None:
        self._server.settimeout(0.05)
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with connection:
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        got = b""
        while not self._stop.is_set():
            try:
                chunk = connection.recv(65_536) if self.takes_data else b"" if self._stop.wait(0.05) else None
            except TimeoutError:
                continue
            except OSError:
                return
            if chunk is None:
                continue
            if chunk in self.answers:
                connection.sendall(self.answers[chunk])
                continue
            if not chunk:
                break
            got += chunk
        if got:
            self.printed.append(got)


@pytest.fixture
def printer_on_network() -> Iterator[Callable[..., Socketed]]:
    made: list[Socketed] = []

    def make(*args: object, **kwargs: object) -> Socketed:
        made.append(Socketed(*args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


class Scripted:
    """A printer that fails as told, then prints."""

    name = "scripted"
    format = Format.ZPL

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.printed: list[bytes] = []

    def deliver(self, payload: bytes, title: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.printed.append(payload)


def add(queue: PrintQueue, payload: bytes = b"^XA^XZ", **more: int) -> PrintJob:
    return queue.submit(payload, title="T530120260000123455", trace_id="T530120260000123455", officer="o1", **more)


def tcp(port: int, kind: Format = Format.ZPL, **more: object) -> TcpPrinter:
    options: dict[str, object] = {"connect_timeout_s": 0.5, "status_timeout_s": 0.2, "send_timeout_s": 0.5, **more}
    return TcpPrinter("p1", kind, "127.0.0.1", port, **options)  # type: ignore[arg-type]


def test_labels_are_printed_in_order_and_leave_a_log(tmp_path: Path) -> None:
    printer = Scripted()
    told: list[PrintJob] = []
    queue = PrintQueue(tmp_path, printer, changed=told.append)
    add(queue, b"one")
    add(queue, b"two", copy=1)
    assert [job.state for job in queue.jobs()] == [JobState.WAITING] * 2
    while queue.print_next():
        pass
    assert printer.printed == [b"one", b"two"]
    assert queue.jobs() == []
    (log,) = tmp_path.iterdir()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["state"], row["copy"], row["officer"]) for row in rows] == [("sent", 0, "o1"), ("sent", 1, "o1")]
    waiting, printing, sent = JobState.WAITING, JobState.PRINTING, JobState.SENT
    assert [job.state for job in told] == [waiting, waiting, printing, sent, printing, sent]


def test_a_job_survives_a_restart(tmp_path: Path) -> None:
    job = add(PrintQueue(tmp_path, Scripted()), b"label")
    again = PrintQueue(tmp_path, printer := Scripted())
    assert again.jobs() == [job]
    again.print_next()
    assert printer.printed == [b"label"]


def test_a_printer_out_of_paper_keeps_the_job_with_its_reason(tmp_path: Path) -> None:
    trouble = PrinterPaperOutError("p1")
    queue = PrintQueue(tmp_path, printer := Scripted(*[trouble] * 8))
    add(queue)
    pauses = []
    for attempt in range(1, 9):
        job = queue.print_next()
        assert job is not None
        assert (job.state, job.attempts) == (JobState.WAITING, attempt)
        assert (job.error_key, job.error) == ("printer_paper_out", "Printer p1: out of paper.")
        pauses.append(queue.pause_s)
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert PrintQueue(tmp_path, printer).jobs()[0].error == "Printer p1: out of paper."
    queue.print_next()
    assert (len(printer.printed), queue.jobs(), queue.pause_s) == (1, [], 0)


def test_a_label_that_was_being_sent_at_a_crash_waits_for_a_person(tmp_path: Path) -> None:
    class Crash(BaseException):
        pass

    queue = PrintQueue(tmp_path, Scripted(Crash()))  # type: ignore[arg-type]
    add(queue, b"first")
    add(queue, b"second")
    with pytest.raises(Crash):
        queue.print_next()
    again = PrintQueue(tmp_path, printer := Scripted())
    first, second = again.jobs()
    assert (first.state, second.state) == (JobState.UNSURE, JobState.WAITING)
    again.print_next()
    assert again.print_next() is None
    assert printer.printed == [b"second"]
    assert again.send_again(first.id).state is JobState.WAITING
    again.print_next()
    assert printer.printed == [b"second", b"first"]


def test_a_person_settles_unsure_and_unwanted_jobs(tmp_path: Path) -> None:
    queue = PrintQueue(tmp_path, printer := Scripted())
    job = add(queue)
    for act in (queue.confirm, queue.send_again):
        with pytest.raises(PrintJobError):
            act(job.id)
    assert queue.cancel(job.id).state is JobState.CANCELLED
    with pytest.raises(PrintJobError):
        queue.cancel(job.id)
    assert queue.print_next() is None
    assert printer.printed == []
    assert PrintQueue(tmp_path, printer).jobs() == []


def test_wishes_are_taken_once_and_damaged_ones_go(tmp_path: Path) -> None:
    wishes = [Wish("2026a", Said.AGAIN, "a"), Wish("2026b", Said.DROP, "b")]
    for wish in wishes:
        leave_wish(tmp_path, wish)
    (tmp_path / "2026c.wish.json").write_text("{")
    assert take_wishes(tmp_path) == wishes
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_a_job_unsettled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = PrintQueue(tmp_path, Scripted())
    job = add(queue)

    def refuse(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(queue, "_log", refuse)
    with pytest.raises(PrintJobError, match="No space"):
        queue.cancel(job.id)
    assert queue.jobs() == [job]


def test_a_damaged_job_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    queue = PrintQueue(tmp_path, Scripted())
    jobs = [add(queue) for _ in range(3)]
    (tmp_path / f"{jobs[0].id}.job.json").write_text("{")
    (tmp_path / f"{jobs[1].id}.label").unlink()
    again = PrintQueue(tmp_path, Scripted())
    assert again.jobs() == [jobs[2]]
    assert [jobs[n].id in str(error) for n, error in enumerate(again.damaged)] == [True, True]


def test_a_label_too_large_to_print_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrintJobError, match="too large"):
        add(PrintQueue(tmp_path, Scripted()), bytes(16_000_001))
    assert list(tmp_path.iterdir()) == []


def test_ids_never_repeat_or_go_back(tmp_path: Path) -> None:
    queue = PrintQueue(tmp_path, Scripted())
    ids = [queue._next_id(at) for at in (job.made_at for job in [add(queue)] * 3)]
    assert ids == sorted(set(ids))


def test_the_worker_prints_retries_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.trace.printing.FIRST_PAUSE_S", 0.01)
    printer = Scripted(PrinterUnreachableError("off", name="x"), PrinterSlowError("slow", name="x"))
    is_empty = threading.Event()
    queue = PrintQueue(tmp_path, printer, changed=lambda job: is_empty.set() if job.state is JobState.SENT else None)
    queue.start()
    add(queue)
    assert is_empty.wait(5)
    assert queue.stop(5)
    assert len(printer.printed) == 1


def test_the_worker_stops_at_once_while_the_printer_is_off(tmp_path: Path) -> None:
    tried = threading.Event()
    queue = PrintQueue(
        tmp_path,
        Scripted(*[PrinterUnreachableError("off", name="x")] * 99),
        changed=lambda job: tried.set() if job.attempts else None,
    )
    queue.start()
    add(queue)
    assert tried.wait(5)
    started = time.monotonic()
    assert queue.stop(5)
    assert time.monotonic() - started < 4
    assert len(queue.jobs()) == 1


def test_a_network_printer_gets_the_whole_label(printer_on_network: Callable[..., Socketed]) -> None:
    device = printer_on_network({b"~HS\r\n": READY_ZPL})
    payload = b"^XA" + bytes(range(256)) * 1_000 + b"^XZ"
    tcp(device.port).deliver(payload, "x")
    assert device.printed == [payload]


def test_a_printer_that_does_not_answer_questions_is_taken_as_ready(
    printer_on_network: Callable[..., Socketed],
) -> None:
    device = printer_on_network()
    tcp(device.port).deliver(b"^XA^XZ", "x")
    tcp(device.port, asks_status=False).deliver(b"^XA^FS^XZ", "x")
    assert device.printed == [b"~HS\r\n^XA^XZ", b"^XA^FS^XZ"]


@pytest.mark.parametrize(
    ("kind", "answers", "error"),
    [
        (Format.ZPL, {b"~HS\r\n": READY_ZPL.replace(b"030,0,0", b"030,1,0")}, PrinterPaperOutError),
        (Format.ZPL, {b"~HS\r\n": READY_ZPL.replace(b"030,0,0", b"030,0,1")}, PrinterPausedError),
        (Format.ZPL, {b"~HS\r\n": READY_ZPL.replace(b"\x02000,0,0", b"\x02000,0,1")}, PrinterOpenError),
        (Format.TSPL, {b"\x1b!?": b"\x04"}, PrinterPaperOutError),
        (Format.TSPL, {b"\x1b!?": b"\x01"}, PrinterOpenError),
        (Format.ESCPOS, {b"\x10\x04\x04": b"\x72"}, PrinterPaperOutError),
        (Format.ESCPOS, {b"\x10\x04\x04": b"\x12", b"\x10\x04\x02": b"\x16"}, PrinterOpenError),
    ],
)
def test_a_printer_says_what_it_lacks(
    printer_on_network: Callable[..., Socketed],
    kind: Format,
    answers: dict[bytes, bytes],
    error: type[PrinterNotReadyError],
) -> None:
    device = printer_on_network(answers)
    with pytest.raises(PrinterNotReadyError) as caught:
        tcp(device.port, kind).deliver(b"label", "x")
    assert caught.type is error
    assert caught.value.details == {"name": "p1"}
    assert device.printed == []


def test_ready_answers_are_no_trouble(printer_on_network: Callable[..., Socketed]) -> None:
    device = printer_on_network({b"\x1b!?": b"\x20", b"\x10\x04\x04": b"\x12", b"\x10\x04\x02": b"\x12"})
    for kind in (Format.TSPL, Format.ESCPOS):
        tcp(device.port, kind).deliver(b"label", "x")
    assert device.printed == [b"label", b"label"]


def test_a_printer_that_is_off_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PrinterUnreachableError, match="see that it is on"):
        tcp(port).deliver(b"label", "x")


def test_a_printer_that_stops_taking_data_is_slow(printer_on_network: Callable[..., Socketed]) -> None:
    device = printer_on_network(takes_data=False)
    with pytest.raises((PrinterSlowError, PrinterUnreachableError)) as caught:
        tcp(device.port, asks_status=False).deliver(bytes(12_000_000), "x")
    assert caught.type is PrinterSlowError


def test_a_folder_takes_labels(tmp_path: Path) -> None:
    printer = FolderPrinter("files", Format.PDF, tmp_path / "out")
    printer.deliver(b"%PDF", "../T5301 <x>")
    (file,) = (tmp_path / "out").iterdir()
    assert (file.name, file.read_bytes()) == ("___T5301__x_.pdf", b"%PDF")
    (tmp_path / "block").write_text("")
    with pytest.raises(PrinterUnreachableError):
        FolderPrinter("files", Format.PDF, tmp_path / "block").deliver(b"%PDF", "x")


@pytest.fixture
def print_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs `lp` and `lpstat` that do as their files say, first on the path."""
    if os.name != "posix":
        pytest.skip("CUPS is a service of Unix systems")
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "lp": 'echo "$@" > "$0.args"; for last; do :; done; cp "$last" "$0.got"; cat "$0.err" >&2 2>/dev/null; '
        'exit "$(cat "$0.rc")"',
        "lpstat": 'cat "$0.out"',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)
    (folder / "lp.rc").write_text("0")
    (folder / "lp.err").write_text("")
    (folder / "lpstat.out").write_text("printer gk420 is idle.  enabled since today\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_the_print_service_gets_the_label_raw_or_as_a_page(print_service: Path) -> None:
    CupsPrinter("c1", Format.ZPL, "gk420").deliver(b"^XA^XZ", "T1")
    assert (print_service / "lp.got").read_bytes() == b"^XA^XZ"
    assert (print_service / "lp.args").read_text().startswith("-d gk420 -t T1 -o raw -- ")
    CupsPrinter("c1", Format.PDF, "gk420").deliver(b"%PDF", "T1")
    assert " raw " not in (print_service / "lp.args").read_text()


def test_a_stopped_or_refusing_print_service_is_named(print_service: Path) -> None:
    printer = CupsPrinter("c1", Format.ZPL, "gk420", timeout_s=10)
    (print_service / "lp.rc").write_text("1")
    (print_service / "lp.err").write_text("lp: The printer or class does not exist.")
    with pytest.raises(PrinterUnreachableError, match="does not exist"):
        printer.deliver(b"^XA^XZ", "T1")
    (print_service / "lpstat.out").write_text("printer gk420 disabled since today -\n\tPaused\n")
    with pytest.raises(PrinterPausedError):
        printer.deliver(b"^XA^XZ", "T1")
    (print_service / "lpstat").write_text("#!/bin/sh\nexec sleep 5\n")
    with pytest.raises(PrinterSlowError):
        CupsPrinter("c1", Format.ZPL, "gk420", timeout_s=0.2).deliver(b"^XA^XZ", "T1")


def test_without_a_print_service_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterError, match="cups-client"):
        CupsPrinter("c1", Format.ZPL, "gk420").deliver(b"^XA^XZ", "T1")
