"""The parts of the window and where they lie."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QWidget

from app.customs.states import Term
from app.ui import build, theme
from app.ui.actions import ActionBar
from app.ui.alarm import AlarmBanner
from app.ui.bars import StatusBar, TopBar
from app.ui.chooser import Chooser
from app.ui.help import HelpSheet
from app.ui.pages.page import Frame
from app.ui.pages.stack import PageList, PageStack
from app.ui.queue_panel import QueuePanel
from app.ui.replay_bar import ReplayBar
from app.ui.side import SidePanel
from app.ui.stage import Stage
from app.ui.tip_card import TipCard
from app.ui.toast import BreakBanner, LastDecision, Notice

SIDE_EM = 25.0
"""Widths of queue and parcel panel in text heights: room for a number, a class and a score without cutting."""
QUEUE_EM = 26.5


class Parts:
    """Queue left, image in the middle, parcel and decisions right; bars above and below, pages and overlays on top."""

    def __init__(
        self,
        window: QMainWindow,
        officer: str,
        rule_titles: Mapping[str, Term],
        post_names: Mapping[str, str],
        frame: Frame,
    ) -> None:
        self.top = TopBar(officer, post_names)
        self.queue = QueuePanel()
        self.stage = Stage()
        self.side = SidePanel(rule_titles)
        self.actions = ActionBar()
        self.status = StatusBar()
        self.last = LastDecision()
        self.alarm = AlarmBanner()
        self.break_banner = BreakBanner()
        self.replay: ReplayBar | None = None
        self.splitter = QSplitter(childrenCollapsible=False, handleWidth=1)
        self.is_resized = False
        self.splitter.splitterMoved.connect(self._mark_resized)
        self.stack = PageStack(self.splitter, frame)
        window.setCentralWidget(self._lay_out())
        self.pages = PageList(self.stack, window)
        self.notice = Notice(self.stage.glass)
        self.tip_card = TipCard(self.stage.glass)
        self.chooser = Chooser(window)
        self.help = HelpSheet(window)

    def add_replay(self, bar: ReplayBar) -> None:
        """A bar over the image, while captured scans are replayed."""
        self.replay = bar
        self._middle.insertWidget(0, bar)

    def retranslate(self) -> None:
        """All texts in the language that is chosen now."""
        if self.replay is not None:
            self.replay.retranslate()
        for part in (self.top, self.queue, self.side, self.actions, self.status, self.last, self.alarm, self.chooser):
            part.retranslate()
        self.stage.retranslate()
        self.tip_card.retranslate()
        self.stack.retranslate()
        self.pages.retranslate()
        if self.help.isVisible():
            self.help.retranslate()

    def restyle(self) -> None:
        """All sizes and painted colours in the theme that is chosen now."""
        self.queue.restyle()
        self.actions.restyle()
        self.stage.restyle()

    def set_widths(self, total: int, queue_px: int = 0, side_px: int = 0) -> None:
        """Give queue and panel their widths, and the image all the rest."""
        queue_px = queue_px or round(theme.text_px() * QUEUE_EM)
        side_px = side_px or round(theme.text_px() * SIDE_EM)
        self.splitter.setSizes([queue_px, max(200, total - queue_px - side_px - 2), side_px])

    def place(self) -> None:
        """The overlays go back to their places after the window has changed its size."""
        for overlay in (self.notice, self.tip_card, self.chooser, self.help, self.pages):
            if overlay.isVisible():
                overlay.place()

    def _mark_resized(self) -> None:
        self.is_resized = True

    def _lay_out(self) -> QWidget:
        right = build.named(QFrame(), "side")
        column = build.column(right)
        column.addWidget(self.side, 1)
        column.addWidget(build.named(QFrame(), "rule"))
        column.addWidget(self.actions)
        middle = QWidget()
        self._middle = build.column(middle)
        self._middle.addWidget(self.alarm)
        self._middle.addWidget(self.break_banner)
        self._middle.addWidget(self.stage, 1)
        left = build.named(QFrame(), "side")
        under = build.column(left)
        under.addWidget(self.queue, 1)
        under.addWidget(self.last)
        for part, stretch in ((left, 0), (middle, 1), (right, 0)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        body = build.named(QWidget(), "window")
        page = build.column(body)
        page.addWidget(self.top)
        page.addWidget(self.stack, 1)
        page.addWidget(self.status)
        return body
