"""The keys of the looks as buttons, and the one-line offer of the look that the picture suggests."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from app.texts import text
from app.ui import build, theme
from app.ui.key_button import Flow, KeyButton
from app.ui.look_keys import LOOK_NAMES, changed, is_on
from app.ui.plates import OVERVIEW_PX
from imaging.look import STANDARD, Look, conflict_in, why_not
from imaging.marks import MarkKind, Sensitivity
from imaging.pyramid import Pyramid
from imaging.scan import ViewKind

_GROUPS = (
    ("standard", "grey", "inverse", "colour_safe", "smooth", "zeff"),
    ("organic_only", "organic_strip", "inorganic_only", "inorganic_strip"),
    ("penetration_high", "penetration_low", "penetration_super", "penetration_slice"),
    ("edge", "super", "local", "histogram", "log"),
)
SENSITIVITY_SIGNS = {None: "–", Sensitivity.LOW: "1", Sensitivity.MEDIUM: "2", Sensitivity.HIGH: "3"}
assert sorted(name for group in _GROUPS for name in group) == sorted(LOOK_NAMES)


class LookBar(QFrame):
    """One button a look, pressed like its key; greyed with the reason where the picture cannot give it.

    What does not combine with the present look is written faintly, and its tool tip says why.
    """

    pressed = Signal(str)
    released = Signal(str)
    marks_pressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lookbar")
        self._flow = Flow(gap=3, group_gap=10)
        self._buttons = {name: KeyButton(f"look.{name}") for group in _GROUPS for name in group}
        for name, button in self._buttons.items():
            button.setCheckable(True)
            button.pressed.connect(lambda name=name: self.pressed.emit(name))
            button.released.connect(lambda name=name: self.released.emit(name))
        self._marks = {kind: KeyButton(f"marks.{kind}") for kind in MarkKind}
        for kind, button in self._marks.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, kind=kind: self.marks_pressed.emit(kind))
        box = build.column(self, gap=6, margins=(8, 5, 8, 5))
        box.addWidget(self._flow)
        looks = [[self._buttons[name] for name in group] for group in _GROUPS]
        self._flow.set_groups([*looks, list(self._marks.values())])
        self._pyramid: Pyramid | None = None
        self._sensitivities: dict[MarkKind, Sensitivity] = {}

    def show_look(self, look: Look, pyramid: Pyramid | None) -> None:
        """Mark what is on and grey what this picture cannot show."""
        self._pyramid = pyramid
        for name, button in self._buttons.items():
            button.setChecked(pyramid is not None and is_on(look, name))
            reason = missing(name, pyramid)
            button.setEnabled(pyramid is not None and not reason)
            conflict = "" if reason else idle_words(name, look)
            button.is_idle = bool(conflict)
            full = "" if name == "zeff" else text(f"look.name.{name}")
            button.set_words(text(f"ui.look.{name}"), reason or conflict, full)
        self.show_marks(self._sensitivities)

    def show_marks(self, sensitivities: dict[MarkKind, Sensitivity]) -> None:
        """Say on the buttons of the marks how sensitive they are; a kind that is absent is off."""
        self._sensitivities = dict(sensitivities)
        for kind, button in self._marks.items():
            chosen = sensitivities.get(kind)
            reason = why_no_marks(kind, self._pyramid)
            state = text(f"ui.marks.{chosen or 'off'}")
            button.setChecked(chosen is not None)
            button.setEnabled(self._pyramid is not None and not reason)
            name = f"{text(f'ui.marks.{kind}')} {SENSITIVITY_SIGNS[chosen]}"
            button.set_words(name, reason, f"{text(f'look.mark.{kind}')}: {state}")

    def retranslate(self, look: Look) -> None:
        self.show_look(look, self._pyramid)
        self._flow.arrange()


class OfferLine(QFrame):
    """One line over the image: the look that is worth trying, why, and the key that takes it."""

    pressed = Signal()
    released = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("banner")
        self._over = over
        self._reason = ""
        self._words = QLabel()
        self._button = KeyButton("suggested")
        self._button.pressed.connect(self.pressed)
        self._button.released.connect(self.released)
        row = build.row(self, gap=10, margins=(12, 4, 6, 4))
        row.addWidget(self._words)
        row.addWidget(self._button)
        self.look_name = ""
        self.hide()

    def propose(self, name: str, reason: str) -> None:
        """Offer a look by its name in LOOKS, for a reason below `look.suggestion`."""
        self.look_name, self._reason = name, reason
        self.retranslate()
        self.show()
        self.raise_()
        self.place()

    def withdraw(self) -> None:
        self.look_name = ""
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def retranslate(self) -> None:
        if self.look_name:
            self._words.setText(text(f"look.suggestion.{self._reason}"))
            self._button.set_words(text(f"look.name.{self.look_name}"))
            self.place()

    def place(self) -> None:
        """Lie at the bottom in the middle; above the scale bar and left of the overview where it is too wide."""
        self.adjustSize()
        over, beside = self._over, OVERVIEW_PX + 28
        left, low = (over.width() - self.width()) // 2, over.height() - self.height() - 14
        if left < beside:
            left, low = min(left, over.width() - self.width() - beside), low - theme.text_px() * 4
        self.move(max(4, left), max(4, low))


def look_name(name: str, look: Look) -> str:
    """The full name of a part of a look; the highlight with its number."""
    return text(f"look.name.{f'zeff_{look.highlight}' if name == 'zeff' else name}")


def missing(name: str, pyramid: Pyramid | None) -> str:
    """Why a picture cannot show a look, in words; empty when it can."""
    return why_not_words(changed(STANDARD, name), pyramid)


def why_not_words(look: Look, pyramid: Pyramid | None) -> str:
    """Why a picture cannot be shown with a look, in words; a legacy picture says what is wrong with its colours."""
    if pyramid is None:
        return ""
    reason = why_not(look, pyramid.kind, pyramid.is_palette_known)
    if reason is None:
        return ""
    if pyramid.recognition is not None and pyramid.recognition.reason is not None:
        reason = pyramid.recognition.reason
    return text(f"look.unavailable.{reason}")


def conflict_words(look: Look) -> str:
    """Which part of a look has no effect beside the others, in words; empty where all combine."""
    conflict = conflict_in(look)
    return text(f"look.conflict.{conflict}") if conflict else ""


def idle_words(name: str, look: Look) -> str:
    """Why a key has, or would have, no effect beside the rest of a look or take it from another; empty if it has."""
    pressed, now = conflict_in(changed(look, name)), conflict_in(look)
    if is_on(look, name):
        return text(f"look.conflict.{now}") if now and not pressed else ""
    return text(f"look.conflict.{pressed}") if pressed and pressed != now else ""


def why_no_marks(kind: MarkKind, pyramid: Pyramid | None) -> str:
    """Why a kind of mark cannot be sought in a picture, in words; empty when it can."""
    if pyramid is None or pyramid.kind is ViewKind.DUAL:
        return ""
    if pyramid.kind is ViewKind.COLOUR and kind is not MarkKind.DENSE:
        return text("look.unavailable.colour_has_no_counts")
    return text("look.unavailable.needs_two_energies") if kind is MarkKind.SUSPICIOUS_ORGANIC else ""
