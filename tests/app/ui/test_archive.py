"""Recall: stepping back with small pictures, the archive's search, opening what it finds read only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.states import State
from app.ui.archive import ArchiveDialog
from app.ui.thumbs import LONGEST_PX, load
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.test_window import GREEN, RED, open_parcel, press

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
OpenWindow = Callable[..., MainWindow]


def open_archive(qtbot: QtBot, window: MainWindow) -> ArchiveDialog:
    press(qtbot, window, Qt.Key.Key_O, CTRL)
    settle(qtbot, window)
    assert window.course.tools.archive.isVisible()
    return window.course.tools.archive


def found_ids(dialog: ArchiveDialog) -> list[int]:
    return [dialog.found.item(at).data(Qt.ItemDataRole.UserRole) for at in range(dialog.found.count())]


def test_archive_shows_the_newest_with_small_pictures(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    dialog = open_archive(qtbot, window)
    assert found_ids(dialog) == sorted(station.parcels, reverse=True)
    image = window.desk.thumbs.get(GREEN)
    assert max(image.width(), image.height()) == LONGEST_PX
    dialog.close()


def test_search_by_class_goods_and_time(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    dialog = open_archive(qtbot, window)
    dialog.label.setCurrentIndex(dialog.label.findData("firearm"))
    dialog.search()
    settle(qtbot, window)
    assert found_ids(dialog) == [5, 1]
    dialog.label.setCurrentIndex(0)
    dialog.goods.setText("没有")
    qtbot.keyClick(dialog.goods, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert found_ids(dialog) == []
    dialog.goods.clear()
    station.parcels[RED] = replace(
        station.parcels[RED], arrived_at=station.parcels[RED].arrived_at - timedelta(days=60)
    )
    dialog.search()
    settle(qtbot, window)
    assert RED not in found_ids(dialog)
    dialog.first.setDate(dialog.first.date().addDays(-60))
    dialog.search()
    settle(qtbot, window)
    assert found_ids(dialog)[-1] == RED
    dialog.close()


def test_what_is_found_opens_by_keys_and_read_only(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    before = window.desk.open_id
    dialog = open_archive(qtbot, window)
    dialog.code.setText(station.parcels[GREEN].number)
    qtbot.keyClick(dialog.code, Qt.Key.Key_Return)
    settle(qtbot, window)
    qtbot.keyClick(dialog.code, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.found, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert not dialog.isVisible()
    assert window.desk.open_id == GREEN
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.IMAGED
    assert window.parts.notice.words == texts.text("ui.notice.read_only")
    press(qtbot, window, Qt.Key.Key_Left, ALT)
    assert window.desk.open_id == before
    assert not window.desk.is_read_only
    press(qtbot, window, Qt.Key.Key_Right, ALT)
    assert window.desk.is_read_only
    open_parcel(qtbot, window, GREEN)
    press(qtbot, window, Qt.Key.Key_R)
    assert station.parcels[GREEN].state == State.RELEASED


def test_stepping_back_shows_the_last_images(window: MainWindow, qtbot: QtBot) -> None:
    for parcel_id in (2, 3, 4):
        open_parcel(qtbot, window, parcel_id)
    press(qtbot, window, Qt.Key.Key_Left, ALT)
    assert window.desk.open_id == 3
    trail = window.course.tools.trail
    assert trail.isVisible()
    assert trail.shown_ids == (RED, 2, 3, 4)
    assert all(window.desk.thumbs.get(parcel_id) is not None for parcel_id in trail.shown_ids)
    assert trail.geometry().bottom() <= window.parts.stage.glass.height()


def test_small_picture_is_made_once_and_read_from_the_disk_after(station: MemoryStation, tmp_path: Path) -> None:
    first = load(station, RED, tmp_path)
    (kept,) = tmp_path.rglob("*.jpg")
    station.scans[RED] = FileNotFoundError("must not be opened again")
    assert load(station, RED, tmp_path).size() == first.size()
    kept.write_bytes(b"torn")
    station.scans.pop(RED)
    assert load(station, RED, tmp_path).isNull()
    assert not list(tmp_path.rglob("*.new"))


def test_small_picture_without_a_folder_or_a_writable_one(station: MemoryStation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (None, tmp_path / "file"):
        assert isinstance(load(station, RED, folder), QImage)
        assert not load(station, RED, folder).isNull()
