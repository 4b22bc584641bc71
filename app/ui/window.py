"""The officer's window: its parts, its look, its language; what it does is in course.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from app import texts
from app.customs.states import Term
from app.customs.tip import Ending
from app.officers.rights import Role
from app.texts import text
from app.ui import theme
from app.ui.bridge import Bridge
from app.ui.commands import Commands
from app.ui.course import Course
from app.ui.desk import Desk
from app.ui.gpu_pane import wants_card
from app.ui.key_input import KeyInput, Wedge
from app.ui.lock import Door, Guard
from app.ui.outlet import Outlet
from app.ui.pace import Pace
from app.ui.pages.page import Frame
from app.ui.parts import Parts
from app.ui.settings import UiSettings
from app.views import StationView
from imaging.look import LOOKS, Look
from scanners.barcode import Reading

LEAST_W, LEAST_H = 1180, 660


class MainWindow(QMainWindow):
    """One officer at one station.

    `rule_titles` names the lane rules by id, `post_names` the post by language, `wedge` is a reader that types. Through
    the `door` officers sign in; without one the officer of the settings works.
    """

    closed = Signal()

    def __init__(
        self,
        station: StationView,
        bridge: Bridge,
        settings: UiSettings | None = None,
        *,
        rule_titles: Mapping[str, Term] | None = None,
        post_names: Mapping[str, str] | None = None,
        wedge: Wedge | None = None,
        door: Door | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self._settings = settings or UiSettings()
        self.guard: Guard | None = None
        texts.set_language(self._settings.language)
        theme.use(self._settings.theme, self._settings.text_px or theme.text_px_for(LEAST_H))
        self.setMinimumSize(LEAST_W, LEAST_H)
        self.desk = Desk(station, self._settings.officer, self._settings.data, self)
        frame = Frame(
            self.desk.pages,
            lambda: self.desk.officer,
            self._settings.data,
            lambda: self.desk.open_id,
            lambda path: self.outlet.tell_written([path]),
        )
        self.parts = Parts(self, self._settings.officer, rule_titles or {}, post_names or {}, frame)
        self.course = Course(self.parts, self.desk, Pace(self._settings.break_after_s), self)
        self.outlet = Outlet(self.parts, self.desk, self)
        self.course.tools.marking.restore(dict(self._settings.marks))
        self.course.follow(bridge)
        self.commands = Commands(self.course, dict(self._settings.combinations), self)
        self.commands.window_command.connect(self._command)
        self.key_input = KeyInput(self, self.commands.press, self.commands.release, wedge)
        self.key_input.code_typed.connect(self.course.show_code)
        QApplication.instance().installEventFilter(self.key_input)  # type: ignore[union-attr]
        if wants_card(self._settings.renderer):
            self.parts.stage.use_card()
        self.parts.stage.set_boxes(self._settings.has_boxes)
        self.parts.stage.set_overview(self._settings.has_overview)
        self.setWindowTitle(text("ui.title"))
        self._restyle()
        self._seconds = QTimer(self, interval=1000)
        self._seconds.timeout.connect(self.course.tick)
        self._seconds.start()
        self.course.tick()
        self.course.refresh()
        self.parts.stage.setFocus()
        if door is not None:
            self.guard = self._set_guard(door, bridge)
            self.guard.begin()

    def _set_guard(self, door: Door, bridge: Bridge) -> Guard:
        guard = Guard(self, self.desk.reads, door, lambda: self.key_input.active_at_s)
        guard.seated.connect(self._seat)
        guard.cover.pressed.connect(self._command)
        guard.covered.connect(lambda is_shut: self.course.hide(is_shut or self.parts.stack.page is not None))
        bridge.device_came.connect(guard.take_device)
        self.commands.is_shut = lambda: guard.is_shut
        self.course.is_taken = self._take_code
        if guard.is_demo:
            self.parts.top.mark_demo()
        else:
            self.parts.chooser.is_badge = door.settings.is_badge
        return guard

    def _take_code(self, reading: Reading) -> bool:
        """A badge belongs to whoever asks for one, else to the guard."""
        assert self.guard is not None
        code, page = reading.code.text, self.parts.stack.page
        is_asked_for = not self.guard.is_shut and (
            self.parts.chooser.take_code(code) or (page is not None and page.take_code(code))
        )
        return is_asked_for or self.guard.take_code(reading)

    def _seat(self, login: str, name: str, role: Role) -> None:
        """Somebody sits down: the work that stands here goes on, but another officer begins his own."""
        if login != self.desk.officer:
            self.course.log_shown()
            self.desk.projecting.end(Ending.HANDED_OVER)
            self.desk.officer = login
            self.parts.chooser.leave()
            self.parts.last.clear()
            self.outlet.forget()
        self.parts.top.set_officer(name, role)
        self.desk.reread()
        self.course.refresh()

    @property
    def settings(self) -> UiSettings:
        """What the officer has set, to be kept for his next shift."""
        sizes = self.parts.splitter.sizes()
        stage = self.parts.stage
        return replace(
            self._settings,
            has_boxes=stage.has_boxes,
            has_overview=stage.has_overview,
            marks=dict(self.course.tools.marking.sensitivities),
            combinations=dict(self.commands.combinations),
            is_full_screen=self.isFullScreen(),
            queue_width_px=sizes[0] if self._is_resized_by_hand() else self._settings.queue_width_px,
            side_width_px=sizes[2] if self._is_resized_by_hand() else self._settings.side_width_px,
        )

    def open_parcel(self, parcel_id: int) -> None:
        self.desk.open(parcel_id)

    def set_look(self, look: Look | str) -> None:
        """Show the open picture with a look, or with one of the named looks."""
        self.parts.stage.set_look(LOOKS[look] if isinstance(look, str) else look)

    def set_language(self, language: str) -> None:
        texts.set_language(language)
        self._settings = replace(self._settings, language=language)
        self.setWindowTitle(text("ui.title"))
        self.parts.notice.hide()  # it speaks the language of a moment ago
        self.parts.retranslate()
        if self.guard is not None:
            self.guard.retranslate()
        self.course.tick()

    def set_theme(self, name: str) -> None:
        self._settings = replace(self._settings, theme=name)
        self._restyle()

    def is_idle(self) -> bool:
        """Whether nothing is being read or built, for scripts that take pictures."""
        return self.desk.is_idle

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self._wanted_text_px() != theme.text_px():
            self._restyle()
        elif event.size().width() != event.oldSize().width():
            self._set_widths()
        self.parts.place()
        if self.guard is not None:
            self.guard.place()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ends both workers; what they are writing is finished first."""
        QApplication.instance().removeEventFilter(self.key_input)  # type: ignore[union-attr]
        self._seconds.stop()
        if self.guard is not None:
            self.guard.stop()
        self.course.log_shown()
        self.desk.stop()
        self.outlet.clear()
        # Answers that are still under way change widgets; painting them would need a window that is gone.
        self.setUpdatesEnabled(False)
        self.closed.emit()
        super().closeEvent(event)

    def _command(self, command: str) -> None:
        if command == "language":
            following = texts.LANGUAGES.index(texts.language()) + 1
            self.set_language(texts.LANGUAGES[following % len(texts.LANGUAGES)])
        elif command == "theme":
            self.set_theme(theme.THEMES[(theme.THEMES.index(theme.current()) + 1) % len(theme.THEMES)])
        elif command == "full_screen":
            self.showNormal() if self.isFullScreen() else self.showFullScreen()
        elif command == "help":
            self.parts.help.open()
        elif command == "lock" and self.guard is not None:
            self.parts.chooser.second_pin.clear()
            self.guard.lock("key")
        elif command == "sign_out" and self.guard is not None:
            self.parts.chooser.leave()
            self.outlet.forget()
            self.guard.sign_out()
        elif command == "open_written":
            self.outlet.open_last()
        elif command == "quit":
            self.close()

    def _wanted_text_px(self) -> int:
        return self._settings.text_px or theme.text_px_for(self.height())

    def _restyle(self) -> None:
        theme.use(self._settings.theme, self._wanted_text_px())
        self.setStyleSheet(theme.style_sheet())
        self.parts.restyle()
        self.parts.retranslate()
        self._set_widths()
        self.parts.place()
        if self.guard is not None:
            self.guard.retranslate()

    def _set_widths(self) -> None:
        self.parts.set_widths(self.width(), self._settings.queue_width_px, self._settings.side_width_px)

    def _is_resized_by_hand(self) -> bool:
        return self.parts.is_resized
