"""The middle of the window: the keys of the looks, one or two views side by side, what is on the belt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from app.customs.parcel import Seen
from app.texts import text
from app.ui import build
from app.ui.geometry import Camera
from app.ui.key_button import Flow, KeyButton
from app.ui.live import LiveStrip
from app.ui.look_keys import LOOK_NAMES, LookKeys, changed, is_on, parts_on
from app.ui.viewer import Shown, Viewer
from imaging.look import STANDARD, Look, why_not
from imaging.scan import ViewKind

PAN_PX = 80
ZOOM_STEP = 1.5
_GROUPS = (
    ("standard", "grey", "inverse", "colour_safe", "smooth", "zeff"),
    ("organic_only", "organic_strip", "inorganic_only", "inorganic_strip"),
    ("penetration_high", "penetration_low", "penetration_super", "penetration_slice"),
    ("edge", "super", "local", "histogram", "log"),
)
assert sorted(name for group in _GROUPS for name in group) == sorted(LOOK_NAMES)


class LookBar(QFrame):
    """One button a look, pressed like its key; greyed with the reason where the picture cannot give it."""

    pressed = Signal(str)
    released = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lookbar")
        self._flow = Flow(gap=3, group_gap=10)
        self._buttons = {name: KeyButton(f"look.{name}") for group in _GROUPS for name in group}
        for name, button in self._buttons.items():
            button.setCheckable(True)
            button.pressed.connect(lambda name=name: self.pressed.emit(name))
            button.released.connect(lambda name=name: self.released.emit(name))
        box = build.column(self, gap=6, margins=(8, 5, 8, 5))
        box.addWidget(self._flow)
        self._flow.set_groups([[self._buttons[name] for name in group] for group in _GROUPS])
        self._kind: ViewKind | None = None

    def show_look(self, look: Look, kind: ViewKind | None) -> None:
        """Mark what is on and grey what this kind of picture cannot show."""
        self._kind = kind
        for name, button in self._buttons.items():
            button.setChecked(kind is not None and is_on(look, name))
            reason = missing(name, kind)
            button.setEnabled(kind is not None and not reason)
            full = "" if name == "zeff" else text(f"look.name.{name}")
            button.set_words(text(f"ui.look.{name}"), reason, full)

    def retranslate(self, look: Look) -> None:
        self.show_look(look, self._kind)
        self._flow.arrange()


def look_name(name: str, look: Look) -> str:
    """The full name of a part of a look; the highlight with its number."""
    return text(f"look.name.{f'zeff_{look.highlight}' if name == 'zeff' else name}")


def missing(name: str, kind: ViewKind | None) -> str:
    """Why a kind of picture cannot show a look, in words; empty when it can."""
    reason = None if kind is None else why_not(changed(STANDARD, name), kind)
    if reason is None:
        return ""
    return text(f"look.unavailable.{reason}")


class Stage(QFrame):
    """Holds the views of the open parcel; all panes share the look, and move together along the belt."""

    look_changed = Signal(object)
    painted = Signal(object, float)
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stage")
        self.keys = LookKeys()
        self.bar = LookBar()
        self.panes = (Viewer(), Viewer())
        self.live = LiveStrip()
        self.glass = QWidget()
        self._lay_out()
        self.bar.pressed.connect(self.press_look)
        self.bar.released.connect(self.release_look)
        for pane in self.panes:
            pane.dialled.connect(self.turn)
            pane.moved.connect(lambda camera, pane=pane: self._follow(pane, camera))
        self.panes[0].painted.connect(lambda: self.painted.emit(self.parcel_id, perf_counter()))
        self.panes[1].hide()
        self.parcel_id: int | None = None
        self.views: tuple[Shown, ...] = ()
        self.seen: tuple[Seen, ...] = ()
        self.has_boxes = True
        self.has_overview = True
        self._marked = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.retranslate()

    def _lay_out(self) -> None:
        row = build.row(gap=2)
        for pane in self.panes:
            row.addWidget(pane, 1)
        column = build.column(self)
        column.addWidget(self.bar)
        self.glass.setLayout(row)
        column.addWidget(self.glass, 1)
        column.addWidget(self.live)

    @property
    def kind(self) -> ViewKind | None:
        shown = self.panes[0].shown
        return None if shown is None else shown.pyramid.kind

    @property
    def look(self) -> Look:
        return self.keys.look

    def show_views(self, parcel_id: int | None, views: Sequence[Shown], seen: Sequence[Seen] = ()) -> None:
        """Show the views of a parcel in the standard image, which screeners work best on."""
        self.keys.set(STANDARD)
        self.parcel_id, self.views, self.seen, self._marked = parcel_id, tuple(views), tuple(seen), -1
        self.panes[1].setVisible(len(views) > 1)
        for number, pane in enumerate(self.panes):
            shown = views[number] if number < len(views) else None
            pane.look = STANDARD
            pane.show_picture(shown, [one for one in seen if one.view == number])
        self._show_look()

    def set_seen(self, seen: Sequence[Seen]) -> None:
        """Detections of the picture that is shown have changed."""
        self.seen = tuple(seen)
        for number, pane in enumerate(self.panes):
            pane.set_seen([one for one in seen if one.view == number])

    def set_note(self, title: str, more: str = "") -> None:
        self.panes[0].set_note(title, more)

    def press_look(self, name: str) -> None:
        if self.kind is None:
            return
        reason = missing(name, self.kind)
        if reason:
            self.refused.emit(reason)
            self._show_look()
            return
        self.keys.press(name)
        self._show_look()

    def release_look(self, name: str) -> None:
        self.keys.release(name)
        self._show_look()

    def set_look(self, look: Look) -> None:
        self.keys.set(look)
        self._show_look()

    def turn(self, dial: str, steps: float) -> None:
        if self.kind is not None:
            self.keys.turn(dial, steps)
            self._show_look()

    def zoom(self, command: str) -> None:
        """zoom.in, zoom.out, zoom.fit or zoom.one."""
        camera = self.panes[0].camera
        if command == "zoom.fit":
            moved = Camera.fit(camera.image_w, camera.image_h, camera.pane_w, camera.pane_h)
        elif command == "zoom.one":
            moved = camera.at_zoom(1.0)
        else:
            moved = camera.zoomed(ZOOM_STEP if command == "zoom.in" else 1 / ZOOM_STEP)
        self.panes[0].move_to(moved)

    def pan(self, command: str) -> None:
        dx, dy = {"left": (1, 0), "right": (-1, 0), "up": (0, 1), "down": (0, -1)}[command.removeprefix("pan.")]
        self.panes[0].move_to(self.panes[0].camera.panned(dx * PAN_PX, dy * PAN_PX))

    def set_boxes(self, has_boxes: bool) -> None:
        self.has_boxes = has_boxes
        for pane in self.panes:
            pane.has_boxes = has_boxes
            pane.update()

    def set_overview(self, has_overview: bool) -> None:
        self.has_overview = has_overview
        for pane in self.panes:
            pane.has_overview = has_overview
            pane.update()

    def mark_next(self) -> None:
        """Emphasise the next detection, from the first again after the last."""
        if self.seen:
            self._marked = (self._marked + 1) % len(self.seen)
            self.mark(self.seen[self._marked])

    def mark(self, seen: Seen) -> None:
        """Emphasise one detection in its view."""
        for view, pane in enumerate(self.panes):
            pane.mark(pane.seen.index(seen) if view == seen.view and seen in pane.seen else None)

    def retranslate(self) -> None:
        self.bar.retranslate(self.look)
        self.live.retranslate()
        self._show_look()

    def restyle(self) -> None:
        self.live.restyle()
        self.bar.retranslate(self.look)

    def _show_look(self) -> None:
        names = [look_name(name, self.look) for name in parts_on(self.look)]
        for pane in self.panes:
            pane.look_words = " + ".join(names)
            pane.set_look(self.look)
        self.bar.show_look(self.look, self.kind)
        self.look_changed.emit(self.look)

    def _follow(self, mover: Viewer, camera: Camera) -> None:
        """The other view goes along: same zoom, same place on the belt, its own height."""
        for pane in self.panes:
            if pane is not mover and pane.shown is not None and pane.isVisible():
                other = pane.camera
                along = camera.x / camera.image_w * other.image_w
                down = camera.y / camera.image_h * other.image_h
                zoom = camera.zoom * camera.image_w / other.image_w
                moved = replace(other, zoom=zoom, x=along, y=down, is_fit=False).kept_inside()
                fit = Camera.fit(other.image_w, other.image_h, other.pane_w, other.pane_h)
                pane.set_camera(fit if camera.is_fit else moved)
