"""What every key of the table does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.customs.states import Action
from app.texts import text
from app.ui import keys
from app.ui.course import Course
from app.ui.look_bar import look_name
from app.ui.look_keys import parts_on
from app.ui.sign_in import SWITCHES
from imaging.look import Look
from imaging.marks import MarkKind

ON_PAGES = frozenset(
    (
        "pages", "leave", "help", "language", "theme", "full_screen", "quit", "break", "acknowledge", "open_written",
    )
)  # fmt: skip
"""What the keys of the table still do while a page is in front; all others are the page's own."""
_DIALS = {"up": 1, "wide": 1, "down": -1, "narrow": -1}


class Commands(QObject):
    """Takes the commands of keys and buttons to the parts that carry them out.

    `window_command` hands on what concerns the window itself. `combinations` are the looks on F2 to F7.
    """

    window_command = Signal(str)

    def __init__(self, course: Course, combinations: dict[int, Look], parent: QObject) -> None:
        super().__init__(parent)
        self._course = course
        self._parts = course.parts
        self.combinations = combinations
        self.is_shut: Callable[[], bool] = lambda: False
        """Whether the window is covered and nobody may do anything."""
        desk, stage, tools = course.desk, course.parts.stage, course.tools
        self._commands: dict[str, Callable[[], object]] = {
            "undo": course.undo,
            "boxes": lambda: stage.set_boxes(not stage.has_boxes),
            "overview": lambda: stage.set_overview(not stage.has_overview),
            "detection": stage.mark_next,
            "suggested": stage.press_suggested,
            "measure": tools.measure,
            "annotate": tools.annotate,
            "erase": tools.annotating.erase,
            "point": self._set_point,
            "next": lambda: self._go(1),
            "previous": lambda: self._go(-1),
            "back": lambda: desk.step(-1),
            "forward": lambda: desk.step(1),
            "search": course.parts.queue.focus_search,
            "print": course.print_label,
            "acknowledge": course.parts.alarm.acknowledge,
            "break": course.toggle_break,
            "compare": tools.compare,
            "compare_next": tools.comparing.next,
            "archive": tools.archive.show_archive,
            "record": lambda: desk.write_record(tools.annotating.drawn),
            "picture": lambda: desk.write_pictures(stage.look),
            "leave": self._leave,
            "pages": course.parts.pages.open,
        }
        course.parts.top.pressed.connect(self.press)
        tools.archive.pressed.connect(self.press)

    def press(self, command: str) -> bool:
        """Do what a key or a button stands for; False when an overlay is open and the key is its own."""
        if not self.is_shut():
            return self._press(command)
        if command in SWITCHES:
            self.window_command.emit(command)
        return command in SWITCHES

    def _press(self, command: str) -> bool:
        parts = self._parts
        if command in keys.LEAVING:
            self.window_command.emit(command)
            return True
        if parts.chooser.is_open or parts.pages.isVisible() or parts.tip_card.isVisible():
            return False
        if parts.help.isVisible():
            parts.help.hide()
            if command in ("help", "leave"):
                return True
        if (page := parts.stack.page) is not None:
            if command not in ON_PAGES:
                return False
            if command == "leave":
                if not page.escape():
                    parts.stack.leave()
                return True
        if self._course.tools.annotating.shape is not None and (number := _digit(command)):
            self._course.tools.annotating.choose(number)
        elif command in set(Action):
            self._course.act(Action(command))
        elif command in self._commands:
            self._commands[command]()
        elif not self._press_in_area(*command.split(".", 1)):
            self.window_command.emit(command)
        return True

    def release(self, command: str) -> bool:
        """A key comes up; only looks care."""
        area, _, rest = command.partition(".")
        if area == "look":
            self._parts.stage.release_look(rest)
        elif area == "combination" or command == "suggested":
            self._parts.stage.release_look(command)
        else:
            return False
        return True

    def _press_in_area(self, area: str, rest: str = "") -> bool:
        """Commands that come in families, as "look.grey"; False for one of another family."""
        stage = self._parts.stage
        if area == "look":
            stage.press_look(rest)
        elif area == "zoom":
            stage.zoom(f"zoom.{rest}")
        elif area == "pan":
            stage.pan(f"pan.{rest}")
        elif area == "marks":
            self._course.tools.marking.cycle(MarkKind(rest))
        elif area == "cursor":
            tool = self._course.tools.active
            tool.step(rest) if tool else stage.pan(f"pan.{rest}")
        elif area == "combination":
            self._recall_look(int(rest))
        elif area == "store":
            self._store_look(int(rest))
        elif rest in _DIALS:
            stage.turn(area, _DIALS[rest])
        else:
            return False
        return True

    def _recall_look(self, number: int) -> None:
        look = self.combinations.get(number)
        if look is None:
            self._tell(text("ui.notice.no_combination", key=f"F{number}"))
        else:
            self._parts.stage.press_combination(f"combination.{number}", look)

    def _store_look(self, number: int) -> None:
        look = self._parts.stage.look
        self.combinations[number] = look
        names = " + ".join(look_name(name, look) for name in parts_on(look)) or text("ui.notice.window_and_level")
        self._tell(text("ui.notice.combination_stored", key=f"F{number}", look=names), "check")

    def _set_point(self) -> None:
        tool = self._course.tools.active
        if tool is not None:
            tool.set_point()

    def _go(self, direction: int) -> None:
        wanted = self._parts.queue.neighbour(self._course.desk.open_id, direction)
        if wanted is not None:
            self._course.desk.open(wanted)

    def _leave(self) -> None:
        """Esc: out of the search field, else away with the notice or the tool, else back to the standard image."""
        parts = self._parts
        if self._course.tools.annotating.field.hasFocus():
            self._course.tools.annotating.use(self._course.tools.annotating.shape)
        elif parts.queue.search.hasFocus():
            parts.queue.search.clear()
            parts.stage.setFocus()
        elif parts.notice.isVisible():
            parts.notice.hide()
        elif self._course.tools.comparing.mode:
            self._course.tools.comparing.end()
        elif (tool := self._course.tools.active) is not None:
            tool.use(None)
        else:
            parts.stage.press_look("standard")

    def _tell(self, line: str, sign: str = "warning") -> None:
        self._parts.notice.tell(line, sign)


def _digit(command: str) -> int:
    """The number of a command's key where it is one, else 0: while drawing, numbers choose the category."""
    key = keys.key_of(command)
    return int(key) if key.isdigit() else 0
