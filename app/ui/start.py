"""Starts the window on a station and stays until the officer leaves."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.customs.states import Term
from app.ui import theme
from app.ui.bridge import Bridge
from app.ui.key_input import Wedge
from app.ui.lock import Door
from app.ui.settings import UiSettings
from app.ui.sweeping import keep_sweeping
from app.ui.window import MainWindow
from app.views import StationView

WAKE_MS = 300


def make_application() -> QApplication:
    """The one application of the process, with the station's fonts and sign."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
        application.setStyle("Fusion")
        application.setApplicationName("Guanjian")
        application.setFont(theme.font())
        application.setWindowIcon(theme.icon("guanjian", "accent"))
    keep_sweeping(application)
    return application


def start(
    station: StationView,
    bridge: Bridge,
    settings: UiSettings,
    *,
    rule_titles: Mapping[str, Term] | None = None,
    post_names: Mapping[str, str] | None = None,
    wedge: Wedge | None = None,
    door: Door | None = None,
    keep: Callable[[UiSettings], None] | None = None,
    attend: Callable[[MainWindow], None] | None = None,
) -> int:
    """Show the window until it is closed and return the exit code; `keep` then gets the officer's settings.

    `attend` gets the window before it is shown; the station is started there or earlier, with `bridge` as its watcher.
    """
    application = make_application()
    window = MainWindow(
        station, bridge, settings, rule_titles=rule_titles, post_names=post_names, wedge=wedge, door=door
    )
    if attend is not None:
        attend(window)
    before = signal.signal(signal.SIGINT, lambda *_: window.close())
    wake = QTimer(interval=WAKE_MS)
    wake.timeout.connect(lambda: None)  # lets Python see Ctrl+C while Qt waits
    wake.start()
    if settings.is_full_screen:
        window.showFullScreen()
    else:
        window.showMaximized()
    try:
        code = application.exec()
    finally:
        signal.signal(signal.SIGINT, before)
        window.close()
    if keep is not None:
        keep(window.settings)
    return int(code)
