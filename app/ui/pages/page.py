"""What all pages have: a title, a line for messages, a way to ask in the background, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.texts import text
from app.ui import build, words
from app.ui.background import Background
from imaging.errors import KnownError

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the window lends to its pages: a worker of their own, who sits there now, where files go.

    `parcel` tells which parcel is open at the desk. `wrote` says where a file is and with which key it is opened.
    """

    worker: Background
    officer: Callable[[], str]
    data: Path | None = None
    parcel: Callable[[], int | None] = lambda: None
    wrote: Callable[[Path], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class PageKind:
    """A page by its name (`pages.name.<name>` is its title), the key in the list of pages, and how it is made."""

    name: str
    key: str
    make: Callable[[Frame], Page]


class Page(QWidget):
    """Base of all pages; `body` is the layout for what the page shows.

    Subclasses give `show_page` (read afresh: the page comes to the front), `retranslate` and, where they have keys of
    their own, `keyPressEvent`; a key that a text field uses never comes there. `parcel_chosen` opens a parcel at the
    desk, `left` goes back to it.
    """

    left = Signal()
    parcel_chosen = Signal(int)

    def __init__(self, frame: Frame, name: str) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.frame = frame
        self.name = name
        self._title = build.named(QLabel(), "title")
        self._way_back = build.named(QLabel(), "soft")
        self._message = QLabel(wordWrap=True)
        self._message.hide()
        page = build.column(self, gap=10, margins=(16, 12, 16, 12))
        head = build.row(gap=14)
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._way_back)
        page.addLayout(head)
        page.addWidget(self._message)
        self.body = build.column(gap=10)
        page.addLayout(self.body, 1)

    def show_page(self) -> None:
        """The page has come to the front: read what it shows."""

    def retranslate(self) -> None:
        """All texts in the language that is chosen now; subclasses call this first."""
        self._title.setText(text(f"pages.name.{self.name}"))
        self._way_back.setText(text("pages.way_back"))

    def escape(self) -> bool:
        """Esc was pressed: whether it had something to close on the page; otherwise the page is left."""
        return False

    def take_code(self, code: str) -> bool:  # noqa: ARG002
        """A code was read by hand: whether it is for this page; otherwise the desk opens its parcel."""
        return False

    def ask(
        self,
        function: Callable[[], Answer],
        then: Callable[[Answer], None],
        *,
        slot: str = "",
        is_quiet: bool = False,
        otherwise: Callable[[KnownError], None] | None = None,
    ) -> None:
        """Run a function in the background and show its value; what goes wrong goes to `otherwise`, else is told.

        An act has no slot; a reading has one, so that only the newest is answered. A quiet one keeps the line as it is.
        """
        if not is_quiet:
            self.clear()
        named = f"{self.name}.{slot}" if slot else ""
        self.frame.worker.submit(function, then, slot=named, otherwise=otherwise or self.tell_error)

    def tell(self, line: str, tone: str = "good") -> None:
        """Say something in the page's line: tone good, warn or bad."""
        self._message.setText(line)
        self._message.setObjectName(tone)
        self._message.style().polish(self._message)
        self._message.show()

    def tell_error(self, error: KnownError) -> None:
        self.tell(words.error_words(error), "bad")

    def clear(self) -> None:
        self._message.hide()

    @property
    def message(self) -> str:
        """What the page's line says; empty where it says nothing."""
        return "" if self._message.isHidden() else self._message.text()
