"""The mail page: what mail items wait for by reason and age, a case with its tax, and the officer's answers by key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from app.customs.postal import OF_CUSTOMS, OF_MAIL, Deed
from app.customs.tax import fen_of, yuan
from app.customs.waiting import WaitingKind
from app.mail_office import Correction, MailOffice, MailRow, MailView
from app.texts import text
from app.ui import words
from app.ui.pages.counter import ROWS, Act, CounterPage
from app.ui.pages.mail_case import case_parts
from app.ui.pages.page import Frame
from imaging.errors import KnownError

_FILTERS: Sequence[WaitingKind] = tuple(kind for kind in WaitingKind if kind in OF_MAIL)


class MailPage(CounterPage):
    """Digits choose the waiting reason, Y and N answer what waits for customs, T sets the tax."""

    columns = ("wait", "age", "due", "number", "goods")

    def __init__(self, frame: Frame, office: MailOffice) -> None:
        self._office = office
        self._rows: list[MailRow] = []
        self._wanted: tuple[WaitingKind, ...] = ()
        self._parcel_id: int | None = None
        self._corrections: dict[int, Correction] = {}
        self._is_commercial = False
        self._view: MailView | None = None
        super().__init__(frame, "mail")

    def acts(self) -> Iterable[Act]:
        yield Act("all", "0", lambda: self._filter(()))
        for key, kind in enumerate(_FILTERS, 1):
            yield Act("", str(key), partial(self._filter, (kind,)))
        yield Act("yes", "Y", self._yes)
        yield Act("no", "N", self._no)
        yield Act("tax", "T", self._assess)
        yield Act("category", "C", self._set_category)
        yield Act("value", "V", self._set_value)
        yield Act("indivisible", "I", self._set_indivisible)
        yield Act("commercial", "B", self._set_commercial)
        yield Act("ask", "D", lambda: self._ask(WaitingKind.SUPPLEMENT_DECLARATION))
        yield Act("documents", "O", lambda: self._ask(WaitingKind.DOCUMENTS))
        yield Act("code", "/", lambda: self.ask_for(text("mail.question.number"), self.enter_code))
        yield Act("open", "Enter", self._open)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_view(self._view)

    def read(self, after: int) -> None:
        office, wanted = self._office, self._wanted
        last = self._rows[after - 1].waiting if after else None
        place = (last.since_at, last.id) if last else None
        self.ask(
            lambda: (office.queue(wanted, limit=ROWS, after=place), office.counts()),
            lambda found: self._show(after, *found),
            slot="queue",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._look_at(self._rows[row].parcel.id)

    def enter_code(self, code: str) -> None:
        office = self._office
        self.ask(lambda: office.find(code), self._look_at, slot="code")

    def _show(self, after: int, rows: Sequence[MailRow], counts: dict[WaitingKind, int]) -> None:
        self._rows = [*self._rows[:after], *rows]
        tones = ["bad" if _is_late(row) else "accent" if row.waiting.kind in OF_CUSTOMS else "" for row in rows]
        self.show_rows([_cells(row) for row in rows], after=after, tones=tones)
        kinds = (f"{key} {words.waiting_name(kind)} {counts.get(kind, 0)}" for key, kind in enumerate(_FILTERS, 1))
        shown = words.waiting_name(self._wanted[0]) if self._wanted else text("mail.all")
        self.show_counts(f"{shown}:    {'    '.join(kinds)}")
        if self._parcel_id is not None:
            self._look_at(self._parcel_id, is_same=True)
        elif rows:
            self.table.selectRow(0)

    def _look_at(self, parcel_id: int, *, is_same: bool = False) -> None:
        if parcel_id != self._parcel_id or not is_same:
            self._corrections, self._is_commercial = {}, False
        if parcel_id != self._parcel_id:
            # Until it is read no key answers for it, nor for the one that is still in sight.
            self._view = None
        self._parcel_id = parcel_id
        office, corrections, is_commercial = self._office, dict(self._corrections), self._is_commercial
        self.ask(
            lambda: office.view(parcel_id, corrections, is_commercial=is_commercial),
            self._take_view,
            slot="case",
            is_quiet=True,
        )

    def _take_view(self, view: MailView) -> None:
        """Show a case as it was read; corrections by line hold for the declaration that they were made in."""
        before, self._view = self._view, view
        if before is None or before.is_of(view.parcel, view.case):
            self._show_view(view)
            return
        self.question.leave()
        if self._corrections or self._is_commercial:
            self.tell(text("mail.declared_anew"), "warn")
        self._look_at(view.parcel.id)

    def _show_view(self, view: MailView | None) -> None:
        self._view = view
        if view is None:
            self.show_detail()
            return
        self.show_detail(*case_parts(view))

    # What keys do

    def refused(self, error: KnownError) -> None:
        """The case is not as it was shown: it is read afresh."""
        super().refused(error)
        self.read(0)

    def _filter(self, wanted: tuple[WaitingKind, ...]) -> None:
        self._wanted, self._parcel_id = wanted, None
        self.table.clearSelection()
        self._show_view(None)
        self.read(0)

    def _yes(self) -> None:
        view = self._view
        if view is None:
            return
        waits, officer, office = view.case.waits, self.frame.officer(), self._office
        if WaitingKind.REFUND_REQUEST in waits:
            too_much = view.case.kept_fen - view.case.due_fen
            given = yuan(too_much or view.case.kept_fen).replace(",", "")
            self.ask_for(text("mail.question.refund"), self._refund, given=given)
        elif WaitingKind.TAX_REVIEW in waits:
            self._assess()
        elif WaitingKind.DECLARATION_REVIEW in waits:
            self.act(lambda: office.accept(view, officer=officer), text("mail.done.accepted"))
        elif WaitingKind.RETURN_REQUEST in waits:
            self.act(
                lambda: office.answer(view, Deed.RETURN_GRANTED, officer=officer), text("mail.done.return_granted")
            )
        else:
            self.tell(text("mail.no_question"), "warn")

    def _no(self) -> None:
        deeds = {
            WaitingKind.REFUND_REQUEST: Deed.REFUND_REFUSED,
            WaitingKind.TAX_REVIEW: Deed.UPHELD,
            WaitingKind.DECLARATION_REVIEW: Deed.REFUSED,
            WaitingKind.RETURN_REQUEST: Deed.RETURN_REFUSED,
        }
        view = self._view
        deed = next((deeds[wait] for wait in deeds if view and wait in view.case.waits), None)
        if view is None or deed is None:
            self.tell(text("mail.no_question"), "warn")
            return
        seen, officer, office, chosen = view, self.frame.officer(), self._office, deed
        self.ask_for(
            text(f"mail.question.{deed}"),
            lambda reason: self.act(
                lambda: office.answer(seen, chosen, officer=officer, reason=reason), text(f"mail.done.{chosen}")
            ),
        )

    def _refund(self, amount: str) -> None:
        view = self._view
        try:
            fen = fen_of(amount)
        except ValueError:
            self.tell(text("mail.no_amount", amount=amount), "bad")
            return
        if view is not None:
            parcel_id, officer, office = view.parcel.id, self.frame.officer(), self._office
            self.ask_for(
                text("mail.question.refund_reason"),
                lambda reason: self.act(
                    lambda: office.refund(parcel_id, fen, reason, officer=officer), text("mail.done.refunded")
                ),
            )

    def _assess(self) -> None:
        view = self._view
        if view is None:
            return
        officer, office = self.frame.officer(), self._office
        corrections, is_commercial = dict(self._corrections), self._is_commercial
        self.act(
            lambda: office.assess(view, corrections, officer=officer, is_commercial=is_commercial),
            text("mail.done.assessed"),
        )

    def _ask(self, wait: WaitingKind) -> None:
        view = self._view
        if view is None:
            return
        parcel_id, officer, office = view.parcel.id, self.frame.officer(), self._office
        self.ask_for(
            text(f"mail.question.{wait}"),
            lambda note: self.act(lambda: office.ask(parcel_id, wait, note, officer=officer), text("mail.done.asked")),
            given=text(f"mail.note.{wait}"),
        )

    def _set_category(self) -> None:
        def choose(line: int) -> None:
            view = self._view
            options = [
                (each, text(f"mail.category.{each}"))
                for each in (self._office.categories(view.arrived_on) if view else ())
            ]
            given = view.articles[line - 1].category if view else ""
            self.ask_for(
                text("mail.question.category"),
                lambda category: self._correct(line, category=category),
                given=given,
                options=options,
            )

        self._for_line(choose)

    def _set_value(self) -> None:
        def ask(line: int) -> None:
            self.ask_for(text("mail.question.value"), lambda amount: self._take_value(line, amount))

        self._for_line(ask)

    def _take_value(self, line: int, amount: str) -> None:
        try:
            self._correct(line, value_fen=fen_of(amount))
        except ValueError:
            self.tell(text("mail.no_amount", amount=amount), "bad")

    def _set_indivisible(self) -> None:
        def turn(line: int) -> None:
            view = self._view
            if view is not None:
                self._correct(line, is_indivisible=not view.articles[line - 1].is_indivisible)

        self._for_line(turn)

    def _set_commercial(self) -> None:
        self._is_commercial = not self._is_commercial
        if self._parcel_id is not None:
            self._look_at(self._parcel_id, is_same=True)

    def _for_line(self, do: Callable[[int], None]) -> None:
        """Do something for a line of the case; which one is asked where there are several."""
        articles = self._view.articles if self._view else ()
        if len(articles) == 1:
            do(1)
        elif articles:
            options = [(str(line), f"{line}. {article.name}") for line, article in enumerate(articles, 1)]
            self.ask_for(text("mail.question.line"), lambda line: do(int(line)), options=options)

    def _correct(self, line: int, **changes: object) -> None:
        before = self._corrections.get(line, Correction())
        self._corrections[line] = replace(before, **changes)  # type: ignore[arg-type]
        if self._parcel_id is not None:
            self._look_at(self._parcel_id, is_same=True)

    def _open(self) -> None:
        if self._parcel_id is not None:
            self.parcel_chosen.emit(self._parcel_id)


def _cells(row: MailRow) -> tuple[str, ...]:
    due = words.clock(row.waiting.due_at)[:5] if row.waiting.due_at else ""
    return (
        words.waiting_name(row.waiting.kind),
        words.span(words.since(row.waiting.since_at)),
        due,
        row.parcel.number,
        row.parcel.goods,
    )


def _is_late(row: MailRow) -> bool:
    return row.waiting.due_at is not None and words.since(row.waiting.due_at) > 0
