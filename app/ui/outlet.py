"""What the officer wrote, for other programs: the file itself, of an encrypted store a copy in plain.

Such copies lie in a folder that only this account may read, in memory where the system has such a place. They go when
the window closes or another officer sits down; what a killed window left goes when the next one opens.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.store import sealed
from app.texts import text
from app.ui import keys, words
from app.ui.desk import Desk
from app.ui.parts import Parts
from imaging.errors import KnownError
from imaging.files.durable import PRIVATE, write_whole


class NotTakenOutError(KnownError):
    """A file cannot be read, or its copy not written."""

    key = "not_taken_out"


class Outlet(QObject):
    """Tells of files that were written, and opens the last of them with the system's program for it."""

    def __init__(self, parts: Parts, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._parts, self._desk = parts, desk
        self._last: Path | None = None
        self._is_encrypted = desk.data is not None and sealed.is_encrypted(desk.data)
        self._prefix = f"guanjian-{hashlib.sha256(str(desk.data).encode()).hexdigest()[:16]}-"
        desk.files_written.connect(self.tell_written)
        if self._is_encrypted:
            desk.pages.submit(self.clear, lambda _: None)

    def tell_written(self, paths: Sequence[Path]) -> None:
        """Say where files are and with which key the first of them is opened."""
        self._last = paths[0]
        names, key = ", ".join(path.name for path in paths), keys.key_of("open_written")
        how = "written_encrypted" if self._is_encrypted else "written"
        self._tell(text(f"ui.notice.{how}", names=names, folder=str(paths[0].parent), key=key), "good")

    def open_last(self) -> None:
        """Open what was written last."""
        path, officer = self._last, self._desk.officer
        if path is None:
            self._tell(text("ui.notice.nothing_written"), "warn")
        else:
            self._desk.pages.submit(lambda: self._take_out(path, officer), self._open, otherwise=self._tell_error)

    def forget(self) -> None:
        """Another officer sits down: nothing that the one before wrote is opened by a key, and its copies go."""
        self._last = None
        if self._is_encrypted:
            self._desk.pages.submit(self.clear, lambda _: None)

    def clear(self) -> None:
        """Remove all copies; what another program still holds open stays for the next time."""
        for folder in _base().glob(f"{self._prefix}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _take_out(self, path: Path, officer: str) -> Path:
        """A file that other programs can read; called on a worker."""
        if not self._is_encrypted:
            return path
        self._desk.station.note_export(None, "file", officer=officer, file=path.name)
        try:
            copy = Path(tempfile.mkdtemp(prefix=self._prefix, dir=_base())) / path.name
            write_whole(copy, sealed.read_plain(path), mode=PRIVATE)
        except OSError as error:
            why = error.strerror or str(error)
            raise NotTakenOutError(
                f"{path.name} cannot be opened: {why}. Write it again.", name=path.name, why=why
            ) from error
        return copy

    def _open(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._tell(text("ui.notice.no_program", name=path.name, folder=str(path.parent)), "warn")
        elif self._is_encrypted:
            self._tell(text("ui.notice.opened_copy", name=path.name), "good")

    def _tell_error(self, error: KnownError) -> None:
        self._tell(words.error_words(error), "bad")

    def _tell(self, line: str, tone: str) -> None:
        """In the line of the page in front, or over the picture."""
        page = self._parts.stack.page
        if page is not None:
            page.tell(line, tone)
        else:
            self._parts.notice.tell(line, "check" if tone == "good" else "warning")


def _base() -> Path:
    """Where copies lie: the folder in memory that Linux gives to each account, else that of temporary files."""
    in_memory = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(in_memory if in_memory and Path(in_memory).is_dir() else tempfile.gettempdir())
