"""Labels on their way to the printer: first prints, counted and marked reprints (补打), and how the printer does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.customs.parcel import Parcel
from app.labelling import Labelling
from app.officers.rights import Right, Rights
from app.store.store import Store
from app.trace.codes import read_code
from app.trace.printing import JobState, PrintJob, PrintQueue
from app.trace.wishes import Said, take_wishes
from imaging.errors import KnownError


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """How a printer does: labels that wait, those of which nobody knows whether they came out, its trouble if any."""

    name: str
    waiting: int = 0
    unsure: int = 0
    error_key: str = ""


class Printing:
    """Feeds the queue of the station's label printer. `on_status` gets every change, `on_error` what was found damaged.

    May be used from any thread.
    """

    def __init__(
        self,
        store: Store,
        labelling: Labelling,
        queue: PrintQueue,
        rights: Rights,
        *,
        on_status: Callable[[PrinterStatus], None],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._store = store
        self._labelling = labelling
        self._queue = queue
        self._rights = rights
        self._on_status = on_status
        self._on_error = on_error
        self._telling = threading.Lock()
        self._told: PrinterStatus | None = None

    def start(self) -> None:
        """Go on with what the last run left in the queue."""
        for error in self._queue.damaged:
            self._on_error(error)
        self._queue.changed = self._tell
        self._queue.round = self._heed_wishes
        self._queue.start()
        self._tell()

    def stop(self) -> bool:
        """Stop after the label that is being sent; what waits is printed by the next run."""
        return self._queue.stop()

    def print(self, parcel: Parcel, payload: str, *, officer: str) -> PrintJob:
        """Queue the label of a trace code; every print after the first is counted and marked as a reprint.

        A label of which nobody knew whether it came out is settled by being printed again.

        Raises:
            LabelError: it cannot be drawn. PrintJobError: the queue's folder cannot be written.
        """
        trace_id = str(read_code(payload).claims.trace_id)
        printer = self._queue.printer
        copy = self._store.labels.add_print(
            trace_id, parcel.id, officer=officer, printer=printer.name, printed_at=datetime.now(UTC)
        )
        label = self._labelling.encode(
            parcel, payload, kind=printer.format, dpi=self._labelling.work.label_dpi, copy=copy
        )
        for job in self._queue.jobs():
            if job.trace_id == trace_id and job.state is JobState.UNSURE:
                self._queue.cancel(job.id)
        return self._queue.submit(label, title=trace_id, trace_id=trace_id, copy=copy, officer=officer)

    @property
    def printer(self) -> str:
        """The printer's name."""
        return self._queue.printer.name

    def jobs(self) -> list[PrintJob]:
        """What waits for the printer or for a person's word, in order."""
        return self._queue.jobs()

    def settle(self, job_id: str, said: Said, *, officer: str) -> PrintJob:
        """A person says what became of a label that nobody was sure of, or takes one out of the queue; logged.

        Raises:
            OfficerError: he may not print. PrintJobError: the job is gone, or in a state where this cannot be said.
        """
        self._rights.require(officer, Right.PRINT)
        return self._settle(job_id, said, officer)

    def _settle(self, job_id: str, said: Said, officer: str) -> PrintJob:
        acts = {
            Said.CAME_OUT: self._queue.confirm,
            Said.AGAIN: self._queue.send_again,
            Said.DROP: self._queue.cancel,
        }
        job = acts[said](job_id)
        body = {"label": job.trace_id, "job": job.id, "copy": job.copy, "said": said.value, "officer": officer}
        self._store.add_event("print_settled", None, body)
        return job

    def _heed_wishes(self) -> None:
        """Do what another program left, which asked there who says so; a label that is settled already stays so."""
        for wish in take_wishes(self._queue.folder, self._queue.seal):
            try:
                self._settle(wish.job_id, wish.said, wish.officer)
            except KnownError as error:
                self._on_error(error)

    def _tell(self, _: PrintJob | None = None) -> None:
        with self._telling:  # else an older status could be told after a newer one
            before, self._told = self._told, self._status()
            status = self._told
            if status.error_key and (before is None or before.error_key != status.error_key):
                self._store.add_event("printer_trouble", None, {"printer": status.name, "why": status.error_key})
            if status != before:
                self._on_status(status)

    def _status(self) -> PrinterStatus:
        jobs = self._queue.jobs()
        states = [job.state for job in jobs]
        waiting = states.count(JobState.WAITING) + states.count(JobState.PRINTING)
        trouble = next((job.error_key for job in jobs if job.error_key), "")
        return PrinterStatus(self._queue.printer.name, waiting, states.count(JobState.UNSURE), trouble)
