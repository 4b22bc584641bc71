"""The comparing key: another picture beside the open one, or both in turn at the same place."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.customs.parcel import Parcel
from app.texts import text
from app.ui import words
from app.ui.desk import Desk
from app.ui.references import Reference, find_references, load_reference
from app.ui.stage import Stage
from app.ui.viewer import Shown
from imaging.errors import KnownError

BLINK_MS = 600


class Comparing(QObject):
    """Off, side by side, blinking. The references are sought when it is first asked for; the next picture ends it."""

    def __init__(self, desk: Desk, stage: Stage, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._stage = desk, stage
        self._station, self._worker = desk.station, desk.thumbs.worker
        self.references: tuple[Reference, ...] = ()
        self.mode = ""
        self._at = 0
        self._parcel: Parcel | None = None
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(stage.swap_reference)

    def cycle(self, parcel: Parcel) -> None:
        """Side by side, blink, off."""
        if not self.mode:
            self._begin(parcel)
        elif self.mode == "side" and self._stage.reference is not None:
            self.mode = "blink"
            self._stage.show_reference(self._stage.reference, is_beside=False)
            self._blink.start()
        else:
            self.end()

    def next(self) -> None:
        """The next picture to compare with."""
        if self.mode and self.references:
            self._at = (self._at + 1) % len(self.references)
            self._load()

    def end(self) -> None:
        self.mode, self.references = "", ()
        self._blink.stop()
        self._stage.show_reference(None)

    def _begin(self, parcel: Parcel) -> None:
        if not self._stage.views:
            return
        self.mode, self._parcel, self._at = "side", parcel, 0
        station, officer = self._station, self._desk.officer
        self._worker.submit(
            lambda: find_references(station, parcel, officer), self._take, slot="compare", otherwise=self._fail
        )

    def _take(self, references: tuple[Reference, ...]) -> None:
        if not self.mode:
            return
        self.references = references
        if references:
            self._load()
        else:
            self.mode = ""
            self._stage.refused.emit(text("ui.compare.nothing"))

    def _load(self) -> None:
        station, reference, like = self._station, self.references[self._at], self._stage.views[0]
        self._worker.submit(
            lambda: load_reference(station, reference, like), self._show, slot="compare", otherwise=self._fail
        )

    def _show(self, shown: Shown | None) -> None:
        if not self.mode:
            return
        if shown is None:
            self._stage.refused.emit(text("ui.viewer.no_picture"))
            return
        self._stage.show_reference(shown, is_beside=self.mode == "side")

    def _fail(self, error: KnownError) -> None:
        self.end()
        self._stage.refused.emit(words.error_words(error))
