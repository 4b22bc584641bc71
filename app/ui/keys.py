"""Every key of the station in one table: what it does, what is written on its button, what the help shows."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from app.customs.states import Action

GROUPS = ("act", "look", "image", "queue", "station")
HELD_LONG_S = 0.7
"""A look whose key is held this long or longer goes back on release; a shorter tap keeps it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One key. `command` is "release", "look.grey", "zoom.in"...; in a text field only keys with `in_text` work.

    `listed_as` is what the help shows instead of the keys; "-" leaves the key to a neighbour that speaks for it.
    """

    command: str
    keys: tuple[str, ...]
    group: str
    in_text: bool = False
    listed_as: str = ""

    @property
    def repeats(self) -> bool:
        """Whether holding the key goes on doing it; decisions and looks never repeat."""
        return self.command.startswith(("pan.", "cursor.", "zoom.", "window.", "level.", "gamma.", "absorption."))

    @property
    def caption(self) -> str:
        return caption(self.keys[0])


_ACTIONS: dict[Action, str] = {
    Action.RELEASE: "R",
    Action.HOLD: "H",
    Action.REFER: "O",
    Action.DOC_REVIEW: "D",
    Action.OPEN: "Shift+O",
    Action.EXAM_NORMAL: "Shift+N",
    Action.EXAM_ABNORMAL: "Shift+A",
    Action.REQUIRE_PARTY: "Shift+P",
    Action.PARTY_DONE: "Shift+Y",
    Action.SAMPLE: "Shift+S",
    Action.LAB_NORMAL: "Shift+G",
    Action.LAB_ABNORMAL: "Shift+B",
    Action.LIFT_HOLD: "Shift+H",
    Action.DETAIN: "Shift+D",
    Action.LIFT_DETENTION: "Shift+L",
    Action.CONDITIONAL_RELEASE: "Shift+R",
    Action.DESTINATION_NORMAL: "Shift+I",
    Action.DESTINATION_ABNORMAL: "Shift+U",
    Action.CLOSE: "Shift+C",
    Action.RETURN: "Shift+T",
    Action.TRANSFER: "Shift+F",
    Action.CONFISCATE: "Shift+X",
    Action.DESTROY: "Shift+Z",
    Action.ABANDON: "Shift+W",
    Action.REJECT: "Shift+J",
    Action.REGISTER_ARRIVAL: "Shift+E",
    Action.CAPTURE_IMAGE: "Shift+K",
}

_LOOKS = {
    "standard": "S",
    "colour_safe": "C",
    "grey": "B",
    "smooth": "V",
    "inverse": "I",
    "zeff": "Z",
    "organic_only": "1",
    "organic_strip": "2",
    "inorganic_only": "3",
    "inorganic_strip": "4",
    "penetration_high": "5",
    "penetration_low": "6",
    "penetration_super": "7",
    "penetration_slice": "8",
    "edge": "E",
    "super": "U",
    "local": "L",
    "histogram": "G",
    "log": "K",
}

LEAVING = ("lock", "sign_out")
"""What an officer who gets up may always do, whatever is open."""
COMBINATIONS = tuple(range(2, 8))
"""The function keys F2 to F7 that hold an officer's own combinations of looks."""

