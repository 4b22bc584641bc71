"""The officer's work at the station: which parcel is open, what is read ahead, what is decided and undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.customs.parcel import Parcel, QueueFilter, QueueRow
from app.customs.tip import Ending, Tip
from app.trace.verdicts import Verdict
from app.tracing import Alarm
from app.ui.background import Background
from app.ui.chooser import Choice
from app.ui.label import read_label
from app.ui.opening import Kept, Opened, Pictures, build_pictures, read_parcel
from app.ui.projecting import Projecting
from app.ui.record import write_pictures, write_record
from app.ui.thumbs import Thumbs
from app.views import Decided, StationView
from imaging.annotations import Annotation
from imaging.errors import KnownError
from imaging.look import Look
from imaging.scan import Scan

LAST_OPENED = 200
SHOWN_TOGETHER = 16
"""Pictures that were left without a decision and are logged in one transaction; after some seconds, fewer are."""


class Desk(QObject):
    """Asks the station on one worker, builds pictures on another, fetches labels on a third; tells by signals.

    `pages` is the worker of what the officer does away from the desk.

    `parcel_read` comes with the words of a parcel, `views_ready` with its pictures, at once when they were kept.
    A decision blocks the next one until the station has answered, so that no key is taken twice.

    While a threat is projected into the open picture a decision is about it alone. When that is over nothing is open
    any more, until `reopen` brings the same parcel as it truly is.
    """

    rows_read = Signal(list, dict)
    parcel_read = Signal(object)
    views_ready = Signal(object)
    decided = Signal(object)
    undone = Signal(object)
    refused = Signal(object)
    label_ready = Signal(int, object)
    label_queued = Signal(object, object)
    code_found = Signal(str, object)
    code_judged = Signal(object)
    files_written = Signal(object)
    stepped = Signal(list, int)

    def __init__(
        self, station: StationView, officer: str, data: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.station = station
        self.officer = officer
        self.data = data
        self.reads = Background("guanjian-reads", self)
        self.pixels = Background("guanjian-pixels", self)
        self.labels = Background("guanjian-labels", self)
        self.pages = Background("guanjian-pages", self)
        self.thumbs = Thumbs(station, data, self)
        self.opened: Opened | None = None
        self.open_id: int | None = None
        self.is_read_only = False
        self.is_deciding = False
        self.decided_at_s = 0.0
        self.projecting = Projecting(station.tip, self.reads, self)
        self.projecting.gone.connect(self._forget_tip)
        self._kept = Kept()
        self._plain: set[int] = set()  # parcels into which no threat could be projected when it was due
        self._shown: list[tuple[int, Mapping[str, object]]] = []
        self._trail: list[tuple[int, bool]] = []
        self._trail_at = -1

    def refresh(self, filter: QueueFilter) -> None:
        """Read the queue and its counts."""
        station = self.station
        self.reads.submit(
            lambda: (station.queue(filter), station.counts()),
            lambda answer: self.rows_read.emit(*answer),
            slot="queue",
        )

    def open(self, parcel_id: int, *, is_read_only: bool = False) -> None:
        """Open a parcel: its words first, its pictures as soon as they are there.

        Read only, from the archive, nothing can be decided on it.
        """
        self._trail = [*self._trail[: self._trail_at + 1], (parcel_id, is_read_only)][-LAST_OPENED:]
        self._trail_at = len(self._trail) - 1
        self._open(parcel_id, is_read_only)

    def reread(self) -> None:
        """The open parcel has changed: read its words again, keep its pictures."""
        if self.open_id is not None:
            self._read(self.open_id)

    def step(self, direction: int) -> int | None:
        """Back (-1) or forward (1) along what was opened; the parcel that is now open, None at the end."""
        at = self._trail_at + direction
        if not 0 <= at < len(self._trail):
            return None
        self._trail_at = at
        self._open(*self._trail[at])
        self.stepped.emit([parcel_id for parcel_id, _ in self._trail], at)
        return self.open_id

    def close_parcel(self) -> None:
        """Nothing is open any more."""
        self.projecting.end(Ending.LEFT)
        self.open_id = None
        self.opened = None
        self.is_read_only = False
        self.reads.submit(lambda: None, lambda _: None, slot="open")

    def read_ahead(self, rows: Sequence[QueueRow]) -> None:
        """Keep the pictures of the next parcels, so that they come without waiting."""
        wanted = next((row.id for row in rows if row.id != self.open_id and not self._kept.has(row.id)), None)
        if wanted is not None:
            station = self.station
            self.reads.submit(
                lambda: (station.parcel(wanted), station.open_scan(wanted)),
                lambda answer: self._keep_ahead(*answer, rows),
                slot="ahead",
                otherwise=lambda _: None,
            )

    def keep_shown(self, parcel_id: int, shown: Mapping[str, object]) -> None:
        """Have it logged what the officer saw of a picture that he left; a few are written together."""
        self._shown.append((parcel_id, {**shown, "officer": self.officer}))
        if len(self._shown) >= SHOWN_TOGETHER:
            self.flush_shown()

    def flush_shown(self) -> None:
        """Have it written now."""
        if self._shown:
            station, shown = self.station, tuple(self._shown)
            self._shown.clear()
            self.reads.submit(lambda: station.log_shown(shown), lambda _: None)

    def decide(self, choice: Choice, annotations: str = "", shown: Mapping[str, object] | None = None) -> bool:
        """Send a decision about the open parcel to the station; False when one is under way or nothing is open."""
        if self.is_deciding or self.is_read_only or self.opened is None or self.opened.parcel.id != self.open_id:
            return False
        if self.projecting.tip is not None:
            return self.projecting.answer(self.officer, choice.action)
        self.is_deciding = True
        self.decided_at_s = perf_counter()
        parcel, station, officer = self.opened.parcel, self.station, self.officer

        def decide() -> Decided:
            return station.decide(
                parcel.id,
                choice.action,
                officer=officer,
                reason=choice.reason,
                note=choice.note,
                second_officer=choice.second_officer,
                second_pin=choice.second_pin,
                seen_version=parcel.version,
                annotations=annotations,
                shown=shown,
            )

        def refuse(error: KnownError) -> None:
            if shown is not None:
                self.keep_shown(parcel.id, shown)
            self._refuse(error)

        self.reads.submit(decide, self._decided, otherwise=refuse)
        return True

    def reopen(self) -> None:
        """Read the open parcel and its pictures anew, as they truly are."""
        if self.open_id is not None:
            self._read(self.open_id)

    def undo(self, decision_id: int) -> bool:
        if self.is_deciding:
            return False
        self.is_deciding = True
        station, officer = self.station, self.officer
        self.reads.submit(lambda: station.undo(decision_id, officer=officer), self._undone, otherwise=self._refuse)
        return True

    def read_label(self, decided: Decided) -> None:
        """Get the picture of a label, made now if the decision brought none along."""
        station, known, parcel_id = self.station, decided.label, decided.parcel.id

        def read() -> QImage:
            return read_label(known or station.label(parcel_id))

        self.labels.submit(read, lambda label: self.label_ready.emit(decided.decision.id, label), slot="label")

    def print_label(self, decided: Decided) -> None:
        """Queue a label for the station's printer; tells with None where it has none."""
        station, officer, parcel_id = self.station, self.officer, decided.parcel.id
        self.labels.submit(
            lambda: station.print_label(parcel_id, officer=officer),
            lambda job: self.label_queued.emit(decided, job),
        )

    def acknowledge(self, alarm: Alarm) -> None:
        """Have it logged that the officer took note of an alarm."""
        station, officer = self.station, self.officer
        self.reads.submit(lambda: station.acknowledge(alarm, officer=officer), lambda _: None)

    def write_record(self, drawn: Sequence[Annotation]) -> None:
        """Write the record of the open parcel, with what is drawn on it now."""
        self._write("record", lambda opened, folder: write_record(folder / "records", opened, drawn))

    def write_pictures(self, look: Look) -> None:
        """Write the pictures of the open parcel as they are shown."""
        self._write(
            "pictures",
            lambda opened, folder: write_pictures(folder / "pictures", opened.parcel, opened.views, look),
        )

    def _write(self, what: str, write: Callable[[Opened, Path], tuple[Path, ...]]) -> None:
        """Write something of the open parcel; nothing while the answer to a threat projected into it is being kept."""
        self.projecting.end(Ending.LEFT)  # a projected picture is nobody's record
        station, officer, opened, folder = self.station, self.officer, self.opened, self.data
        if opened is None or opened.tip is not None or folder is None:
            return

        def note_and_write() -> tuple[Path, ...]:
            station.note_export(opened.parcel.id, what, officer=officer)
            return write(opened, folder)

        self.pixels.submit(note_and_write, self.files_written.emit)

    def find_code(self, code: str) -> None:
        """Which parcel has a code: its number, one of its codes or its trace code; and what a trace code is worth."""
        station = self.station

        def find() -> tuple[Parcel | None, Verdict | None]:
            traced = station.trace(code)
            return traced.parcel or (None if traced.verdict else station.find_code(code)), traced.verdict

        self.reads.submit(find, lambda found: self._found(code, *found), slot="code")

    def _found(self, code: str, parcel: Parcel | None, verdict: Verdict | None) -> None:
        self.code_found.emit(code, parcel)
        if verdict is not None:
            self.code_judged.emit(verdict)

    def stop(self, timeout_s: float = 3.0) -> bool:
        """Let the workers end; False when one still runs."""
        self.projecting.end(Ending.LEFT)
        self.flush_shown()
        ended = [worker.close(timeout_s) for worker in self._workers]
        return all(ended)

    @property
    def is_idle(self) -> bool:
        return all(worker.is_idle for worker in self._workers)

    @property
    def _workers(self) -> tuple[Background, ...]:
        return self.reads, self.pixels, self.labels, self.pages, self.thumbs.worker

    def _open(self, parcel_id: int, is_read_only: bool) -> None:
        if is_read_only or parcel_id != self.open_id:
            self.projecting.end(Ending.LEFT)
        self.open_id, self.is_read_only = parcel_id, is_read_only
        self._read(parcel_id)

    def _read(self, parcel_id: int) -> None:
        station, officer, has_scan = self.station, self.officer, not self._kept.has(parcel_id)
        self.reads.submit(
            lambda: read_parcel(station, parcel_id, officer=officer, has_scan=has_scan),
            lambda opened: self._show(opened, is_whole=has_scan),
            slot="open",
        )

    def _show(self, opened: Opened, *, is_whole: bool) -> None:
        tip = self.projecting.tip
        if tip is not None and tip.parcel_id == opened.parcel.id:
            self._show_under_tip(opened)
            return
        pictures = self._kept.get(opened.parcel)
        if pictures is not None and pictures.prepared is not None:
            self._project(opened, pictures)
            return
        self.opened = opened if pictures is None else replace(opened, views=pictures.views)
        self.parcel_read.emit(self.opened)
        if pictures is not None:
            self.views_ready.emit(self.opened)
        elif opened.scan is not None:
            self._build(opened, opened.scan)
        elif is_whole:
            self.views_ready.emit(opened)
        else:
            self._read_scan(opened)

    def _read_scan(self, opened: Opened) -> None:
        """The kept pictures were of other captures than the parcel now has."""
        station, parcel = self.station, opened.parcel

        def show(scan: Scan | None) -> None:
            if scan is not None:
                self._build(opened, scan)
            else:
                self._show_pictures(opened, Pictures(()))

        self.reads.submit(lambda: station.open_scan(parcel.id), show, slot="open")

    def _build(self, opened: Opened, scan: Scan) -> None:
        station, parcel, officer, is_true = self.station, opened.parcel, self.officer, not self._may_project
        self.pixels.submit(
            lambda: build_pictures(station, parcel, scan, officer=officer, is_true=is_true),
            lambda pictures: self._show_pictures(opened, pictures),
            slot="views",
        )

    def _show_pictures(self, opened: Opened, pictures: Pictures) -> None:
        self._kept.put(opened.parcel, pictures)
        if self.opened is None or not self.opened.parcel.id == opened.parcel.id == self.open_id:
            return
        if pictures.prepared is not None:
            self._project(self.opened, pictures)
        else:
            self.opened = replace(self.opened, views=pictures.views)
            self.views_ready.emit(self.opened)

    @property
    def _may_project(self) -> bool:
        return self.projecting.is_watched and not self.is_read_only and self.open_id not in self._plain

    def _project(self, opened: Opened, pictures: Pictures) -> None:
        """Put a threat on the screen once; the true picture where that cannot be any more."""
        prepared, officer, parcel_id = pictures.prepared, self.officer, opened.parcel.id
        self._kept.drop(parcel_id)
        if prepared is None or not self._may_project or prepared.tip.officer != officer:
            self._read(parcel_id)
            return

        def show(tip: Tip) -> bool:
            if self.open_id != parcel_id or self.officer != officer or not self._may_project:
                return False
            seen = replace(opened.parcel, seen=prepared.seen)
            self.opened = replace(opened, parcel=seen, views=pictures.views, tip=tip)
            self.parcel_read.emit(self.opened)
            self.views_ready.emit(self.opened)
            return True

        def refuse(_: KnownError) -> None:
            self._plain.add(parcel_id)
            self._read(parcel_id)

        self.projecting.show(prepared, officer, show, refuse)

    def _show_under_tip(self, opened: Opened) -> None:
        """The parcel has changed while a threat is in its picture: a new number does not matter, another state does."""
        before, parcel = self.opened, opened.parcel
        if before is None or (before.parcel.state, before.parcel.captures) != (parcel.state, parcel.captures):
            self.projecting.end(Ending.CHANGED)
            return
        changed = replace(parcel, seen=before.parcel.seen)
        self.opened = replace(opened, parcel=changed, views=before.views, tip=before.tip)
        self.parcel_read.emit(self.opened)
        self.views_ready.emit(self.opened)

    def _forget_tip(self, tip: Tip) -> None:
        """Nothing can be decided any more on what is on the screen."""
        if self.opened is not None and self.opened.tip == tip:
            self.opened = None

    def _keep_ahead(self, parcel: Parcel, scan: Scan | None, rows: Sequence[QueueRow]) -> None:
        def keep(pictures: Pictures) -> None:
            self._kept.put(parcel, pictures)
            self.read_ahead(rows)

        station, officer = self.station, self.officer
        if scan is None:
            keep(Pictures(()))
        else:
            self.pixels.submit(lambda: build_pictures(station, parcel, scan, officer=officer), keep)

    def _decided(self, decided: Decided) -> None:
        self.is_deciding = False
        self.decided.emit(decided)

    def _undone(self, undone: Decided) -> None:
        self.is_deciding = False
        self.undone.emit(undone)

    def _refuse(self, error: KnownError) -> None:
        self.is_deciding = False
        self.refused.emit(error)
