"""Where labels go: a printer's TCP port, a queue of CUPS, a folder. Each says plainly why it cannot print now."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.trace.errors import (
    PrinterError,
    PrinterJamError,
    PrinterNotReadyError,
    PrinterOpenError,
    PrinterPaperOutError,
    PrinterPausedError,
    PrinterRibbonOutError,
    PrinterSlowError,
    PrinterUnreachableError,
)
from app.trace.formats import Format
from imaging.files.durable import make_folder, write_whole

RAW_PORT = 9100
_CHUNK_BYTES = 16_384
_MAX_ANSWER_BYTES = 1_024


class Printer(Protocol):
    """Takes one whole label. `format` is what it wants to be given."""

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> Format: ...
    def deliver(self, payload: bytes, title: str) -> None:
        """Hand the label over.

        Raises:
            PrinterError: it was not taken whole; it may be delivered again.
        """


@dataclass(frozen=True, slots=True)
class TcpPrinter:
    """A label printer on the network, by its raw port.

    With `asks_status` it is asked before each label whether it can print; a printer that does not answer
    such questions is taken to be ready.
    """

    name: str
    format: Format
    host: str
    port: int = RAW_PORT
    connect_timeout_s: float = 3.0
    send_timeout_s: float = 15.0
    status_timeout_s: float = 1.0
    asks_status: bool = True

    def deliver(self, payload: bytes, title: str) -> None:  # noqa: ARG002  a raw port knows no titles
        try:
            connection = socket.create_connection((self.host, self.port), self.connect_timeout_s)
        except OSError as error:
            raise PrinterUnreachableError(
                f"Printer {self.name} does not answer: see that it is on and its cable is in.", name=self.name
            ) from error
        with connection:
            if self.asks_status and self.format in _QUESTIONS:
                self._check_ready(connection)
            self._send(connection, payload)

    def _check_ready(self, connection: socket.socket) -> None:
        for question, trouble in _QUESTIONS[self.format]:
            connection.settimeout(self.status_timeout_s)
            try:
                connection.sendall(question)
                answer = connection.recv(_MAX_ANSWER_BYTES)
            except TimeoutError:
                return
            except OSError as error:
                raise _lost(self.name) from error
            if (what := trouble(answer)) is not None:
                raise what(self.name)

    def _send(self, connection: socket.socket, payload: bytes) -> None:
        deadline = time.monotonic() + self.send_timeout_s
        rest = memoryview(payload)
        try:
            while rest:
                connection.settimeout(max(0.01, deadline - time.monotonic()))
                rest = rest[connection.send(rest[:_CHUNK_BYTES]) :]
        except TimeoutError as error:
            raise PrinterSlowError(
                f"Printer {self.name} stopped taking data: look for a paper jam or an open cover.", name=self.name
            ) from error
        except OSError as error:
            raise _lost(self.name) from error
        _say_goodbye(connection, self.status_timeout_s)


def _lost(name: str) -> PrinterUnreachableError:
    return PrinterUnreachableError(f"Printer {name} closed the connection; the label is sent again.", name=name)


def _say_goodbye(connection: socket.socket, timeout_s: float) -> None:
    """Close so that the last bytes are not thrown away; what a printer does after it has all of them is its own."""
    try:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(timeout_s)
        while connection.recv(_MAX_ANSWER_BYTES):
            pass
    except OSError:  # the label is handed over: a printer that keeps the line open or cuts it changes nothing
        return


Trouble = type[PrinterNotReadyError]


def zpl_trouble(answer: bytes) -> Trouble | None:
    """What ~HS reports: the first string holds paper out and pause, the second head open and ribbon out."""
    lines = [line.strip(b"\x02\x03\r\n").split(b",") for line in answer.splitlines() if line.strip()]
    flags: list[tuple[int, int, Trouble]] = [
        (0, 1, PrinterPaperOutError),
        (1, 2, PrinterOpenError),
        (1, 3, PrinterRibbonOutError),
        (0, 2, PrinterPausedError),
    ]
    return next((error for line, field, error in flags if _flag(lines, line, field)), None)


def _flag(lines: list[list[bytes]], line: int, field: int) -> bool:
    return line < len(lines) and field < len(lines[line]) and lines[line][field] == b"1"


def tspl_trouble(answer: bytes) -> Trouble | None:
    """What <ESC>!? reports: one byte of flags; 0x20 is printing, which is no trouble."""
    return _by_bit(
        answer,
        {
            0x04: PrinterPaperOutError,
            0x01: PrinterOpenError,
            0x02: PrinterJamError,
            0x08: PrinterRibbonOutError,
            0x10: PrinterPausedError,
        },
    )


def escpos_paper_trouble(answer: bytes) -> Trouble | None:
    """What DLE EOT 4 reports: bits 5 and 6 are set at the end of the paper."""
    return _by_bit(answer, {0x60: PrinterPaperOutError})


def escpos_offline_trouble(answer: bytes) -> Trouble | None:
    """What DLE EOT 2 reports: bit 2 cover open, bit 6 an error."""
    return _by_bit(answer, {0x04: PrinterOpenError, 0x40: PrinterJamError})


def _by_bit(answer: bytes, flags: dict[int, Trouble]) -> Trouble | None:
    return next((error for bits, error in flags.items() if answer and answer[-1] & bits), None)


_QUESTIONS: dict[Format, tuple[tuple[bytes, Callable[[bytes], Trouble | None]], ...]] = {
    Format.ZPL: ((b"~HS\r\n", zpl_trouble),),
    Format.TSPL: ((b"\x1b!?", tspl_trouble),),
    Format.ESCPOS: ((b"\x10\x04\x04", escpos_paper_trouble), (b"\x10\x04\x02", escpos_offline_trouble)),
}


@dataclass(frozen=True, slots=True)
class CupsPrinter:
    """A queue of the system's print service, through `lp`. Printer languages pass through it raw."""

    name: str
    format: Format
    queue: str
    timeout_s: float = 20.0

    def deliver(self, payload: bytes, title: str) -> None:
        if self._ask("lpstat", "-p", self.queue).find("disabled") >= 0:
            raise PrinterPausedError(self.name)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"label.{self.format}"
            file.write_bytes(payload)
            raw = () if self.format in (Format.PDF, Format.PNG) else ("-o", "raw")
            self._ask("lp", "-d", self.queue, "-t", title, *raw, "--", str(file))

    def _ask(self, *command: str) -> str:
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                timeout=self.timeout_s,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise PrinterError(f"{command[0]} is missing: sudo apt-get install cups-client", name=self.name) from error
        except subprocess.TimeoutExpired as error:
            raise PrinterSlowError(f"The print service does not answer for {self.name}.", name=self.name) from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[:200]
            raise PrinterUnreachableError(
                f"The print service refused the label for {self.name}: {said}", name=self.name
            )
        return done.stdout.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """Writes each label into a folder, for a print server that watches it and for posts without a printer."""

    name: str
    format: Format
    folder: Path

    def deliver(self, payload: bytes, title: str) -> None:
        letters = (letter if letter.isalnum() or letter == "-" else "_" for letter in title[:80])
        try:
            make_folder(self.folder)
            write_whole(self.folder / f"{''.join(letters)}.{self.format}", payload)
        except OSError as error:
            raise PrinterUnreachableError(
                f"Printer {self.name}: its folder cannot be written: {error.strerror}.", name=self.name
            ) from error
