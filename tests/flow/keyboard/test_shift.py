"""A whole shift of an officer by the keyboard alone, on simulated scans: nothing is clicked, set or called for him."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from app.customs.states import State
from app.texts import text
from app.ui import keys
from app.ui.look_keys import LOOK_NAMES, is_on
from app.ui.reading import Tool
from imaging.annotations import Category, Shape
from imaging.look import STANDARD
from tests.flow.conftest import Desk
from tests.flow.keyboard.conftest import ALT, CTRL, NEW_PIN, NUMBERS, PIN, SHIFT, Hands, Key


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
def test_a_shift_by_keys_alone(hands: Hands, post: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_shift(hands)
    look_at_it(hands)
    move_about(hands)
    measure(hands)
    draw(hands)
    write_out(hands, monkeypatch)
    compare_and_recall(hands)
    decide(hands, post)
    find_in_the_archive(hands)
    find_in_the_queue(hands)
    go_through_the_pages(hands)
    lock_and_come_back(hands, post)
    end_shift(hands, post)
    assert post.station.verify_log().is_ok


def begin_shift(hands: Hands) -> None:
    """He signs in with the PIN that he was given and chooses his own."""
    assert hands.window.guard is not None
    assert hands.window.guard.is_shut
    hands.type("chen")
    hands.press(Key.Key_Return)
    hands.type(PIN)
    hands.press(Key.Key_Return)
    for _ in range(2):
        hands.type(NEW_PIN)
        hands.press(Key.Key_Return)
    assert not hands.window.guard.is_shut
    assert hands.number in NUMBERS
    assert len(hands.stage.views) == 2


def look_at_it(hands: Hands) -> None:
    """Every look goes on and off by its key, every dial turns, marks go round, an own combination is kept."""
    stage = hands.stage
    for name in LOOK_NAMES[1:]:
        key = keys.binding(f"look.{name}").keys[0]
        hands.press(key)
        assert is_on(stage.look, name), name
        hands.press(key, times=3 if name == "zeff" else 1)
        assert stage.look == STANDARD, name
    for dial in ("window.narrow", "level.up", "gamma.up", "absorption.up"):
        hands.press(keys.binding(dial).keys[0])
        assert stage.look != STANDARD, dial
        hands.press("s")
        assert stage.look == STANDARD
    for key in ("a", "q", "p"):
        before = dict(hands.window.course.tools.marking.sensitivities)
        hands.press(key)
        assert dict(hands.window.course.tools.marking.sensitivities) != before
    hands.press("b")
    hands.press("i")
    kept = stage.look
    hands.press(Key.Key_F3, SHIFT)
    hands.press("s")
    hands.press(Key.Key_F3)
    assert stage.look == kept != STANDARD
    hands.press(Key.Key_Escape, times=2)
    assert stage.look == STANDARD
    has_boxes = stage.has_boxes
    hands.press("x")
    assert stage.has_boxes is not has_boxes
    hands.press("x")
    hands.press("j")


def move_about(hands: Hands) -> None:
    pane = hands.stage.panes[0]
    hands.press("f")
    fit = pane.camera
    hands.press("+", times=4)
    assert pane.camera.zoom > fit.zoom
    near = pane.camera
    for key in (Key.Key_Left, Key.Key_Up):
        hands.press(key, times=2)
    assert (pane.camera.x, pane.camera.y) < (near.x, near.y)
    for key in (Key.Key_Right, Key.Key_Down):
        hands.press(key, times=4)
    assert pane.camera.x > near.x
    hands.press("-")
    hands.press("0")
    assert pane.camera.zoom == pytest.approx(1)
    has_overview = hands.stage.has_overview
    hands.press("w")
    assert hands.stage.has_overview is not has_overview
    hands.press("w")
    hands.press("f")
    assert pane.camera.zoom == pytest.approx(fit.zoom)


def measure(hands: Hands) -> None:
    """Each tool reads something at points that Ctrl with the arrows and Space set."""
    measuring = hands.window.course.tools.measuring
    for tool in Tool:
        hands.press("m")
        assert measuring.tool is tool
        corners = {Tool.PROBE: 1, Tool.AREA: 3}.get(tool, 2)
        for key in (Key.Key_Right, Key.Key_Down, Key.Key_Left)[:corners]:
            hands.press(key, CTRL, times=4)
            hands.press(Key.Key_Space)
        assert measuring.reading is not None, tool
        assert measuring.reading.lines or measuring.reading.curves, tool
    hands.press("m")
    assert measuring.tool is None


def draw(hands: Hands) -> None:
    """A box, an arrow, a line and a word in two categories, and the last one taken back."""
    annotating = hands.window.course.tools.annotating
    for shape in Shape:
        hands.press("n")
        assert annotating.shape is shape
        hands.press("2" if shape is Shape.ARROW else "1")
        hands.press(Key.Key_Right, CTRL, times=3)
        hands.press(Key.Key_Space)
        if shape is Shape.TEXT:
            hands.type("here")
            hands.press(Key.Key_Return)
        else:
            hands.press(Key.Key_Right, CTRL, times=4)
            hands.press(Key.Key_Down, CTRL, times=4)
            hands.press(Key.Key_Space)
    assert [each.shape for each in annotating.drawn] == list(Shape)
    assert {each.category for each in annotating.drawn} == set(list(Category)[:2])
    assert annotating.drawn[-1].text == "here"
    hands.press(Key.Key_Backspace)
    assert len(annotating.drawn) == len(Shape) - 1
    hands.press("n")
    assert annotating.shape is None


def write_out(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    hands.press("r", CTRL)
    hands.press("s", CTRL)
    data = hands.desk.data
    assert data is not None
    assert {path.suffix for path in (data / "records").iterdir()} == {".pdf", ".dcs"}
    assert len(list((data / "pictures").glob("*.png"))) == 2
    hands.press("e", CTRL)
    assert opened[0].toLocalFile().endswith(".png")
    hands.press(Key.Key_Escape)


def compare_and_recall(hands: Hands) -> None:
    """The next parcels and back; another picture beside the open one."""
    seen = [hands.number]
    for _ in range(2):
        hands.press(Key.Key_PageDown)
        seen.append(hands.number)
    assert len(set(seen)) == 3
    hands.press(Key.Key_PageUp)
    assert hands.number == seen[1]
    hands.press(Key.Key_Left, ALT)
    assert hands.number == seen[2]
    hands.press(Key.Key_Left, ALT, times=2)
    assert hands.number == seen[0]
    assert len(hands.window.course.tools.annotating.drawn) == len(Shape) - 1, "what was drawn stayed"
    hands.press(Key.Key_Right, ALT)
    assert hands.number == seen[1]
    hands.press("t")
    comparing = hands.window.course.tools.comparing
    assert comparing.mode
    hands.press("y")
    hands.press(Key.Key_Escape, times=3)
    assert not comparing.mode
    hands.press(Key.Key_Left, ALT)


def decide(hands: Hands, post: Desk) -> None:
    """One is held with a reason and freed, one referred and that undone, one released with its reason."""
    station, first = post.station, hands.number
    parcel_id = hands.desk.open_id
    assert parcel_id is not None
    hands.press("h")
    assert hands.window.parts.chooser.is_open
    hands.press("1")
    assert station.parcel(parcel_id).state is State.HELD
    (held,) = station.history(parcel_id)
    assert held.reason
    assert held.annotations, "what was drawn went along"
    assert hands.number != first
    referred = hands.desk.open_id
    assert referred is not None
    hands.press("o")
    hands.press("1")
    assert station.parcel(referred).state is State.REFERRED
    hands.press("z", CTRL)
    assert station.parcel(referred).state is State.IMAGED
    released = hands.desk.open_id
    assert released is not None
    hands.press("r")
    if hands.window.parts.chooser.is_open:
        hands.press("1")
    assert station.parcel(released).state is State.RELEASED
    assert station.parcel(released).trace_code


def find_in_the_archive(hands: Hands) -> None:
    """Ctrl+O: by code, opened read only, and back to the desk's own parcel."""
    archive = hands.window.course.tools.archive
    before = hands.desk.open_id
    hands.press("o", CTRL)
    assert archive.isVisible()
    hands.type(NUMBERS[0])
    hands.press(Key.Key_Return)
    assert archive.found.count() == 1
    hands.tab_to(archive.action.hasFocus)
    hands.press(Key.Key_Down)
    hands.press(Key.Key_Up)
    hands.tab_to(archive.code.hasFocus)
    hands.press(Key.Key_Return)
    hands.press(Key.Key_Down)
    hands.press(Key.Key_Return)
    assert not archive.isVisible()
    assert hands.number == NUMBERS[0]
    assert hands.desk.is_read_only
    hands.press("r")
    assert hands.notice == text("ui.notice.read_only")
    hands.press(Key.Key_Left, ALT)
    assert hands.desk.open_id == before
    hands.press("o", CTRL)
    hands.press(Key.Key_Escape)
    assert not archive.isVisible()


