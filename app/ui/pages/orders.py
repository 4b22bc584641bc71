"""The page of control orders: what they hit, how long each may wait, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QLabel, QLineEdit, QPushButton

from app.control_orders import Brought, ControlOrders
from app.customs.orders import Hit, Result, Step
from app.customs.parcel import Parcel
from app.exchange.sealed import SUFFIX
from app.handovers import Handovers
from app.texts import text
from app.ui import build, theme, words
from app.ui.orders import due_words
from app.ui.pages.listing import Line, Listing
from app.ui.pages.page import Frame, Page

PAGE = 100
CARD_EM = 28
_COLUMNS = ("order", "parcel", "part", "work", "step", "due")
_ACTS = ("acknowledge", "normal", "abnormal", "lift", "send", "take", "import", "answers")
_KEYS = {Qt.Key.Key_A: "acknowledge", Qt.Key.Key_N: "normal", Qt.Key.Key_B: "abnormal"}


class OrdersPage(Page):
    """Hits on the left, the newest first; the chosen one's order and what can be done about it on the right."""

    def __init__(self, frame: Frame, orders: ControlOrders, handovers: Handovers) -> None:
        super().__init__(frame, "orders")
        self._orders, self._handovers = orders, handovers
        self._hits: list[Hit] = []
        self._has_more = False
        self.listing = Listing(len(_COLUMNS))
        self.open_only = QCheckBox()
        self.open_only.setChecked(True)
        self.order = QLabel(wordWrap=True)
        self.note, self.second, self.pin, self.to = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.acts = {name: QPushButton() for name in _ACTS}
        self._heads = {name: build.named(QLabel(), "section") for name in ("order", "acts", "handover")}
        self._hint = build.named(QLabel(wordWrap=True), "small")
        self._seconds = QTimer(self, interval=1000)
        self._lay_out()
        self._connect()

    def show_page(self) -> None:
        self._read()
        self._seconds.start()
        self.listing.table.setFocus()

    def retranslate(self) -> None:
        super().retranslate()
        self.listing.set_titles([text(f"orders.column.{name}") for name in _COLUMNS], text("orders.page.more"))
        self.open_only.setText(text("orders.page.open_only"))
        for name, button in self.acts.items():
            button.setText(text(f"orders.page.{name}"))
        for name, head in self._heads.items():
            head.setText(text(f"orders.page.{name}"))
        for name, field in (("note", self.note), ("second", self.second), ("pin", self.pin), ("to", self.to)):
            field.setPlaceholderText(text(f"orders.page.{name}"))
        self._hint.setText(text("orders.page.keys"))
        self._fill()

    @property
    def chosen(self) -> Hit | None:
        at = self.listing.current
        return self._hits[at] if 0 <= at < len(self._hits) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        name = _KEYS.get(Qt.Key(event.key()))
        if name is not None and self.acts[name].isEnabled():
            self.acts[name].click()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        left, card = build.column(gap=8), build.named(QFrame(), "card")
        left.addWidget(self.open_only)
        left.addWidget(self.listing, 1)
        card.setFixedWidth(round(theme.text_px() * CARD_EM))
        form = build.column(card, gap=8, margins=(14, 12, 14, 12))
        form.addWidget(self._heads["order"])
        form.addWidget(self.order)
        form.addSpacing(6)
        form.addWidget(self._heads["acts"])
        form.addWidget(self.acts["acknowledge"])
        form.addWidget(self.note)
        results = build.row(gap=8)
        for name in ("normal", "abnormal"):
            results.addWidget(self.acts[name])
        form.addLayout(results)
        approval = build.row(gap=8)
        for field in (self.second, self.pin):
            approval.addWidget(field)
        form.addLayout(approval)
        form.addWidget(self.acts["lift"])
        form.addWidget(self._hint)
        form.addStretch()
        form.addWidget(self._heads["handover"])
        form.addWidget(self.to)
        sealed = build.row(gap=8)
        for name in ("send", "take"):
            sealed.addWidget(self.acts[name])
        form.addLayout(sealed)
        files = build.row(gap=8)
        for name in ("import", "answers"):
            files.addWidget(self.acts[name])
        form.addLayout(files)
        row = build.row(gap=12)
        row.addLayout(left, 1)
        row.addWidget(card)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "acknowledge": self._acknowledge,
            "normal": lambda: self._execute(Result.NORMAL),
            "abnormal": lambda: self._execute(Result.ABNORMAL),
            "lift": self._lift,
            "send": self._send,
            "take": self._take,
            "import": self._import,
            "answers": self._answer,
        }
        for name, act in acts.items():
            self.acts[name].clicked.connect(act)
        self.open_only.toggled.connect(lambda _: self._read())
        self.listing.chosen.connect(lambda _: self._show_chosen())
        self.listing.opened.connect(lambda row: self.parcel_chosen.emit(self._hits[row].parcel_id))
        self.listing.wanted.connect(lambda: self._read(self._hits[-1].id))
        self._seconds.timeout.connect(self._tick)

    def _read(self, before: int | None = None, *, is_quiet: bool = False) -> None:
        orders, is_open = self._orders, self.open_only.isChecked()
        self.ask(
            lambda: (orders.hits(limit=PAGE + 1, before=before, is_open=is_open), orders.counts()),
            lambda found: self._show(before, *found),
            slot="hits",
            is_quiet=is_quiet,
        )

    def _show(self, before: int | None, hits: Sequence[Hit], counts: tuple[int, int]) -> None:
        self._hits = [*(self._hits if before is not None else ()), *hits[:PAGE]]
        self._has_more = len(hits) > PAGE
        self.listing.count.setText(text("orders.page.counts", open=counts[0], waiting=counts[1]))
        self._fill()

    def _fill(self) -> None:
        now = datetime.now(UTC)
        self.listing.fill([_line(hit, now) for hit in self._hits], has_more=self._has_more)
        self._show_chosen()

    def _show_chosen(self) -> None:
        hit = self.chosen
        self.order.setText(
            _order_words(hit) if hit else text("orders.none" if not self._hits else "orders.page.choose")
        )
        is_open = hit is not None and hit.ended is None
        is_seen = hit is not None and hit.acknowledged is not None
        self.acts["acknowledge"].setEnabled(is_open and not is_seen)
        for name in ("normal", "abnormal"):
            self.acts[name].setEnabled(is_open and is_seen)
        self.acts["lift"].setEnabled(is_open)
        self.acts["send"].setEnabled(hit is not None)

    def _tick(self) -> None:
        """The clocks of what is not acknowledged go on while the page is in front."""
        if not self.isVisible():
            self._seconds.stop()
        elif any(hit.acknowledged is None and hit.ended is None for hit in self._hits):
            now = datetime.now(UTC)
            for at, hit in enumerate(self._hits):
                item = self.listing.table.item(at, len(_COLUMNS) - 1)
                if item is not None:
                    item.setText(due_words(hit, now))

    def _acknowledge(self) -> None:
        if hit := self.chosen:
            orders, officer = self._orders, self.frame.officer()
            self.ask(lambda: orders.acknowledge(hit.id, officer=officer), self._done)

    def _execute(self, result: Result) -> None:
        if hit := self.chosen:
            orders, officer, note = self._orders, self.frame.officer(), self.note.text().strip()
            self.ask(lambda: orders.execute(hit.id, result, note=note, officer=officer), self._done)

    def _lift(self) -> None:
        if hit := self.chosen:
            orders, officer = self._orders, self.frame.officer()
            reason, second, pin = self.note.text().strip(), self.second.text().strip(), self.pin.text()
            self.pin.clear()
            self.ask(
                lambda: orders.lift(hit.id, reason=reason, officer=officer, second_officer=second, second_pin=pin),
                self._done,
            )

    def _send(self) -> None:
        """Seal the chosen parcel for its destination, or close for the port what was taken over here."""
        hit, folder = self.chosen, self.frame.data
        if hit is None or folder is None:
            return
        handovers, officer, to = self._handovers, self.frame.officer(), self.to.text().strip()
        self.ask(
            lambda: handovers.send(hit.parcel_id, to, folder / "outbox" / "sealed", officer=officer),
            lambda path: self.tell(text("orders.page.sent", name=path.name, folder=str(path.parent))),
        )

    def _take(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, text("orders.page.take"), "", f"*{SUFFIX}")
        if name:
            handovers, officer = self._handovers, self.frame.officer()
            self.ask(lambda: handovers.take(Path(name), officer=officer), self._taken)

    def _taken(self, parcel: Parcel) -> None:
        self.tell(text("orders.page.taken", number=parcel.number, state=words.state_name(parcel.state)))
        self._read(is_quiet=True)

    def _import(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, text("orders.page.folder"))
        if folder:
            orders, officer = self._orders, self.frame.officer()
            self.ask(lambda: list(orders.import_folder(Path(folder), officer=officer)), self._imported)

    def _answer(self) -> None:
        if self.frame.data is not None:
            orders, officer, folder = self._orders, self.frame.officer(), self.frame.data / "outbox" / "orders"
            self.ask(
                lambda: list(orders.send_answers(folder, officer=officer)), lambda paths: self._answered(paths, folder)
            )

    def _done(self, hit: Hit) -> None:
        self.note.clear()
        self.tell(text("orders.page.done", order=hit.order.id, step=text(f"orders.step.{hit.done[-1].step}")))
        self._read(is_quiet=True)

    def _imported(self, brought: Sequence[Brought]) -> None:
        refused = [each for each in brought if each.error is not None]
        line = text(
            "orders.page.imported", n=len(brought) - len(refused), hits=len({p for each in brought for p in each.hits}),
            refused=len(refused),
        )  # fmt: skip
        wrong = "".join(f"\n{each.path.name}: {words.error_words(each.error)}" for each in refused[:5] if each.error)
        self.tell(line + wrong, "warn" if refused else "good")
        self._read(is_quiet=True)

    def _answered(self, paths: Sequence[Path], folder: Path) -> None:
        self.tell(text("orders.page.answered", n=len(paths), folder=str(folder)))


def _line(hit: Hit, now: datetime) -> Line:
    step = text(f"orders.step.{hit.done[-1].step if hit.done else 'open'}")
    done = hit.ended
    if done is not None and done.step in (Step.EXECUTED, Step.SETTLED) and done.result:
        step = f"{step} · {text(f'orders.result.{done.result}')}"
    part, work = text(f"orders.part.{hit.part}"), text(f"orders.work.{hit.work}")
    tone = "soft" if hit.ended else "bad" if hit.is_late(now) else ""
    return Line((hit.order.id, hit.number, part, work, step, due_words(hit, now)), tone)


def _order_words(hit: Hit) -> str:
    order = hit.order
    valid = text("orders.valid", first=f"{order.valid_from:%Y-%m-%d}", last=f"{order.valid_to:%Y-%m-%d}")
    lines = [
        f"{order.id} · {order.issuer} · {text(f'orders.level.{order.level}')}",
        f"{text(f'orders.work.{hit.work}')} · {hit.number}",
        valid,
        order.instruction,
        *(f"{text(f'orders.step.{done.step}')} · {done.officer} {done.note}".strip() for done in hit.done),
    ]
    return "\n".join(line for line in lines if line)
