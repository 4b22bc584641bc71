"""The labels that wait: shown with their state, settled by keys, in the officer's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app import texts
from app.printing import PrinterStatus
from app.texts import text
from app.trace.errors import PrintJobError
from app.trace.printing import JobState, PrintJob
from app.trace.wishes import Said
from app.ui.bridge import Bridge
from app.ui.pages.page import PageKind
from app.ui.pages.prints import PrintsPage
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Prints:
    """A print queue in memory."""

    printer = "label"

    def __init__(self) -> None:
        kinds = (JobState.WAITING, JobState.UNSURE, JobState.UNSURE)
        self.queue = [
            PrintJob(f"2026{n}", f"T99{n}", f"T99{n}", n, "officer-1", NOW, kind) for n, kind in enumerate(kinds)
        ]
        self.queue[0] = replace(self.queue[0], error_key="printer_paper_out")
        self.said: list[tuple[str, Said, str]] = []

    def jobs(self) -> list[PrintJob]:
        return list(self.queue)

    def settle(self, job_id: str, said: Said, *, officer: str) -> PrintJob:
        job = next((job for job in self.queue if job.id == job_id), None)
        if job is None:
            raise PrintJobError("gone")
        self.said.append((job_id, said, officer))
        self.queue.remove(job)
        return job


@pytest.fixture
def prints() -> Prints:
    return Prints()


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, prints: Prints) -> PrintsPage:
    window.parts.stack.set_kinds([PageKind("prints", "P", lambda frame: PrintsPage(frame, prints))])
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window.parts.pages, "p")
    settle(qtbot, window)
    shown = window.parts.stack.page
    assert isinstance(shown, PrintsPage)
    return shown


def cells(page: PrintsPage) -> list[list[str]]:
    table = page.table
    return [
        [found.text() if (found := table.item(row, column)) else "" for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_unsure_labels_stand_on_top_and_keys_settle_them(
    qtbot: QtBot, window: MainWindow, page: PrintsPage, prints: Prints
) -> None:
    assert [row[1] for row in cells(page)] == ["T991", "T992", "T990"]
    assert text("error.printer_paper_out", name="label") in cells(page)[2]
    qtbot.keyClick(page, Qt.Key.Key_Down)
    qtbot.keyClick(page, Qt.Key.Key_A)
    settle(qtbot, window)
    assert page.message == text("trace.settled.again", code="T992")
    qtbot.keyClick(page, Qt.Key.Key_C)
    settle(qtbot, window)
    qtbot.keyClick(page, Qt.Key.Key_C)
    qtbot.keyClick(page, Qt.Key.Key_Delete)
    settle(qtbot, window)
    officer = "officer-1"
    assert prints.said == [
        ("20262", Said.AGAIN, officer),
        ("20261", Said.CAME_OUT, officer),
        ("20260", Said.DROP, officer),
    ], "a label that only waits cannot have come out"
    assert cells(page) == []


def test_a_label_that_is_gone_meanwhile_is_told(
    qtbot: QtBot, window: MainWindow, page: PrintsPage, prints: Prints
) -> None:
    prints.queue.clear()
    qtbot.keyClick(page, Qt.Key.Key_C)
    settle(qtbot, window)
    assert page.message == text("error.print_job")


def test_the_page_speaks_both_languages(page: PrintsPage) -> None:
    english = cells(page)
    texts.set_language("zh_CN")
    page.retranslate()
    assert cells(page) != english
    assert text("trace.job.unsure") in cells(page)[0]


def test_the_printers_lamp_opens_the_page(qtbot: QtBot, window: MainWindow, page: PrintsPage, bridge: Bridge) -> None:
    page.left.emit()
    assert window.parts.stack.page is None
    bridge.printer_changed(PrinterStatus("label", unsure=1))
    bridge.deliver()
    window.show()
    qtbot.mouseClick(window.parts.status._printer_lamp, Qt.MouseButton.LeftButton)
    assert window.parts.stack.page is page