def find_in_the_queue(hands: Hands) -> None:
    """A number in the search field opens its parcel; the filters are reached by Tab."""
    queue = hands.window.parts.queue
    hands.press("/")
    assert queue.search.hasFocus()
    hands.type(NUMBERS[3])
    hands.press(Key.Key_Return)
    assert hands.number == NUMBERS[3]
    hands.press("f", CTRL)
    hands.press(Key.Key_Escape)
    assert queue.search.text() == ""
    assert hands.stage.hasFocus()
    hands.press("f", CTRL)
    for combo in (queue.states, queue.lanes, queue.orders):
        hands.tab_to(combo.hasFocus)
        before = combo.currentIndex()
        hands.press(Key.Key_Down)
        assert combo.currentIndex() == before + 1
        hands.press("f", CTRL)
        hands.tab_to(combo.hasFocus)
        hands.press(Key.Key_Up)
        assert combo.currentIndex() == before
        hands.press("f", CTRL)
    hands.press(Key.Key_Escape)


def go_through_the_pages(hands: Hands) -> None:
    """Every page opens by its key and is left by Esc; help, theme, language, break and back."""
    window, stack = hands.window, hands.window.parts.stack
    for kind in stack.kinds:
        hands.press("m", CTRL)
        hands.press(kind.key)
        assert stack.page is not None, kind.name
        assert stack.page.name == kind.name
        for _ in range(3):
            if stack.page is not None:
                hands.press(Key.Key_Escape)
        assert stack.page is None, kind.name
        assert hands.stage.hasFocus(), kind.name
    hands.press(Key.Key_F1)
    assert window.parts.help.isVisible()
    hands.press(Key.Key_F1)
    assert not window.parts.help.isVisible()
    for key in (Key.Key_F8, Key.Key_F9, Key.Key_F10):
        hands.press(key, times=2)
    assert not window.parts.break_banner.isVisible()


