"""The vehicle lane's page: the vehicles in their turn, the picture beside the manifest's lines, weight and seal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtGui import QImage

from app.counter_words import say_vehicle_fault
from app.customs.lanes import OPEN_CHECKS
from app.customs.states import Action
from app.texts import text
from app.ui import words
from app.ui.pages.counter import ROWS, Act, CounterPage, grid, heading, lines
from app.ui.pages.page import Frame
from app.ui.pages.picture import Picture, Scans, read_picture
from app.vehicle_lane import Stand, VehicleLane, VehicleView


class VehiclesPage(CounterPage):
    """A read plate or container number chooses its vehicle. A, W, S and X record what is seen; P passes, R refers."""

    columns = ("stand", "age", "plate", "container", "goods")

    def __init__(self, frame: Frame, lane: VehicleLane, scans: Scans) -> None:
        self._lane = lane
        self._scans = scans
        self._rows: list[VehicleView] = []
        self._wanted: tuple[Stand, ...] = (Stand.AT_LANE,)
        self._view: VehicleView | None = None
        super().__init__(frame, "vehicles")
        self.picture = Picture()
        self.beside.addWidget(self.picture)

    def acts(self) -> Iterable[Act]:
        yield Act("code", "/", lambda: self.ask_for(text("vehicles.question.code"), self.enter_code))
        yield Act("filter", "F", self._filter)
        yield Act("arrive", "A", self._arrive)
        yield Act("weigh", "W", lambda: self._ask("weight", self._weigh))
        yield Act("seal", "S", lambda: self._ask("seal", lambda seal: self._seal(seal, is_whole=True)))
        yield Act("broken", "X", lambda: self._ask("seal", lambda seal: self._seal(seal, is_whole=False)))
        yield Act("pass", "P", self._pass)
        yield Act("refer", "R", self._refer)
        yield Act("open", "Enter", self._open)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_view(self._view)

    def read(self, after: int) -> None:
        lane, wanted = self._lane, self._wanted
        last = self._rows[after - 1].matter if after else None
        place = (last.since_at, last.id) if last else None
        self.ask(
            lambda: (lane.queue(wanted, limit=ROWS, after=place), lane.counts()),
            lambda found: self._show(after, *found),
            slot="queue",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._look_at(self._rows[row].matter.id)

    def enter_code(self, code: str) -> None:
        lane = self._lane
        self.ask(lambda: lane.find(code), lambda view: self._look_at(view.matter.id), slot="code")

    def _show(self, after: int, rows: Sequence[VehicleView], counts: dict[str, int]) -> None:
        self._rows = [*self._rows[:after], *rows]
        tones = ["bad" if row.wrong else "accent" if row.matter.stand == Stand.AT_LANE else "" for row in rows]
        self.show_rows([_cells(row) for row in rows], after=after, tones=tones)
        shown = text(f"counters.vehicle.{self._wanted[0]}") if self._wanted else text("vehicles.all")
        said = "    ".join(f"{text(f'counters.vehicle.{stand}')} {counts.get(stand, 0)}" for stand in Stand)
        self.show_counts(f"{shown}:    {said}")
        if self._view is not None:
            self._look_at(self._view.matter.id)
        elif rows:
            self.table.selectRow(0)

    def _look_at(self, matter_id: int) -> None:
        lane, scans = self._lane, self._scans

        def read() -> tuple[VehicleView, QImage | None]:
            view = lane.view(matter_id)
            return view, read_picture(scans, view.parcel)

        self.ask(read, lambda found: self._show_both(*found), slot="vehicle", is_quiet=True)

    def _show_both(self, view: VehicleView, picture: QImage | None) -> None:
        self.picture.show_picture(picture, view.manifest.container)
        self._show_view(view)

    def _show_view(self, view: VehicleView | None) -> None:
        self._view = view
        if view is None:
            self.show_detail()
            return
        goods = view.declaration.goods if view.declaration else ()
        stand = text(f"counters.vehicle.{view.outcome or view.matter.stand}")
        self.show_detail(
            heading(f"{view.manifest.plate}  {view.manifest.container}  {stand}"),
            lines(*_said(view)),
            lines(*map(say_vehicle_fault, view.wrong), tone="bad"),
            lines(*(say_vehicle_fault(fault) for fault in view.faults if fault.kind in OPEN_CHECKS), tone="warn"),
            lines("" if view.faults or view.outcome else text("vehicles.fits"), tone="good"),
            grid(
                (
                    (
                        f"{number}. {line.name}",
                        line.hs_code,
                        f"{line.quantity} {line.unit}",
                        words.weight(line.weight_g),
                    )
                    for number, line in enumerate(goods, 1)
                ),
                [text(f"vehicles.line.{each}") for each in ("name", "hs_code", "quantity", "weight")],
            ),
        )

    # What keys do

    def _filter(self) -> None:
        """Those at the lane, those expected, all."""
        turns: tuple[tuple[Stand, ...], ...] = ((Stand.AT_LANE,), (Stand.EXPECTED,), ())
        self._wanted = turns[(turns.index(self._wanted) + 1) % len(turns)]
        self.read(0)

    def _ask(self, question: str, then: Callable[[str], None]) -> None:
        if self._view is not None:
            given = self._view.manifest.seal_no if question == "seal" else ""
            self.ask_for(text(f"vehicles.question.{question}"), then, given=given)

    def _arrive(self) -> None:
        view = self._view
        if view is not None:
            lane, officer, matter_id = self._lane, self.frame.officer(), view.matter.id
            self.ask_for(
                text("vehicles.question.plate"),
                lambda plate: self.act(lambda: lane.arrive(matter_id, plate, officer=officer)),
                given=view.manifest.plate,
            )

    def _weigh(self, kilograms: str) -> None:
        view = self._view
        if view is None:
            return
        try:
            weight_g = round(float(kilograms.replace(",", "")) * 1000)
        except (ValueError, OverflowError):
            self.tell(text("vehicles.no_weight", weight=kilograms), "bad")
            return
        lane, officer, matter_id = self._lane, self.frame.officer(), view.matter.id
        self.act(lambda: lane.weigh(matter_id, weight_g, officer=officer))

    def _seal(self, seal_no: str, *, is_whole: bool) -> None:
        view = self._view
        if view is not None:
            lane, officer, matter_id = self._lane, self.frame.officer(), view.matter.id
            self.act(lambda: lane.see_seal(matter_id, seal_no, is_whole=is_whole, officer=officer))

    def _pass(self) -> None:
        view = self._view
        if view is not None:
            lane, officer, matter_id = self._lane, self.frame.officer(), view.matter.id
            self.act(lambda: lane.pass_on(matter_id, officer=officer), text("vehicles.done.passed"))

    def _refer(self) -> None:
        view = self._view
        if view is None:
            return
        lane, officer, matter_id = self._lane, self.frame.officer(), view.matter.id
        self.ask_for(
            text("vehicles.question.reason"),
            lambda reason: self.act(
                lambda: lane.refer(matter_id, officer=officer, reason=reason), text("vehicles.done.referred")
            ),
            given="differs_from_declared",
            options=words.reasons(Action.REFER),
        )

    def _open(self) -> None:
        if self._view is not None and self._view.parcel is not None:
            self.parcel_chosen.emit(self._view.parcel.id)


def _said(view: VehicleView) -> Iterable[str]:
    manifest, passage = view.manifest, view.passage
    if view.weight is not None:
        yield text(
            "vehicles.weight",
            measured=words.weight(view.weight.measured_g),
            declared=words.weight(view.weight.declared_g),
            difference=f"{view.weight.difference_g / 1000:+,.0f} kg",
        )
    elif manifest.gross_g is not None:
        yield text("vehicles.declared", declared=words.weight(manifest.gross_g))
    yield text("vehicles.seal", seal=manifest.seal_no or "-", found=passage.seal_no or "-")


def _cells(row: VehicleView) -> tuple[str, ...]:
    return (
        text(f"counters.vehicle.{row.matter.stand}"),
        words.span(words.since(row.matter.since_at)),
        row.manifest.plate,
        row.manifest.container,
        row.declaration.summary if row.declaration else "",
    )
