"""The page of projected threats: scores, and for who leads the post rates and library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from app.customs.tip import RELIABLE_FROM, Rate, Score
from app.officers.errors import OfficerError
from app.officers.rights import Right, Rights
from app.store.sealed import write_file
from app.texts import text
from app.tip_office import DAYS, ThreatUse, TipOffice
from app.tip_scores import COLUMNS, cells, column_names, write_csv
from app.ui import build, theme
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page
from imaging.tip.threats import ThreatLibraryError

_RATES_EM = 30
_FIELD_EM = 11


@dataclass(frozen=True, slots=True)
class Told:
    """What the page shows to an officer; rates and library only to who leads."""

    scores: Sequence[Score]
    rates: Sequence[Rate] | None
    uses: Sequence[ThreatUse]


class TipPage(Page):
    """An officer sees his own scores; who has the rights sees all, and sets rates."""

    def __init__(self, frame: Frame, office: TipOffice, rights: Rights) -> None:
        super().__init__(frame, "tip")
        self._office, self._rights = office, rights
        self.told: Told | None = None
        self.scores = Listing(len(COLUMNS))
        self.rates = Listing(4)
        self.lane, self.of, self.share = QLineEdit(), QLineEdit(), QDoubleSpinBox()
        self.set_button, self.export_button = QPushButton(), QPushButton()
        self._scores_title = build.named(QLabel(), "section")
        self._rates_title = build.named(QLabel(), "section")
        self._library = build.named(QLabel(wordWrap=True), "soft")
        self._note = build.named(QLabel(wordWrap=True), "soft")
        self._leads = QWidget()
        self._lay_out()
        self.set_button.clicked.connect(self._set_rate)
        self.export_button.clicked.connect(self._export)

    def _lay_out(self) -> None:
        self.share.setRange(0, 1000)
        self.share.setDecimals(1)
        head = build.row(gap=12)
        head.addWidget(self._scores_title)
        head.addStretch()
        head.addWidget(self.export_button)
        self.body.addLayout(head)
        self.body.addWidget(self.scores, 3)
        self.body.addWidget(self._note)
        leads = build.column(self._leads, gap=6)
        leads.addWidget(self._rates_title)
        leads.addLayout(self._form())
        leads.addWidget(self.rates, 1)
        leads.addWidget(self._library)
        self.body.addWidget(self._leads, 2)
        self._leads.hide()

    def _form(self) -> QHBoxLayout:
        row = build.row(gap=8)
        for field in (self.lane, self.of):
            field.setFixedWidth(theme.text_px() * _FIELD_EM * 2)
            row.addWidget(field)
        self.share.setFixedWidth(theme.text_px() * _FIELD_EM)
        row.addWidget(self.share)
        row.addWidget(self.set_button)
        row.addStretch()
        return row

    def show_page(self) -> None:
        self.scores.table.setFocus()
        self._read()

    def retranslate(self) -> None:
        super().retranslate()
        self._scores_title.setText(text("tip.page.scores", days=DAYS))
        self._rates_title.setText(text("tip.page.rates"))
        self.scores.set_titles(column_names())
        self.rates.set_titles([text(f"tip.page.{key}") for key in ("lane", "of", "share", "set_by")])
        self.lane.setPlaceholderText(text("tip.page.lane"))
        self.of.setPlaceholderText(text("tip.page.of"))
        self.share.setToolTip(text("tip.page.share"))
        self.share.setSuffix(" ‰")
        self.set_button.setText(text("tip.page.set"))
        self.export_button.setText(f"{text('tip.page.export')}  F5")
        self._note.setText(text("tip.page.note", n=RELIABLE_FROM))
        if self.told:
            self._show(self.told)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_F5:
            self._export()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._leads.isAncestorOf(self.focusWidget()):
            self._set_rate()
        else:
            super().keyPressEvent(event)

    def _read(self) -> None:
        officer = self.frame.officer()
        self.ask(lambda: self._tell(officer), self._show, slot="scores", is_quiet=True)

    def _tell(self, officer: str) -> Told:
        office, rights = self._office, self._rights
        is_leading = _may(rights, officer, Right.TIP_SET)
        scores = (
            office.scores(officer=officer)
            if _may(rights, officer, Right.TIP_SCORES)
            else office.own_scores(officer=officer)
        )
        try:
            uses = office.uses() if is_leading else []
        except ThreatLibraryError:
            uses = []
        return Told(scores, office.rates() if is_leading else None, uses)

    def _show(self, told: Told) -> None:
        self.told = told
        lines = [Line(cells(score), "" if score.is_reliable else "soft") for score in told.scores]
        self.scores.fill(lines)
        self.scores.count.setText("" if lines else text("tip.page.nothing", days=DAYS))
        self._leads.setVisible(told.rates is not None)
        if told.rates is None:
            return
        everywhere = text("tip.page.everywhere")
        self.rates.fill(
            [
                Line((rate.lane or everywhere, rate.officer or everywhere, f"{rate.share * 1000:g} ‰", _set_by(rate)))
                for rate in told.rates
            ]
        )
        kinds = len({use.category for use in told.uses})
        shown = sum(use.shown for use in told.uses)
        self._library.setText(
            text("tip.page.library_count", images=len(told.uses), categories=kinds, shown=shown)
            if told.uses
            else text("error.tip_library")
        )

    def _set_rate(self) -> None:
        office, officer, share = self._office, self.frame.officer(), self.share.value() / 1000
        lane, of = self.lane.text(), self.of.text()

        def then(_: None) -> None:
            self.tell(text("tip.page.set_done", share=f"{share * 1000:g}"))
            self._read()

        self.ask(lambda: office.set_rate(share, officer=officer, lane=lane, of=of), then)

    def _export(self) -> None:
        told, folder, officer = self.told, self.frame.data, self.frame.officer()
        if told is None or folder is None:
            return
        path = folder / "reports" / f"tip-{datetime.now().astimezone():%Y%m%d-%H%M%S}.csv"

        def write() -> None:
            self._rights.require(officer, Right.EXPORT)
            write_csv(told.scores, path, write=partial(write_file, store=folder))

        self.ask(write, lambda _: self.frame.wrote(path))


def _may(rights: Rights, officer: str, right: Right) -> bool:
    try:
        rights.require(officer, right)
    except OfficerError:
        return False
    return True


def _set_by(rate: Rate) -> str:
    return "" if rate.set_at is None else f"{rate.set_by}  {rate.set_at.astimezone():%Y-%m-%d %H:%M}"
