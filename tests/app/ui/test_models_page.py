"""The page of models: what each is, how one on trial compares, and switching by a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.customs.model_trial import Mode, Trial
from app.model_office import PostedModel
from app.officers.errors import RightMissingError
from app.settings import ModelChoice
from app.ui.pages.models import ModelsPage
from app.ui.pages.page import PageKind
from app.ui.window import MainWindow
from models.detector import ModelMissingError
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation


class Office:
    """Models as a station has them, in memory."""

    def __init__(self) -> None:
        missing = ModelMissingError("There is no card.", name="lab-9.json")
        self.posted = [
            PostedModel("first 1", Mode.ON, ModelChoice(model="first", mode=Mode.ON), 0, None, None),
            PostedModel("lab 2", Mode.SHADOW, ModelChoice(model="lab", lanes=("mail",)), 1200, None, None),
            PostedModel("lab-9", Mode.SHADOW, ModelChoice(model="lab-9"), 0, None, missing),
        ]
        self.compared: list[tuple[str, int, bool]] = []
        self.may_switch = True

    def models(self) -> list[PostedModel]:
        return self.posted

    def compare(self, model: str, days: int, *, officer: str, is_drill: bool = False) -> Trial:
        self.compared.append((model, days, is_drill))
        return Trial(pictures=1200, both=90, only_tried=60, neither=1050, found=40, found_live=20, found_tried=30)

    def switch(self, model: str, mode: Mode, *, officer: str, instead: bool = False) -> None:
        if not self.may_switch:
            raise RightMissingError("no", officer=officer, role="officer", right="models_switch")
        others = Mode.SHADOW if instead else None
        self.posted = [replace(each, mode=mode if each.name == model else others or each.mode) for each in self.posted]


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def page(
    qtbot: QtBot, open_window: Callable[..., MainWindow], station: MemoryStation, office: Office
) -> Callable[[], ModelsPage]:
    window = open_window(station, language="en")
    window.parts.stack.set_kinds([PageKind("models", "N", lambda frame: ModelsPage(frame, office))])
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window.parts.pages, "n")

    def settled() -> ModelsPage:
        settle(qtbot, window)
        shown = window.parts.stack.page
        assert isinstance(shown, ModelsPage)
        return shown

    return settled


def cells(page: ModelsPage, row: int) -> list[str]:
    table = page.listing.table
    found = [table.item(row, column) for column in range(table.columnCount())]
    return [item.text() for item in found if item is not None]


def test_each_model_says_what_it_is_and_what_keeps_it_from_work(page: Callable[[], ModelsPage]) -> None:
    shown = page()
    assert cells(shown, 1)[:5] == ["lab 2", "in the shadow", "parcels", "mail", "1,200"]
    assert "lab-9.json" in cells(shown, 2)[-1]


def test_the_chosen_one_is_compared_over_days_that_keys_change(
    qtbot: QtBot, page: Callable[[], ModelsPage], office: Office
) -> None:
    shown = page()
    shown.listing.table.setCurrentCell(1, 0)
    page()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_X):
        qtbot.keyClick(shown, key)
        page()
    assert office.compared[-3:] == [("lab 2", 30, False), ("lab 2", 7, False), ("lab 2", 7, True)]
    figures = shown.figures.table
    said = [figures.item(row, 1).text() for row in range(figures.rowCount())]  # type: ignore[union-attr]
    assert "30 / 40  75.0%" in said
    assert "exercises" in shown.span.text()


def test_a_key_puts_the_chosen_one_on_in_place_of_the_other(
    qtbot: QtBot, page: Callable[[], ModelsPage], office: Office
) -> None:
    shown = page()
    shown.listing.table.setCurrentCell(1, 0)
    qtbot.keyClick(shown, Qt.Key.Key_O)
    page()
    assert [each.mode for each in office.posted[:2]] == [Mode.SHADOW, Mode.ON]
    assert "lab 2" in shown.message
    office.may_switch = False
    qtbot.keyClick(shown, Qt.Key.Key_Delete)
    page()
    assert office.posted[1].mode is Mode.ON
    assert shown.message
