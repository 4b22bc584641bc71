"""Central image review (集中审像): pictures of any lane of the post, one after the other, decided on from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit

from app.customs.identifiers import parse
from app.customs.states import Action, Offer
from app.hub.records import Answered, ClaimRow
from app.sharing import Review
from app.texts import text
from app.ui import build, keys, theme, words
from app.ui.actions import ActionBar
from app.ui.chooser import Choice, Chooser
from app.ui.key_button import KeyButton
from app.ui.opening import Opened, build_views
from app.ui.pages.page import Frame, Page
from app.ui.side import SidePanel
from app.ui.stage import Stage
from app.ui.viewer import Shown
from imaging.errors import KnownError
from imaging.scan import Scan

EXTEND_S = 30
ANSWERS = 5
SIDE_EM = 24
_KEYS = {"next": "PgDn", "give_back": "F6", "hand_over": "F7"}


class Reviews(Protocol):
    """What the page asks of the station's part in the shared queue."""

    place: str

    def next_review(self, officer: str) -> Review | None: ...
    def take(self, row: ClaimRow, officer: str) -> Review: ...
    def handed_to(self, officer: str) -> list[ClaimRow]: ...
    def scan(self, review: Review) -> Scan | None: ...
    def offers(self, review: Review) -> list[Offer]: ...
    def extend(self, review: Review) -> None: ...
    def give_back(self, review: Review) -> None: ...
    def hand_over(self, review: Review, officer: str, seat: str) -> None: ...
    def decide(
        self,
        review: Review,
        action: Action,
        *,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        second_pin: str = "",
        annotations: str = "",
    ) -> object: ...
    def answers(self) -> list[Answered]: ...


