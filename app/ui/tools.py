"""What an officer works on the open picture with: marks, measures, drawing, comparing, the archive."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.ui.annotating import Annotating
from app.ui.archive import ArchiveDialog
from app.ui.comparing import Comparing
from app.ui.desk import Desk
from app.ui.marking import Marking
from app.ui.measuring import Measuring
from app.ui.opening import Opened
from app.ui.stage import Stage
from app.ui.trail import TrailStrip


class Tools(QObject):
    """Measuring and drawing share the left button: one of them at most is on."""

    def __init__(self, stage: Stage, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self.marking = Marking(stage, desk.pixels, self)
        self.measuring = Measuring(stage, desk.pixels, self)
        self.annotating = Annotating(stage, lambda: desk.officer, self)
        self.comparing = Comparing(desk, stage, self)
        self.archive = ArchiveDialog(desk, window)
        self.trail = TrailStrip(stage.glass, desk.thumbs)
        desk.stepped.connect(self.trail.show_trail)

    @property
    def active(self) -> Measuring | Annotating | None:
        """The tool that has the left button now."""
        if self.measuring.tool is not None:
            return self.measuring
        return self.annotating if self.annotating.shape is not None else None

    def begin(self) -> None:
        """Another picture is on the stage: what was found or set on the last one is over."""
        self.marking.renew()
        self.marking.suggest()
        self.measuring.clear()
        self.annotating.begin_anew()

    def show(self, opened: Opened) -> None:
        """Show what earlier decisions on the open parcel were made with.

        Raises:
            AnnotationInvalidError: what was kept cannot be read.
        """
        self.annotating.show_history(opened.history)

    def measure(self) -> None:
        self.annotating.use(None)
        self.measuring.cycle()

    def annotate(self) -> None:
        self.measuring.use(None)
        self.annotating.cycle()

    def compare(self) -> None:
        if self._desk.opened is not None:
            self.comparing.cycle(self._desk.opened.parcel)
