"""The departure refund page: scan a form's code, see its goods, verify or refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from app.counter_words import say_form_fault
from app.customs.tax import yuan
from app.refund_desk import RefundDesk, RefundView
from app.texts import text
from app.ui import words
from app.ui.pages.counter import ROWS, Act, CounterPage, grid, heading, lines
from app.ui.pages.page import Frame


class RefundPage(CounterPage):
    """A read code opens its form. Digits tick goods off, A all of them; V verifies, N refuses."""

    columns = ("age", "number", "shop", "amount")

    def __init__(self, frame: Frame, desk: RefundDesk) -> None:
        self._desk = desk
        self._rows: list[RefundView] = []
        self._view: RefundView | None = None
        self._seen: dict[int, int] = {}
        super().__init__(frame, "refund")

    def acts(self) -> Iterable[Act]:
        yield Act("code", "/", lambda: self.ask_for(text("refund.question.code"), self.enter_code))
        yield Act("tick", "1", partial(self._tick, 1))
        for line in range(2, 10):
            yield Act("", str(line), partial(self._tick, line))
        yield Act("all", "A", self._tick_all)
        yield Act("verify", "V", self._verify)
        yield Act("refuse", "N", self._refuse)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_view()

    def read(self, after: int) -> None:
        desk = self._desk
        last = self._rows[after - 1].matter if after else None
        place = (last.since_at, last.id) if last else None
        self.ask(
            lambda: (desk.queue(limit=ROWS, after=place), desk.counts()),
            lambda found: self._show(after, *found),
            slot="queue",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._open_view(self._rows[row])

    def enter_code(self, code: str) -> None:
        desk = self._desk
        self.ask(lambda: desk.scan(code), self._open_view, slot="code")

    def _show(self, after: int, rows: Sequence[RefundView], counts: dict[str, int]) -> None:
        self._rows = [*self._rows[:after], *rows]
        cells = [
            (words.span(words.since(row.matter.opened_at)), row.form.number, row.form.shop, yuan(row.form.amount_fen))
            for row in rows
        ]
        self.show_rows(cells, after=after)
        self.show_counts(text("refund.open", count=sum(counts.values())))

    def _open_view(self, view: RefundView) -> None:
        self._view, self._seen = view, dict(view.seen)
        self._show_view()

    def _look_again(self) -> None:
        if self._view is not None:
            desk, matter_id, seen = self._desk, self._view.matter.id, dict(self._seen)
            self.ask(lambda: desk.look(matter_id, seen), self._take, slot="look", is_quiet=True)

    def _take(self, view: RefundView) -> None:
        self._view = view
        self._show_view()

    def _show_view(self) -> None:
        view = self._view
        if view is None:
            self.show_detail(lines(text("refund.scan")))
            return
        form = view.form
        stand = text(f"counters.form.{view.outcome or view.matter.stand}")
        reason = str(view.matter.steps[-1].body.get("reason", "")) if view.outcome else ""
        self.show_detail(
            heading(f"{form.number}  {stand}"),
            lines(
                text("refund.head", shop=form.shop, day=form.bought_on.isoformat(), traveller=form.traveller or "-"),
                text("refund.sum", amount=yuan(form.amount_fen)),
                reason,
            ),
            grid(
                (
                    (
                        "☑" if self._seen.get(number, 0) >= line.count else "☐",
                        f"{number}. {line.name}",
                        str(line.count),
                        yuan(line.amount_fen),
                        line.serial,
                    )
                    for number, line in enumerate(form.lines, 1)
                ),
                ["", *(text(f"refund.line.{each}") for each in ("name", "count", "amount", "serial"))],
            ),
            lines(*map(say_form_fault, () if view.outcome else view.faults), tone="warn"),
            lines("" if view.outcome or view.faults else text("refund.fits"), tone="good"),
        )

    # What keys do

    def _tick(self, line: int) -> None:
        view = self._view
        if view is not None and not view.outcome and line <= len(view.form.lines):
            is_seen = self._seen.get(line, 0) >= view.form.lines[line - 1].count
            self._seen[line] = 0 if is_seen else view.form.lines[line - 1].count
            self._look_again()

    def _tick_all(self) -> None:
        if self._view is not None and not self._view.outcome:
            self._seen = {number: line.count for number, line in enumerate(self._view.form.lines, 1)}
            self._look_again()

    def _verify(self) -> None:
        view = self._view
        if view is None:
            return
        desk, officer, matter_id, seen = self._desk, self.frame.officer(), view.matter.id, dict(self._seen)
        self.ask(lambda: desk.verify(matter_id, seen, officer=officer), partial(self._settled, "verified"))

    def _refuse(self) -> None:
        view = self._view
        if view is None:
            return
        desk, officer, matter_id, seen = self._desk, self.frame.officer(), view.matter.id, dict(self._seen)
        self.ask_for(
            text("refund.question.refuse"),
            lambda reason: self.ask(
                lambda: desk.refuse(matter_id, reason, seen, officer=officer), partial(self._settled, "refused")
            ),
            given="；".join(map(say_form_fault, view.faults[:2])),
        )

    def _settled(self, outcome: str, view: RefundView) -> None:
        self._take(view)
        self.tell(text(f"refund.done.{outcome}", number=view.form.number), "good" if outcome == "verified" else "warn")
        self.read(0)
