"""The window as an officer uses it: keys, reasons, next item, undo, languages, themes, sizes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.parcel import Lane
from app.customs.states import Action, State
from app.ui import keys, theme
from app.ui.bridge import Bridge
from app.ui.help import command_name
from app.ui.key_button import KeyButton
from app.ui.window import MainWindow
from imaging.errors import FileAlteredError
from imaging.look import STANDARD, Mode, Penetration, Strip
from scanners.barcode import Code, Reading
from scanners.device import DeviceState, DeviceStatus, Fault, FaultKind
from scanners.xray import Lines, ScanStarted
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.samples import make_colour_scan, make_parcels, make_scan, make_view

GREEN = 4
YELLOW = 2
RED = 1
OpenWindow = Callable[..., MainWindow]


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier(0)
) -> None:
    target = QApplication.focusWidget() or window
    qtbot.keyClick(target, key, modifiers)
    settle(qtbot, window)


def open_parcel(qtbot: QtBot, window: MainWindow, parcel_id: int) -> None:
    window.open_parcel(parcel_id)
    settle(qtbot, window)


def shown_words(widget: QWidget) -> str:
    labels = [label.text() for label in widget.findChildren(QLabel) if not label.isHidden()]
    return "\n".join(labels)


def test_first_parcel_opens_by_itself_with_its_picture(window: MainWindow, station: MemoryStation) -> None:
    assert window.desk.open_id == RED
    assert window.parts.stage.panes[0].shown is not None
    assert station.parcels[RED].number in shown_words(window.parts.side)


def test_station_is_never_asked_on_the_gui_thread(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.callers
    assert threading.current_thread().name not in station.callers


def test_release_key_decides_and_next_item_comes(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    following = window.parts.queue.neighbour(GREEN, 1)
    with qtbot.waitSignal(window.course.switched) as switched:
        press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED
    assert window.desk.open_id == following
    assert 0 < switched.args[0] < 5000
    assert window.parts.queue.model.find(GREEN) is None


def test_release_shows_trace_code_label_and_undo(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    last = window.parts.last
    assert last.isVisible()
    assert station.parcels[GREEN].trace_code in shown_words(last)
    qtbot.waitUntil(lambda: any(not label.pixmap().isNull() for label in last.findChildren(QLabel)))
    assert "60 s left" in last._undo.text()


def test_undo_key_brings_the_parcel_back(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert station.parcels[GREEN].state == State.IMAGED
    assert station.decisions[0].undone_at is not None
    assert window.course.pace.decided == 0
    assert window.desk.open_id == GREEN
    assert not window.parts.last.isVisible()


def test_undo_after_its_time_is_refused_in_words(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    decided = window.parts.last.decided
    window.parts.last.decided = replace(decided, undo_until=decided.undo_until - timedelta(seconds=90))
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert station.parcels[GREEN].state == State.RELEASED
    assert window.parts.notice.words == texts.text("ui.notice.no_undo")


def test_reason_is_chosen_by_number_key(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, YELLOW)
    press(qtbot, window, Qt.Key.Key_H)
    assert window.parts.chooser.isVisible()
    assert station.parcels[YELLOW].state == State.IMAGED
    press(qtbot, window, Qt.Key.Key_3)
    assert not window.parts.chooser.isVisible()
    assert station.parcels[YELLOW].state == State.HELD
    assert station.decisions[0].reason == "image_unclear"


def test_escape_leaves_the_reasons_without_deciding(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_O)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.parts.chooser.isVisible()
    assert not station.decisions
    press(qtbot, window, Qt.Key.Key_B)
    assert window.parts.stage.look.mode == Mode.GREY


def test_a_marked_parcel_is_released_only_with_a_reviewed_reason(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    press(qtbot, window, Qt.Key.Key_R)
    assert window.parts.chooser.isVisible()
    press(qtbot, window, Qt.Key.Key_2)
    assert station.parcels[RED].state == State.RELEASED
    assert station.decisions[0].reason == "false_alarm"


def test_second_officer_and_document_are_asked_for(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(replace(station.parcels[RED], state=State.EXAM_ABNORMAL), make_scan())
    window = open_window(station)
    open_parcel(qtbot, window, RED)
    chooser = window.parts.chooser
    press(qtbot, window, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, window, Qt.Key.Key_1)
    assert chooser.isVisible()
    assert chooser.second.hasFocus()
    qtbot.keyClicks(chooser.second, "officer-2")
    press(qtbot, window, Qt.Key.Key_Return)
    assert chooser.note.hasFocus()
    qtbot.keyClicks(chooser.note, "KL-2026-1")
    press(qtbot, window, Qt.Key.Key_Return)
    assert station.parcels[RED].state == State.DETAINED
    assert station.second_officers[1] == "officer-2"
    assert station.decisions[0].note == "KL-2026-1"


def test_every_action_has_a_key_that_reaches_it(window: MainWindow, qtbot: QtBot) -> None:
    reached: list[Action] = []
    window.course.act = reached.append  # type: ignore[method-assign]
    for action in Action:
        key = keys.binding(str(action)).keys[0]
        modifiers = Qt.KeyboardModifier.ShiftModifier if key.startswith("Shift+") else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(window.parts.stage, Qt.Key(ord(key[-1])), modifiers)
    assert reached == list(Action)


def test_action_that_is_not_offered_says_why(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert not station.decisions
    assert window.parts.notice.isVisible()
    assert "Close" in window.parts.notice.words


def test_a_parcel_that_changed_meanwhile_is_not_decided(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    open_parcel(qtbot, window, GREEN)
    station.parcels[GREEN] = replace(station.parcels[GREEN], version=9)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.IMAGED
    assert window.desk.open_id == GREEN
    assert window.desk.opened is not None
    assert window.desk.opened.parcel.version == 9
    assert window.parts.notice.isVisible()
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED


def test_two_presses_make_one_decision(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_R)
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_R)
    settle(qtbot, window)
    assert len(station.decisions) == 1


def test_last_item_leaves_an_empty_window_and_a_new_one_opens(
    open_window: OpenWindow, station: MemoryStation, bridge: Bridge, qtbot: QtBot
) -> None:
    for parcel_id in list(station.parcels)[1:]:
        del station.parcels[parcel_id]
    window = open_window(station)
    press(qtbot, window, Qt.Key.Key_R)
    press(qtbot, window, Qt.Key.Key_1)
    assert window.desk.open_id is None
    assert window.parts.stage.panes[0].shown is None
    parcel = replace(make_parcels(9)[8], number="RR999999996CN")
    station.add(parcel, make_scan())
    bridge.queue_changed(station.row(parcel))
    qtbot.waitUntil(lambda: window.desk.open_id == parcel.id, timeout=3000)
    settle(qtbot, window)
    assert window.parts.stage.panes[0].shown is not None


def test_a_declaration_that_comes_late_is_shown_beside_the_open_picture_and_takes_no_focus(
    open_window: OpenWindow, station: MemoryStation, bridge: Bridge, qtbot: QtBot
) -> None:
    declared = station.parcels[GREEN]
    assert declared.declaration is not None
    station.add(replace(declared, declaration=None, lane=Lane.YELLOW), station.scans[GREEN])
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    assert texts.text("ui.side.no_declaration") in shown_words(window.parts.side)
    search = window.parts.queue.search
    search.setFocus()
    painted = window.parts.stage.views

    station.add(declared, station.scans[GREEN])
    bridge.queue_changed(station.row(declared))
    line = declared.declaration.goods[0].name
    qtbot.waitUntil(lambda: line in shown_words(window.parts.side), timeout=3000)
    model = window.parts.queue.model
    qtbot.waitUntil(lambda: {row.lane for row in model.rows() if row.id == GREEN} == {declared.lane}, timeout=3000)
    settle(qtbot, window)
    assert window.parts.stage.views is painted
    assert search.hasFocus()


def test_damaged_picture_is_said_and_the_parcel_can_be_decided(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], FileAlteredError("4.tif", "is not the picture that was kept"))
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    assert "4.tif" in shown_words(window.parts.side)
    assert window.parts.stage.panes[0].shown is None
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED


def test_search_takes_letters_and_keys_work_again_after_it(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    number = station.parcels[GREEN].number
    press(qtbot, window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.parts.queue.search.hasFocus()
    qtbot.keyClicks(window.parts.queue.search, number)
    qtbot.waitUntil(lambda: window.parts.queue.model.rowCount() == 1, timeout=3000)
    assert not station.decisions
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.desk.open_id == GREEN
    press(qtbot, window, Qt.Key.Key_B)
    assert window.parts.stage.look.mode == Mode.GREY
    assert window.parts.queue.search.text() == number


def test_filters_by_lane_and_state_narrow_the_queue(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    panel = window.parts.queue
    panel.lanes.setFocus()
    qtbot.keyClick(panel.lanes, Qt.Key.Key_Down)
    settle(qtbot, window)
    assert {row.lane for row in panel.model.rows()} == {"red"}
    panel.lanes.activated.emit(1)
    assert window.parts.stage.hasFocus()
    panel.lanes.setCurrentIndex(0)
    panel.states.setCurrentIndex(panel.states.findData("released"))
    settle(qtbot, window)
    assert panel.model.rowCount() == 0
    assert panel._empty.isVisible()


def test_queue_sorts_by_its_header_and_turns_round(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.parts.queue
    panel.table.horizontalHeader().sectionClicked.emit(1)
    settle(qtbot, window)
    numbers = [row.number for row in panel.model.rows()]
    assert numbers == sorted(numbers)
    panel.table.horizontalHeader().sectionClicked.emit(1)
    settle(qtbot, window)
    assert [row.number for row in panel.model.rows()] == numbers[::-1]
    assert panel.orders.currentData() == "number"


def test_next_previous_back_and_forward(window: MainWindow, qtbot: QtBot) -> None:
    rows = [row.id for row in window.parts.queue.model.rows()]
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.desk.open_id == rows[1]
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.desk.open_id == rows[2]
    press(qtbot, window, Qt.Key.Key_PageUp)
    assert window.desk.open_id == rows[1]
    press(qtbot, window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.desk.open_id == rows[2]
    press(qtbot, window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert window.desk.open_id == rows[1]


def test_looks_by_key_combine_and_one_key_goes_back(window: MainWindow, qtbot: QtBot) -> None:
    stage = window.parts.stage
    press(qtbot, window, Qt.Key.Key_2)
    press(qtbot, window, Qt.Key.Key_5)
    assert stage.look.strip == Strip.ORGANIC_STRIP
    assert stage.look.penetration == Penetration.HIGH
    assert stage.bar._buttons["organic_strip"].isChecked()
    press(qtbot, window, Qt.Key.Key_S)
    assert stage.look == STANDARD
    assert all(pane.look == STANDARD for pane in stage.panes)


def test_next_parcel_always_comes_in_the_standard_image(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_I)
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert window.parts.stage.look == STANDARD


def test_legacy_colour_picture_greys_what_it_cannot_show(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], make_colour_scan())
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    button = window.parts.stage.bar._buttons["organic_only"]
    assert not button.isEnabled()
    assert texts.text("look.unavailable.palette_unknown") in button.toolTip()
    press(qtbot, window, Qt.Key.Key_1)
    assert window.parts.stage.look == STANDARD
    assert window.parts.notice.words == texts.text("look.unavailable.palette_unknown")
    assert window.parts.stage.bar._buttons["grey"].isEnabled()


def test_two_views_stand_side_by_side_and_zoom_together(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add(station.parcels[GREEN], make_scan(make_view(), make_view(160, 360, "side", 5)))
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    first, second = window.parts.stage.panes
    assert first.isVisible()
    assert second.isVisible()
    press(qtbot, window, Qt.Key.Key_Plus)
    press(qtbot, window, Qt.Key.Key_Right)
    assert second.camera.zoom == pytest.approx(first.camera.zoom)
    assert second.camera.x == pytest.approx(first.camera.x)
    press(qtbot, window, Qt.Key.Key_F)
    assert first.camera.is_fit
    assert second.camera.is_fit


def test_boxes_and_detections_by_key(window: MainWindow, qtbot: QtBot) -> None:
    pane = window.parts.stage.panes[0]
    assert len(pane.seen) == 2
    press(qtbot, window, Qt.Key.Key_J)
    assert pane.marked == 0
    with_boxes = pane.grab().toImage()
    press(qtbot, window, Qt.Key.Key_X)
    assert not pane.has_boxes
    assert pane.grab().toImage() != with_boxes


def test_devices_and_detector_are_told_in_words(window: MainWindow, bridge: Bridge, qtbot: QtBot) -> None:
    bridge.device_changed(
        "belt-1", DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.BELT_STALLED, "no lines for 2 s"),))
    )
    bridge.detector_changed("parcel-1", FileAlteredError("m.onnx", "was changed"))
    bridge.code_read(Reading(Code("QRCode", "RR123456785CN"), "reader-1", make_parcels(1)[0].arrived_at))
    qtbot.wait(80)
    assert window.parts.status.lamp_words("belt-1") == "belt-1: belt stalled"
    assert "not available" in window.parts.status.detector_words
    assert "RR123456785CN" in shown_words(window.parts.status)


def test_break_is_proposed_after_twenty_minutes(window: MainWindow, qtbot: QtBot) -> None:
    course, banner = window.course, window.parts.break_banner
    assert not banner.isVisible()
    course.pace._began_s -= 20 * 60 + 1
    course.tick()
    assert banner.isVisible()
    press(qtbot, window, Qt.Key.Key_F8)
    assert course.pace.is_on_break
    press(qtbot, window, Qt.Key.Key_F8)
    assert not banner.isVisible()
    assert course.pace.on_task_s < 5


def test_help_lists_every_key_and_closes(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_F1)
    words = shown_words(window.parts.help)
    for binding in keys.BINDINGS:
        assert command_name(binding.command) in words
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.parts.help.isVisible()


def test_language_switch_changes_every_text(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, YELLOW)
    press(qtbot, window, Qt.Key.Key_H)
    before = visible_texts(window)
    window.set_language("zh_CN")
    settle(qtbot, window)
    after = visible_texts(window)
    english = set(texts.catalogue("en").values())
    assert not [line for line in after if line in english and line in before and not is_same_in_both(line)]
    window.set_language("en")
    settle(qtbot, window)
    assert visible_texts(window) == before


def is_same_in_both(line: str) -> bool:
    keys_of_line = [key for key, value in texts.catalogue("en").items() if value == line]
    return any(texts.catalogue("zh_CN")[key] == line for key in keys_of_line)


def visible_texts(window: MainWindow) -> list[str]:
    found = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    found += [button.text() for button in window.findChildren(QAbstractButton) if button.isVisible()]
    panel = window.parts.queue
    for combo in (panel.states, panel.lanes, panel.orders):
        found += [combo.itemText(index) for index in range(combo.count())]
    found += [panel.search.placeholderText(), window.windowTitle()]
    return [line for line in found if line and ":" not in line]


def test_theme_switch_repaints(window: MainWindow, qtbot: QtBot) -> None:
    dark = window.grab().toImage().pixelColor(QPoint(4, 4))
    press(qtbot, window, Qt.Key.Key_F9)
    assert theme.current() == "bright"
    bright = window.grab().toImage().pixelColor(QPoint(4, 4))
    assert dark.lightness() < 60
    assert bright.lightness() > 200
    assert window.settings.theme == "bright"


def test_no_text_is_cut_at_any_size_in_any_language(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    window = open_window(station)
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    press(qtbot, window, Qt.Key.Key_H)
    for size in ((1366, 768), (1920, 1080), (2560, 1440)):
        window.resize(*size)
        for language in texts.LANGUAGES:
            window.set_language(language)
            settle(qtbot, window)
            assert window.size().toTuple() == size
            assert cut_texts(window) == []
            stage, whole = window.parts.stage.glass, window.rect()
            assert stage.width() * stage.height() > 0.4 * whole.width() * whole.height()
            assert QFontMetrics(theme.font(theme.small_px())).height() >= 12


def cut_texts(window: MainWindow) -> list[str]:
    buttons = [*window.findChildren(KeyButton), *window.findChildren(QToolButton)]
    cut = [button.text() for button in buttons if button.isVisible() and is_cut(button)]
    return cut + [label.text() for label in window.findChildren(QLabel) if label.isVisible() and is_label_cut(label)]


def is_cut(button: QAbstractButton) -> bool:
    hint = button.minimumSizeHint() if isinstance(button, KeyButton) else button.sizeHint()
    is_inside = button.parentWidget().rect().contains(button.geometry())
    return button.width() < hint.width() or button.height() < hint.height() or not is_inside


def is_label_cut(label: QLabel) -> bool:
    if label.wordWrap():
        return label.height() < label.heightForWidth(label.width())
    return label.width() < label.sizeHint().width()


def test_settings_come_back_for_the_next_shift(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, Qt.Key.Key_X)
    press(qtbot, window, Qt.Key.Key_F10)
    kept = window.settings
    assert not kept.has_boxes
    assert kept.language == "zh_CN"
    assert kept.queue_width_px == 0


def test_closed_window_leaves_no_thread_and_no_filter(
    open_window: OpenWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    before = set(threading.enumerate())
    window = open_window(station)
    assert any(thread.name.startswith("guanjian") for thread in threading.enumerate())
    window.close()
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= before, timeout=3000)


def test_parcels_that_were_opened_leave_no_widgets(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    def count() -> int:
        open_parcel(qtbot, window, RED)
        open_parcel(qtbot, window, YELLOW)
        qtbot.wait(20)
        return len(window.findChildren(QWidget))

    first = count()
    for number in range(8):
        open_parcel(qtbot, window, 1 + number)
    assert count() == first


def test_what_passes_the_beam_fills_the_stage_only_while_nothing_is_open(
    open_window: OpenWindow, station: MemoryStation, bridge: Bridge, qtbot: QtBot
) -> None:
    parcels, scans = dict(station.parcels), dict(station.scans)
    station.parcels.clear()
    window = open_window(station)
    pane = window.parts.stage.panes[0]
    block = Lines("live", 0, 0, np.full((40, 64), 40_000, np.uint16), np.full((40, 64), 39_000, np.uint16))
    bridge.scan_started("belt-1", ScanStarted("live", datetime.now(UTC), (64,), 100))
    bridge.lines_arrived("belt-1", block)
    qtbot.waitUntil(lambda: pane.shown is not None and pane.shown.pyramid.shape == (64, 40), timeout=3000)
    assert pane.camera.image_w == 100
    station.parcels.update(parcels)
    station.scans.update(scans)
    open_parcel(qtbot, window, GREEN)
    own = pane.shown
    bridge.lines_arrived("belt-1", replace(block, first=40))
    bridge.deliver()
    settle(qtbot, window)
    assert pane.shown is own


def test_closed_window_paints_no_more(window: MainWindow) -> None:
    window.close()
    assert not window.updatesEnabled()


def test_a_notice_in_the_other_language_does_not_stay(window: MainWindow) -> None:
    window.parts.notice.tell(texts.text("ui.notice.no_undo"))
    window.set_language("zh_CN")
    assert not window.parts.notice.isVisible()


def test_a_lamp_without_room_shows_all_its_words_in_the_tip(qtbot: QtBot, window: MainWindow, bridge: Bridge) -> None:
    window.resize(1180, 660)
    for number in range(8):
        bridge.device_changed(f"reader-with-a-long-name-{number}", DeviceStatus(DeviceState.READY))
    bridge.deliver()
    settle(qtbot, window)
    lamp = window.parts.status._lamps["reader-with-a-long-name-3"]
    assert lamp.width() < lamp.sizeHint().width()
    assert lamp.toolTip() == lamp.words
    assert window.width() == 1180
