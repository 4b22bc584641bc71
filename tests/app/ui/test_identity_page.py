"""The page of identity checks on a real station, led by keys, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app import texts
from app.build import build_station
from app.settings import Detection, Officers, Sameness, Settings
from app.ui.bridge import Bridge
from app.ui.pages.identity import IdentityPage
from app.ui.pages.roll import make_pages
from app.ui.window import MainWindow
from models.card import EmbeddingInput
from tests.app.ui.test_counter_pages import Screen
from tests.flow.conftest import Desk
from tests.flow.test_identity import open_here, photograph
from tests.models.embeddings import store_embedding


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store_embedding(tmp_path / "models", EmbeddingInput.RGB)
    made = build_station(
        Settings(
            data=tmp_path / "data",
            detection=Detection(is_on=False, folder=tmp_path / "models"),
            officers=Officers(sign_in="demo", demo={"officer-1": "supervisor"}),
            sameness=Sameness(model="", visible="lab-same"),
        )
    )
    made.identities.use(open_here)
    yield Desk(made)
    assert made.stop()


@pytest.fixture(params=texts.LANGUAGES)
def screen(
    request: pytest.FixtureRequest, qtbot: QtBot, desk: Desk, bridge: Bridge, open_window: Callable[..., MainWindow]
) -> Screen:
    window = open_window(desk.station, language=request.param)
    window.parts.stack.set_kinds(make_pages(desk.station))
    return Screen(qtbot, window)


def test_a_reference_is_registered_checked_and_withdrawn_by_keys(
    desk: Desk, screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [photograph(tmp_path, 1), photograph(tmp_path, 2)]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(chosen[0])], ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(chosen[-1]), ""))
    page = screen.open("a")
    assert isinstance(page, IdentityPage)
    screen.press("R")
    screen.answer("animal", "Example Horse", "985-1")
    assert page.table.rowCount() == 1
    assert page.known.image is not None
    assert "Example Horse" in screen.detail

    chosen.append(photograph(tmp_path, 1, noise=20, name="seen"))
    screen.press("K")
    said = texts.text("identity.said.same", name="Example Horse", code="985-1", score="0.99")
    assert said.split("0.99")[0] in screen.detail
    assert page.asked.image is not None
    screen.press("C")
    assert page.message == texts.text("identity.no_camera")

    screen.read("985-1")
    screen.press("W")
    screen.answer("sold")
    assert page.table.rowCount() == 0
    assert desk.station.identities.references() == []
