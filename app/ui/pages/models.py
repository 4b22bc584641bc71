"""The models of the post: which are on, how one on trial compares with what officers work with, and switching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel

from app.customs.model_trial import Mode, Trial
from app.model_office import PostedModel
from app.model_words import Figure, figures_of
from app.texts import text
from app.ui import build, words
from app.ui.key_button import KeyButton
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page

DAYS = (1, 7, 30, 365)
_COLUMNS = ("name", "mode", "looks_at", "lanes", "tried", "since", "trouble")
_FIGURES = ("figure", "value", "range")
_KEYS = {Mode.ON: "O", Mode.SHADOW: "S", Mode.OFF: "Del"}
_OF_KEY = {Qt.Key.Key_O: Mode.ON, Qt.Key.Key_S: Mode.SHADOW, Qt.Key.Key_Delete: Mode.OFF}
_TONES = {Mode.ON: "good", Mode.SHADOW: "", Mode.OFF: "soft"}


class Models(Protocol):
    """What the page asks of the station."""

    def models(self) -> list[PostedModel]: ...
    def compare(self, model: str, days: int, *, officer: str, is_drill: bool = False) -> Trial: ...
    def switch(self, model: str, mode: Mode, *, officer: str, instead: bool = False) -> None: ...


class ModelsPage(Page):
    """A model is chosen with the arrow keys; what it found in the shadow is compared below. A model that is put on
    takes the place of those that were: they go on in the shadow.
    """

    def __init__(self, frame: Frame, models: Models) -> None:
        super().__init__(frame, "models")
        self._models = models
        self._posted: Sequence[PostedModel] = ()
        self._trial: Trial | None = None
        self._days, self._is_drill = DAYS[2], False
        self.listing = Listing(len(_COLUMNS))
        self.figures = Listing(len(_FIGURES))
        self.span = build.named(QLabel(), "section")
        self.hint = build.named(QLabel(wordWrap=True), "soft")
        self.buttons = {mode: KeyButton(mode.value, key=key) for mode, key in _KEYS.items()}
        self._lay_out()

    def _lay_out(self) -> None:
        self.figures.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.figures.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.figures.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.listing.chosen.connect(lambda _row: self._compare())
        row = build.row(gap=8)
        for mode, button in self.buttons.items():
            button.clicked.connect(lambda _=False, mode=mode: self._switch(mode))
            row.addWidget(button)
        row.addStretch()
        self.body.addWidget(self.listing, 1)
        self.body.addLayout(row)
        self.body.addWidget(self.span)
        self.body.addWidget(self.figures, 4)
        self.body.addWidget(self.hint)

    def show_page(self) -> None:
        self._read()
        self.listing.table.setFocus()

    def retranslate(self) -> None:
        super().retranslate()
        self.listing.set_titles([text(f"models.column.{name}") for name in _COLUMNS])
        self.figures.set_titles([text(f"models.column.{name}") for name in _FIGURES])
        self.hint.setText(text("models.hint"))
        for mode, button in self.buttons.items():
            button.set_words(text(f"models.act.{mode}"))
        self._show(self._posted)
        self._show_trial(self._trial)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = Qt.Key(event.key())
        if key in _OF_KEY:
            self._switch(_OF_KEY[key])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            self._days = DAYS[min(max(DAYS.index(self._days) + step, 0), len(DAYS) - 1)]
            self._compare()
        elif key == Qt.Key.Key_X:
            self._is_drill = not self._is_drill
            self._compare()
        else:
            super().keyPressEvent(event)

    def _read(self) -> None:
        self.ask(self._models.models, self._show, slot="models", is_quiet=True)

    def _show(self, posted: Sequence[PostedModel]) -> None:
        self._posted = posted
        self.listing.fill([Line(_cells(each), "bad" if each.error else _TONES[each.mode]) for each in posted])
        self._compare()

    def _compare(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        model, days, officer, is_drill = chosen.name, self._days, self.frame.officer(), self._is_drill
        self.ask(
            lambda: self._models.compare(model, days, officer=officer, is_drill=is_drill),
            self._show_trial,
            slot="trial",
            is_quiet=True,
        )

    def _show_trial(self, trial: Trial | None) -> None:
        self._trial = trial
        chosen = self._chosen()
        if trial is None or chosen is None:
            return
        what = text("models.drills" if self._is_drill else "models.real")
        self.span.setText(text("models.span", name=chosen.name, days=self._days, what=what))
        self.figures.fill([_line(figure) for figure in figures_of(trial)])

    def _switch(self, mode: Mode) -> None:
        chosen, officer = self._chosen(), self.frame.officer()
        if chosen is None or chosen.mode is mode:
            return
        name = chosen.name
        self.ask(
            lambda: self._models.switch(name, mode, officer=officer, instead=mode is Mode.ON),
            lambda _: self._switched(name, mode),
        )

    def _switched(self, name: str, mode: Mode) -> None:
        self.tell(text(f"models.done.{mode}", name=name))
        self._read()

    def _chosen(self) -> PostedModel | None:
        row = self.listing.current
        return self._posted[row] if 0 <= row < len(self._posted) else None


def _cells(posted: PostedModel) -> tuple[str, ...]:
    since = text("models.by_settings")
    if posted.switch:
        since = f"{words.clock(posted.switch.switched_at)}  {posted.switch.officer}"
    return (
        posted.name,
        text(f"models.mode.{posted.mode}"),
        ", ".join(text(f"models.kind.{kind}") for kind in posted.choice.looks_at),
        ", ".join(posted.choice.lanes) or text("models.all_lanes"),
        f"{posted.tried:,}",
        since,
        words.error_words(posted.error) if posted.error else "",
    )


def _line(figure: Figure) -> Line:
    return Line((text(f"models.figure.{figure.name}"), figure.value, figure.range), figure.tone)