class CentralReviewPage(Page):
    """The picture, what is known of its parcel, the decisions, and what became of the last ones.

    A claim is kept while its picture is looked at and given back when the page is left.
    """

    def __init__(self, frame: Frame, reviews: Reviews) -> None:
        super().__init__(frame, "central_review")
        self._reviews = reviews
        self.review: Review | None = None
        self._answers: list[Answered] = []
        self.stage = Stage()
        self.side = SidePanel({})
        self.decisions = ActionBar()
        self.chooser = Chooser(self)
        self.where = build.named(QLabel(wordWrap=True), "section")
        self.answered = build.named(QLabel(wordWrap=True), "small")
        self.to_officer, self.to_seat = QLineEdit(), QLineEdit()
        self.buttons = {name: KeyButton(name, key=key) for name, key in _KEYS.items()}
        self._renewal = QTimer(self, interval=EXTEND_S * 1000)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        side = QFrame()
        side.setFixedWidth(round(theme.text_px() * SIDE_EM))
        column = build.column(side, gap=8)
        column.addWidget(self.where)
        column.addWidget(self.side, 1)
        column.addWidget(self.decisions)
        for name in ("next", "give_back"):
            column.addWidget(self.buttons[name])
        handing = build.row(gap=6)
        for part in (self.to_officer, self.to_seat, self.buttons["hand_over"]):
            handing.addWidget(part)
        column.addLayout(handing)
        column.addWidget(self.answered)
        row = build.row(gap=12)
        row.addWidget(self.stage, 1)
        row.addWidget(side)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        self.decisions.chosen.connect(self.choose)
        self.chooser.chosen.connect(self._decide)
        self.chooser.left.connect(self.setFocus)
        self.buttons["next"].clicked.connect(lambda _=False: self.next())
        self.buttons["give_back"].clicked.connect(lambda _=False: self.give_back())
        self.buttons["hand_over"].clicked.connect(lambda _=False: self.hand_over())
        self._renewal.timeout.connect(self._extend)

    def show_page(self) -> None:
        if self.review is None:
            self.next()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        self.give_back()
        super().hideEvent(event)

    def escape(self) -> bool:
        if not self.chooser.is_open:
            return False
        self.chooser.leave()
        return True

    def retranslate(self) -> None:
        super().retranslate()
        for name, button in self.buttons.items():
            button.set_words(text(f"hub.review.{name}"))
        self.to_officer.setPlaceholderText(text("hub.review.to_officer"))
        self.to_seat.setPlaceholderText(text("hub.review.to_seat", seat=self._reviews.place))
        for part in (self.decisions, self.side, self.stage, self.chooser):
            part.retranslate()
        self._show_where()
        self._show_answers(self._answers)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        acts = {Qt.Key.Key_PageDown: self.next, Qt.Key.Key_F6: self.give_back, Qt.Key.Key_F7: self.hand_over}
        bound = keys.find(event)
        if act := acts.get(Qt.Key(event.key())):
            act()
        elif bound is None or event.isAutoRepeat():
            super().keyPressEvent(event)
        elif bound.command.startswith("look."):
            self.stage.press_look(bound.command.removeprefix("look."))
        elif bound.command in tuple(Action):
            self.choose(Action(bound.command))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        bound = keys.find(event)
        if bound is not None and bound.command.startswith("look.") and not event.isAutoRepeat():
            self.stage.release_look(bound.command.removeprefix("look."))

    # What the officer does

    def next(self) -> None:
        """Claim what was handed to this officer, else what is to be looked at next."""
        if self.review is not None:
            return
        reviews, officer = self._reviews, self.frame.officer()

        def claim() -> tuple[Review | None, list[Answered]]:
            handed = reviews.handed_to(officer)
            review = reviews.take(handed[0], officer) if handed else reviews.next_review(officer)
            return review, reviews.answers()[:ANSWERS]

        self.ask(claim, lambda found: self._show(*found), slot="next")

    def choose(self, action: Action) -> None:
        """Take a decision, or ask for what it needs first."""
        offer = self.decisions.offer(action)
        if self.review is None or offer is None or not offer.is_allowed:
            return
        if offer.needs_reason or offer.needs_second_officer or offer.needs_document:
            self.chooser.ask(offer, self.review.parcel.number)
        else:
            self._decide(Choice(action))

    def give_back(self) -> None:
        """Let somebody else look at it."""
        if review := self._end():
            self.ask(lambda: self._reviews.give_back(review), lambda _: None)

    def hand_over(self) -> None:
        """Give it to the officer who is named, at the seat that is named or this one."""
        officer, seat = self.to_officer.text().strip(), self.to_seat.text().strip() or self._reviews.place
        if not officer:
            self.to_officer.setFocus()
        elif review := self._end():
            self.ask(
                lambda: self._reviews.hand_over(review, officer, seat),
                lambda _: self.tell(text("hub.review.handed", officer=officer, seat=seat)),
            )

    def _decide(self, choice: Choice) -> None:
        review = self.review
        if review is None:
            return
        reviews = self._reviews
        self._end()
        self.ask(
            lambda: reviews.decide(
                review, choice.action, reason=choice.reason, note=choice.note, second_officer=choice.second_officer,
                second_pin=choice.second_pin,
            ),
            lambda _: self.next(),
        )  # fmt: skip

    # What is shown

    def _show(self, review: Review | None, answers: list[Answered]) -> None:
        self.review = review
        self._show_answers(answers)
        self._show_where()
        if review is None:
            self.tell(text("hub.review.none"), "warn")
            return
        parcel = review.parcel
        found = parse(parcel.number) if parcel.number else []
        offers = tuple(self._reviews.offers(review))
        self.decisions.set_offers(offers)
        self._opened = Opened(parcel, offers, (), found[0] if found else None)
        self.side.show_parcel(self._opened)
        self._renewal.start()
        self.ask(lambda: self._read(review), lambda views: self._show_views(review, views), slot="scan")
        self.setFocus()

    def _read(self, review: Review) -> tuple[tuple[Shown, ...], KnownError | None]:
        try:
            scan = self._reviews.scan(review)
        except KnownError as error:
            return (), error
        return build_views(scan) if scan else (), None

    def _show_views(self, review: Review, found: tuple[tuple[Shown, ...], KnownError | None]) -> None:
        if review is not self.review:
            return
        views, error = found
        self.stage.show_views(review.parcel.id, views, review.parcel.seen)
        self.side.show_parcel(replace(self._opened, views=views, scan_error=error))
        if error is not None:
            self.tell_error(error)

    def _end(self) -> Review | None:
        """Nothing is looked at any more; what was."""
        review, self.review = self.review, None
        self._renewal.stop()
        self.stage.show_views(None, ())
        self.side.show_parcel(None)
        self.decisions.set_offers(())
        self._show_where()
        return review

    def _extend(self) -> None:
        review = self.review
        if review is not None:
            self.frame.worker.submit(
                lambda: self._reviews.extend(review), lambda _: None, slot="review.extend", otherwise=self._lose
            )

    def _lose(self, error: KnownError) -> None:
        """The claim is gone, or the hub is: what is said of the parcel here would not count."""
        self._end()
        self.tell_error(error)

    def _show_where(self) -> None:
        review = self.review
        self.where.setText(text("hub.review.at", station=review.station) if review else text("hub.review.nothing"))
        for name in ("give_back", "hand_over"):
            self.buttons[name].setEnabled(review is not None)
        self.buttons["next"].setEnabled(review is None)

    def _show_answers(self, answers: Sequence[Answered]) -> None:
        self._answers = list(answers)
        self.answered.setText("\n".join(map(_line, answers)))


def _line(answered: Answered) -> str:
    outcome = text(f"hub.outcome.{answered.outcome or 'open'}")
    action = words.action_name(Action(answered.action))
    why = words.translated(f"error.{answered.detail}") if answered.outcome == "refused" else ""
    return text("hub.answer", at=words.clock(answered.made_at), action=action, outcome=outcome, why=why).strip()
