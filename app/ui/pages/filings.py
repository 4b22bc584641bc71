"""The page of filings: search in a book, the versions of what is chosen, and tables brought in with a preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QLabel, QLineEdit, QPushButton

from app.customs.filings import Book, Credit, Filing, Standing
from app.exchange.filings import Wrong
from app.filing_office import FilingOffice, Imported
from app.store.filings import Version
from app.texts import has_text, text
from app.ui import build, theme, words
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page

PAGE = 100
CARD_EM = 30
_COLUMNS = ("key", "name", "standing", "valid", "said")
_VERSIONS = ("at", "standing", "said", "officer", "source")
_TONES = {Standing.SUSPENDED: "warn", Standing.CANCELLED: "soft"}


class FilingsPage(Page):
    """A book on the left; the versions of the chosen filing, or the preview of a table, on the right."""

    def __init__(self, frame: Frame, office: FilingOffice) -> None:
        super().__init__(frame, "filings")
        self._office = office
        self._filings: list[Filing] = []
        self._versions: Sequence[Version] = ()
        self._has_more = False
        self._counts: dict[Book, int] = {}
        self._previewed: Path | None = None
        self._preview_of: Imported | None = None
        self.book, self.search = QComboBox(), QLineEdit()
        for book in Book:
            self.book.addItem("", book)
        self.listing, self.right = Listing(len(_COLUMNS)), Listing(len(_VERSIONS))
        self.bring, self.take, self.drop = QPushButton(), QPushButton(), QPushButton()
        self._head, self._hint = build.named(QLabel(wordWrap=True), "section"), build.named(QLabel(), "small")
        self._lay_out()
        self._connect()

    def show_page(self) -> None:
        self._read()
        self.search.setFocus()

    def retranslate(self) -> None:
        super().retranslate()
        for at in range(self.book.count()):
            book = self.book.itemData(at)
            self.book.setItemText(at, f"{text(f'filings.book.{book}')}  {self._counts.get(book, 0):,}")
        self.search.setPlaceholderText(text("filings.page.search"))
        for button, name in ((self.bring, "import"), (self.take, "take"), (self.drop, "leave")):
            button.setText(text(f"filings.page.{name}"))
        self._hint.setText(text("filings.page.hint"))
        self.listing.set_titles([text(f"filings.column.{name}") for name in _COLUMNS], text("filings.page.more"))
        self._fill()
        self._fill_right()

    def escape(self) -> bool:
        """Esc leaves a preview before it leaves the page."""
        if self._previewed is None:
            return False
        self._leave_preview()
        return True

    def _lay_out(self) -> None:
        top = build.row(gap=8)
        top.addWidget(self.book)
        top.addWidget(self.search, 1)
        top.addWidget(self.bring)
        left, card = build.column(gap=8), build.named(QFrame(), "card")
        left.addLayout(top)
        left.addWidget(self.listing, 1)
        left.addWidget(self._hint)
        card.setFixedWidth(round(theme.text_px() * CARD_EM))
        column = build.column(card, gap=8, margins=(14, 12, 14, 12))
        column.addWidget(self._head)
        column.addWidget(self.right, 1)
        buttons = build.row(gap=8)
        buttons.addWidget(self.take)
        buttons.addWidget(self.drop)
        column.addLayout(buttons)
        row = build.row(gap=12)
        row.addLayout(left, 1)
        row.addWidget(card)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        self.book.activated.connect(lambda _: self._choose_book())
        self.search.textChanged.connect(lambda _: self._read())
        self.listing.wanted.connect(lambda: self._read(self._filings[-1].key))
        self.listing.chosen.connect(lambda _: self._read_versions())
        self.bring.clicked.connect(self._bring)
        self.take.clicked.connect(self._take)
        self.drop.clicked.connect(self._leave_preview)

    @property
    def _book(self) -> Book:
        return Book(self.book.currentData())

    def _choose_book(self) -> None:
        self._leave_preview()
        self._read()

    def _read(self, after: str = "", *, is_quiet: bool = False) -> None:
        office, book, wanted = self._office, self._book, self.search.text().strip()
        self.ask(
            lambda: (office.page(book, wanted=wanted, limit=PAGE + 1, after=after), office.counts()),
            lambda found: self._show(after, *found),
            slot="page",
            is_quiet=is_quiet,
        )

    def _show(self, after: str, filings: Sequence[Filing], counts: dict[Book, int]) -> None:
        self._filings = [*(self._filings if after else ()), *filings[:PAGE]]
        self._has_more, self._counts = len(filings) > PAGE, counts
        self.retranslate()
        self._read_versions()

    def _fill(self) -> None:
        self.listing.fill([_line(filing) for filing in self._filings], has_more=self._has_more)
        self.listing.count.setText(text("filings.page.count", n=f"{self._counts.get(self._book, 0):,}"))

    def _read_versions(self) -> None:
        if self._previewed is not None or not 0 <= self.listing.current < len(self._filings):
            return
        office, filing = self._office, self._filings[self.listing.current]
        self.ask(
            lambda: office.versions(filing.book, filing.key), self._show_versions, slot="versions", is_quiet=True
        )  # fmt: skip

    def _show_versions(self, versions: Sequence[Version]) -> None:
        self._versions = versions
        self._fill_right()

    def _fill_right(self) -> None:
        is_preview = self._previewed is not None and self._preview_of is not None
        self.take.setVisible(is_preview)
        self.drop.setVisible(is_preview)
        if self._previewed is not None and self._preview_of is not None:
            self._head.setText(text("filings.page.preview", name=self._previewed.name))
            self.right.set_titles([text("filings.page.wrong"), "", "", "", ""])
            self._fill_preview(self._preview_of)
            return
        self._head.setText(text("filings.page.versions"))
        self.right.set_titles([text(f"filings.column.{name}") for name in _VERSIONS])
        self.right.count.clear()
        self.right.fill([_version_line(version) for version in self._versions])

    def _fill_preview(self, done: Imported) -> None:
        self.right.count.setText(_counted(done, "filings.would_do"))
        lines = [Line((_wrong_words(each), "", "", "", ""), "bad") for each in done.wrong]
        if done.wrong_rows > len(done.wrong):
            lines.append(Line((text("filings.more_wrong", n=done.wrong_rows - len(done.wrong)), "", "", "", "")))
        self.right.fill(lines)
        self.take.setEnabled(done.counted.new + done.counted.changed > 0)

    def _bring(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, text("filings.page.file"), "", f"{text('filings.page.hint')} (*.csv *.xlsx)"
        )  # fmt: skip
        if name:
            self.preview(Path(name))

    def preview(self, path: Path) -> None:
        """Show what a table would bring into the book that is chosen."""
        office, book, officer = self._office, self._book, self.frame.officer()

        def look() -> Imported:
            *_, done = office.import_file(path, book, officer=officer, is_preview=True)
            return done

        def show(done: Imported) -> None:
            self._previewed, self._preview_of = path, done
            self._fill_right()
            self.take.setFocus()

        self.ask(look, show)

    def _take(self) -> None:
        path = self._previewed
        if path is None:
            return
        office, book, officer = self._office, self._book, self.frame.officer()

        def take() -> Imported:
            *_, done = office.import_file(path, book, officer=officer)
            return done

        def show(done: Imported) -> None:
            self._leave_preview()
            what = _counted(done, "filings.done")
            self.tell(text("filings.page.taken", name=path.name, what=what), "warn" if done.wrong_rows else "good")
            self._read(is_quiet=True)

        self.ask(take, show)

    def _leave_preview(self) -> None:
        self._previewed = self._preview_of = None
        self._fill_right()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)


def _line(filing: Filing) -> Line:
    standing = text(f"filings.standing.{filing.standing}")
    cells = (filing.key, filing.name, standing, _span(filing), _said(filing))
    return Line(cells, _TONES.get(filing.standing, ""))


def _version_line(version: Version) -> Line:
    filing = version.filing
    standing = text(f"filings.standing.{filing.standing}")
    at = words.clock(version.imported_at)
    said = " · ".join(part for part in (filing.name, _said(filing), _span(filing)) if part)
    return Line((at, standing, said, version.officer, version.source))


def _span(filing: Filing) -> str:
    first = "" if filing.valid_from == date.min else filing.valid_from.isoformat()
    last = filing.valid_to.isoformat() if filing.valid_to else ""
    return f"{first} – {last}" if first or last else ""


def _said(filing: Filing) -> str:
    parts = []
    for name, value in filing.said.items():
        shown = text(f"filings.credit.{value}") if name == "credit" and value in set(Credit) else value
        title = text(f"filings.field.{name}") if has_text(f"filings.field.{name}") else name
        parts.append(f"{title} {shown}")
    return " · ".join(parts)


def _counted(done: Imported, key: str) -> str:
    counted = done.counted
    return text(key, new=counted.new, changed=counted.changed, same=counted.same, wrong=done.wrong_rows)


def _wrong_words(wrong: Wrong) -> str:
    column = text(f"filings.field.{wrong.column}") if has_text(f"filings.field.{wrong.column}") else wrong.column
    if has_text(f"filings.column.{wrong.column}"):
        column = text(f"filings.column.{wrong.column}")
    return text(
        "filings.wrong_row", row=wrong.row, column=column, value=wrong.value, why=text(f"filings.wrong.{wrong.why}")
    )
