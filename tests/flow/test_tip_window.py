"""A projected threat before an officer at the window, by keys: told at once, then the parcel as it truly is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.states import State
from app.customs.tip import Outcome, Resolved
from app.officers.rights import Role
from app.settings import Officers
from app.ui.bridge import Bridge
from app.ui.settings import UiSettings
from app.ui.start import make_application
from app.ui.window import MainWindow
from imaging.annotations import Shape
from imaging.tip.threats import build_library
from tests.flow.conftest import Desk
from tests.flow.tips import ALWAYS, take

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
ROLES = Officers(sign_in="demo", demo={"a": Role.OFFICER, "b": Role.OFFICER})


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tip")
    build_library(folder, per_category=1, categories=("battery",))
    return folder


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    texts.set_language("en")
    yield
    texts.set_language("zh_CN")


class Seat:
    """An officer at a window on a station with some cartons, each with a threat in its picture."""

    def __init__(self, qtbot: QtBot, desk: Desk, parcels: int, folder: Path) -> None:
        self.qtbot, self.desk, self.station = qtbot, desk, desk.station
        self.taken = [take(desk, number) for number in range(1, parcels + 1)]
        self.window = MainWindow(desk.station, Bridge(), UiSettings(officer="a", language="en", data=folder))
        self.told: list[Resolved] = []
        self.window.desk.projecting.over.connect(self.told.append)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.settle()

    def settle(self) -> None:
        quiet = 0

        def is_quiet() -> bool:
            nonlocal quiet
            desk = self.window.desk
            is_still = self.window.is_idle() and not desk.is_deciding and not desk.projecting.is_answering
            quiet = quiet + 1 if is_still else 0
            return quiet >= 4

        self.qtbot.waitUntil(is_quiet, timeout=20_000)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifier)
        self.settle()

    @property
    def is_true(self) -> bool:
        """Whether the picture on the screen is the one that the machine took."""
        shown, opened = self.window.parts.stage.views, self.window.desk.open_id
        scan = next(scan for parcel, scan in self.taken if parcel.id == opened)
        assert shown[0].view is not None
        return bool(np.array_equal(shown[0].view.high, scan.views[0].high))  # type: ignore[arg-type]

    def state(self, index: int = 0) -> State:
        return self.station.parcel(self.taken[index][0].id).state


@pytest.fixture
def sit(qtbot: QtBot, open_desk: Callable[..., Desk], library: Path, tmp_path: Path) -> Callable[..., Seat]:
    def make(parcels: int = 1, **changes: object) -> Seat:
        tip = ALWAYS.model_copy(update={"library": library, **changes})
        return Seat(qtbot, open_desk(tip=tip, officers=ROLES), parcels, tmp_path)

    return make


def test_a_missed_threat_is_told_at_once_and_the_parcel_is_decided_on_its_true_picture(
    sit: Callable[..., Seat],
) -> None:
    seat = sit()
    card, desk = seat.window.parts.tip_card, seat.window.desk
    assert desk.projecting.tip is not None
    assert not seat.is_true
    seat.press(Qt.Key.Key_R)
    assert card.isVisible()
    assert "MISSED" in card._outcome.text()
    assert "battery" in card._more.text()
    assert seat.state() is State.IMAGED
    seat.press(Qt.Key.Key_R)  # a decision in haste says nothing while the card is there
    assert card.isVisible()
    assert seat.station.history(seat.taken[0][0].id) == []
    seat.press(Qt.Key.Key_Return)
    assert not card.isVisible()
    assert seat.is_true
    assert desk.opened is not None
    assert desk.opened.tip is None
    seat.press(Qt.Key.Key_R)
    assert seat.state() is State.RELEASED
    assert [one.outcome for one in seat.told] == [Outcome.MISS]
    kinds = [event.kind for event in seat.station._store.events(seat.taken[0][0].id)]
    assert kinds.index("tip_shown") < kinds.index("tip_resolved") < kinds.index("decided")


def test_a_reference_to_opening_is_a_hit_without_asking_for_a_reason(sit: Callable[..., Seat]) -> None:
    seat = sit()
    seat.press(Qt.Key.Key_O)
    assert not seat.window.parts.chooser.is_open
    assert "HIT" in seat.window.parts.tip_card._outcome.text()
    assert seat.state() is State.IMAGED
    seat.press(Qt.Key.Key_Space)
    seat.press(Qt.Key.Key_O)
    assert seat.window.parts.chooser.is_open  # now it is the parcel's


def test_a_mark_on_the_threat_finds_it_and_goes_with_it(sit: Callable[..., Seat]) -> None:
    seat = sit()
    tip, tools = seat.window.desk.projecting.tip, seat.window.course.tools
    assert tip is not None
    tools.annotating.use(Shape.BOX)
    left, top, right, bottom = tip.boxes[0]
    tools.annotating.press(seat.window.parts.stage.panes[0], (left + 2.0, top + 2.0))
    tools.annotating.press(seat.window.parts.stage.panes[0], (right - 2.0, bottom - 2.0))
    seat.settle()
    assert [(one.outcome, one.is_located) for one in seat.told] == [(Outcome.HIT, True)]
    assert tools.annotating.drawn == ()
    tools.annotating.use(None)
    seat.window.parts.tip_card.setFocus()
    seat.press(Qt.Key.Key_Escape)
    assert seat.is_true


def test_time_runs_out_as_a_miss(sit: Callable[..., Seat]) -> None:
    seat = sit(longest_s=1.0)
    seat.qtbot.waitUntil(lambda: bool(seat.told), timeout=10_000)
    assert [one.outcome for one in seat.told] == [Outcome.LATE]
    seat.press(Qt.Key.Key_Return)
    assert seat.is_true
    assert seat.state() is State.IMAGED


def test_leaving_a_page_a_lock_and_another_officer_end_it_without_measuring(sit: Callable[..., Seat]) -> None:
    seat = sit(4)
    first = seat.window.desk.open_id
    seat.press(Qt.Key.Key_PageDown)
    assert [one.why for one in seat.told] == ["left"]
    assert seat.window.desk.open_id != first
    seat.window.course.hide(True)
    seat.settle()
    assert seat.is_true
    seat.window.course.hide(False)
    seat.press(Qt.Key.Key_PageDown)
    assert seat.window.desk.projecting.tip is not None
    seat.window._seat("b", "B", Role.OFFICER)
    seat.settle()
    assert [one.why for one in seat.told] == ["left", "covered", "handed_over"]
    assert {one.outcome for one in seat.told} == {Outcome.VOID}
    assert seat.is_true
    assert all(seat.state(index) is State.IMAGED for index in range(4))


def test_nothing_of_a_projected_picture_is_written_as_the_parcels_own(sit: Callable[..., Seat], tmp_path: Path) -> None:
    seat = sit()
    seat.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert [one.why for one in seat.told] == ["left"]
    assert list(tmp_path.rglob("*.png")) == []
    assert seat.is_true


def test_nothing_is_written_while_the_answer_to_a_projected_threat_is_being_kept(
    sit: Callable[..., Seat], tmp_path: Path
) -> None:
    seat = sit()
    desk = seat.window.desk
    assert desk.opened is not None
    assert desk.opened.tip is not None
    assert desk.projecting.answer("a")
    desk.write_record(())
    seat.settle()
    assert not list(tmp_path.rglob("records/*"))
    assert len(seat.told) == 1


def test_a_decision_elsewhere_ends_it_and_shows_what_became_of_the_parcel(sit: Callable[..., Seat]) -> None:
    from app.customs.states import Action

    seat = sit()
    parcel = seat.taken[0][0]
    seat.station.tip.give_way(parcel.id)
    seat.station.decide(parcel.id, Action.HOLD, officer="b", reason="documents")
    seat.press(Qt.Key.Key_R)
    assert [(one.outcome, one.why) for one in seat.told] == [(Outcome.VOID, "overtaken")]
    assert seat.state() is State.HELD
    assert seat.is_true


def test_closing_the_window_leaves_nothing_open(sit: Callable[..., Seat]) -> None:
    seat = sit()
    tip = seat.window.desk.projecting.tip
    assert tip is not None
    seat.window.close()
    assert seat.station.tip.end(tip, None).why == "left"


def test_what_is_opened_from_the_archive_is_true(sit: Callable[..., Seat]) -> None:
    seat = sit(2)
    wanted = next(parcel.id for parcel, _ in seat.taken if parcel.id != seat.window.desk.open_id)
    seat.window.desk.open(wanted, is_read_only=True)
    seat.settle()
    assert seat.is_true
