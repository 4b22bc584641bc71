"""Recall: stepping back with small pictures, the archive's search, opening what it finds read only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QInputMethodEvent
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

import models
from app import texts
from app.customs.parcel import ArchiveFilter, QueueRow
from app.customs.states import Action, State
from app.store.store import Store
from app.ui import words
from app.ui.archive import ArchiveDialog
from app.ui.thumbs import LONGEST_PX, load
from app.ui.window import MainWindow
from tests.app.store.test_archive import fill
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.officer import open_parcel, press
from tests.app.ui.samples import GREEN, RED

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


@pytest.fixture
def kept(station: MemoryStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The archive of a real store with six parcels, the newest of today; the pictures are those in memory."""
    store = Store.open(tmp_path / "store", station="test", ballast_bytes=1 << 16)
    fill(store, datetime.combine(datetime.now().astimezone(), time()).astimezone() - timedelta(hours=5))

    def archive(wanted: ArchiveFilter, limit: int, *, officer: str) -> list[QueueRow]:
        return store.archive(wanted, limit)

    monkeypatch.setattr(station, "archive", archive)
    yield store
    store.close()


def fill_in(qtbot: QtBot, dialog: ArchiveDialog, field: str, typed: str) -> None:
    """Tab to a field, fill it in by keys, Enter; Chinese comes from the input method, an entry of a list by Down."""
    wanted = getattr(dialog, field)
    while not wanted.hasFocus():
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    if isinstance(wanted, QComboBox):
        while wanted.currentText() != typed:
            qtbot.keyClick(wanted, Qt.Key.Key_Down)
    elif typed.isascii():
        qtbot.keyClicks(wanted, typed)
    else:
        event = QInputMethodEvent()
        event.setCommitString(typed)
        QApplication.sendEvent(wanted, event)
    qtbot.keyClick(wanted, Qt.Key.Key_Return)


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize(
    ("field", "typed", "expected"),
    [
        pytest.param("code", "ea2", [3], id="code"),
        pytest.param("goods", "茶叶", [2], id="goods"),
        pytest.param("first", "0", [6], id="date-from"),
        pytest.param("last", "-1", [5, 4, 3, 2, 1], id="date-to"),
        pytest.param("label", "blade", [6, 4, 2], id="class"),
        pytest.param("action", "release", [3], id="decision"),
        pytest.param("officer", "李明", [3], id="officer"),
    ],
)
def test_each_field_finds_by_keys(  # noqa: PLR0917  fixtures and cases
    open_window: OpenWindow, station: MemoryStation, kept: Store, qtbot: QtBot,
    field: str, typed: str, expected: list[int], language: str,
) -> None:  # fmt: skip
    window = open_window(station, language=language)
    dialog = open_archive(qtbot, window)
    if field in ("first", "last"):
        typed = f"{datetime.now().astimezone() + timedelta(days=int(typed)):%Y%m%d}"
    elif field == "label":
        typed = words.name_of("class", typed)
    elif field == "action":
        typed = words.action_name(Action(typed))
    assert found_ids(dialog) == [6, 5, 4, 3, 2, 1]
    fill_in(qtbot, dialog, field, typed)
    settle(qtbot, window)
    assert found_ids(dialog) == expected
    dialog.close()


def test_every_decision_of_an_officer_and_every_class_of_a_model_that_ships_can_be_sought(
    window: MainWindow, qtbot: QtBot
) -> None:
    dialog = open_archive(qtbot, window)
    decided = {dialog.action.itemData(at) for at in range(dialog.action.count())}
    assert decided == {"", *Action} - {Action.REGISTER_ARRIVAL, Action.CAPTURE_IMAGE}
    known = {dialog.label.itemData(at) for at in range(dialog.label.count())}
    for path in (Path(models.__file__).parent / "store").glob("*.json"):
        assert {each["label"] for each in json.loads(path.read_text("utf-8")).get("classes", ())} <= known
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
