"""The decisions at hand: three large buttons, the further ones in rows below, all with their keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel

from app.customs.states import Action, Offer, State
from app.texts import text
from app.ui import build, words
from app.ui.key_button import Flow, KeyButton

MAIN = (Action.RELEASE, Action.HOLD, Action.REFER)
_TONES = {Action.RELEASE: "good", Action.HOLD: "warn", Action.REFER: "bad"}
_BY_DEVICES = frozenset({Action.REGISTER_ARRIVAL, Action.CAPTURE_IMAGE})


class ActionBar(QFrame):
    """Shows what the station offers for the open parcel; the main three are always there, greyed with the reason."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("side")
        self._offers: dict[Action, Offer] = {}
        self._main = Flow(gap=6, stretches=True)
        self._further = Flow(gap=6, group_gap=6)
        self._why = build.named(QLabel(wordWrap=True), "small")
        self._buttons: dict[Action, KeyButton] = {}
        box = build.column(self, gap=6, margins=(12, 10, 12, 10))
        box.addWidget(self._main)
        box.addWidget(self._further)
        box.addWidget(self._why)
        self._main.set_groups([[self._button(action) for action in MAIN]])
        self.retranslate()

    def set_offers(self, offers: Sequence[Offer]) -> None:
        self._offers = {offer.action: offer for offer in offers}
        further = [o.action for o in offers if o.is_allowed and o.action not in MAIN and o.action not in _BY_DEVICES]
        for action in [action for action in self._buttons if action not in (*MAIN, *further)]:
            del self._buttons[action]
        self._further.set_groups([[self._button(action) for action in further]])
        self.retranslate()

    def offer(self, action: Action) -> Offer | None:
        return self._offers.get(action)

    def why_not(self, action: Action) -> str:
        """Why an action is not to be had now, in words; empty when it is."""
        offer = self._offers.get(action)
        if offer is not None and offer.is_allowed:
            return ""
        if offer is not None and offer.why_not:
            return words.translated(offer.why_not)
        return text("ui.act.not_offered", action=words.action_name(action))

    def retranslate(self) -> None:
        for action, button in self._buttons.items():
            reason = self.why_not(action) if self._offers else ""
            button.setEnabled(bool(self._offers) and not reason)
            button.set_words(words.action_name(action), reason)
        remarks = self._remarks()
        self._why.setText("\n".join(remarks))
        self._why.setVisible(bool(remarks))
        self.restyle()

    def _remarks(self) -> list[str]:
        """What the main buttons alone do not say: why one is refused, or that a release leads elsewhere."""
        remarks = {self.why_not(action) for action in MAIN if action in self._offers} - {""}
        release = self._offers.get(Action.RELEASE)
        if release is not None and release.after not in (None, State.RELEASED):
            after = words.state_name(release.after)
            remarks.add(text("ui.act.leads_to", action=words.action_name(Action.RELEASE), state=after))
        return sorted(remarks)

    def restyle(self) -> None:
        self._main.arrange()
        self._further.arrange()
        self._further.setVisible(len(self._buttons) > len(MAIN))

    def _button(self, action: Action) -> KeyButton:
        button = self._buttons.get(action)
        if button is None:
            button = KeyButton(str(action), tone=_TONES.get(action, ""), is_large=action in MAIN)
            button.clicked.connect(lambda _=False, action=action: self.chosen.emit(action))
            button.set_words(words.action_name(action))
            self._buttons[action] = button
        return button
