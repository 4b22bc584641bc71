"""The labels that wait: for the printer, or for a word about what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidgetItem

from app.texts import text
from app.trace.printing import JobState, PrintJob
from app.trace.wishes import Said
from app.ui import build, words
from app.ui.key_button import KeyButton
from app.ui.pages.listing import make_table
from app.ui.pages.page import Frame, Page

SHOWN = 200
_COLUMNS = ("state", "label", "copy", "officer", "made_at", "trouble")
_KEYS = {Said.CAME_OUT: "C", Said.AGAIN: "A", Said.DROP: "Del"}
_FITS = {
    Said.CAME_OUT: {JobState.UNSURE},
    Said.AGAIN: {JobState.UNSURE},
    Said.DROP: {JobState.UNSURE, JobState.WAITING},
}


class Prints(Protocol):
    """What the page asks of the station's printing."""

    @property
    def printer(self) -> str: ...
    def jobs(self) -> list[PrintJob]: ...
    def settle(self, job_id: str, said: Said, *, officer: str) -> PrintJob: ...


class PrintsPage(Page):
    """The first labels of the queue, those nobody is sure of on top; a key says what became of the chosen one."""

    def __init__(self, frame: Frame, prints: Prints) -> None:
        super().__init__(frame, "prints")
        self._prints = prints
        self._jobs: list[PrintJob] = []
        self._hint = build.named(QLabel(wordWrap=True), "soft")
        self.table = build.named(make_table(len(_COLUMNS)), "rows")
        self._buttons = {said: KeyButton(said.value, key=key) for said, key in _KEYS.items()}
        self._lay_out()

    def _lay_out(self) -> None:
        table = self.table
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = table.horizontalHeader()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(_COLUMNS.index("trouble"), QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._show_what_fits)
        row = build.row(gap=8)
        for said, button in self._buttons.items():
            button.clicked.connect(lambda _=False, said=said: self.settle(said))
            row.addWidget(button)
        row.addStretch()
        self.body.addWidget(self._hint)
        self.body.addWidget(table, 1)
        self.body.addLayout(row)

    def show_page(self) -> None:
        self.read()

    def read(self) -> None:
        """Show the queue as it is now; the page's line stays."""
        self.ask(self._prints.jobs, self._show, slot="jobs", is_quiet=True)

    def settle(self, said: Said) -> None:
        """Say of the chosen label what became of it."""
        job = self._chosen()
        if job is None or job.state not in _FITS[said]:
            return
        officer = self.frame.officer()
        self.ask(
            lambda: self._prints.settle(job.id, said, officer=officer),
            lambda done: self._settled(said, done),
        )

    def retranslate(self) -> None:
        super().retranslate()
        self._hint.setText(text("trace.prints.hint"))
        self.table.setHorizontalHeaderLabels([text(f"trace.prints.{name}") for name in _COLUMNS])
        for said, button in self._buttons.items():
            button.set_words(text(f"trace.said.{said}"))
        self._show(self._jobs)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.table.selectRow(max(0, min(len(self._jobs) - 1, self.table.currentRow() + step)))
            return
        by_key = {Qt.Key.Key_C: Said.CAME_OUT, Qt.Key.Key_A: Said.AGAIN, Qt.Key.Key_Delete: Said.DROP}
        if said := by_key.get(Qt.Key(event.key())):
            self.settle(said)

    def _settled(self, said: Said, job: PrintJob) -> None:
        self.tell(text(f"trace.settled.{said}", code=job.title))
        self.read()

    def _chosen(self) -> PrintJob | None:
        row = self.table.currentRow()
        return self._jobs[row] if 0 <= row < len(self._jobs) else None

    def _show(self, jobs: Sequence[PrintJob]) -> None:
        chosen = self._chosen()
        self._jobs = sorted(jobs, key=lambda job: (job.state is not JobState.UNSURE, job.id))[:SHOWN]
        self.table.setRowCount(len(self._jobs))
        for row, job in enumerate(self._jobs):
            for column, shown in enumerate(_cells(job, self._prints.printer)):
                self.table.setItem(row, column, QTableWidgetItem(shown))
        again = next((row for row, job in enumerate(self._jobs) if chosen and job.id == chosen.id), 0)
        if self._jobs:
            self.table.selectRow(again)
        self._show_what_fits()

    def _show_what_fits(self) -> None:
        job = self._chosen()
        for said, button in self._buttons.items():
            button.setEnabled(job is not None and job.state in _FITS[said])


def _cells(job: PrintJob, printer: str) -> tuple[str, ...]:
    copy = text("trace.prints.reprint", count=job.copy) if job.copy else text("trace.prints.first")
    trouble = text(f"error.{job.error_key}", name=printer) if job.error_key else ""
    return text(f"trace.job.{job.state}"), job.title, copy, job.officer, words.clock(job.made_at), trouble
