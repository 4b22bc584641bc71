"""The desk and the pages, one of them in front; and the list from which a page is chosen by its key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QWidget

from app.texts import text
from app.ui import build
from app.ui.key_button import KeyButton
from app.ui.pages.page import Frame, Page, PageKind


class PageStack(QStackedWidget):
    """The desk at the bottom, pages over it; `returned` says that the desk is in front again."""

    returned = Signal()
    parcel_chosen = Signal(int)

    def __init__(self, desk: QWidget, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._kinds: dict[str, PageKind] = {}
        self._pages: dict[str, Page] = {}
        self.addWidget(desk)

    def set_kinds(self, kinds: Sequence[PageKind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    @property
    def kinds(self) -> Sequence[PageKind]:
        return tuple(self._kinds.values())

    @property
    def page(self) -> Page | None:
        """The page in front; None while the desk is."""
        shown = self.currentWidget()
        return shown if isinstance(shown, Page) else None

    def open_page(self, name: str) -> Page:
        """Bring a page to the front and have it read afresh."""
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = self._kinds[name].make(self._frame)
            page.left.connect(self.leave)
            page.parcel_chosen.connect(self._choose)
            self.addWidget(page)
        page.retranslate()
        self.setCurrentWidget(page)
        page.setFocus()
        page.show_page()
        return page

    def leave(self) -> None:
        """Back to the desk, where a page was in front."""
        if self.page is not None:
            self.setCurrentIndex(0)
            self.returned.emit()

    def retranslate(self) -> None:
        for page in self._pages.values():
            page.retranslate()

    def _choose(self, parcel_id: int) -> None:
        self.leave()
        self.parcel_chosen.emit(parcel_id)


class PageList(QFrame):
    """The list of pages over the window: a key or the mouse chooses, Esc closes."""

    chosen = Signal(str)

    def __init__(self, stack: PageStack, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlay")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stack, self._over = stack, parent
        self._title = build.named(QLabel(), "title")
        self._rows = build.column(gap=2)
        self._buttons: dict[str, KeyButton] = {}
        column = build.column(self, gap=8, margins=(16, 14, 16, 14))
        column.addWidget(self._title)
        column.addLayout(self._rows)
        self.hide()

    def open(self) -> None:
        for kind in self._stack.kinds:
            if kind.name not in self._buttons:
                button = self._buttons[kind.name] = KeyButton(kind.name, key=kind.key)
                button.clicked.connect(partial(self._choose, kind.name))
                self._rows.addWidget(button)
        self.retranslate()
        self.show()
        self.raise_()
        self.place()
        self.setFocus()

    def retranslate(self) -> None:
        self._title.setText(text("pages.title"))
        for name, button in self._buttons.items():
            button.set_words(text(f"pages.name.{name}"))

    def place(self) -> None:
        self.adjustSize()
        middle = self._over.rect().center()
        self.move(middle.x() - self.width() // 2, max(6, middle.y() - self.height() // 2))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        for kind in self._stack.kinds:
            if kind.key == event.text().upper():
                self._choose(kind.name)
                return

    def _choose(self, name: str, _checked: bool = False) -> None:
        self.hide()
        self.chosen.emit(name)

    def _close(self) -> None:
        self.hide()
        shown = self._stack.currentWidget()
        if shown is not None:
            shown.setFocus()
