"""The laboratory page: samples that are waited for, their deadlines, and results as they come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from app.customs.samples import Sample
from app.customs.states import Action
from app.laboratory import Laboratory
from app.mail_office import MailOffice
from app.texts import text
from app.ui import words
from app.ui.pages.counter import ROWS, Act, CounterPage, grid, heading, lines
from app.ui.pages.page import Frame

USUAL_DAYS = 7


class LabPage(CounterPage):
    """Y records a normal result, N an abnormal one; S takes a sample of a parcel under examination."""

    columns = ("due", "age", "number", "parcel", "laboratory")

    def __init__(self, frame: Frame, laboratory: Laboratory, office: MailOffice) -> None:
        self._laboratory = laboratory
        self._office = office
        self._rows: list[Sample] = []
        self._sample: Sample | None = None
        super().__init__(frame, "lab")

    def acts(self) -> Iterable[Act]:
        yield Act("code", "/", lambda: self.ask_for(text("lab.question.code"), self.enter_code))
        yield Act("normal", "Y", self._normal)
        yield Act("abnormal", "N", self._abnormal)
        yield Act("take", "S", self._take_sample)
        yield Act("open", "Enter", self._open)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_sample(self._sample)

    def read(self, after: int) -> None:
        laboratory = self._laboratory
        last = self._rows[after - 1] if after else None
        self.ask(
            lambda: laboratory.queue(limit=ROWS, after=laboratory.place_of(last) if last else None),
            lambda rows: self._show(after, rows),
            slot="queue",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._show_sample(self._rows[row])

    def enter_code(self, code: str) -> None:
        laboratory = self._laboratory
        self.ask(lambda: laboratory.find(code), self._show_sample, slot="code")

    def _show(self, after: int, rows: Sequence[Sample]) -> None:
        self._rows = [*self._rows[:after], *rows]
        now = datetime.now(UTC)
        cells = [
            (
                f"{row.due_at.astimezone():%m-%d}",
                words.span(words.since(row.taken_at)),
                row.number,
                row.parcel_number,
                row.laboratory,
            )
            for row in rows
        ]
        self.show_rows(cells, after=after, tones=["bad" if row.is_overdue(now) else "" for row in rows])
        late = sum(row.is_overdue(now) for row in self._rows)
        self.show_counts(text("lab.count", count=len(self._rows), late=late))
        if self._sample is None and rows:
            self.table.selectRow(0)

    def _show_sample(self, sample: Sample | None) -> None:
        self._sample = sample
        if sample is None:
            self.show_detail()
            return
        pairs = (
            ("parcel", sample.parcel_number),
            ("laboratory", sample.laboratory),
            ("question", words.reason_name(Action.SAMPLE, sample.question)),
            ("quantity", sample.quantity),
            ("seal", sample.seal_no),
            ("taken", words.clock(sample.taken_at)),
            ("due", words.clock(sample.due_at)),
        )
        result = sample.result
        said = ""
        if result is not None:
            kind = text(f"counters.result.{'normal' if result.is_normal else 'abnormal'}")
            said = (
                f"{kind}  {result.report_no}  {words.reason_name(Action.LAB_ABNORMAL, result.reason)}  {result.finding}"
            )
        late = text("counters.overdue") if sample.is_overdue(datetime.now(UTC)) else ""
        self.show_detail(
            heading(sample.number),
            grid((text(f"lab.field.{name}"), value) for name, value in pairs if value),
            lines(said, tone="good" if result and result.is_normal else "bad"),
            lines(late, tone="bad"),
        )

    # What keys do

    def _normal(self) -> None:
        if self._sample is not None:
            self.ask_for(text("lab.question.report"), self._report)

    def _abnormal(self) -> None:
        """Report, then reason, then what was found."""
        if self._sample is None:
            return
        reasons = words.reasons(Action.LAB_ABNORMAL)

        def ask_reason(report: str) -> None:
            self.ask_for(text("lab.question.reason"), lambda reason: ask_finding(report, reason), options=reasons)

        def ask_finding(report: str, reason: str) -> None:
            self.ask_for(text("lab.question.finding"), lambda finding: self._report(report, reason, finding))

        self.ask_for(text("lab.question.report"), ask_reason)

    def _report(self, report: str, reason: str = "", finding: str = "") -> None:
        sample = self._sample
        if sample is None:
            return
        laboratory, officer = self._laboratory, self.frame.officer()

        def record() -> Sample:
            return laboratory.report(
                sample.number, report_no=report, is_normal=not reason, finding=finding, reason=reason, officer=officer
            )

        self.ask(record, self._recorded)

    def _recorded(self, sample: Sample) -> None:
        self._show_sample(sample)
        self.tell(text("lab.done.reported", number=sample.number))
        self.read(0)

    def _take_sample(self) -> None:
        """Parcel, laboratory, question and days, one after the other."""
        questions = words.reasons(Action.SAMPLE)

        def ask_laboratory(parcel: str) -> None:
            given = self._sample.laboratory if self._sample else ""
            self.ask_for(text("lab.question.laboratory"), lambda name: ask_question(parcel, name), given=given)

        def ask_question(parcel: str, name: str) -> None:
            self.ask_for(text("lab.question.question"), lambda what: ask_days(parcel, name, what), options=questions)

        def ask_days(parcel: str, name: str, what: str) -> None:
            self.ask_for(
                text("lab.question.days"), lambda days: self._take(parcel, name, what, days), given=str(USUAL_DAYS)
            )

        self.ask_for(text("lab.question.parcel"), ask_laboratory)

    def _take(self, parcel: str, name: str, what: str, days: str) -> None:
        if not days.isdecimal() or not 1 <= int(days) <= 365:
            self.tell(text("lab.no_days", days=days), "bad")
            return
        laboratory, office, officer = self._laboratory, self._office, self.frame.officer()
        due_at = datetime.now(UTC) + timedelta(days=int(days))

        def take() -> Sample:
            return laboratory.take(office.find(parcel), laboratory=name, question=what, due_at=due_at, officer=officer)

        self.ask(take, self._taken)

    def _taken(self, sample: Sample) -> None:
        self._show_sample(sample)
        self.tell(text("lab.done.taken", number=sample.number))
        self.read(0)

    def _open(self) -> None:
        if self._sample is not None:
            self.parcel_chosen.emit(self._sample.parcel_id)
