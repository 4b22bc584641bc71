"""Pages: chosen from the list by key, they take the place of the desk and its keys, and are left with Esc."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from app import texts
from app.trace.errors import LabelNoneError
from app.ui.pages.page import Frame, Page, PageKind
from app.ui.window import MainWindow
from scanners.barcode import Code, Reading
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.samples import make_parcels


class NotesPage(Page):
    """A page as a test needs it: one field, one answer from the worker, one key."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame, "notes")
        self.answer, self.field = QLabel(), QLineEdit()
        self.codes: list[str] = []
        self.pressed: list[str] = []
        self.body.addWidget(self.answer)
        self.body.addWidget(self.field)

    def show_page(self) -> None:
        self.ask(lambda: f"read for {self.frame.officer()}", self.answer.setText, slot="read")

    def take_code(self, code: str) -> bool:
        self.codes.append(code)
        return code.startswith("N")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        self.pressed.append(event.text())


@pytest.fixture
def noted(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    shown = dict(texts.catalogue("en")) | {"pages.name.notes": "Notes"}
    monkeypatch.setattr(texts, "catalogue", lambda language: shown)
    window.parts.stack.set_kinds([PageKind("notes", "N", NotesPage)])
    return window


def open_notes(qtbot: QtBot, window: MainWindow) -> NotesPage:
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.parts.pages.isVisible()
    qtbot.keyClick(window.parts.pages, "n")
    settle(qtbot, window)
    page = window.parts.stack.page
    assert isinstance(page, NotesPage)
    return page


def test_a_page_is_chosen_by_its_key_reads_and_is_left_with_esc(qtbot: QtBot, noted: MainWindow) -> None:
    page = open_notes(qtbot, noted)
    assert page.answer.text() == "read for officer-1"
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert noted.parts.stack.page is None
    assert noted.parts.splitter.isVisible()


def test_keys_of_the_desk_rest_while_a_page_is_in_front(
    qtbot: QtBot, noted: MainWindow, station: MemoryStation
) -> None:
    noted.open_parcel(1)
    settle(qtbot, noted)
    page = open_notes(qtbot, noted)
    qtbot.keyClick(page, Qt.Key.Key_R)
    settle(qtbot, noted)
    assert page.pressed == ["r"]
    assert station.history(1) == []


def test_a_code_goes_to_the_page_that_wants_it_or_back_to_the_desk(qtbot: QtBot, noted: MainWindow) -> None:
    page = open_notes(qtbot, noted)
    read(noted, "N1")
    assert noted.parts.stack.page is page
    read(noted, "X2")
    assert noted.parts.stack.page is None
    assert page.codes == ["N1", "X2"]


def test_what_goes_wrong_is_told_in_the_line_of_the_page(qtbot: QtBot, noted: MainWindow) -> None:
    page = open_notes(qtbot, noted)

    def fail() -> None:
        raise LabelNoneError("P1 has no label.", number="P1")

    page.ask(fail, lambda _: None)
    settle(qtbot, noted)
    assert "P1" in page.message
    page.clear()
    assert page.message == ""


def read(window: MainWindow, code: str) -> None:
    window.course.show_code(Reading(Code("QRCode", code), "hand", make_parcels(1)[0].arrived_at))
