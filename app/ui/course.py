"""The course of the work: what follows a decision, an undo and a code, what is said when something happens."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.customs.parcel import Parcel, QueueRow
from app.customs.states import Action
from app.officers.errors import OfficerError
from app.texts import text
from app.trace.printing import PrintJob
from app.trace.verdicts import Verdict, VerdictKind
from app.ui import words
from app.ui.attention import Attention
from app.ui.bridge import Bridge
from app.ui.chooser import Choice
from app.ui.desk import Desk
from app.ui.label import print_label
from app.ui.opening import Opened
from app.ui.pace import Pace
from app.ui.parts import Parts
from app.ui.tip_telling import TipTelling
from app.ui.tools import Tools
from app.views import Decided
from imaging.errors import AnnotationInvalidError, KnownError
from scanners.barcode import Reading

READ_AHEAD = 3
LABEL_AFTER_MS = 250
"""Drawing a label takes as long as showing a picture; the picture goes first."""
REFRESH_MS = 120
SHOWN_EVERY = 10
"""Seconds after which it is written what was shown and left."""


class Course(QObject):
    """Joins the parts of the window with the desk.

    `switched` tells the milliseconds from a decision's key to the next picture on the screen, `picture_shown` which
    parcel's picture was painted first.
    """

    switched = Signal(float)
    picture_shown = Signal(int)

    def __init__(self, parts: Parts, desk: Desk, pace: Pace, parent: QWidget) -> None:
        super().__init__(parent)
        self.parts, self.desk, self.pace = parts, desk, pace
        self._window = parent
        self._next_id: int | None = None
        self._paint_of: int | None = None
        self._is_switching = False
        self._asked: Reading | None = None
        self._label: tuple[int, QImage] | None = None
        self.is_taken: Callable[[Reading], bool] = lambda _: False
        """Asked first with every code from the officer's hand: badges open no parcel."""
        self._prints_label = False
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self._words = QTimer(self, singleShot=True, interval=0)
        self._words.timeout.connect(lambda: parts.side.show_parcel(desk.opened))
        self.tools = Tools(parts.stage, desk, parent)
        self.attention = Attention()
        self.tip_telling = TipTelling(parts, desk, self.tools.annotating, self)
        self._sent: Choice | None = None
        self._ticks = 0
        self._connect()

    def _connect(self) -> None:
        desk, parts = self.desk, self.parts
        desk.rows_read.connect(self._show_rows)
        desk.parcel_read.connect(self._show_parcel)
        desk.views_ready.connect(self._show_views)
        desk.decided.connect(self._after_decision)
        desk.undone.connect(self._after_undo)
        desk.refused.connect(self._after_refusal)
        self.tools.archive.opened.connect(self._open_archived)
        self.tools.archive.rejected.connect(self._come_back)
        desk.label_ready.connect(self._show_label)
        desk.code_found.connect(self._after_search)
        desk.code_judged.connect(self._tell_verdict)
        desk.reads.failed.connect(self._after_refusal)
        desk.pixels.failed.connect(self.tell_error)
        desk.labels.failed.connect(self.tell_error)
        parts.queue.filter_changed.connect(self.refresh)
        parts.queue.opened.connect(desk.open)
        parts.queue.left_search.connect(self._search)
        parts.queue.chosen.connect(parts.stage.setFocus)
        # Queued: what follows a paint may close the window, and must not do so in the middle of it.
        parts.stage.painted.connect(self._painted, Qt.ConnectionType.QueuedConnection)
        parts.stage.refused.connect(parts.notice.tell)
        parts.stage.look_changed.connect(self.attention.turn)
        parts.stack.currentChanged.connect(lambda at: self.hide(at != 0))
        parts.side.detection_chosen.connect(parts.stage.mark)
        parts.actions.chosen.connect(self.act)
        parts.chooser.chosen.connect(self.decide)
        parts.chooser.left.connect(parts.stage.setFocus)
        parts.last.undo.connect(self.undo)
        parts.last.print_label.connect(self.print_label)
        parts.alarm.acknowledged.connect(desk.acknowledge)
        desk.label_queued.connect(self._after_print)
        parts.break_banner.pressed.connect(self.toggle_break)
        parts.pages.chosen.connect(parts.stack.open_page)
        parts.status.printer_pressed.connect(lambda: parts.stack.open_page("prints"))
        parts.stack.returned.connect(parts.stage.setFocus)
        parts.stack.parcel_chosen.connect(desk.open)

    def follow(self, bridge: Bridge) -> None:
        """Listen to what happens in the station."""
        parts, live = self.parts, self.parts.stage.live
        bridge.rows_changed.connect(self._rows_changed)
        bridge.scan_begun.connect(live.begin)
        bridge.lines_came.connect(lambda _device, blocks: live.add(blocks, self.desk.pixels))
        bridge.scan_done.connect(lambda _device, scan_id, _parcel_id: live.end(scan_id))
        bridge.code_came.connect(lambda reading: parts.status.set_code(reading.code.symbology, reading.code.text))
        bridge.code_asked_for.connect(self.show_code)
        bridge.alarm_came.connect(parts.alarm.raise_alarm)
        bridge.printer_came.connect(parts.status.set_printer)
        bridge.room_came.connect(parts.status.set_room)
        bridge.device_came.connect(parts.status.set_device)
        bridge.detector_came.connect(parts.status.set_detector)
        bridge.file_put_aside.connect(self._tell_put_aside)
        bridge.source_done.connect(lambda device: self._tell(text("ui.notice.source_ended", device=device), "check"))
        bridge.error_came.connect(self.tell_error)

    def refresh(self) -> None:
        self.desk.refresh(self.parts.queue.filter())

    def act(self, action: Action) -> None:
        """An action key: decide at once, or ask for what the decision needs, or say why it cannot be."""
        opened = self.desk.opened
        if opened is None or self.desk.is_deciding or opened.parcel.id != self.desk.open_id:
            return
        if self.desk.is_read_only:
            self._tell(text("ui.notice.read_only"))
            return
        offer = self.parts.actions.offer(action)
        reason = self.parts.actions.why_not(action)
        if offer is None or reason:
            self._tell(reason)
        elif self.desk.projecting.tip is not None:
            self.desk.projecting.answer(self.desk.officer, action, self.tools.annotating.drawn)
        elif offer.needs_reason or offer.needs_second_officer or offer.needs_document:
            self.parts.chooser.ask(offer, opened.parcel.number or text("ui.queue.no_number"))
        else:
            self.decide(Choice(action))

    def decide(self, choice: Choice) -> None:
        """Send a complete decision; the next item is fixed before, while the list still holds this one."""
        self.parts.stage.setFocus()
        queue, here = self.parts.queue, self.desk.open_id
        following = queue.neighbour(here, 1)
        self._next_id = following if following is not None else queue.neighbour(here, -1)
        self._sent = choice
        is_sent = self.desk.decide(choice, self.tools.annotating.to_json(), self.attention.take())
        self._is_switching = is_sent and self._next_id is not None

    def undo(self) -> None:
        last = self.parts.last
        if last.can_undo and last.decided is not None:
            self.desk.undo(last.decided.decision.id)
        else:
            self._tell(text("ui.notice.no_undo"))

    def print_label(self) -> None:
        """Print the last label: on the station's printer where there is one, else through the print dialog."""
        decided = self.parts.last.decided
        if decided is None or decided.decision.trace_code is None:
            self._tell(text("ui.notice.no_label"))
        else:
            self.desk.print_label(decided)

    def _after_print(self, decided: Decided, job: PrintJob | None) -> None:
        """The label is in the printer's queue; without a printer it is read where that has not happened yet."""
        if job is not None:
            self._tell(text("trace.printer.queued", code=job.trace_id, copy=job.copy), "print")
        elif self._label is not None and self._label[0] == decided.decision.id:
            print_label(self._label[1], self._window)
        else:
            self._prints_label = True
            self.desk.read_label(decided)

    def toggle_break(self) -> None:
        if self.pace.is_on_break:
            self.pace.end_break()
            self.parts.break_banner.hide()
        else:
            self.pace.start_break()
        self.tick()

    def tick(self) -> None:
        """Once a second: times, pace and the break."""
        self.parts.top.tick(self.pace)
        self.parts.queue.model.tick()
        self._ticks += 1
        if self._ticks % SHOWN_EVERY == 0:
            self.desk.flush_shown()
        if self.pace.is_on_break:
            self.parts.break_banner.show_break(self.pace.break_s)
        elif self.pace.is_break_due:
            self.parts.break_banner.propose(int(self.pace.on_task_s // 60))

    def tell_error(self, error: BaseException) -> None:
        self._tell(words.error_words(error))

    def _tell(self, line: str, sign: str = "warning") -> None:
        self.parts.notice.tell(line, sign)

    def _tell_put_aside(self, _device: str, name: str, error: KnownError) -> None:
        self._tell(text("ui.notice.put_aside", name=name, error=words.error_words(error)))

    def _rows_changed(self, rows: list[QueueRow]) -> None:
        is_open = any(row.id == self.desk.open_id for row in rows)
        if is_open and not self.desk.is_deciding and self.parts.tip_card.resolved is None:
            self.desk.reread()
        self._refresh.start()

    def _show_rows(self, rows: list[QueueRow], counts: dict[str, int]) -> None:
        self.parts.queue.set_rows(rows, counts, self.desk.open_id)
        if self.desk.open_id is None and rows and not self.parts.queue.is_searching:
            self.desk.open(self.parts.queue.model.at(0).id)
        elif self.desk.open_id is None:
            self.parts.stage.set_note(text("ui.viewer.empty"), text("ui.viewer.empty_more"))

    def _show_parcel(self, opened: Opened) -> None:
        stage = self.parts.stage
        stage.is_free = False
        self.parts.tip_card.close_card()
        self._words.start()  # after the picture, which must not wait for them
        self.parts.actions.set_offers(() if self.desk.is_read_only else opened.offers)
        self.parts.queue.table.show_selected(opened.parcel.id)
        if stage.parcel_id != opened.parcel.id and not opened.views:
            stage.show_views(None, ())
            stage.set_note(text("ui.viewer.loading"))

    def _show_views(self, opened: Opened) -> None:
        stage = self.parts.stage
        if stage.parcel_id == opened.parcel.id and stage.views == opened.views:
            stage.set_seen(opened.parcel.seen)
        else:
            self.tools.comparing.end()
            stage.show_views(opened.parcel.id, opened.views, opened.parcel.seen)
            self._paint_of = opened.parcel.id
            self.tools.begin()
        self._show_annotations(opened)
        if not opened.views:
            more = words.error_words(opened.scan_error) if opened.scan_error else text("ui.viewer.no_picture_more")
            stage.set_note(text("ui.viewer.no_picture"), more)
        self._read_ahead()

    def _show_annotations(self, opened: Opened) -> None:
        try:
            self.tools.show(opened)
        except AnnotationInvalidError as error:
            self.tell_error(error)

    def _come_back(self) -> None:
        """From a window of its own the keys come back to the picture."""
        self._window.activateWindow()
        self.parts.stage.setFocus()

    def _open_archived(self, parcel_id: int) -> None:
        self._come_back()
        self.desk.open(parcel_id, is_read_only=True)
        self._tell(text("ui.notice.read_only"), "check")

    def _painted(self, parcel_id: int | None, at_s: float) -> None:
        if parcel_id is None or parcel_id != self._paint_of:
            return
        self._paint_of = None
        if self._is_switching:
            self._is_switching = False
            self.switched.emit((at_s - self.desk.decided_at_s) * 1000)
        self.picture_shown.emit(parcel_id)
        if self.desk.opened is not None and self.desk.opened.parcel.id == parcel_id:
            tip = self.desk.opened.tip
            scans = [f"tip-{tip.id}"] if tip else [one.scan_id for one in self.desk.opened.parcel.captures]
            self._keep_shown(self.attention.begin(parcel_id, scans, self.parts.stage.look))

    def _keep_shown(self, left: tuple[int, dict[str, object]] | None) -> None:
        if left is not None:
            self.desk.keep_shown(*left)

    def log_shown(self) -> None:
        """Have it logged what this officer saw of the open picture: another one takes over, or the window closes."""
        self._keep_shown(self.attention.split())

    def hide(self, is_hidden: bool) -> None:
        """The picture is covered while nobody sits there, or by a page; what was seen until then is logged."""
        self.attention.hide(is_hidden)
        self.desk.projecting.watch(not is_hidden)
        if is_hidden:
            self.desk.flush_shown()

    def _read_ahead(self) -> None:
        model = self.parts.queue.model
        here = model.find(self.desk.open_id)
        first = 0 if here is None else here + 1
        self.desk.read_ahead(model.rows()[first : first + READ_AHEAD])

    def _after_decision(self, decided: Decided) -> None:
        self.pace.count()
        self.tools.annotating.forget(decided.parcel.id)
        self.parts.last.show_decided(decided)
        self._label = None
        if self._next_id is not None and self.desk.open_id == decided.parcel.id:
            self.desk.open(self._next_id)
        elif self.desk.open_id == decided.parcel.id:
            self._close_parcel()
        if decided.decision.trace_code is not None:
            QTimer.singleShot(LABEL_AFTER_MS, self, lambda: self._read_label(decided))
        self.refresh()

    def _read_label(self, decided: Decided) -> None:
        """The label comes when the next picture is there; what was decided or undone meanwhile needs none."""
        last = self.parts.last.decided
        if last is not None and last.decision.id == decided.decision.id:
            self.desk.read_label(decided)

    def _close_parcel(self) -> None:
        """The last item of the queue is done: nothing is open until another arrives."""
        self._keep_shown(self.attention.leave())
        self.desk.close_parcel()
        self._words.start()
        self.parts.actions.set_offers(())
        self.parts.stage.is_free = True
        self.parts.stage.show_views(None, ())
        self.parts.stage.set_note(text("ui.viewer.empty"), text("ui.viewer.empty_more"))

    def _after_undo(self, undone: Decided) -> None:
        self.parts.last.clear()
        self.pace.uncount()
        self.parts.top.tick(self.pace)
        number = undone.parcel.number or text("ui.queue.no_number")
        self._tell(text("ui.notice.undone", number=number), "undo")
        self.desk.open(undone.parcel.id)
        self.refresh()

    def _after_refusal(self, error: BaseException) -> None:
        self._is_switching = False
        self.tell_error(error)
        if isinstance(error, OfficerError) and self._sent is not None:
            self._ask_again(self._sent)
        self._sent = None
        self.desk.reread()
        self._refresh.start()

    def _ask_again(self, choice: Choice) -> None:
        """The second officer's PIN was refused: only it is asked for once more."""
        opened, offer = self.desk.opened, self.parts.actions.offer(choice.action)
        if choice.second_officer and opened is not None and offer is not None:
            self.parts.chooser.ask(offer, opened.parcel.number or text("ui.queue.no_number"), choice)

    def _show_label(self, decision_id: int, label: QImage) -> None:
        self._label = (decision_id, label)
        self.parts.last.show_label(decision_id, label)
        if self._prints_label:
            self._prints_label = False
            print_label(label, self._window)

    def show_code(self, reading: Reading) -> None:
        """The officer's hand reader has read a code: the page in front takes it, or the desk opens its parcel.

        A reader that types is heard twice, from its keys and from the station.
        """
        if reading == self._asked:
            return
        self._asked = reading
        if self.is_taken(reading):
            return
        self.parts.status.set_code(reading.code.symbology, reading.code.text)
        page = self.parts.stack.page
        if page is not None and page.take_code(reading.code.text):
            return
        self.parts.stack.leave()
        self.desk.find_code(reading.code.text)

    def _search(self) -> None:
        """Enter in the search field: a whole code opens its parcel, anything else stays a filter."""
        wanted = self.parts.queue.search.text().strip()
        if wanted:
            self.desk.find_code(wanted)
        self.parts.stage.setFocus()

    def _tell_verdict(self, verdict: Verdict) -> None:
        line = f"{text(f'trace.verdict.{verdict.kind}')}  {text(f'trace.advice.{verdict.kind}')}"
        self._tell(line, "check" if verdict.kind is VerdictKind.VALID else "warning")

    def _after_search(self, code: str, parcel: Parcel | None) -> None:
        if parcel is not None:
            self.desk.open(parcel.id)
        elif self.parts.queue.model.rowCount() and self.parts.queue.is_searching:
            self.desk.open(self.parts.queue.model.at(0).id)
        else:
            self._tell(text("ui.notice.code_unknown", code=code))
