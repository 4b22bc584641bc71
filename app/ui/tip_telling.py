"""What follows a projected picture: it is told at once, shown where the threat was, then the parcel as it truly is."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.customs.tip import Outcome, Resolved
from app.texts import text
from app.tip_office import touches
from app.ui.annotating import Annotating
from app.ui.desk import Desk
from app.ui.parts import Parts
from app.ui.tip_card import category_name, outline
from imaging.annotations import Annotation


class TipTelling(QObject):
    """Joins the card, the stage and the desk. What was drawn on a projected picture goes with it."""

    def __init__(self, parts: Parts, desk: Desk, annotating: Annotating, parent: QObject) -> None:
        super().__init__(parent)
        self._parts, self._desk, self._annotating = parts, desk, annotating
        desk.projecting.over.connect(self._tell)
        annotating.drew.connect(self._take_mark)
        parts.tip_card.left.connect(self._show_true)

    def _take_mark(self, mark: Annotation) -> None:
        """A mark on the threat has found it; one beside it says nothing yet."""
        tip = self._desk.projecting.tip
        if tip is not None and mark.view < len(tip.boxes) and touches(mark.box, tip.boxes[mark.view]):
            self._desk.projecting.answer(self._desk.officer, marks=(mark,))

    def _tell(self, resolved: Resolved) -> None:
        tip, is_open = resolved.tip, self._desk.open_id == resolved.tip.parcel_id
        self._annotating.forget(tip.parcel_id)
        if is_open:
            self._parts.actions.set_offers(())
        if is_open and resolved.outcome is not Outcome.VOID:
            self._parts.stage.set_annotations(outline(resolved))
            self._parts.tip_card.tell(resolved, is_below=self._lies_high(resolved))
            return
        line = text(f"tip.notice.{resolved.outcome}", category=category_name(tip.category))
        self._parts.notice.tell(line)
        if is_open:
            self._show_true()

    def _lies_high(self, resolved: Resolved) -> bool:
        """Whether the threat is on the upper half of the first view's pane."""
        left, top, right, bottom = resolved.tip.boxes[0]
        pane = self._parts.stage.panes[0]
        _, down = pane.camera.to_screen((left + right) / 2, (top + bottom) / 2)
        return down < pane.height() / 2

    def _show_true(self) -> None:
        self._parts.stage.show_views(None, ())
        self._parts.stage.set_note(text("ui.viewer.loading"))
        self._parts.stage.setFocus()
        self._desk.reopen()
