"""What is passing the beam now: a strip below the image that fills as the lines come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel

from app.texts import text
from app.ui import build, theme
from app.ui.background import Background
from app.ui.viewer import Shown, Viewer
from imaging.live import GrowingView
from scanners.xray import Lines, ScanStarted

STRIP_LINES = 7

_Grown = tuple[str, int, tuple[Shown, ...]]
"""Which scan, how many columns it has, its views so far."""


class LiveStrip(QFrame):
    """Shows the first view of a scan that is under way. Lines are put together on the pixel worker, never here.

    `grown` tells every new state of all views and how many columns they will have, 0 where that is not known.
    """

    grown = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lookbar")
        self._name = build.named(QLabel(), "soft")
        self._state = build.named(QLabel(), "small")
        self.viewer = Viewer()
        self.viewer.is_bare = True
        self._started: ScanStarted | None = None
        self._device = ""
        self._views: dict[int, GrowingView] = {}
        self._cols = 0
        words = build.column(gap=2)
        words.addStretch()
        words.addWidget(self._name)
        words.addWidget(self._state)
        words.addStretch()
        row = build.row(self, gap=10, margins=(10, 4, 4, 4))
        row.addLayout(words)
        row.addWidget(self.viewer, 1)
        self.hide()
        self.restyle()

    def begin(self, device: str, started: ScanStarted) -> None:
        """A new scan; the strip stays for the next one once it has been seen."""
        self._device, self._started = device, started
        self._views = {}
        self._cols = 0
        self.viewer.show_picture(None)
        self.retranslate()
        self.show()

    def add(self, blocks: Sequence[Lines], pixels: Background) -> None:
        """Lines have come; `pixels` puts them into their views."""
        if self._started is None:
            return
        mine = [block for block in blocks if block.scan_id == self._started.scan_id]
        if mine:
            grow = self._grower(mine)
            pixels.submit(grow, self._show)

    def end(self, scan_id: str) -> None:
        if self._started is not None and self._started.scan_id == scan_id:
            self._started = None
            self.retranslate()

    def retranslate(self) -> None:
        self._name.setText(self._device)
        if self._started is None:
            self._state.setText(text("ui.live.done", lines=self._cols))
        elif self._started.lines_expected:
            share = min(1.0, self._cols / self._started.lines_expected)
            self._state.setText(text("ui.live.scanning", share=f"{share:.0%}"))
        else:
            self._state.setText(text("ui.live.lines", lines=self._cols))

    def restyle(self) -> None:
        self.setFixedHeight(theme.text_px() * STRIP_LINES)
        self._name.setMinimumWidth(theme.text_px() * 8)

    def _grower(self, blocks: Sequence[Lines]) -> Callable[[], _Grown]:
        started, views = self._started, self._views
        assert started is not None

        def grow() -> _Grown:
            for block in blocks:
                view = views.get(block.view)
                if view is None:
                    view = GrowingView(block.high.shape[1], block.low is not None, started.lines_expected)
                    views[block.view] = view
                view.append(block.first, block.high, block.low)
            cols = max(view.cols for view in views.values())
            pyramids = [views[number].snapshot() for number in sorted(views)]
            return started.scan_id, cols, tuple(Shown(pyramid) for pyramid in pyramids if pyramid is not None)

        return grow

    def _show(self, grown: _Grown) -> None:
        scan_id, cols, shown = grown
        if not shown or (self._started is not None and self._started.scan_id != scan_id):
            return
        self._cols = cols
        expected = 0 if self._started is None else self._started.lines_expected or 0
        self.viewer.show_grown(shown[0], expected)
        self.grown.emit(shown, expected)
        self.retranslate()
