"""The page of a parcel's papers: order, payment, waybill and inventory beside each other, what differs marked."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from app.customs.documents import Paper
from app.customs.match import Row
from app.customs.parcel import Parcel
from app.papers import Compared
from app.texts import text
from app.ui import build
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page
from app.ui.papers import shown, summary
from app.views import PapersView

_PAPERS = (Paper.INVENTORY, Paper.ORDER, Paper.PAYMENT, Paper.WAYBILL)


class PapersPage(Page):
    """Shows the parcel that is open at the desk."""

    def __init__(self, frame: Frame, papers: PapersView) -> None:
        super().__init__(frame, "papers")
        self._papers = papers
        self._parcel: Parcel | None = None
        self._compared: Compared | None = None
        self.number = build.named(QLabel(), "number")
        self.summary = QLabel(wordWrap=True)
        self.listing = Listing(len(_PAPERS) + 1)
        self.body.addWidget(self.number)
        self.body.addWidget(self.summary)
        self.body.addWidget(self.listing, 1)

    def show_page(self) -> None:
        parcel_id, papers = self.frame.parcel(), self._papers
        if parcel_id is None:
            self._show(None, None)
            return

        def read() -> tuple[Parcel, Compared | None]:
            parcel = papers.parcel(parcel_id)
            return parcel, papers.papers(parcel)

        self.ask(read, lambda found: self._show(*found), slot="papers")
        self.listing.table.setFocus()

    def retranslate(self) -> None:
        super().retranslate()
        papers = [text(f"ceb.paper.{paper}") for paper in _PAPERS]
        self.listing.set_titles([text("papers.column.field"), *papers])
        self._fill()

    def _show(self, parcel: Parcel | None, compared: Compared | None) -> None:
        self._parcel, self._compared = parcel, compared
        self._fill()

    def _fill(self) -> None:
        self.number.setText(self._parcel.number if self._parcel else "")
        if self._compared is None:
            self.summary.setText(text("papers.none" if self._parcel else "papers.no_parcel"))
            self.listing.fill([])
            return
        lines = summary(self._compared.match)
        self.summary.setText("\n".join(line for line, _ in lines[:2]))
        self.summary.setObjectName(lines[0][1])
        self.summary.style().polish(self.summary)
        self.listing.fill([_line(row) for row in self._compared.rows])


def _line(row: Row) -> Line:
    name = text(f"ceb.field.{row.field}")
    title = text("papers.line", field=name, line=row.line) if row.line else name
    values = [shown(row.field, row.values.get(paper, "")) for paper in _PAPERS]
    mark = "≠ " if row.is_different else ""
    return Line((mark + title, *values), "bad" if row.is_different else "")
