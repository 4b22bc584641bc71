"""A serial line without hardware: a pseudo terminal under a path that a driver opens as its port. POSIX only."""

from __future__ import annotations

import os
from pathlib import Path


class SerialLine:
    """The reader's end of the line. The path `port` is there while the reader is plugged in."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._reader = self._station = -1

    def plug(self) -> None:
        """Let the port appear.

        Raises:
            OSError: the path is taken, or the system has no pseudo terminals.
        """
        import tty  # not there on Windows, where this module is imported but never used

        self._reader, self._station = os.openpty()
        tty.setraw(self._station)
        self.port.symlink_to(os.ttyname(self._station))

    def send(self, data: bytes) -> None:
        """Send all of it; waits while nobody reads and the line is full."""
        while data:
            data = data[os.write(self._reader, data) :]

    def unplug(self) -> None:
        """Let the port go: who has it open finds it dead. May be called twice."""
        if self._reader >= 0:
            self.port.unlink()
            os.close(self._station)
            os.close(self._reader)
            self._reader = self._station = -1
