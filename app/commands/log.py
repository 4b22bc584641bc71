"""Commands on the log: verify, checkpoint, export."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import qrcode
import typer
from rich.progress import TaskID

from app.commands.acting import Officer, acting
from app.commands.output import Exit, known_errors, print_json, print_line, progress
from app.officers.rights import Right
from app.settings import Settings, load_settings
from app.store.checkpoints import append_note
from app.store.errors import ExportError, NoteError
from app.store.export import Wanted
from app.store.found import LogReport, Progress, Trust
from app.store.notes import Note, parse_notes
from app.store.store import Store
from app.texts import text
from app.trace.keys import EDDSA, KeyList, read_key_list

Data = Annotated[Path | None, typer.Option(help="Folder of the store; default: the user's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Keys = Annotated[Path | None, typer.Option(help="The office's key list; default: the keys of this station.")]
Held = Annotated[Path | None, typer.Option("--checkpoints", help="Checkpoints of this log, held elsewhere.")]
SHOW_AFTER_S = 1.0
_TRIES = 5

log_commands = typer.Typer(help="The station's tamper-evident log.", no_args_is_help=True)


@log_commands.command("verify")
def verify(
    checkpoints: Held = None,
    keys: Keys = None,
    chain: Annotated[
        bool, typer.Option("--chain", help="Events and checkpoints only: a few seconds a million.")
    ] = False,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Check every event, every row that the log vouches for, every picture and every checkpoint."""
    settings = settings_of(data)
    with (
        known_errors(),
        open_store(settings) as store,
        acting(settings, store, officer, Right.LOG_VERIFY),
        bars() as watch,
    ):
        verify_all = store.keeping.verify_chain if chain else store.keeping.verify
        report = verify_all(trust_of(settings, keys, checkpoints), progress=watch)
    show(report, json=json)


@log_commands.command("checkpoint")
def checkpoint(
    to: Annotated[Path | None, typer.Option(help="Add it to this file, on a disk that leaves the station.")] = None,
    qr: Annotated[Path | None, typer.Option(help="Write it as a QR code, to be printed: a .png file.")] = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Sign the log as it is now and print what was signed; keep it where nobody at the station reaches it."""
    settings = settings_of(data)
    with known_errors(), open_store(settings) as store, acting(settings, store, officer, Right.LOG_VERIFY):
        signed = sign(store, settings)
        if to:
            append_note(to, signed)
    if qr:
        with qr.open("wb") as file:
            qrcode.make(signed).save(file)
    print_line(signed)


@log_commands.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="The zip to write.")],
    parcel: Annotated[str | None, typer.Option(help="Only this parcel: its id or number.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only from this day on, UTC.")] = None,
    checkpoints: Held = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Write a package that an auditor checks with the script in it; without options it is the whole log."""
    from app.build import audit_inserts

    if parcel and since:
        raise typer.BadParameter("give --parcel or --since, not both", param_hint="--since")
    settings = settings_of(data)
    with (
        known_errors(),
        open_store(settings) as store,
        acting(settings, store, officer, Right.LOG_EXPORT),
        bars() as watch,
    ):
        key = _find_parcel(store, parcel) if parcel else None
        wanted = Wanted(key, since.replace(tzinfo=UTC) if since else None)
        inserts = audit_inserts(_own_keys(settings))
        for left in range(_TRIES - 1, -1, -1):
            sign(store, settings)
            try:
                count = store.keeping.export(
                    out, wanted, held=_read_notes(checkpoints), inserts=inserts, progress=watch
                )
                break
            except ExportError as error:
                # A working station may have written an event since; then it is signed anew.
                if not left or not error.details.get("is_unsigned"):
                    raise
    print_line(text("log.exported", events=count, file=out))


def settings_of(data: Path | None) -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"data": data}) if data else settings


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    Store.expect(settings.data)
    store = Store.open(settings.data, station=settings.post.station)
    try:
        yield store
    finally:
        store.close()


def trust_of(settings: Settings, keys: Path | None = None, checkpoints: Path | None = None) -> Trust:
    """What the log is held against: the keys given or the station's own, checkpoints from elsewhere, the rules."""
    from app.build import load_retention

    found = read_key_list(keys) if keys else _own_keys(settings)
    public = None if found is None else frozenset(key.public for key in found if key.alg == EDDSA)
    return Trust(public, _read_notes(checkpoints), load_retention(settings.work.retention))


def sign(store: Store, settings: Settings) -> str:
    """Sign the log as it is now; returns the newest checkpoint.

    Raises:
        NoteError: the post has no keys yet.
    """
    from app.build import find_notary

    notary = find_notary(settings)
    signed = store.keeping.take_checkpoint(notary) if notary else None
    if signed is None:
        raise NoteError("The post has no signing keys yet; start the station once.", line=0)
    return signed.note


def show(report: LogReport, *, json: bool) -> None:
    """Print what a verification found; exit code 1 where something is wrong."""
    problems = [f"{text(f'log.{problem.what}')}: {problem.where}" for problem in report.problems]
    counts = {
        "events": report.events, "rows": report.rows, "pictures": report.pictures, "checkpoints": report.checkpoints,
        "signed": report.signed,
    }  # fmt: skip
    if json:
        print_json({"is_sound": report.is_ok, **counts, "head": report.head, "problems": problems})
    else:
        print_line(text("log.checked", lang=None, **counts, problems=len(problems)))
        for problem in problems:
            print_line(f"  {problem}")
    if problems:
        raise typer.Exit(Exit.FOUND)


@contextmanager
def bars() -> Iterator[Progress]:
    """Progress bars on standard error, one a stage, for whatever takes longer than a second."""
    begun, tasks = time.monotonic(), dict[str, TaskID]()
    with progress() as bar:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks and time.monotonic() - begun > SHOW_AFTER_S and done < total:
                tasks[what] = bar.add_task(text(f"log.stage.{what}"), total=total)
            if what in tasks:
                bar.update(tasks[what], completed=done, total=total)

        yield tell


def _own_keys(settings: Settings) -> KeyList | None:
    from app.build import find_notary

    notary = find_notary(settings)
    return notary.keys.store.public_keys() if notary else None


def _read_notes(file: Path | None) -> tuple[Note, ...]:
    if file is None:
        return ()
    try:
        return tuple(parse_notes(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise NoteError(f"The checkpoints in {file.name} cannot be read: {error}.", line=0) from error


def _find_parcel(store: Store, wanted: str) -> int:
    found = store.find_code(wanted)
    if found is not None:
        return found.id
    if wanted.isdecimal():
        return store.parcel(int(wanted)).id
    raise ExportError(f"No parcel is known by {wanted!r}.", detail=wanted)
