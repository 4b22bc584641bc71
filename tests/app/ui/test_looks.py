"""Looks at the window: stored combinations, marks, the suggested look, legacy pictures, what does not combine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app import texts
from app.ui.kept import read_kept, write_kept
from app.ui.key_button import KeyButton
from app.ui.settings import UiSettings
from app.ui.window import MainWindow
from imaging import legacy
from imaging.look import STANDARD, Enhancement, Look, Mode, Penetration, Strip
from imaging.marks import MarkKind, Sensitivity
from imaging.render import picture_of
from imaging.scan import Scan, View
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press
from tests.app.ui.samples import make_colour_scan, make_parcels, make_scan, make_view

SHIFT = Qt.KeyboardModifier.ShiftModifier
OpenWindow = Callable[..., MainWindow]


def make_opaque_view() -> View:
    """The usual picture with a block that nothing comes through."""
    view = make_view()
    high, low = view.high.copy(), view.low.copy()
    high[60:120, 60:140] = low[60:120, 60:140] = 40
    return View("top", high, low, mm_per_row=1.0, mm_per_col=1.0, air_low=58000.0, air_high=58000.0)


def make_legacy_scan() -> Scan:
    """A colour picture in a palette that is known."""
    palette = legacy.palettes()[0]
    curves = list(palette.curves.values())
    rows = [np.repeat(curve[:, 1:].astype(np.uint8), 24, axis=0) for curve in curves]
    cols = min(len(row) for row in rows)
    colour = np.concatenate([np.tile(row[:cols], (40, 1, 1)) for row in rows])
    return Scan((View("top", colour=np.ascontiguousarray(colour)),), device="old-machine")


def test_combination_is_stored_recalled_and_taken_back(window: MainWindow, qtbot: QtBot) -> None:
    stage = window.parts.stage
    press(qtbot, window, Qt.Key.Key_B)
    press(qtbot, window, Qt.Key.Key_E)
    stored = stage.look
    assert stored == Look(mode=Mode.GREY, enhancement=Enhancement.EDGE)
    press(qtbot, window, Qt.Key.Key_F3, SHIFT)
    assert "F3" in window.parts.notice.words
    press(qtbot, window, Qt.Key.Key_S)
    assert stage.look == STANDARD
    press(qtbot, window, Qt.Key.Key_F3)
    assert stage.look == stored
    press(qtbot, window, Qt.Key.Key_F3)
    assert stage.look == STANDARD


def test_empty_function_key_says_how_to_fill_it(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_F7)
    assert window.parts.stage.look == STANDARD
    assert window.parts.notice.words == texts.text("ui.notice.no_combination", key="F7")


def test_held_combination_goes_back_on_release(window: MainWindow, qtbot: QtBot) -> None:
    now = 0.0
    stage = window.parts.stage
    stage.keys._clock = lambda: now
    window.commands.combinations[2] = Look(inverse=True)
    window.commands.press("combination.2")
    assert stage.look.inverse
    now = 0.7
    window.commands.release("combination.2")
    assert stage.look == STANDARD


def test_habits_are_kept_between_runs(tmp_path: Path) -> None:
    path = tmp_path / "data" / "window.toml"
    look = Look(mode=Mode.GREY, strip=Strip.ORGANIC_ONLY, highlight=8, gamma=1.4, inverse=True)
    habits = UiSettings(
        has_boxes=False,
        queue_width_px=333,
        combinations={2: look, 7: STANDARD},
        marks={MarkKind.OPAQUE: Sensitivity.HIGH},
    )
    write_kept(path, habits)
    assert read_kept(path, UiSettings()) == habits
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"[combinations", b'[combinations.F2]\ngamma = "x"', b"\xff", b"marks = 3"])
def test_spoilt_habits_are_left_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "window.toml"
    path.write_bytes(content)
    assert read_kept(path, UiSettings()) == UiSettings()


def test_stored_combinations_come_back_with_the_window(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    window = open_window(station, combinations={4: Look(penetration=Penetration.SUPER)}, marks={})
    press(qtbot, window, Qt.Key.Key_F4)
    assert window.parts.stage.look.penetration == Penetration.SUPER
    assert window.settings.combinations == {4: Look(penetration=Penetration.SUPER)}


def test_marks_go_through_three_sensitivities_and_stay_on(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    first, second = make_parcels(2)
    station.parcels.clear()
    station.add(first, make_scan(make_opaque_view()))
    station.add(second, make_scan(make_opaque_view()))
    window = open_window(station)
    pane = window.parts.stage.panes[0]
    counts = []
    for _ in range(4):
        press(qtbot, window, Qt.Key.Key_A)
        counts.append(len(pane.marks))
    assert counts[0] >= 1
    assert counts[3] == 0
    press(qtbot, window, Qt.Key.Key_A)
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.desk.open_id == second.id
    assert [mark.kind for mark in pane.marks] == [MarkKind.OPAQUE] * len(pane.marks) != []
    left, top, right, bottom = pane.marks[0].box
    assert left <= 66
    assert top <= 66
    assert right >= 134
    assert bottom >= 114


def test_suggested_look_is_offered_with_its_reason_and_taken_by_a_key(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.parcels.clear()
    station.add(make_parcels(1)[0], make_scan(make_opaque_view()))
    window = open_window(station)
    offer = window.parts.stage.offer
    qtbot.waitUntil(offer.isVisible)
    assert offer.words == texts.text("look.suggestion.opaque")
    press(qtbot, window, Qt.Key.Key_9)
    assert window.parts.stage.look == Look(penetration=Penetration.SUPER)
    press(qtbot, window, Qt.Key.Key_9)
    assert window.parts.stage.look == STANDARD


def test_known_palette_gives_more_looks_and_says_estimated(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.parcels.clear()
    station.add(make_parcels(1)[0], make_legacy_scan())
    window = open_window(station)
    stage = window.parts.stage
    assert stage.pyramid.is_palette_known
    before = picture_of(stage.pyramid, stage.look)
    press(qtbot, window, Qt.Key.Key_1)
    assert stage.look.strip == Strip.ORGANIC_ONLY
    assert "estimated" in stage.panes[0].look_words
    assert not np.array_equal(picture_of(stage.pyramid, stage.look), before)
    press(qtbot, window, Qt.Key.Key_Z)
    assert stage.look.highlight is None
    assert window.parts.notice.words == texts.text("look.unavailable.colour_has_no_zeff")


def test_unknown_palette_is_greyed_with_its_reason(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.parcels.clear()
    station.add(make_parcels(1)[0], make_colour_scan())
    window = open_window(station)
    reason = texts.text("look.unavailable.palette_unknown")
    for key in (Qt.Key.Key_1, Qt.Key.Key_7, Qt.Key.Key_BraceRight):
        window.parts.notice.hide()
        press(qtbot, window, key)
        assert window.parts.stage.look == STANDARD
        assert window.parts.notice.words == reason
    press(qtbot, window, Qt.Key.Key_A)
    assert window.course.tools.marking.sensitivities == {}
    press(qtbot, window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: {mark.kind for mark in window.parts.stage.panes[0].marks} == {MarkKind.DENSE})
    press(qtbot, window, Qt.Key.Key_B)
    assert window.parts.stage.look.mode == Mode.GREY


def test_parts_that_do_not_combine_are_named(window: MainWindow, qtbot: QtBot, station: MemoryStation) -> None:
    open_parcel(qtbot, window, 1)
    press(qtbot, window, Qt.Key.Key_Z)
    press(qtbot, window, Qt.Key.Key_1)
    assert window.parts.stage.look.highlight == 7
    words = texts.text("look.conflict.highlight_over_strip")
    assert window.parts.notice.words == words
    assert words in window.parts.stage.panes[0].look_words
    press(qtbot, window, Qt.Key.Key_1)
    buttons = {button.command: button for button in window.parts.stage.bar.findChildren(KeyButton)}
    assert words in buttons["look.organic_strip"].toolTip()
    assert buttons["look.organic_strip"].is_idle
    assert not buttons["look.inverse"].is_idle
    press(qtbot, window, Qt.Key.Key_F1)
    assert words in [label.text() for label in window.parts.help.findChildren(QLabel)]
