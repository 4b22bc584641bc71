"""The pages of the shared queue, on a station's part in memory: what they show, and what their keys do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.parcel import Parcel, Seen
from app.customs.states import Action, Facts, Offer, offers
from app.hub.errors import ClaimLateError, HubAwayError
from app.hub.records import Answered, Claim, ClaimRow, ConflictRow, LaneRow, OfferRow
from app.link import LinkState
from app.sharing import Overview, Review
from app.ui.background import Background
from app.ui.pages.central_review import CentralReviewPage
from app.ui.pages.page import Frame
from app.ui.pages.supervision import SupervisionPage
from imaging.look import LOOKS
from imaging.scan import Scan
from tests.app.ui.conftest import qapp, same_start  # noqa: F401
from tests.app.ui.samples import make_parcels, make_scan

NOW = datetime.now(UTC)
STORE = UUID(int=1)
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@dataclass
class Post:
    """A hub in memory: parcels that wait, and what was done with them."""

    place: str = "5301/seat-1"
    waiting: list[Parcel] = field(default_factory=lambda: make_parcels(3))
    done: list[tuple[Any, ...]] = field(default_factory=list)
    state: LinkState | None = field(default_factory=lambda: LinkState(True, 90, 100))
    trouble: Exception | None = None

    def next_review(self, officer: str) -> Review | None:
        if self.trouble:
            raise self.trouble
        if not self.waiting:
            return None
        parcel = self.waiting.pop(0)
        seen = (Seen("knife", 0.9, "sure", (4, 4, 20, 20)),)
        return Review(
            Claim(STORE, parcel.id, parcel.version, parcel.id), replace(parcel, seen=seen), officer, "5301/belt-2"
        )

    def take(self, row: ClaimRow, officer: str) -> Review:
        raise AssertionError

    def handed_to(self, officer: str) -> list[ClaimRow]:
        return []

    def scan(self, review: Review) -> Scan | None:
        return make_scan()

    def offers(self, review: Review) -> list[Offer]:
        return offers(review.parcel.state, Facts(officer=review.officer))

    def extend(self, review: Review) -> None:
        if self.trouble:
            raise self.trouble
        self.done.append(("extend", review.parcel.id))

    def give_back(self, review: Review) -> None:
        self.done.append(("give_back", review.parcel.id))

    def hand_over(self, review: Review, officer: str, seat: str) -> None:
        self.done.append(("hand_over", review.parcel.id, officer, seat))

    def decide(self, review: Review, action: Action, **given: Any) -> object:
        self.done.append((action, review.parcel.id, given["reason"]))
        return uuid4()

    def answers(self) -> list[Answered]:
        return [Answered(uuid4(), "li", "release", NOW, "refused", "parcel_changed")]

    def overview(self) -> Overview:
        if self.trouble:
            raise self.trouble
        lanes = [
            LaneRow(f"5301/belt-{n}", NOW - timedelta(seconds=n * 400), 9000, n, 40, 30, 2, n, NOW, 1, "0.1")
            for n in range(3)
        ]
        claims = [
            ClaimRow(STORE, 7, "5301/belt-1", "EB123456785CN", "red", "imaged", 0, "li", self.place, 3, NOW, False)
        ]
        waiting = [OfferRow(STORE, 8, "5301/belt-2", "EB223456785CN", "green", "imaged", 2, NOW)]
        said = [
            ConflictRow(4, "number", "5301/belt-1", 2, "EB323456785CN", "released", "5301/belt-2", "held", NOW, "held"),
            ConflictRow(5, "verdict", "5301/belt-1", 3, "EB423456785CN", "held", "5301/seat-1", "release", NOW, None),
        ]
        return Overview(lanes, claims, waiting, said)

    def reassign(self, row: Any, officer: str, to_officer: str, seat: str) -> None:
        self.done.append(("reassign", row.parcel_id, officer, to_officer, seat))

    def set_urgency(self, row: Any, officer: str, urgency: int) -> None:
        self.done.append(("urgency", row.parcel_id, urgency))

    def resolve(self, conflict: ConflictRow, officer: str, note: str) -> None:
        self.done.append(("resolve", conflict.id, note))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def frame(qtbot: QtBot) -> Any:
    worker = Background("pages")
    yield Frame(worker, lambda: "li")
    assert worker.close()


def opened(qtbot: QtBot, page: Any) -> Any:
    qtbot.addWidget(page)
    page.resize(1300, 700)
    page.retranslate()
    page.show()
    page.show_page()
    rest(qtbot, page)
    return page


def rest(qtbot: QtBot, page: Any) -> None:
    """Until the worker is done and its answers are shown."""
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        quiet = quiet + 1 if page.frame.worker.is_idle else 0
        return quiet >= 4

    qtbot.waitUntil(is_quiet, timeout=5000)


def cells(table: QTableWidget) -> list[list[str]]:
    return [
        [item.text() if (item := table.item(row, column)) else "" for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_a_review_is_claimed_shown_decided_and_the_next_one_comes(qtbot: QtBot, post: Post, frame: Any) -> None:
    page: CentralReviewPage = opened(qtbot, CentralReviewPage(frame, post))
    first = page.review
    assert first is not None
    assert "5301/belt-2" in page.where.text()
    assert page.stage.pyramid is not None
    assert page.stage.panes[0].seen
    assert "refused" in page.answered.text()
    qtbot.keyClick(page, Qt.Key.Key_O)
    assert page.chooser.is_open
    page.chooser._pick("suspected_weapon")
    rest(qtbot, page)
    assert post.done == [(Action.REFER, first.parcel.id, "suspected_weapon")]
    assert page.review is not None
    assert page.review.parcel.id != first.parcel.id
    qtbot.keyClick(page, Qt.Key.Key_B)  # a look
    assert page.stage.look == LOOKS["grey"]


def test_a_review_is_handed_over_or_given_back(qtbot: QtBot, post: Post, frame: Any) -> None:
    page: CentralReviewPage = opened(qtbot, CentralReviewPage(frame, post))
    assert page.review is not None
    first = page.review.parcel.id
    qtbot.keyClick(page, Qt.Key.Key_F7)
    assert page.review is not None  # nobody is named yet
    page.to_officer.setText("wang")
    qtbot.keyClick(page, Qt.Key.Key_F7)
    qtbot.keyClick(page, Qt.Key.Key_PageDown)
    rest(qtbot, page)
    assert post.done == [("hand_over", first, "wang", post.place)]
    second = page.review
    assert second is not None
    page.hide()
    rest(qtbot, page)
    assert post.done[-1] == ("give_back", second.parcel.id)


def test_a_lost_claim_closes_the_picture_and_says_so(qtbot: QtBot, post: Post, frame: Any) -> None:
    page: CentralReviewPage = opened(qtbot, CentralReviewPage(frame, post))
    page._extend()
    rest(qtbot, page)
    assert post.done[-1][0] == "extend"
    post.trouble = ClaimLateError("late")
    page._extend()
    rest(qtbot, page)
    assert page.review is None
    assert "not yours" in page.message


def test_nothing_to_look_at_and_no_hub_are_told(qtbot: QtBot, post: Post, frame: Any) -> None:
    post.waiting.clear()
    page: CentralReviewPage = opened(qtbot, CentralReviewPage(frame, post))
    assert page.message == texts.text("hub.review.none")
    post.trouble = HubAwayError("away", detail="away")
    page.next()
    rest(qtbot, page)
    assert "works on alone" in page.message


def test_the_supervisor_sees_and_leads(qtbot: QtBot, post: Post, frame: Any) -> None:
    page: SupervisionPage = opened(qtbot, SupervisionPage(frame, post))
    assert "10" in page.link.text()
    assert [row[0] for row in cells(page.lanes)] == ["5301/belt-0", "5301/belt-1", "5301/belt-2"]
    assert [row[1] for row in cells(page.queue)] == ["EB123456785CN", "EB223456785CN"]
    assert len(cells(page.conflicts)) == 2
    page.queue.selectRow(1)
    qtbot.keyClick(page, Qt.Key.Key_U)
    rest(qtbot, page)
    page.officer.setText("wang")
    qtbot.keyClick(page, Qt.Key.Key_G)
    rest(qtbot, page)
    page.conflicts.selectRow(0)
    page.note.setText("opened, empty")
    qtbot.keyClick(page, Qt.Key.Key_S)
    rest(qtbot, page)
    assert post.done == [
        ("urgency", 8, 3), ("reassign", 8, "li", "wang", post.place), ("resolve", 4, "opened, empty")
    ]  # fmt: skip
    post.trouble = HubAwayError("away", detail="away")
    page.read()
    rest(qtbot, page)
    assert "works on alone" in page.message
    assert cells(page.lanes)  # what was known stays


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_text_is_there_in_both_languages(qtbot: QtBot, post: Post, frame: Any, language: str) -> None:
    texts.set_language(language)
    for page in (CentralReviewPage(frame, post), SupervisionPage(frame, post)):
        opened(qtbot, page)
        assert page.message == ""
