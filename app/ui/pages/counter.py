"""What the counters' pages share: rows that grow as one scrolls, a chosen matter, keys, one line to answer in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QTableWidgetItem,
    QTextBrowser,
)

from app.texts import text
from app.ui import build, theme
from app.ui.key_button import KeyButton
from app.ui.pages.listing import make_table
from app.ui.pages.page import Frame, Page
from app.ui.pages.question import Option, Question
from imaging.errors import KnownError

ROWS = 200
"""Rows read at a time; more are read when the end comes into sight."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a key does on a page. `name` ends its button's text key (`<page>.act.<name>`); "" has none."""

    name: str
    key: str
    do: Callable[[], None]


class CounterPage(Page):
    """Base of the counters' pages: a table on the left, the chosen matter on the right, keys below.

    Subclasses name `columns` (text keys `<page>.column.<name>`; the last one takes what room is left), make `acts`,
    and give `read` and `choose`. A code that is read by hand goes to `enter_code`.
    """

    columns: Sequence[str] = ()

    def __init__(self, frame: Frame, name: str) -> None:
        super().__init__(frame, name)
        self.table = build.named(make_table(len(self.columns)), "rows")
        self.detail = QTextBrowser()
        self.beside = build.column(gap=8)
        self.question = Question()
        self._buttons: list[tuple[KeyButton, Act]] = []
        self._acts: dict[str, Act] = {}
        self._keys = build.row(gap=6)
        self._counts = build.named(QLabel(), "soft")
        self._set_up_table()
        self._lay_out()

    def acts(self) -> Iterable[Act]:
        """What the keys of this page do."""
        return ()

    def read(self, after: int) -> None:
        """Read rows from the beginning (0), or those after the rows that are shown."""
        raise NotImplementedError

    def choose(self, row: int) -> None:
        """A row is chosen: show its matter."""
        raise NotImplementedError

    def enter_code(self, code: str) -> None:
        """A code was read or typed."""
        raise NotImplementedError

    def show_page(self) -> None:
        self.read(0)

    def take_code(self, code: str) -> bool:
        self.enter_code(code)
        return True

    def escape(self) -> bool:
        return self.question.leave()

    def retranslate(self) -> None:
        super().retranslate()
        self.table.setHorizontalHeaderLabels([text(f"{self.name}.column.{each}") for each in self.columns])
        if not self._buttons:
            self._add_buttons()
        for button, act in self._buttons:
            button.set_words(text(f"{self.name}.act.{act.name}"))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        act = self._acts.get(_name_of(event))
        if act is None:
            super().keyPressEvent(event)
        else:
            act.do()

    # What subclasses use

    def show_rows(self, rows: Sequence[Sequence[str]], *, after: int = 0, tones: Sequence[str] = ()) -> None:
        """Fill the table from a row on; `tones` are colours of the theme for each row's first cell."""
        self.table.blockSignals(True)
        self.table.setRowCount(after + len(rows))
        for at, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                item = QTableWidgetItem(cell)
                item.setToolTip(cell)
                if column == 0 and at < len(tones) and tones[at]:
                    item.setForeground(theme.colour(tones[at]))
                self.table.setItem(after + at, column, item)
        self.table.blockSignals(False)

    def show_counts(self, counts: str) -> None:
        self._counts.setText(counts)

    def show_detail(self, *parts: str) -> None:
        """Show the chosen matter; the parts are made by `heading`, `lines` and `grid`."""
        bar = self.detail.verticalScrollBar()
        at = bar.value()
        self.detail.setHtml("".join(parts))
        bar.setValue(at)

    def ask_for(
        self, question: str, then: Callable[[str], None], *, given: str = "", options: Sequence[Option] = ()
    ) -> None:
        """Ask for a text or one of some options below the table; Enter answers, Esc leaves it."""
        self.question.ask(question, then, given=given, options=options, back_to=self)

    def act(self, function: Callable[[], object], done: str = "") -> None:
        """Do something in the background, tell that it is done, and read the page afresh."""

        def then(_: object) -> None:
            if done:
                self.tell(done)
            self.read(0)

        self.ask(function, then, otherwise=self.refused)

    def refused(self, error: KnownError) -> None:
        """What was to be done could not be."""
        self.tell_error(error)

    # Its making

    def _set_up_table(self) -> None:
        table = self.table
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.horizontalHeader().setHighlightSections(False)
        table.itemSelectionChanged.connect(self._chosen)
        table.verticalScrollBar().valueChanged.connect(self._scrolled)

    def _lay_out(self) -> None:
        right = build.named(QFrame(), "card")
        self.detail.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.detail.setFrameShape(QFrame.Shape.NoFrame)
        card = build.column(right, gap=8, margins=(12, 10, 12, 10))
        card.addWidget(self.detail, 4)
        card.addLayout(self.beside, 5)
        both = build.row(gap=12)
        both.addWidget(self.table, 5)
        both.addWidget(right, 4)
        self.body.addWidget(self._counts)
        self.body.addLayout(both, 1)
        self.body.addWidget(self.question)
        self.body.addLayout(self._keys)

    def _add_buttons(self) -> None:
        for act in self.acts():
            self._acts[act.key] = act
            if not act.name:
                continue
            button = KeyButton(act.name, key=act.key)
            button.clicked.connect(lambda _=False, do=act.do: do())
            self._buttons.append((button, act))
            self._keys.addWidget(button)
        self._keys.addStretch()
        self._acts |= {
            "Up": Act("", "", lambda: self._step(-1)),
            "Down": Act("", "", lambda: self._step(1)),
            "PgUp": Act("", "", lambda: self._step(-10)),
            "PgDown": Act("", "", lambda: self._step(10)),
        }

    def _step(self, by: int) -> None:
        rows = self.table.rowCount()
        if rows:
            self.table.selectRow(min(max(self.table.currentRow() + by, 0), rows - 1))

    def _chosen(self) -> None:
        if self.table.currentRow() >= 0:
            self.choose(self.table.currentRow())

    def _scrolled(self, value: int) -> None:
        rows = self.table.rowCount()
        if rows and rows % ROWS == 0 and value == self.table.verticalScrollBar().maximum():
            self.read(rows)


