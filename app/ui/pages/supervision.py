"""The supervisor's view of the post: all lanes, who looks at what, what waits, and where stations disagree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QTableWidget, QTableWidgetItem

from app.customs.states import Action, State
from app.hub.records import ClaimRow, ConflictRow, LaneRow, OfferRow
from app.link import LinkState
from app.sharing import Overview
from app.texts import has_text, text
from app.ui import build, words
from app.ui.key_button import KeyButton
from app.ui.pages.listing import make_table
from app.ui.pages.page import Frame, Page

READ_S = 5
_LANES = ("station", "seen", "backlog", "waiting", "red", "oldest", "offered", "claimed", "verdicts")
_QUEUE = ("station", "number", "lane", "state", "urgency", "officer", "seat", "until")
_CONFLICTS = ("station", "number", "state", "other", "said", "outcome", "found")
_KEYS = {"urgent": "U", "give": "G", "resolve": "S"}


class Leading(Protocol):
    """What the page asks of the station's part in the shared queue."""

    place: str

    @property
    def state(self) -> LinkState | None: ...
    def overview(self) -> Overview: ...
    def reassign(self, row: ClaimRow | OfferRow, officer: str, to_officer: str, seat: str) -> None: ...
    def set_urgency(self, row: ClaimRow | OfferRow, officer: str, urgency: int) -> None: ...
    def resolve(self, conflict: ConflictRow, officer: str, note: str) -> None: ...


class SupervisionPage(Page):
    """Three tables, read again every few seconds while the page is in front."""

    def __init__(self, frame: Frame, leading: Leading) -> None:
        super().__init__(frame, "supervision")
        self._leading = leading
        self._overview = Overview((), (), (), ())
        self.link = QLabel()
        self.lanes, self.queue, self.conflicts = _table(_LANES), _table(_QUEUE), _table(_CONFLICTS)
        self._heads = {name: build.named(QLabel(), "section") for name in ("lanes", "queue", "conflicts")}
        self.officer, self.seat, self.note = QLineEdit(), QLineEdit(), QLineEdit()
        self.buttons = {name: KeyButton(name, key=key) for name, key in _KEYS.items()}
        self._again = QTimer(self, interval=READ_S * 1000)
        self._again.timeout.connect(self.read)
        self._lay_out()

    def _lay_out(self) -> None:
        acts = {"urgent": self.raise_urgency, "give": self.give, "resolve": self.resolve}
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _=False, act=acts[name]: act())
        self.body.addWidget(self.link)
        self.body.addWidget(self._heads["lanes"])
        self.body.addWidget(self.lanes, 2)
        self.body.addWidget(self._heads["queue"])
        self.body.addWidget(self.queue, 3)
        row = build.row(gap=8)
        for part in (self.buttons["urgent"], self.officer, self.seat, self.buttons["give"]):
            row.addWidget(part)
        row.addStretch()
        self.body.addLayout(row)
        self.body.addWidget(self._heads["conflicts"])
        self.body.addWidget(self.conflicts, 2)
        below = build.row(gap=8)
        below.addWidget(self.note, 1)
        below.addWidget(self.buttons["resolve"])
        self.body.addLayout(below)

    def show_page(self) -> None:
        self.read()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        self._again.stop()
        super().hideEvent(event)

    def read(self) -> None:
        """Read everything again; the page's line stays."""
        self.ask(self._leading.overview, self._show, slot="overview", is_quiet=True)
        self._show_link()

    def retranslate(self) -> None:
        super().retranslate()
        for name, head in self._heads.items():
            head.setText(text(f"hub.page.{name}"))
        for table, columns in ((self.lanes, _LANES), (self.queue, _QUEUE), (self.conflicts, _CONFLICTS)):
            table.setHorizontalHeaderLabels([text(f"hub.status.{name}") for name in columns])
        for name, button in self.buttons.items():
            button.set_words(text(f"hub.page.{name}"))
        self.officer.setPlaceholderText(text("hub.review.to_officer"))
        self.seat.setPlaceholderText(text("hub.review.to_seat", seat=self._leading.place))
        self.note.setPlaceholderText(text("hub.page.note"))
        self._show_link()
        self._show(self._overview)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        acts = {Qt.Key.Key_U: self.raise_urgency, Qt.Key.Key_G: self.give, Qt.Key.Key_S: self.resolve}
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.queue.selectRow(max(0, min(self.queue.rowCount() - 1, self.queue.currentRow() + step)))
        elif act := acts.get(Qt.Key(event.key())):
            act()
        else:
            super().keyPressEvent(event)

    # What the supervisor does

    def raise_urgency(self) -> None:
        """The chosen parcel goes before those of the same urgency."""
        if row := self._chosen():
            officer, urgency = self.frame.officer(), min(row.urgency + 1, 9)
            self.ask(lambda: self._leading.set_urgency(row, officer, urgency), lambda _: self.read())

    def give(self) -> None:
        """Give the chosen parcel to the officer who is named, whoever looks at it now."""
        row, to_officer = self._chosen(), self.officer.text().strip()
        if row is None or not to_officer:
            self.officer.setFocus()
            return
        officer, seat = self.frame.officer(), self.seat.text().strip() or self._leading.place
        self.ask(
            lambda: self._leading.reassign(row, officer, to_officer, seat),
            lambda _: self._done(text("hub.review.handed", officer=to_officer, seat=seat)),
        )

    def resolve(self) -> None:
        """The chosen disagreement is settled; the note says how."""
        at, note = self.conflicts.currentRow(), self.note.text().strip()
        if not 0 <= at < len(self._overview.conflicts) or not note:
            self.note.setFocus()
            return
        conflict, officer = self._overview.conflicts[at], self.frame.officer()
        self.note.clear()
        self.ask(
            lambda: self._leading.resolve(conflict, officer, note),
            lambda _: self._done(text("hub.page.resolved", number=conflict.number)),
        )

    def _done(self, line: str) -> None:
        self.tell(line)
        self.read()

    def _chosen(self) -> ClaimRow | OfferRow | None:
        rows: list[ClaimRow | OfferRow] = [*self._overview.claims, *self._overview.offers]
        at = self.queue.currentRow()
        return rows[at] if 0 <= at < len(rows) else None

    # What is shown

    def _show(self, overview: Overview) -> None:
        before = self._chosen()
        self._overview = overview
        _fill(self.lanes, [_lane_cells(lane) for lane in overview.lanes])
        rows: list[ClaimRow | OfferRow] = [*overview.claims, *overview.offers]
        _fill(self.queue, [_queue_cells(row) for row in rows])
        _fill(self.conflicts, [_conflict_cells(conflict) for conflict in overview.conflicts])
        key = before and (before.store, before.parcel_id)
        if (at := next((at for at, row in enumerate(rows) if (row.store, row.parcel_id) == key), -1)) >= 0:
            self.queue.selectRow(at)
        self._heads["conflicts"].setText(f"{text('hub.page.conflicts')} ({len(overview.conflicts)})")

    def _show_link(self) -> None:
        state = self._leading.state
        tone, line = "warn", text("hub.link.none")
        if state is not None and state.is_joined:
            tone, line = "good", text("hub.link.joined", left=max(0, state.end - state.sent))
        elif state is not None:
            line = text("hub.link.away", left=max(0, state.end - state.sent))
        self.link.setText(line)
        self.link.setObjectName(tone)
        self.link.style().polish(self.link)


