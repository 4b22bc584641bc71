"""The hall's page: a tag is read, and the bag that was imaged before it passes or is stopped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtGui import QImage

from app.baggage_hall import BaggageHall
from app.customs.baggage import Hall, HallVerdict
from app.customs.notices import Notice
from app.customs.parcel import Parcel
from app.customs.states import Action
from app.texts import text
from app.ui import words
from app.ui.pages.counter import Act, CounterPage, heading, lines
from app.ui.pages.page import Frame
from app.ui.pages.picture import Picture, Scans, read_picture

_TONES = {HallVerdict.PASS: "good", HallVerdict.STOP: "bad"}
Stopped = tuple[Notice, Parcel | None]


class BaggagePage(CounterPage):
    """A read tag says in large letters what the hall does. S stops the shown bag, L ends its intercept."""

    columns = ("notice", "age", "tag", "reason")

    def __init__(self, frame: Frame, hall: BaggageHall, scans: Scans) -> None:
        self._hall = hall
        self._scans = scans
        self._rows: Sequence[Stopped] = ()
        self._met: Hall | None = None
        super().__init__(frame, "baggage")
        self.picture = Picture()
        self.beside.addWidget(self.picture)

    def acts(self) -> Iterable[Act]:
        yield Act("code", "/", lambda: self.ask_for(text("baggage.question.code"), self.enter_code))
        yield Act("stop", "S", self._stop)
        yield Act("lift", "L", self._lift)
        yield Act("open", "Enter", self._open)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_met(self._met)

    def read(self, after: int) -> None:
        hall = self._hall
        if not after:
            self.ask(hall.stopped, self._show, slot="queue", is_quiet=True)

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            notice, bag = self._rows[row]
            tag = bag.number if bag else next(iter(sorted(notice.codes)), "")
            self._read_both(Hall(tag, HallVerdict.STOP, bag, (notice,)))

    def enter_code(self, code: str) -> None:
        hall, scans, officer = self._hall, self._scans, self.frame.officer()

        def meet() -> tuple[Hall, QImage | None]:
            met = hall.meet(code, officer=officer)
            return met, read_picture(scans, met.bag)

        self.ask(meet, lambda found: self._show_both(*found))

    def _read_both(self, met: Hall) -> None:
        scans = self._scans
        self.ask(
            lambda: (met, read_picture(scans, met.bag)),
            lambda found: self._show_both(*found),
            slot="bag",
            is_quiet=True,
        )

    def _show(self, rows: Sequence[Stopped]) -> None:
        self._rows = rows
        self.show_rows(
            [
                (
                    notice.id,
                    words.span(words.since(notice.issued_at)),
                    bag.number if bag else "、".join(sorted(notice.codes)),
                    notice.reason,
                )
                for notice, bag in rows
            ],
            tones=["bad"] * len(rows),
        )
        self.show_counts(text("baggage.count", count=len(rows)))

    def _show_both(self, met: Hall, picture: QImage | None) -> None:
        self.picture.show_picture(picture, met.tag)
        self._show_met(met)

    def _show_met(self, met: Hall | None) -> None:
        self._met = met
        if met is None:
            self.show_detail(lines(text("baggage.scan")))
            return
        bag = met.bag
        self.show_detail(
            heading(met.tag),
            f"<h1>{lines(text(f'counters.hall.{met.verdict}'), tone=_TONES.get(met.verdict, 'warn'))}</h1>",
            lines(*(f"{notice.id}  {notice.reason}  {notice.issued_by}" for notice in met.notices), tone="bad"),
            lines(
                words.state_name(bag.state) if bag else "", bag.declaration.summary if bag and bag.declaration else ""
            ),
            lines(*(words.finding_words(finding) for finding in (bag.findings if bag else ())), tone="warn"),
        )

    # What keys do

    def _stop(self) -> None:
        bag = self._met.bag if self._met else None
        if bag is None:
            self.tell(text("baggage.no_bag"), "warn")
            return
        hall, officer, bag_id = self._hall, self.frame.officer(), bag.id

        def ask_note(reason: str) -> None:
            self.ask_for(
                text("baggage.question.note"),
                lambda note: self.act(
                    lambda: hall.stop(bag_id, officer=officer, reason=reason, note=note), text("baggage.done.stopped")
                ),
                given=words.reason_name(Action.REFER, reason),
            )

        self.ask_for(text("baggage.question.reason"), ask_note, options=words.reasons(Action.REFER))

    def _lift(self) -> None:
        notices = self._met.notices if self._met else ()
        if not notices:
            self.tell(text("baggage.no_notice"), "warn")
            return
        hall, officer, notice_id = self._hall, self.frame.officer(), notices[0].id
        self._met = None
        self.act(lambda: hall.lift(notice_id, officer=officer), text("baggage.done.lifted", notice=notice_id))

    def _open(self) -> None:
        if self._met is not None and self._met.bag is not None:
            self.parcel_chosen.emit(self._met.bag.id)
