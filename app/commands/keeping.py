"""Commands that keep the store over the years: backup, restore, retention."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, acting, acting_beside
from app.commands.log import Data, Json, Keys, bars, open_store, settings_of, show, trust_of
from app.commands.output import known_errors, print_line
from app.officers.rights import Right
from app.store.backup import back_up, copy_store
from app.store.backup import restore as put_back
from app.store.errors import BackupError, BackupNoneError
from app.texts import text

Folder = Annotated[Path, typer.Argument(help="The folder of the backups, best on another disk.")]


def backup(
    folder: Folder,
    drill: Annotated[bool, typer.Option("--drill", help="Restore the newest backup to try it; make none.")] = False,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Back the store up while the station works: the file, and each picture once."""
    settings = settings_of(data)
    with known_errors(), acting_beside(settings, officer, Right.BACKUP), bars() as watch:
        trust = trust_of(settings)
        if drill:
            with _room(folder) as place:
                report = put_back(folder, Path(place) / "data", trust, is_drill=True, progress=watch)
            made = text("keeping.drilled")
        else:
            done, report = back_up(settings.data, folder, trust, progress=watch)
            made = text("keeping.backed_up", folder=done)
    if not json:
        print_line(made)
    show(report, json=json)


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of the backups, whose newest is taken, or one in it.")],
    data: Annotated[Path, typer.Option(help="The folder that becomes the store; it must be new or empty.")],
    keys: Keys = None,
    officer: Officer = None,
    json: Json = False,
) -> None:
    """Make a store from a backup, and verify it."""
    settings = settings_of(data)
    with known_errors(), bars() as watch:
        with _room(folder) as place:
            copy = settings.model_copy(update={"data": Path(place)})
            copy_store(folder, copy.data)
            with acting_beside(copy, officer, Right.RESTORE):
                pass  # the accounts in the backup say who may put it back; the folder has none yet
        report = put_back(folder, data, trust_of(settings, keys), progress=watch)
    if not json:
        print_line(text("keeping.restored", folder=data))
    show(report, json=json)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Remove pictures past their time by rule, an event for each; the records stay."""
    from app.build import load_retention

    settings = settings_of(data)
    with (
        known_errors(),
        open_store(settings) as store,
        acting(settings, store, officer, Right.RETENTION),
        bars() as watch,
    ):
        found = store.keeping.pictures_due(load_retention(settings.work.retention), datetime.now(UTC))
        for count, each in enumerate(found, start=1):
            if dry_run:
                print_line(f"{each.path}  {each.rule.id}  {each.since_at:%Y-%m-%d}")
            else:
                store.keeping.remove(each)
            watch("remove", count, len(found))
        left = 0 if dry_run else store.keeping.finish_removals()
    print_line(text("keeping.would_remove" if dry_run else "keeping.removed", count=len(found) + left))


def _room(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Where a drill restores to: beside the backups, where pictures can be linked instead of copied."""
    if not folder.is_dir():
        raise BackupNoneError(f"There is no backup in {folder}.", folder=folder)
    try:
        return tempfile.TemporaryDirectory(prefix=".drill-", dir=folder)
    except OSError as error:
        raise BackupError(f"The folder {folder.name} cannot be used: {error.strerror}.", detail=str(error)) from error
