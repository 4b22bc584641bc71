"""The print queue: every job is a file before `submit` returns, and stays until the printer has taken it.

One queue serves one printer with one thread, in order. A printer that is off, slow or out of paper is tried again
with growing pauses, its reason visible; no job is dropped. A job that was being sent when the station died is
`UNSURE`: its label may be on the table, so a person says whether it came out, and no label is doubled by itself.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from app.trace.errors import PrinterError, PrintJobError
from app.trace.printers import Printer
from imaging.files.durable import NO_SEAL, Seal, make_folder, write_whole

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
ROUND_S = 2.0
MAX_PAYLOAD_BYTES = 16_000_000
_ID_FORMAT = "%Y%m%dT%H%M%S%f"


class JobState(StrEnum):
    WAITING = "waiting"
    PRINTING = "printing"
    UNSURE = "unsure"
    SENT = "sent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PrintJob:
    """One label on its way to the printer. `copy` is 0 for the first print and counts reprints (补打)."""

    id: str
    title: str
    trace_id: str
    copy: int
    officer: str
    made_at: AwareDatetime
    state: JobState = JobState.WAITING
    attempts: int = 0
    error_key: str = ""
    error: str = ""


_JOB = TypeAdapter(PrintJob)


def read_jobs(folder: Path, seal: Seal = NO_SEAL) -> list[PrintJob]:
    """The jobs in a folder as they are now, for a program that does not print; a damaged one is left out."""
    jobs: list[PrintJob] = []
    for file in sorted(folder.glob("*.job.json")):
        try:
            jobs.append(_JOB.validate_json(seal.take_off(file.read_bytes())))
        except (ValidationError, OSError):
            continue
    return jobs


class PrintQueue:
    """The jobs of one printer, kept in a folder of their own, under `seal`.

    `changed` is called after every change of a job, from the thread that made it, and must return at once;
    `round` every few seconds, before the next label is sent.
    """

    def __init__(
        self,
        folder: Path,
        printer: Printer,
        *,
        seal: Seal = NO_SEAL,
        changed: Callable[[PrintJob], None] | None = None,
    ) -> None:
        self._printer = printer
        self.seal = seal
        self.folder = folder
        self.changed = changed
        self.round: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._last_id = ""
        self.damaged: list[PrintJobError] = []
        make_folder(folder)
        self._jobs = self._load()

    @property
    def printer(self) -> Printer:
        return self._printer

    def submit(self, payload: bytes, *, title: str, trace_id: str, copy: int = 0, officer: str = "") -> PrintJob:
        """Queue a label; it survives a power cut from here on.

        Raises:
            PrintJobError: the label is larger than any printer takes, or the folder cannot be written.
        """
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise PrintJobError(f"A label of {len(payload)} bytes is too large to print; check its template.")
        with self._lock:
            made_at = datetime.now(UTC)
            job = PrintJob(self._next_id(made_at), title, trace_id, copy, officer, made_at)
            try:
                write_whole(self._payload_file(job.id), self.seal.put_on(payload))
                self._keep(job)
            except OSError as error:
                raise PrintJobError(f"The print queue cannot be written: {error.strerror}; free the disk.") from error
            self._wake.notify()
        self._tell(job)
        return job

    def jobs(self) -> list[PrintJob]:
        """What waits, in order."""
        with self._lock:
            return [self._jobs[key] for key in sorted(self._jobs)]

    def cancel(self, job_id: str) -> PrintJob:
        """Take a waiting or unsure job out of the queue."""
        return self._settle(job_id, JobState.CANCELLED, allowed={JobState.WAITING, JobState.UNSURE})

    def confirm(self, job_id: str) -> PrintJob:
        """A person saw that the label of an unsure job came out."""
        return self._settle(job_id, JobState.SENT, allowed={JobState.UNSURE})

    def send_again(self, job_id: str) -> PrintJob:
        """A person saw that the label of an unsure job did not come out."""
        return self._settle(job_id, JobState.WAITING, allowed={JobState.UNSURE})

    def print_next(self) -> PrintJob | None:
        """Send the first waiting job once; None where nothing waits."""
        with self._lock:
            job = self._first_waiting()
            if job is None:
                return None
            job = self._try_keep(replace(job, state=JobState.PRINTING, attempts=job.attempts + 1), JobState.WAITING)
        self._tell(job)
        if job.state is JobState.PRINTING:
            job = self._deliver(job)
            self._tell(job)
        self._failures = 0 if job.state is JobState.SENT else self._failures + 1
        return job

    def _deliver(self, job: PrintJob) -> PrintJob:
        try:
            payload = self.seal.take_off(self._payload_file(job.id).read_bytes())
            self._printer.deliver(payload, f"{job.title}-{job.id}")
        except (PrinterError, OSError) as error:
            key = error.key if isinstance(error, PrinterError) else PrintJobError.key
            after = replace(job, state=JobState.WAITING, error_key=key, error=str(error))
        else:
            after = replace(job, state=JobState.SENT, error_key="", error="")
        with self._lock:
            return self._try_keep(after, JobState.UNSURE if after.state is JobState.SENT else after.state)

    def _try_keep(self, job: PrintJob, otherwise: JobState) -> PrintJob:
        """Keep the job; on a full or broken disk keep it in memory in another state, with the reason."""
        try:
            self._keep(job)
        except OSError as error:
            job = replace(
                job, state=otherwise, error_key=PrintJobError.key, error=f"The print queue: {error.strerror}."
            )
            self._jobs[job.id] = job
        return job

    def start(self) -> None:
        """Begin to print in a thread of its own."""
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=f"print-{self._printer.name}")
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Stop after the label that is being sent; False where the printer did not let go in time."""
        with self._lock:
            self._is_stopping = True
            self._wake.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def pause_s(self) -> float:
        """How long to leave the printer alone now: doubles with every failure in a row."""
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self._failures - 1)) if self._failures else 0.0

    def _run(self) -> None:
        while True:
            if self.round is not None:
                self.round()
            with self._lock:
                self._wake.wait_for(lambda: self._is_stopping or self._first_waiting() is not None, ROUND_S)
                if self.pause_s:
                    self._wake.wait_for(lambda: self._is_stopping, self.pause_s)
                if self._is_stopping:
                    return
            self.print_next()

    def _first_waiting(self) -> PrintJob | None:
        return next((self._jobs[k] for k in sorted(self._jobs) if self._jobs[k].state is JobState.WAITING), None)

    def _settle(self, job_id: str, state: JobState, *, allowed: set[JobState]) -> PrintJob:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state not in allowed:
                raise PrintJobError("This print job is no longer there or is being printed now; look at the queue.")
            job = replace(job, state=state)
            try:
                self._keep(job)
            except OSError as error:
                raise PrintJobError(f"The print queue cannot be written: {error.strerror}; free the disk.") from error
            self._wake.notify()
        self._tell(job)
        return job

    def _keep(self, job: PrintJob) -> None:
        """Write the job's state; a settled job goes from the queue to the month's log."""
        if job.state in (JobState.SENT, JobState.CANCELLED):
            self._log(job)
            self._jobs.pop(job.id, None)
            self._job_file(job.id).unlink(missing_ok=True)
            self._payload_file(job.id).unlink(missing_ok=True)
            return
        write_whole(self._job_file(job.id), self.seal.put_on(_JOB.dump_json(job)))
        self._jobs[job.id] = job

    def _log(self, job: PrintJob) -> None:
        now = datetime.now(UTC)
        row = {**_JOB.dump_python(job, mode="json"), "settled_at": now.isoformat()}
        with (self.folder / f"printed-{now:%Y-%m}.jsonl").open("ab") as file:
            file.write(self.seal.line(json.dumps(row, ensure_ascii=False).encode()))
            file.flush()
            os.fsync(file.fileno())

    def _load(self) -> dict[str, PrintJob]:
        jobs: dict[str, PrintJob] = {}
        for file in sorted(self.folder.glob("*.job.json")):
            try:
                job = _JOB.validate_json(self.seal.take_off(file.read_bytes()))
                self._payload_file(job.id).stat()
            except (ValidationError, OSError):
                self.damaged.append(PrintJobError(f"Print job {file.name} is damaged; print that label again."))
                continue
            if job.state is JobState.PRINTING:
                job = replace(job, state=JobState.UNSURE)
                write_whole(file, self.seal.put_on(_JOB.dump_json(job)))
            jobs[job.id] = job
        self._last_id = max(jobs, default="")
        return jobs

    def _next_id(self, made_at: datetime) -> str:
        """A name that sorts by time, also where two jobs come at once or the clock was set back."""
        job_id = made_at.strftime(_ID_FORMAT)
        if job_id <= self._last_id:
            last = datetime.strptime(self._last_id, _ID_FORMAT).replace(tzinfo=UTC)
            job_id = (last + timedelta(microseconds=1)).strftime(_ID_FORMAT)
        self._last_id = job_id
        return job_id

    def _job_file(self, job_id: str) -> Path:
        return self.folder / f"{job_id}.job.json"

    def _payload_file(self, job_id: str) -> Path:
        return self.folder / f"{job_id}.label"

    def _tell(self, job: PrintJob) -> None:
        if self.changed is not None:
            self.changed(job)
