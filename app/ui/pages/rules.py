"""The page of risk rules: how each does, an editor that checks while one writes, a trial, and the switch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea

from app.customs.risk.errors import RulesError
from app.customs.risk.rule import Rule
from app.customs.risk.versions import RuleState, Selected
from app.customs.risk.whatif import Tally, WhatIf
from app.customs.statistics import is_far_off, share
from app.risk_office import RiskOffice
from app.statistics_office import StatisticsOffice
from app.store.statistics import Keyed
from app.texts import text
from app.ui import build, theme, words
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page
from app.ui.pages.rule_form import RuleForm
from imaging.errors import KnownError

RATED_DAYS = 30
"""Days of which the list shows rates and hit rates."""
TRIED_DAYS = 7
_COLUMNS = ("state", "name", "lane", "selected", "rate", "expected", "hit_rate", "mark")
_TRIAL = ("rule", "selected", "opened", "hits", "missed")
_SELECTED = ("number", "at", "lane", "opened", "hit")
SHOWN = 50
"""The last parcels that a rule selected, as the page lists them."""
_ACTS = {"new": "F2", "words": "F3", "try": "F5", "save": "F6", "switch_on": "F7", "switch_off": "F4"}
_FORM_EM = 40


@dataclass(frozen=True, slots=True)
class _Read:
    """What the page shows, read at one moment."""

    states: Sequence[RuleState]
    rates: dict[str, Keyed]


class RulesPage(Page):
    """The rules on the left with their rates, the chosen one on the right; below it what a trial says."""

    def __init__(self, frame: Frame, risk: RiskOffice, statistics: StatisticsOffice) -> None:
        super().__init__(frame, "rules")
        self._risk, self._statistics = risk, statistics
        self._read = _Read((), {})
        self._trial: WhatIf | None = None
        self._selected: Sequence[Selected] = ()
        self._saving = ""
        self._waiting: Callable[[], None] | None = None
        self.list = Listing(len(_COLUMNS))
        self.form = RuleForm()
        self.below = Listing(len(_TRIAL))
        self.acts = {name: QPushButton() for name in _ACTS}
        self._lay_out()
        self._connect()

    def show_page(self) -> None:
        self._refresh("")

    def retranslate(self) -> None:
        super().retranslate()
        self.list.set_titles([text(f"risk.page.{name}") for name in _COLUMNS])
        for name, key in _ACTS.items():
            self.acts[name].setText(f"{text(f'risk.page.{name}')}  {key}")
        self.form.retranslate()
        self._fill()
        self._fill_below()

    @property
    def chosen(self) -> RuleState | None:
        """The rule that is chosen in the list."""
        at = self.list.current
        return self._read.states[at] if 0 <= at < len(self._read.states) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        for name, key in _ACTS.items():
            if event.key() == getattr(Qt.Key, f"Key_{key}"):
                self.acts[name].click()
                return
        super().keyPressEvent(event)

    def _lay_out(self) -> None:
        right = build.named(QFrame(), "card")
        right.setFixedWidth(round(theme.text_px() * _FORM_EM))
        column = build.column(right, gap=8, margins=(14, 12, 14, 12))
        column.addWidget(self.form)
        for names in (("new", "words", "try"), ("save", "switch_on", "switch_off")):
            row = build.row(gap=8)
            for name in names:
                row.addWidget(self.acts[name], 1)
            column.addLayout(row)
        column.addWidget(self.below, 1)
        self.below.setMinimumHeight(theme.text_px() * 9)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFixedWidth(right.width() + theme.text_px())
        scroll.setWidget(right)
        row = build.row(gap=12)
        row.addWidget(self.list, 1)
        row.addWidget(scroll)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "new": self._new, "words": self.form.show_words, "try": self._try_out, "save": self._save,
            "switch_on": self._switch_on, "switch_off": self._switch_off,
        }  # fmt: skip
        for name, act in acts.items():
            self.acts[name].clicked.connect(act)
        self.list.chosen.connect(lambda _row: self._choose())
        self.list.opened.connect(lambda _row: self.form.condition.setFocus())
        self.below.opened.connect(self._open_parcel)

    # Reading

    def _refresh(self, rule_id: str, *, is_quiet: bool = False) -> None:
        """Read list and rates anew; then a rule is chosen, the one that was where none is named."""
        wanted = rule_id or (self.chosen.newest.rule.id if self.chosen else "")
        read = partial(_read, self._risk, self._statistics)
        self.ask(read, partial(self._show, wanted), slot="list", is_quiet=is_quiet)

    def _show(self, rule_id: str, read: _Read) -> None:
        self._read = read
        self._fill()
        at = next((at for at, state in enumerate(read.states) if state.newest.rule.id == rule_id), 0)
        self.list.table.setCurrentCell(at, 0)
        self._choose()

    def _fill(self) -> None:
        self.list.table.blockSignals(True)
        self.list.fill([self._line(state) for state in self._read.states])
        self.list.table.blockSignals(False)

    def _line(self, state: RuleState) -> Line:
        rule = (state.in_force or state.newest).rule
        found, parcels = self._read.rates.get(rule.id), self._read.rates[""].n("registered")
        selected = found.n("registered") if found else 0
        hit_rate = share(found.n("hits"), found.n("opened")) if found else None
        is_off = bool(state.in_force and rule.expected is not None and is_far_off(selected, parcels, rule.expected))
        cells = (
            text(f"risk.state.{_state(state)}"), words.term(rule.title), words.name_of("lane", rule.lane),
            f"{selected:,}", _percent(share(selected, parcels)), _percent(rule.expected), _percent(hit_rate),
            text("stats.mark.far_off") if is_off else "",
        )  # fmt: skip
        return Line(cells, "warn" if is_off else "" if state.in_force else "soft")

    def _choose(self) -> None:
        state = self.chosen
        if state is None:
            return
        self.form.show_rule(state)
        self._trial, self._selected = None, ()
        self._fill_below()
        risk, rule_id = self._risk, state.newest.rule.id
        self.ask(lambda: risk.selected(rule_id, limit=SHOWN), self._show_selected, slot="selected", is_quiet=True)

    def _show_selected(self, found: Sequence[Selected]) -> None:
        self._selected = found
        self._fill_below()

    # Acts

    def _new(self) -> None:
        numbers = [int(id[1:]) for state in self._read.states if (id := state.newest.rule.id)[1:].isdecimal()]
        self.form.begin(f"R{max(numbers, default=0) + 1:03d}", self._risk.today())

    def _save(self) -> None:
        rule = None if self._saving else self._drafted()
        if rule is None:
            return
        risk, statistics, officer = self._risk, self._statistics, self.frame.officer()

        def write() -> _Read:
            risk.write(rule, officer=officer)
            return _read(risk, statistics)

        self._saving = rule.id
        self.ask(write, partial(self._saved, rule.id), otherwise=self._not_saved)

    def _saved(self, rule_id: str, read: _Read) -> None:
        self._show(rule_id, read)
        self.tell(text("risk.page.saved", rule=rule_id))
        waiting, self._waiting, self._saving = self._waiting, None, ""
        if waiting:
            waiting()

    def _not_saved(self, error: KnownError) -> None:
        """What waited for the new version is not done: it would meet the one before."""
        self._waiting, self._saving = None, ""
        self.tell_error(error)

    def _try_out(self) -> None:
        rule = self._drafted()
        if rule is None:
            return
        risk = self._risk
        self.tell(text("risk.page.trying"), "soft")
        self.ask(lambda: risk.try_out(risk.with_rule(rule), TRIED_DAYS), self._show_trial, slot="trial", is_quiet=True)

    def _switch_on(self) -> None:
        state = self.chosen
        if self._saving:
            self._waiting = self._switch_on
        elif state is not None:
            version = state.newest.rule.version
            self._switch(state, "switched_on", partial(self._risk.switch_on, state.newest.rule.id, version))

    def _switch_off(self) -> None:
        state = self.chosen
        if self._saving:
            self._waiting = self._switch_off
        elif state is not None:
            self._switch(state, "switched_off", partial(self._risk.switch_off, state.newest.rule.id))

    def _switch(self, state: RuleState, done: str, act: Callable[..., None]) -> None:
        rule_id, officer = state.newest.rule.id, self.frame.officer()
        approver, pin = self.form.take_approval()

        def then(_: None) -> None:
            self._refresh(rule_id, is_quiet=True)
            self.tell(text(f"risk.page.{done}", rule=rule_id))

        self.ask(lambda: act(officer=officer, approver=approver, pin=pin), then)

    def _drafted(self) -> Rule | None:
        """The rule as it stands in the form; what is wrong with it is told."""
        try:
            return self.form.rule()
        except RulesError as error:
            self.tell_error(error)
            self.form.condition.setFocus()
            return None

    # Below the form: what a trial says, else what the rule selected last

    def _show_trial(self, found: WhatIf) -> None:
        self._trial = found
        self._fill_below()
        self.tell(
            text("risk.trial.of", parcels=found.parcels, days=TRIED_DAYS, hits=found.hits)
            + "  "
            + text("risk.trial.moved", count=found.moved_count)
        )

    def _open_parcel(self, row: int) -> None:
        if self._trial is None and row < len(self._selected):
            self.parcel_chosen.emit(self._selected[row].parcel_id)

    def _fill_below(self) -> None:
        found = self._trial
        if found is not None:
            self.below.set_titles([text(f"risk.trial.{name}") for name in _TRIAL])
            self._fill_trial(found)
            return
        self.below.set_titles([text(f"risk.selected.{name}") for name in _SELECTED])
        self.below.fill([_selected_line(each) for each in self._selected])

    def _fill_trial(self, found: WhatIf) -> None:
        own = self.form.rule_id
        lines = [Line((text("risk.trial.all"), *_pairs(found.before, found.after)))]
        changed = [line for line in found.lines.values() if line.rule_id == own or line.before != line.after]
        for line in sorted(changed, key=lambda line: line.rule_id != own):
            name = self._risk.titles.get(line.rule_id)
            shown = words.term(name) if name else line.rule_id
            lines.append(Line((shown, *_pairs(line.before, line.after)), "good" if line.rule_id == own else ""))
        self.below.fill(lines)


def _read(risk: RiskOffice, statistics: StatisticsOffice) -> _Read:
    return _Read(risk.states(), statistics.rates(RATED_DAYS))


def _selected_line(each: Selected) -> Line:
    lane = words.name_of("lane", each.lane) + ("*" if each.is_drawn else "")
    opened, hit = (text("risk.selected.yes") if is_so else "" for is_so in (each.was_opened, each.was_hit))
    return Line((each.number, words.clock(each.selected_at), lane, opened, hit), "bad" if each.was_hit else "")


def _state(state: RuleState) -> str:
    if state.in_force is None:
        return "new" if state.is_pending else "off"
    return "changed" if state.is_pending else "on"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _pairs(before: Tally | None, after: Tally | None) -> list[str]:
    """What was and what would be; one figure where both are the same."""
    shown = []
    for name in ("selected", "opened", "hits", "missed"):
        one, two = ("–" if tally is None else f"{getattr(tally, name):,}" for tally in (before, after))
        shown.append(one if one == two else f"{one} → {two}")
    return shown
