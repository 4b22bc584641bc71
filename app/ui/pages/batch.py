"""The page of release in batch: a consignment is looked through, what is clear goes together, the rest says why not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from app.batches import Batches, Preview, Released
from app.customs.batch import Excluded, WhyNot
from app.customs.parcel import FindingKind, Lane, Parcel
from app.customs.states import State
from app.customs.waiting import WaitingKind
from app.texts import text
from app.ui import build, words
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page

_CLEAR = ("number", "goods", "arrived")
_EXCLUDED = ("number", "why", "goods")


class BatchPage(Page):
    """What is clear on the left, what is excluded on the right; nothing is released that was not shown."""

    def __init__(self, frame: Frame, batches: Batches) -> None:
        super().__init__(frame, "batch")
        self._batches = batches
        self._preview: Preview | None = None
        self.bill = QLineEdit()
        self.look, self.release = QPushButton(), QPushButton()
        self.said = QLabel(wordWrap=True)
        self.clear_list, self.excluded_list = Listing(len(_CLEAR)), Listing(len(_EXCLUDED))
        self._heads = {name: build.named(QLabel(), "section") for name in ("clear", "excluded")}
        self._hint = build.named(QLabel(), "small")
        self._lay_out()
        self.look.clicked.connect(self._look)
        self.bill.returnPressed.connect(self._look)
        self.release.clicked.connect(self._release)
        self.clear_list.opened.connect(lambda row: self._open(self._clear[row]))
        self.excluded_list.opened.connect(lambda row: self._open(self._excluded[row].parcel))

    @property
    def _clear(self) -> tuple[Parcel, ...]:
        return self._preview.clear if self._preview else ()

    @property
    def _excluded(self) -> tuple[Excluded, ...]:
        return self._preview.excluded if self._preview else ()

    def show_page(self) -> None:
        self.bill.setFocus()
        if self._preview is not None:
            self._look()

    def retranslate(self) -> None:
        super().retranslate()
        self.bill.setPlaceholderText(text("batch.bill"))
        self.look.setText(text("batch.look"))
        for name, head in self._heads.items():
            head.setText(text(f"batch.{name}"))
        self._hint.setText(text("batch.hint"))
        self.clear_list.set_titles([text(f"batch.column.{name}") for name in _CLEAR])
        self.excluded_list.set_titles([text(f"batch.column.{name}") for name in _EXCLUDED])
        self._fill()

    def take_code(self, code: str) -> bool:
        """A bill's number that is read is looked through."""
        self.bill.setText(code)
        self._look()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._release()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        top = build.row(gap=8)
        top.addWidget(self.bill, 1)
        top.addWidget(self.look)
        top.addWidget(self.release)
        self.body.addLayout(top)
        self.body.addWidget(self.said)
        lists = build.row(gap=12)
        for name, listing in (("clear", self.clear_list), ("excluded", self.excluded_list)):
            column = build.column(gap=6)
            column.addWidget(self._heads[name])
            column.addWidget(listing, 1)
            lists.addLayout(column, 1)
        self.body.addLayout(lists, 1)
        self.body.addWidget(self._hint)

    def _look(self) -> None:
        batches, bill = self._batches, self.bill.text().strip()
        self.ask(lambda: batches.preview(bill), self._show, slot="preview")

    def _show(self, preview: Preview) -> None:
        self._preview = preview
        self._fill()

    def _fill(self) -> None:
        clear, excluded = self._clear, self._excluded
        self.clear_list.fill([Line((p.number, _goods(p), words.clock(p.arrived_at))) for p in clear])
        self.excluded_list.fill([Line((each.parcel.number, _why(each), _goods(each.parcel))) for each in excluded])
        self.release.setText(text("batch.release", n=len(clear)))
        self.release.setEnabled(bool(clear))
        self.said.setText(self._summary())

    def _summary(self) -> str:
        preview = self._preview
        if preview is None:
            return ""
        if preview.is_whole and preview.bill:
            return text("batch.whole")
        if not preview.clear and preview.excluded:
            return text("batch.nothing", excluded=len(preview.excluded))
        if not preview.clear:
            return text("batch.empty" if preview.bill else "batch.none_green")
        return text("batch.some", clear=len(preview.clear), excluded=len(preview.excluded))

    def _release(self) -> None:
        preview = self._preview
        if preview is None or not preview.clear:
            return
        batches, officer = self._batches, self.frame.officer()
        self.release.setEnabled(False)
        self.ask(lambda: batches.release(preview, officer=officer), self._released)

    def _released(self, done: Released) -> None:
        key = "batch.released_some" if done.refused else "batch.released"
        line = text(key, n=len(done.decided), refused=len(done.refused))
        line += "".join(f"\n{each.parcel.number}: {_why(each)}" for each in done.refused[:5])
        self.tell(line, "warn" if done.refused else "good")
        batches, bill = self._batches, self.bill.text().strip()
        self.ask(lambda: batches.preview(bill), self._show, slot="preview", is_quiet=True)

    def _open(self, parcel: Parcel) -> None:
        self.parcel_chosen.emit(parcel.id)


def _goods(parcel: Parcel) -> str:
    return parcel.declaration.summary if parcel.declaration else ""


def _why(each: Excluded) -> str:
    """Why a parcel is excluded, in the words that the desk uses for the same thing."""
    detail = each.detail
    match each.why:
        case WhyNot.STATE:
            detail = words.state_name(State(detail))
        case WhyNot.WAITING:
            detail = words.waiting_name(WaitingKind(detail))
        case WhyNot.FINDING:
            detail = text(f"ui.finding.{FindingKind(detail)}")
        case WhyNot.DETECTION:
            detail = words.name_of("class", detail)
        case WhyNot.LANE:
            detail = words.name_of("lane", Lane(detail))
        case WhyNot.REFUSED if each.error is not None:
            detail = words.error_words(each.error)
    return text(f"batch.why.{each.why}", detail=detail)
