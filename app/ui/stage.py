"""The middle of the window: the keys of the looks, one or two views side by side, what is on the belt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from app.customs.parcel import Seen
from app.texts import text
from app.ui import build
from app.ui.geometry import Camera
from app.ui.live import LiveStrip
from app.ui.look_bar import LookBar, OfferLine, conflict_words, look_name, missing, why_not_words
from app.ui.look_keys import LookKeys, changed_dial, parts_on
from app.ui.viewer import PaneTool, Shown, Viewer
from imaging.annotations import Annotation
from imaging.look import LOOKS, STANDARD, Look
from imaging.marks import Mark
from imaging.paint import needs_pseudo
from imaging.probe import Point
from imaging.pyramid import Pyramid

PAN_PX = 80
ZOOM_STEP = 1.5
LONG_FROM = 2.0


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
        self.offer = OfferLine(self.glass)
        self.offer.pressed.connect(self.press_suggested)
        self.offer.released.connect(self.release_suggested)
        self.bar.pressed.connect(self.press_look)
        self.bar.released.connect(self.release_look)
        for pane in self.panes:
            pane.dialled.connect(self.turn)
            pane.moved.connect(lambda camera, pane=pane: self._follow(pane, camera))
            pane.pointed.connect(lambda at, pane=pane: self._link(pane, at))
        self.panes[0].painted.connect(lambda: self.painted.emit(self.parcel_id, perf_counter()))
        self.panes[1].hide()
        self.live.grown.connect(self._show_grown)
        self.parcel_id: int | None = None
        self.views: tuple[Shown, ...] = ()
        self.seen: tuple[Seen, ...] = ()
        self.reference: Shown | None = None
        self.is_free = True
        self.has_boxes = True
        self.has_overview = True
        self._marked = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.retranslate()

    def _lay_out(self) -> None:
        self._pair = build.row(gap=2)
        for pane in self.panes:
            self._pair.addWidget(pane, 1)
        column = build.column(self)
        column.addWidget(self.bar)
        self.glass.setLayout(self._pair)
        column.addWidget(self.glass, 1)
        column.addWidget(self.live)

    def use_card(self) -> None:
        """Draw the pictures with the graphics card; what grows on the belt is small and stays with the processor."""
        for pane in self.panes:
            pane.use_card()

    @property
    def pyramid(self) -> Pyramid | None:
        """What the first pane shows."""
        shown = self.panes[0].shown
        return None if shown is None else shown.pyramid

    @property
    def look(self) -> Look:
        return self.keys.look

    def show_views(self, parcel_id: int | None, views: Sequence[Shown], seen: Sequence[Seen] = ()) -> None:
        """Show the views of a parcel in the standard image, which screeners work best on."""
        self.keys.set(STANDARD)
        self.parcel_id, self.views, self.seen, self._marked = parcel_id, tuple(views), tuple(seen), -1
        self.reference = None
        self.panes[1].setVisible(len(views) > 1)
        for number, pane in enumerate(self.panes):
            shown = views[number] if number < len(views) else None
            pane.look = STANDARD
            pane.show_picture(shown, [one for one in seen if one.view == number])
        self._place_pair()
        self._show_look()

    def show_reference(self, reference: Shown | None, *, is_beside: bool = True) -> None:
        """Show another picture in place of the second view, or keep it for `swap_reference`; None ends both."""
        self.reference = reference
        first, second = self.panes
        if self.views:
            first.show_instead(self.views[0])
        beside = reference if is_beside and reference is not None else None
        if reference is None:
            beside = self.views[1] if len(self.views) > 1 else None
        second.setVisible(beside is not None)
        second.show_picture(beside, [one for one in self.seen if one.view == 1] if reference is None else ())
        self._place_pair()
        self._show_look()
        if beside is not None:
            self._follow(first, first.camera)

    def _show_grown(self, views: tuple[Shown, ...], expected_cols: int) -> None:
        """While nothing is open, what passes the beam has the whole stage."""
        if not self.is_free or self.parcel_id is not None:
            return
        if self.panes[1].isVisibleTo(self) != (len(views) > 1):
            self.panes[1].setVisible(len(views) > 1)
        for pane, shown in zip(self.panes, views, strict=False):
            pane.show_grown(shown, expected_cols)
        self._place_pair(expected_cols)

    def _place_pair(self, expected_cols: int = 0) -> None:
        """Two long pictures, as of containers, lie one above the other; all others side by side."""
        shapes = [pane.shown.pyramid.shape for pane in self.panes if pane.shown is not None]
        is_long = len(shapes) == 2 and all(max(cols, expected_cols) > LONG_FROM * rows for rows, cols in shapes)
        way = QBoxLayout.Direction.TopToBottom if is_long else QBoxLayout.Direction.LeftToRight
        self._pair.setDirection(way)

    def swap_reference(self) -> None:
        """Show the reference where the open picture was, or the other way round."""
        pane = self.panes[0]
        if self.reference is not None and self.views:
            pane.show_instead(self.reference if pane.shown is self.views[0] else self.views[0])

    def set_seen(self, seen: Sequence[Seen]) -> None:
        """Detections of the picture that is shown have changed."""
        self.seen = tuple(seen)
        for number, pane in enumerate(self.panes):
            pane.set_seen([one for one in seen if one.view == number])

    def set_note(self, title: str, more: str = "") -> None:
        self.panes[0].set_note(title, more)

    @property
    def tool(self) -> PaneTool | None:
        return self.panes[0].tool

    def use_tool(self, tool: PaneTool | None) -> None:
        """Give the left button to a tool, or back to panning."""
        for pane in self.panes:
            pane.tool = tool
        self.update_panes()

    def update_panes(self) -> None:
        for pane in self.panes:
            pane.update()

    def set_marks(self, marks: Sequence[Sequence[Mark]]) -> None:
        """Regions that physics marks, of each view."""
        for pane, mine in zip(self.panes, (*marks, (), ()), strict=False):
            pane.set_marks(mine)

    def set_annotations(self, annotations: Sequence[Annotation]) -> None:
        """What officers drew, on all views."""
        for number, pane in enumerate(self.panes):
            pane.set_annotations([each for each in annotations if each.view == number])

    def press_look(self, name: str) -> None:
        if self.pyramid is None:
            return
        reason = missing(name, self.pyramid)
        if reason:
            self._refuse(reason)
            return
        self.keys.press(name)
        self._show_pressed()

    def press_combination(self, name: str, look: Look) -> None:
        """A key that holds a whole look goes down; `release_look` with its name ends it."""
        if self.pyramid is None:
            return
        reason = why_not_words(look, self.pyramid)
        if reason:
            self._refuse(reason)
            return
        self.keys.press_whole(name, look)
        self._show_pressed()

    def press_suggested(self) -> None:
        if self.offer.look_name:
            self.press_combination("suggested", LOOKS[self.offer.look_name])

    def release_suggested(self) -> None:
        self.release_look("suggested")

    def release_look(self, name: str) -> None:
        self.keys.release(name)
        self._show_look()

    def set_look(self, look: Look) -> None:
        self.keys.set(look)
        self._show_look()

    def turn(self, dial: str, steps: float) -> None:
        if self.pyramid is None:
            return
        reason = why_not_words(changed_dial(self.look, dial, steps), self.pyramid) if dial == "absorption" else ""
        if reason:
            self._refuse(reason)
            return
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
        self.offer.retranslate()
        self.live.retranslate()
        self._show_look()

    def restyle(self) -> None:
        self.live.restyle()
        self.bar.retranslate(self.look)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.offer.place()

    def _refuse(self, reason: str) -> None:
        self.refused.emit(reason)
        self._show_look()

    def _show_pressed(self) -> None:
        """Show what a key has changed, and say which part of it has no effect beside the others."""
        self._show_look()
        if conflict := conflict_words(self.look):
            self.refused.emit(conflict)

    def _show_look(self) -> None:
        names = " + ".join(look_name(name, self.look) for name in parts_on(self.look))
        pyramid = self.pyramid
        is_estimated = pyramid is not None and pyramid.is_palette_known and needs_pseudo(self.look)
        words = text("ui.viewer.estimated", look=names) if is_estimated else names
        if conflict := conflict_words(self.look):
            words += f"\n{conflict}"
        for pane in self.panes:
            pane.look_words = words
            pane.set_look(self.look)
        self.bar.show_look(self.look, pyramid)
        self.look_changed.emit(self.look)

    def _link(self, pane: Viewer, at: Point | None) -> None:
        """Show in the other view the place of the belt that the mouse is on."""
        for other in self.panes:
            if other is not pane and other.isVisible():
                is_on = at is not None and 0 <= at[0] <= pane.camera.image_w
                other.belt_x = at[0] / pane.camera.image_w * other.camera.image_w if at is not None and is_on else None
                other.update()

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
