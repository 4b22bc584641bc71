"""The window as a whole: what it tells, languages, themes, sizes, settings, and that it leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.parcel import Lane
from app.ui import keys, theme
from app.ui.bridge import Bridge
from app.ui.help import command_name
from app.ui.key_button import KeyButton
from app.ui.window import MainWindow
from imaging.errors import FileAlteredError
from scanners.barcode import Code, Reading
from scanners.device import DeviceState, DeviceStatus, Fault, FaultKind
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press, shown_words
from tests.app.ui.samples import GREEN, RED, YELLOW, make_parcels

OpenWindow = Callable[..., MainWindow]


def test_first_parcel_opens_by_itself_with_its_picture(window: MainWindow, station: MemoryStation) -> None:
    assert window.desk.open_id == RED
    assert window.parts.stage.panes[0].shown is not None
    assert station.parcels[RED].number in shown_words(window.parts.side)


def test_station_is_never_asked_on_the_gui_thread(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.callers
    assert threading.current_thread().name not in station.callers


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


def test_devices_and_detector_are_told_in_words(window: MainWindow, bridge: Bridge, qtbot: QtBot) -> None:
    bridge.device_changed(
        "belt-1", DeviceStatus(DeviceState.FAULT, (Fault(FaultKind.BELT_STALLED, "no lines for 2 s"),))
    )
    bridge.detector_changed("parcel-3", FileAlteredError("m.onnx", "was changed"))
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