_OTHERS = (
    Binding("undo", ("Ctrl+Z",), "act", in_text=True),
    Binding("marks.opaque", ("A",), "look"),
    Binding("marks.suspicious_organic", ("Q",), "look"),
    Binding("marks.dense", ("P",), "look"),
    Binding("suggested", ("9",), "look"),
    *(
        Binding(f"combination.{number}", (f"F{number}",), "look", listed_as="-" if number > 2 else "F2–F7")
        for number in COMBINATIONS
    ),
    *(
        Binding(f"store.{number}", (f"Shift+F{number}",), "look", listed_as="-" if number > 2 else "⇧F2–⇧F7")
        for number in COMBINATIONS
    ),
    Binding("window.narrow", ("'",), "look"),
    Binding("window.wide", (";",), "look"),
    Binding("level.up", ("]",), "look"),
    Binding("level.down", ("[",), "look"),
    Binding("gamma.up", (".",), "look"),
    Binding("gamma.down", (",",), "look"),
    Binding("absorption.up", ("}",), "look"),
    Binding("absorption.down", ("{",), "look"),
    Binding("zoom.in", ("+", "="), "image"),
    Binding("zoom.out", ("-",), "image"),
    Binding("zoom.fit", ("F",), "image"),
    Binding("zoom.one", ("0",), "image"),
    Binding("pan.left", ("Left",), "image"),
    Binding("pan.right", ("Right",), "image"),
    Binding("pan.up", ("Up",), "image"),
    Binding("pan.down", ("Down",), "image"),
    Binding("boxes", ("X",), "image"),
    Binding("detection", ("J",), "image"),
    Binding("overview", ("W",), "image"),
    Binding("compare", ("T",), "image"),
    Binding("compare_next", ("Y",), "image"),
    Binding("measure", ("M",), "image"),
    Binding("annotate", ("N",), "image"),
    Binding("erase", ("Backspace",), "image"),
    Binding("cursor.left", ("Ctrl+Left",), "image", listed_as="Ctrl+←↑→↓"),
    Binding("cursor.right", ("Ctrl+Right",), "image", listed_as="-"),
    Binding("cursor.up", ("Ctrl+Up",), "image", listed_as="-"),
    Binding("cursor.down", ("Ctrl+Down",), "image", listed_as="-"),
    Binding("point", ("Space",), "image"),
    Binding("next", ("PgDown",), "queue"),
    Binding("previous", ("PgUp",), "queue"),
    Binding("back", ("Alt+Left",), "queue", in_text=True),
    Binding("forward", ("Alt+Right",), "queue", in_text=True),
    Binding("record", ("Ctrl+R",), "queue", in_text=True),
    Binding("picture", ("Ctrl+S",), "queue", in_text=True),
    Binding("open_written", ("Ctrl+E",), "queue", in_text=True),
    Binding("archive", ("Ctrl+O",), "queue", in_text=True),
    Binding("search", ("Ctrl+F", "/"), "queue"),
    Binding("pages", ("Ctrl+M",), "station", in_text=True),
    Binding("lock", ("Ctrl+L",), "station", in_text=True),
    Binding("sign_out", ("Ctrl+Shift+L",), "station", in_text=True),
    Binding("print", ("Ctrl+P",), "station", in_text=True),
    Binding("acknowledge", ("F12",), "station", in_text=True),
    Binding("break", ("F8",), "station", in_text=True),
    Binding("theme", ("F9",), "station", in_text=True),
    Binding("language", ("F10",), "station", in_text=True),
    Binding("full_screen", ("F11",), "station", in_text=True),
    Binding("help", ("F1",), "station", in_text=True),
    Binding("leave", ("Esc",), "station", in_text=True),
    Binding("quit", ("Ctrl+Q",), "station", in_text=True),
)

BINDINGS: tuple[Binding, ...] = (
    *(Binding(str(action), (key,), "act") for action, key in _ACTIONS.items()),
    *(Binding(f"look.{look}", (key,), "look") for look, key in _LOOKS.items()),
    *_OTHERS,
)

_BY_COMMAND = {binding.command: binding for binding in BINDINGS}
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier
_FIRST_OTHER_KEY = 0x01000000
"""Qt numbers printable keys by their character and all others from here."""
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def binding(command: str) -> Binding:
    return _BY_COMMAND[command]


def key_of(command: str) -> str:
    """What is written on the button of a command."""
    return _BY_COMMAND[command].caption


def caption(key: str) -> str:
    return {"PgDown": "PgDn", "Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}.get(key, key.replace("Shift+", "⇧"))


def _first(sequence: QKeySequence) -> int:
    first: QKeyCombination = sequence[0]  # type: ignore[index]  # missing in the stubs
    return first.toCombined()


def _combination(key: str) -> int:
    parts = key.split("+") if key != "+" else [key]
    if len(parts) == 1 and len(key) == 1:
        return QKeyCombination(_NO_MODIFIER, Qt.Key(ord(key))).toCombined()
    return _first(QKeySequence(key))


_BY_KEY = {_combination(key): binding for binding in BINDINGS for key in binding.keys}


def find(event: QKeyEvent) -> Binding | None:
    """The binding of a key press, None when the key means nothing here."""
    modifiers = event.modifiers() & ~_KEYPAD
    key = Qt.Key(event.key())
    if key < _FIRST_OTHER_KEY and not Qt.Key.Key_A <= key <= Qt.Key.Key_Z:
        # Whether a sign needs Shift depends on the keyboard's country.
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return _BY_KEY.get(QKeyCombination(modifiers, key).toCombined())
