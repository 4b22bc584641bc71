"""The threat that is projected into the open picture: shown, answered, or gone without an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from app.customs.states import Action
from app.customs.tip import Ending, Resolved, Tip
from app.tip_office import Prepared
from app.ui.background import Background
from app.views import TipView
from imaging.annotations import Annotation
from imaging.errors import KnownError


class Projecting(QObject):
    """While `tip` is set, what the officer decides is about the projected picture alone.

    `gone` tells at once that nothing can be decided on it any more, `over` how it ended. The station is asked on
    `worker`, in one order with the decisions.
    """

    gone = Signal(object)
    over = Signal(object)

    def __init__(self, office: TipView | None, worker: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.tip: Tip | None = None
        self.is_watched = True
        """Whether an officer can see the picture: only then a threat is projected into it."""
        self.is_answering = False
        self._office = office
        self._worker = worker
        self._clock = QTimer(self, singleShot=True)
        self._clock.timeout.connect(lambda: self.end(None))

    def watch(self, is_watched: bool) -> None:
        """The picture is covered, or is seen again."""
        self.is_watched = is_watched
        if not is_watched:
            self.end(Ending.COVERED)

    def show(
        self, prepared: Prepared, officer: str, then: Callable[[Tip], bool], otherwise: Callable[[KnownError], None]
    ) -> None:
        """Have it kept that a threat goes on the screen; `then` puts it there, or says that nobody looks any more."""
        office = self._office
        assert office is not None

        def begin(tip: Tip) -> None:
            self.tip = tip
            self._clock.start(round(office.longest_s * 1000))
            if not then(tip):
                self.end(Ending.LEFT)

        self._worker.submit(lambda: office.show(prepared, officer=officer), begin, otherwise=otherwise)

    def answer(self, officer: str, action: Action | None = None, marks: Sequence[Annotation] = ()) -> bool:
        """The officer has decided, or has marked the threat; False where there is none, or he has answered."""
        tip, office = self.tip, self._office
        if self.is_answering or tip is None or office is None:
            return False
        self.is_answering = True
        self._worker.submit(
            lambda: office.resolve(tip, officer=officer, action=action, marks=marks),
            self._tell,
            otherwise=lambda _: self._give_up(),
        )
        return True

    def end(self, why: Ending | None) -> None:
        """The picture leaves the screen without an answer; `why` None: its time is over."""
        tip, office = self.tip, self._office
        if tip is None or office is None or self.is_answering:
            return
        self._forget(tip)
        self._worker.submit(lambda: office.end(tip, why), self.over.emit)

    def _tell(self, resolved: Resolved) -> None:
        self.is_answering = False
        self._forget(resolved.tip)
        self.over.emit(resolved)

    def _forget(self, tip: Tip) -> None:
        self.tip = None
        self._clock.stop()
        self.gone.emit(tip)

    def _give_up(self) -> None:
        """It was over already, or he may not answer any more: nobody is measured by it."""
        self.is_answering = False
        self.end(Ending.CHANGED)
