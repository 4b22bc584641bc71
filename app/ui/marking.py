"""What physics alone says of the open picture: marked regions and the look worth trying, sought on the worker."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from app.ui.background import Background
from app.ui.look_bar import why_no_marks
from app.ui.stage import Stage
from app.ui.viewer import Shown
from imaging.marks import (
    Mark,
    MarkKind,
    Sensitivity,
    find_dense,
    find_opaque,
    find_suspicious_organics,
    suggest_look,
)

_STEPS = (None, Sensitivity.LOW, Sensitivity.MEDIUM, Sensitivity.HIGH)
_FIND = {
    MarkKind.OPAQUE: find_opaque,
    MarkKind.SUSPICIOUS_ORGANIC: find_suspicious_organics,
    MarkKind.DENSE: find_dense,
}


class Marking(QObject):
    """Keeps how sensitive each kind of mark is; what is on stays on for the next pictures."""

    def __init__(self, stage: Stage, pixels: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._pixels = pixels
        self.sensitivities: dict[MarkKind, Sensitivity] = {}
        stage.bar.marks_pressed.connect(self.cycle)

    def cycle(self, kind: MarkKind) -> None:
        """Off, low, medium, high and off again."""
        reason = why_no_marks(kind, self._stage.pyramid)
        if reason:
            self._stage.refused.emit(reason)
            return
        step = _STEPS[(_STEPS.index(self.sensitivities.get(kind)) + 1) % len(_STEPS)]
        self.sensitivities.pop(kind, None)
        if step is not None:
            self.sensitivities[kind] = step
        self.renew()

    def restore(self, sensitivities: dict[MarkKind, Sensitivity]) -> None:
        self.sensitivities = dict(sensitivities)
        self.renew()

    def renew(self) -> None:
        """Seek the marks of what is shown now."""
        self._stage.bar.show_marks(self.sensitivities)
        views, wanted = self._stage.views, dict(self.sensitivities)
        if not wanted or not views:
            self._show((views, [()] * len(views)))
            return
        self._pixels.submit(lambda: (views, [_marks(shown, wanted) for shown in views]), self._show, slot="marks")

    def suggest(self) -> None:
        """Offer the look that the first view asks for, if any."""
        self._stage.offer.withdraw()
        views = self._stage.views
        if views:
            self._pixels.submit(lambda: (views, suggest_look(views[0].pyramid)), self._propose, slot="suggestion")

    def _show(self, found: tuple[tuple[Shown, ...], Sequence[tuple[Mark, ...]]]) -> None:
        views, marks = found
        if views is self._stage.views:
            self._stage.set_marks(marks)

    def _propose(self, found: tuple[tuple[Shown, ...], tuple[str, str] | None]) -> None:
        views, suggestion = found
        if views is self._stage.views and suggestion is not None:
            self._stage.offer.propose(*suggestion)


def _marks(shown: Shown, wanted: dict[MarkKind, Sensitivity]) -> tuple[Mark, ...]:
    return tuple(mark for kind, sensitivity in wanted.items() for mark in _FIND[kind](shown.pyramid, sensitivity))