def _table(columns: Sequence[str]) -> QTableWidget:
    """A table to look at; the keys are the page's."""
    table = make_table(len(columns))
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return table


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for at, cells in enumerate(rows):
        for column, shown in enumerate(cells):
            table.setItem(at, column, QTableWidgetItem(shown))


def _lane_cells(lane: LaneRow) -> tuple[str, ...]:
    counts = (lane.offered, lane.claimed, lane.verdicts)
    return (
        lane.station, _ago(lane.seen_at), str(lane.backlog), str(lane.waiting), str(lane.red), _ago(lane.oldest_at),
        *map(str, counts),
    )  # fmt: skip


def _queue_cells(row: ClaimRow | OfferRow) -> tuple[str, ...]:
    cells = (
        row.station, row.number, words.name_of("lane", row.lane), words.state_name(State(row.state)),
        str(row.urgency or ""),
    )  # fmt: skip
    if isinstance(row, OfferRow):
        return (*cells, "", "", "")
    until = text("hub.page.decided") if row.is_decided else words.clock(row.lease_until, has_seconds=True)
    return (*cells, row.officer, row.seat, until)


def _conflict_cells(conflict: ConflictRow) -> tuple[str, ...]:
    said = conflict.other_state
    name = words.state_name(State(said)) if conflict.kind == "number" else words.action_name(Action(said))
    outcome = f"hub.outcome.{conflict.outcome or 'open'}"
    return (
        conflict.station, conflict.number, words.state_name(State(conflict.state)) if conflict.state else "",
        conflict.other_station, name, text(outcome) if has_text(outcome) else "", words.clock(conflict.found_at),
    )  # fmt: skip


def _ago(moment: datetime | None) -> str:
    return words.span((datetime.now(UTC) - moment).total_seconds()) if moment else ""
