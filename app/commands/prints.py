"""Commands on labels that wait for the printer: prints list, confirm, again, drop."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, acting
from app.commands.log import open_store, settings_of
from app.commands.output import known_errors, print_json, print_line
from app.officers.rights import Right
from app.settings import Settings
from app.store.sealed import key_for, seal_of
from app.store.store import Store
from app.texts import text
from app.trace.errors import PrintJobError
from app.trace.printing import JobState, PrintJob, read_jobs
from app.trace.wishes import Said, Wish, leave_wish
from imaging.files.durable import Seal

print_commands = typer.Typer(help="Labels that wait for the printer, or for a word about them.", no_args_is_help=True)
Data = Annotated[Path | None, typer.Option(help="Folder of the store; default: the user's data folder.")]
Job = Annotated[str, typer.Argument(help="Id of the job, or the trace id of its label, as `prints list` shows them.")]


@print_commands.command("list")
def list_prints(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False, data: Data = None
) -> None:
    """List what waits for the printer, and labels of which nobody knows whether they came out."""
    settings = settings_of(data)
    with known_errors():
        Store.expect(settings.data)
        jobs = read_jobs(settings.data / "prints", _seal(settings))
    for job in jobs:
        if json:
            print_json({**asdict(job), "made_at": job.made_at.isoformat()})
        else:
            print_line(f"{job.id}  {job.title}  {text(f'trace.job.{job.state}')}  {job.officer}  {job.error}")
    if not jobs and not json:
        print_line(text("trace.prints.none"))


@print_commands.command()
def confirm(job: Job, officer: Officer = None, data: Data = None) -> None:
    """Say that the label of an unsure job came out."""
    _leave(job, Said.CAME_OUT, officer, data)


@print_commands.command()
def again(job: Job, officer: Officer = None, data: Data = None) -> None:
    """Say that the label of an unsure job did not come out: it is sent once more."""
    _leave(job, Said.AGAIN, officer, data)


@print_commands.command()
def drop(job: Job, officer: Officer = None, data: Data = None) -> None:
    """Take a waiting or unsure label out of the queue."""
    _leave(job, Said.DROP, officer, data)


def _leave(wanted: str, said: Said, officer: str | None, data: Path | None) -> None:
    settings = settings_of(data)
    folder = settings.data / "prints"
    with known_errors():
        Store.expect(settings.data)
        seal = _seal(settings)
        job = _find(read_jobs(folder, seal), wanted, said)
        with open_store(settings) as store, acting(settings, store, officer, Right.PRINT) as login:
            leave_wish(folder, Wish(job.id, said, login), seal)
    print_line(text("trace.prints.left", code=job.title))


def _seal(settings: Settings) -> Seal:
    """What the jobs are sealed with, unlocked."""
    key_for(settings.data)
    return seal_of(settings.data)


def _find(jobs: list[PrintJob], wanted: str, said: Said) -> PrintJob:
    fits = {JobState.UNSURE, JobState.PRINTING} | ({JobState.WAITING} if said is Said.DROP else set())
    named = [job for job in jobs if wanted in (job.id, job.trace_id)]
    fitting = [job for job in named if job.state in fits]
    if not fitting:
        raise PrintJobError(f"No job {wanted} waits for this; look at `guanjian prints list`.")
    return fitting[-1]
