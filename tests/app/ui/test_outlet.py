"""Files that were written are opened by a key; of an encrypted store a copy in plain, which goes with the window."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from app import texts
from app.forms import Form, FormKind
from app.store import sealed
from app.ui.forms import write_form
from app.ui.pages.page import Page, PageKind
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import press

CTRL = Qt.KeyboardModifier.ControlModifier
OpenWindow = Callable[..., MainWindow]


class Viewer:
    """The system's program for PDF: what it was given to open, and how that stood there then."""

    def __init__(self) -> None:
        self.opened: list[Path] = []
        self.contents: list[bytes] = []
        self.is_there = True

    def open(self, url: QUrl) -> bool:
        if self.is_there:
            self.opened.append(Path(url.toLocalFile()))
            self.contents.append(self.opened[-1].read_bytes())
        return self.is_there


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Viewer:
    made = Viewer()
    monkeypatch.setattr(QDesktopServices, "openUrl", made.open)
    return made


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this account's copies lie."""
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def encrypted(tmp_path: Path, in_memory: Path) -> Iterator[Path]:
    """The data folder of an encrypted store."""
    data = tmp_path / "data"
    data.mkdir()
    sealed.make_key(data / sealed.KEY_FILE, "passphrase", "six lanes and one lamp")
    yield data
    sealed.forget()


def write_record(qtbot: QtBot, window: MainWindow) -> Path:
    press(qtbot, window, Qt.Key.Key_R, CTRL)
    settle(qtbot, window)
    assert window.desk.data is not None
    (record,) = (window.desk.data / "records").glob("*.pdf")
    return record


def open_written(qtbot: QtBot, window: MainWindow) -> str:
    press(qtbot, window, Qt.Key.Key_E, CTRL)
    settle(qtbot, window)
    return window.parts.notice.words


def test_a_record_of_an_encrypted_store_opens_in_plain_until_the_window_closes(  # noqa: PLR0917  fixtures
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, encrypted: Path, in_memory: Path, viewer: Viewer
) -> None:
    window = open_window(station, data=encrypted)
    record = write_record(qtbot, window)
    assert sealed.is_sealed(record.read_bytes())
    assert "encrypted" in window.parts.notice.words
    assert "Ctrl+E" in window.parts.notice.words
    assert open_written(qtbot, window) == texts.text("ui.notice.opened_copy", name=record.name)
    (copy,) = viewer.opened
    assert copy.name == record.name
    assert viewer.contents[0].startswith(b"%PDF")
    assert in_memory in copy.parents
    assert station.exports[-1] == (None, "file", "officer-1")
    if sys.platform != "win32":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    window.close()
    assert list(in_memory.iterdir()) == []
    assert sealed.is_sealed(record.read_bytes())


def test_what_a_killed_window_left_goes_when_the_next_one_opens(  # noqa: PLR0917  fixtures
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, encrypted: Path, in_memory: Path, viewer: Viewer
) -> None:
    window = open_window(station, data=encrypted)
    write_record(qtbot, window)
    open_written(qtbot, window)
    left = viewer.opened[0].parent
    (in_memory / "others").mkdir()
    settle(qtbot, open_window(station, data=encrypted))
    assert not left.exists()
    assert (in_memory / "others").exists()


def test_another_officer_opens_nothing_of_the_one_before(  # noqa: PLR0917  fixtures
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, encrypted: Path, in_memory: Path, viewer: Viewer
) -> None:
    window = open_window(station, data=encrypted)
    write_record(qtbot, window)
    open_written(qtbot, window)
    window.outlet.forget()
    assert open_written(qtbot, window) == texts.text("ui.notice.nothing_written")
    assert list(in_memory.iterdir()) == []
    assert len(viewer.opened) == 1


def test_a_plain_store_s_file_is_opened_where_it_lies(
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, tmp_path: Path, viewer: Viewer
) -> None:
    window = open_window(station, data=tmp_path / "data")
    record = write_record(qtbot, window)
    open_written(qtbot, window)
    assert viewer.opened == [record]
    viewer.is_there = False
    assert "No program" in open_written(qtbot, window)


def test_an_altered_file_or_one_that_is_gone_is_told(
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, encrypted: Path, viewer: Viewer
) -> None:
    window = open_window(station, data=encrypted)
    record = write_record(qtbot, window)
    record.write_bytes(record.read_bytes()[:-1] + b"x")
    assert open_written(qtbot, window) == texts.text("error.store_locked", name=record.name, why="key")
    record.unlink()
    assert "cannot be opened" in open_written(qtbot, window)
    assert viewer.opened == []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_form_that_a_page_wrote_is_opened_from_the_page(  # noqa: PLR0917  fixtures
    qtbot: QtBot, open_window: OpenWindow, station: MemoryStation, encrypted: Path, viewer: Viewer, language: str
) -> None:
    window = open_window(station, data=encrypted, language=language)
    window.parts.stack.set_kinds([PageKind("papers", "D", lambda frame: Page(frame, "papers"))])
    page = window.parts.stack.open_page("papers")
    page.frame.wrote(write_form(encrypted / "forms", Form(FormKind.HAND_OVER_LIST, "A1", "<p>list</p>", {})))
    assert "Ctrl+E" in page.message
    qtbot.keyClick(page, Qt.Key.Key_E, CTRL)
    settle(qtbot, window)
    assert viewer.contents[0].startswith(b"%PDF")
    assert page.message == texts.text("ui.notice.opened_copy", name=viewer.opened[0].name)
