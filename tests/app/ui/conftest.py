"""A window on a station in memory, and ways to wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import texts
from app.customs.states import Term
from app.ui import theme
from app.ui.bridge import Bridge
from app.ui.settings import UiSettings
from app.ui.start import make_application
from app.ui.window import MainWindow
from tests.app.ui.memory_station import MemoryStation
from tests.app.ui.samples import make_parcels, make_scan

RULES = {"seen-firearm": Term("Firearm or part seen by the detector", "机检疑似枪支或部件")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns of every window with a fixed size; that is its limit and no fault of ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", extend=True))


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def same_start() -> Iterator[None]:
    """Language and theme are the process's; every test begins with the same and leaves no window."""
    texts.set_language("en")
    theme.use("dark", 14)
    yield
    texts.set_language("zh_CN")


@pytest.fixture
def station(tmp_path: Path) -> MemoryStation:
    made = MemoryStation(tmp_path)
    for parcel in make_parcels(8):
        made.add(parcel, make_scan())
    return made


@pytest.fixture
def bridge(qapp: QApplication) -> Bridge:
    return Bridge()


@pytest.fixture
def open_window(qtbot: QtBot, bridge: Bridge) -> Callable[..., MainWindow]:
    """Opens a window on a station; it is closed after the test."""

    def make(station: MemoryStation, size: tuple[int, int] = (1366, 768), **settings: object) -> MainWindow:
        chosen = UiSettings(officer="officer-1", **{"language": "en", **settings})  # type: ignore[arg-type]
        window = MainWindow(station, bridge, chosen, rule_titles=RULES, post_names={"en": "Post", "zh_CN": "口岸"})
        qtbot.addWidget(window)
        show(qtbot, window, size)
        return window

    return make


@pytest.fixture
def window(open_window: Callable[..., MainWindow], station: MemoryStation) -> MainWindow:
    return open_window(station)


def show(qtbot: QtBot, window: MainWindow, size: tuple[int, int] = (1366, 768)) -> None:
    """Show a window of a size, and wait until it is there and at rest."""
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    settle(qtbot, window)


def settle(qtbot: QtBot, window: MainWindow, *, timeout_ms: int = 5000) -> None:
    """Wait until the workers are done and their answers are on the screen."""
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        quiet = quiet + 1 if window.is_idle() and not window.desk.is_deciding else 0
        return quiet >= 4

    qtbot.waitUntil(is_quiet, timeout=timeout_ms)