def lock_and_come_back(hands: Hands, post: Desk) -> None:
    """While he is away no key does anything; his own PIN brings his work back."""
    assert hands.window.guard is not None
    open_id, state = hands.desk.open_id, post.station.parcel(hands.desk.open_id or 0).state
    hands.press("l", CTRL)
    assert hands.window.guard.is_shut
    hands.press("r")
    hands.press(Key.Key_Backspace)
    hands.type("wrong-pin")
    hands.press(Key.Key_Return)
    assert hands.window.guard.is_shut
    hands.type(NEW_PIN)
    hands.press(Key.Key_Return)
    if hands.window.guard.is_shut:  # a second's wait after the wrong one
        hands.wait(1200)
        hands.type(NEW_PIN)
        hands.press(Key.Key_Return)
    assert not hands.window.guard.is_shut
    assert hands.desk.open_id == open_id
    assert post.station.parcel(open_id or 0).state is state
    assert hands.stage.hasFocus()


def end_shift(hands: Hands, post: Desk) -> None:
    """He signs out: nobody sits there, no key does anything, the next one signs in."""
    duty = post.station.duty
    assert duty is not None
    hands.press("l", CTRL | SHIFT)
    assert hands.window.guard is not None
    assert hands.window.guard.is_shut
    assert duty.seat is None
    assert [each.what for _, each in post.station._store.officers.attendance(login="chen", limit=1)] == ["signed_out"]
    hands.type("boss")
    hands.press(Key.Key_Return)
    hands.type(NEW_PIN)
    hands.press(Key.Key_Return)
    assert duty.seat is not None
    assert duty.seat.login == "boss"
    hands.press("q", CTRL)
    assert not hands.window.isVisible()