def heading(words: str) -> str:
    return f"<p style='font-size:{theme.text_px() + 4}px'><b>{_spaced(words)}</b></p>"


def lines(*rows: str, tone: str = "") -> str:
    """Paragraphs, in a colour of the theme where one is named; empty ones are left out."""
    colour = f"color:{theme.colour(tone).name()};" if tone else ""
    return "".join(f"<p style='{colour}margin:4px 0px'>{_spaced(row)}</p>" for row in rows if row)


def _spaced(words: str) -> str:
    """Text in which several spaces stay several."""
    return escape(words).replace("  ", "&nbsp;&nbsp;")


def grid(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """A table of texts."""
    soft = theme.colour("soft").name()
    top = "".join(f"<td style='color:{soft}'>{escape(head)}&nbsp;&nbsp;</td>" for head in heads)
    made = "".join(f"<tr>{''.join(f'<td>{escape(cell)}&nbsp;&nbsp;</td>' for cell in row)}</tr>" for row in rows)
    return f"<table cellspacing='0' cellpadding='2'>{f'<tr>{top}</tr>' if top else ''}{made}</table>" if made else ""


def _name_of(event: QKeyEvent) -> str:
    """A key as the acts name it: a letter or digit, or one of the few keys that have names."""
    named = {
        Qt.Key.Key_Up: "Up", Qt.Key.Key_Down: "Down", Qt.Key.Key_PageUp: "PgUp", Qt.Key.Key_PageDown: "PgDown",
        Qt.Key.Key_Return: "Enter", Qt.Key.Key_Enter: "Enter", Qt.Key.Key_Backspace: "Backspace",
    }  # fmt: skip
    return named.get(Qt.Key(event.key()), event.text().upper())
