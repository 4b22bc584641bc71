"""The returns page: applications by age, pictures of the parcel out and back, the goods scanned one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtGui import QImage

from app.counter_words import say_return_fault
from app.customs.documents import from_units
from app.customs.returns import Disposition, ReturnLine
from app.returns_office import ReturnsOffice, ReturnView, Stand
from app.same_words import say_compared
from app.store.errors import MatterUnknownError
from app.texts import text
from app.ui import build, words
from app.ui.pages.counter import ROWS, Act, CounterPage, grid, heading, lines
from app.ui.pages.page import Frame
from app.ui.pages.picture import Compares, Picture, read_picture
from imaging.errors import KnownError
from models.likeness import Likeness

Pictures = tuple[QImage | None, QImage | None]
Said = tuple[str, str]
"""How alike the parcel out and the one back are, in words, and the tone to say it in."""

TONES = {Likeness.SAME: "good", Likeness.UNSURE: "warn", Likeness.OTHER: "bad"}


class ReturnsPage(CounterPage):
    """A code that is read opens its application; the next codes are its pieces. Y accepts, N refuses."""

    columns = ("stand", "age", "number", "inventory", "faults")

    def __init__(self, frame: Frame, office: ReturnsOffice, scans: Compares) -> None:
        self._office = office
        self._scans = scans
        self._rows: list[ReturnView] = []
        self._view: ReturnView | None = None
        self._chosen_ways: dict[int, Disposition] = {}
        self._said: Said = ("", "")
        super().__init__(frame, "returns")
        self.out, self.back = Picture(), Picture()
        pictures = build.row(gap=8)
        pictures.addWidget(self.out)
        pictures.addWidget(self.back)
        self.beside.addLayout(pictures)

    def acts(self) -> Iterable[Act]:
        yield Act("code", "/", lambda: self.ask_for(text("returns.question.code"), self.enter_code))
        yield Act("accept", "Y", self._accept)
        yield Act("refuse", "N", self._refuse)
        yield Act("defective", "D", self._mark)
        yield Act("way", "W", self._set_way)
        yield Act("take_back", "U", self._take_back)
        yield Act("open", "Enter", self._open)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_view(self._view)

    def read(self, after: int) -> None:
        office = self._office
        last = self._rows[after - 1].matter if after else None
        place = (last.since_at, last.id) if last else None
        self.ask(
            lambda: (office.queue(limit=ROWS, after=place), office.counts()),
            lambda found: self._show(after, *found),
            slot="queue",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._look_at(self._rows[row].matter.id)

    def enter_code(self, code: str) -> None:
        """An application's number opens it; any other code is a piece of the open one."""
        office, open_one, officer = self._office, self._view, self.frame.officer()

        def take() -> ReturnView:
            try:
                return office.find(code)
            except MatterUnknownError:
                if open_one is None or open_one.outcome:
                    raise
                return office.scan(open_one.matter.id, code, officer=officer)

        self.ask(take, lambda view: self._look_at(view.matter.id))

    def _show(self, after: int, rows: Sequence[ReturnView], counts: dict[str, int]) -> None:
        self._rows = [*self._rows[:after], *rows]
        tones = ["bad" if row.faults else "" for row in rows]
        self.show_rows([_cells(row) for row in rows], after=after, tones=tones)
        self.show_counts("    ".join(f"{text(f'returns.stand.{stand}')} {counts.get(stand, 0)}" for stand in Stand))
        if self._view is not None:
            self._look_at(self._view.matter.id)
        elif rows:
            self.table.selectRow(0)

    def _look_at(self, matter_id: int) -> None:
        office, scans = self._office, self._scans
        if self._view is None or self._view.matter.id != matter_id:
            self._chosen_ways = {}

        def read() -> tuple[ReturnView, Pictures, Said]:
            view = office.view(matter_id)
            pictures = read_picture(scans, view.out), read_picture(scans, view.back)
            return view, pictures, _compare(scans, view)

        self.ask(read, lambda found: self._show_both(*found), slot="return", is_quiet=True)

    def _show_both(self, view: ReturnView, pictures: Pictures, said: Said) -> None:
        self._said = said
        self.out.show_picture(pictures[0], text("returns.out", number=view.out.number if view.out else "-"))
        self.back.show_picture(pictures[1], text("returns.back", number=view.application.number))
        self._show_view(view)

    def _show_view(self, view: ReturnView | None) -> None:
        self._view = view
        if view is None:
            self.show_detail()
            return
        application = view.application
        stand = text(f"returns.stand.{view.outcome or view.matter.stand}")
        released = view.original.released_on if view.original else None
        self.show_detail(
            heading(f"{application.number}  {stand}"),
            lines(
                text(
                    "returns.head",
                    inventory=application.inventory_no,
                    flow=text(f"returns.flow.{application.flow}"),
                    mode=application.mode or "-",
                    site=text(f"returns.site.{application.site}"),
                    applied=application.applied_on.isoformat(),
                    released=released.isoformat() if released else "-",
                ),
                application.reason and text("returns.reason", reason=application.reason),
            ),
            grid(
                (self._line_cells(each, view) for each in application.lines),
                [text(f"returns.line.{each}") for each in ("name", "bar_code", "quantity", "scanned", "state", "way")],
            ),
            lines(*map(say_return_fault, view.faults), tone="bad"),
            lines("" if view.faults or not view.scanned else text("returns.fits"), tone="good"),
            lines(self._said[0], tone=self._said[1]),
        )

    def _line_cells(self, each: ReturnLine, view: ReturnView) -> Sequence[str]:
        line = each.line
        declared = view.original.lines.get(line.number) if view.original else None
        code = line.bar_code or (declared.bar_code if declared else "")
        way = self._way_of(each)
        return (
            f"{line.number}. {line.name or (declared.name if declared else '')}",
            code,
            from_units(line.quantity) if line.quantity is not None else "?",
            str(view.scanned.count(code)),
            text(f"returns.{'defective' if each.is_defective else 'sound'}"),
            text(f"returns.way.{way}"),
        )

    def _way_of(self, each: ReturnLine) -> Disposition:
        usual = Disposition.DESTROY if each.is_defective else Disposition.BACK
        return self._chosen_ways.get(each.line.number, usual)

    # What keys do

    def _accept(self) -> None:
        view = self._view
        if view is None:
            return
        ways = {each.line.number: self._way_of(each) for each in view.application.lines}
        office, officer, matter_id = self._office, self.frame.officer(), view.matter.id
        self.act(lambda: office.accept(matter_id, ways, officer=officer), text("returns.done.accepted"))

    def _refuse(self) -> None:
        view = self._view
        if view is None:
            return
        office, officer, matter_id = self._office, self.frame.officer(), view.matter.id
        self.ask_for(
            text("returns.question.refuse"),
            lambda reason: self.act(
                lambda: office.refuse(matter_id, reason, officer=officer), text("returns.done.refused")
            ),
            given="；".join(map(say_return_fault, view.faults[:2])),
        )

    def _mark(self) -> None:
        """Turn a line between sound and defective."""
        view = self._view
        if view is None:
            return
        office, officer, matter_id = self._office, self.frame.officer(), view.matter.id
        states = {each.line.number: each.is_defective for each in view.application.lines}

        def mark(line: str) -> None:
            number = int(line)
            self._chosen_ways.pop(number, None)
            self.act(lambda: office.mark(matter_id, number, is_defective=not states[number], officer=officer))

        self._for_line(view, mark)

    def _set_way(self) -> None:
        """Where a line's defective goods go: destroyed or abroad."""
        view = self._view
        if view is None:
            return

        def turn(line: str) -> None:
            each = next(each for each in view.application.lines if each.line.number == int(line))
            if each.is_defective:
                is_destroyed = self._way_of(each) is Disposition.DESTROY
                self._chosen_ways[int(line)] = Disposition.ABROAD if is_destroyed else Disposition.DESTROY
                self._show_view(self._view)

        self._for_line(view, turn)

    def _for_line(self, view: ReturnView, do: Callable[[str], None]) -> None:
        options = [(str(each.line.number), f"{each.line.number}. {each.line.name}") for each in view.application.lines]
        if len(options) == 1:
            do(options[0][0])
        else:
            self.ask_for(text("returns.question.line"), do, options=options)

    def _take_back(self) -> None:
        view = self._view
        if view is not None and view.scanned:
            office, officer, matter_id, code = self._office, self.frame.officer(), view.matter.id, view.scanned[-1]
            self.act(lambda: office.take_back(matter_id, code, officer=officer))

    def _open(self) -> None:
        found = self._view and (self._view.back or self._view.out)
        if found:
            self.parcel_chosen.emit(found.id)


def _compare(scans: Compares, view: ReturnView) -> Said:
    """The likeness of the parcel out and the one back; called on a worker."""
    if view.out is None or view.back is None:
        return "", ""
    try:
        compared = scans.compare(view.out.id, view.back.id)
    except KnownError as error:
        return text("same.unknown", why=words.error_words(error)), "soft"
    if compared is None:
        return text("same.no_picture"), "soft"
    return text("returns.compared", said=say_compared(compared)), TONES[compared.likeness]


def _cells(row: ReturnView) -> tuple[str, ...]:
    return (
        text(f"returns.stand.{row.matter.stand}"),
        words.span(words.since(row.matter.since_at)),
        row.application.number,
        row.application.inventory_no,
        say_return_fault(row.faults[0]) if row.faults else "",
    )
