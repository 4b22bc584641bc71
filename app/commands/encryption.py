"""Commands on encryption at rest: status, enable, change-passphrase, open."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, acting, acting_beside
from app.commands.log import Data, Json, bars, open_store, settings_of, show, trust_of
from app.commands.output import Exit, known_errors, print_json, print_line
from app.officers.rights import Right
from app.store import encrypting, sealed
from app.store.backup import back_up
from app.store.database import HAS_CIPHER
from app.store.errors import StoreLockedError
from app.store.sealed import KEY_FILE, PASSPHRASE, PENDING
from app.store.store import FILE, Store
from app.texts import text

NEW_PASSPHRASE = "GUANJIAN_NEW_STORE_PASSPHRASE"

encryption_commands = typer.Typer(help="Encryption of the store at rest.", no_args_is_help=True)


def ask_passphrase(path: Path) -> str:
    """The passphrase of a key file from the environment, else asked for at the terminal.

    Raises:
        StoreLockedError: nobody can be asked here.
    """
    return os.environ.get(PASSPHRASE) or _ask("encryption_ask", path)


@encryption_commands.command("status")
def status(json: Json = False, data: Data = None) -> None:
    """Say whether the store is encrypted, and where its secret is; needs no passphrase."""
    settings = settings_of(data)
    with known_errors():
        key_file = settings.data / KEY_FILE
        if not key_file.is_file() and not _pending(settings.data):
            Store.expect(settings.data)
        stands = "encrypted" if key_file.is_file() else "unfinished" if _pending(settings.data) else "plain"
        kind = sealed.kind_of(key_file) if stands == "encrypted" else ""
    if json:
        print_json({"status": stands, "secret": kind, "wanted": settings.store.encryption, "is_possible": HAS_CIPHER})
    else:
        print_line(text(f"keeping.encryption_{stands}", kind=kind))
        if not HAS_CIPHER:
            print_line(text("keeping.encryption_impossible"))


@encryption_commands.command("enable")
def enable(
    backups: Annotated[Path, typer.Option("--backup", help="Where the plain store is backed up first.")],
    keyring: Annotated[
        bool, typer.Option("--keyring", help="A secret in the system's keyring, no passphrase.")
    ] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Encrypt the store and its files; the station must be closed. Run again after a power cut, and after an update
    that encrypts files which stayed plain before."""
    settings = settings_of(data)
    report = None
    with known_errors(), bars() as watch:
        has_begun = _pending(settings.data)
        if not has_begun:
            with acting_beside(settings, officer, Right.KEYS):
                if (settings.data / FILE).is_file() and not (settings.data / KEY_FILE).is_file():
                    done, report = back_up(settings.data, backups, trust_of(settings), progress=watch)
                    print_line(text("keeping.backed_up", folder=done))
        if keyring or (settings.data / KEY_FILE).is_file():
            passphrase = ""
        else:
            passphrase = ask_passphrase(settings.data / PENDING) if has_begun else _ask_new(settings.data)
        kind: sealed.Kind = "keyring" if keyring else "passphrase"
        encrypting.enable(settings.data, FILE, kind, passphrase, progress=watch)
        store = Store.open(settings.data, station=settings.post.station)
        try:
            store.add_event("encrypted", None, {"secret": kind})
        finally:
            store.close()
    if report is not None:
        show(report, json=False)
    print_line(text("keeping.encryption_done"))


@encryption_commands.command("change-passphrase")
def change_passphrase(officer: Officer = None, data: Data = None) -> None:
    """Give the store another passphrase, or one instead of the keyring; backups keep the one they were made with."""
    settings = settings_of(data)
    with known_errors(), acting_beside(settings, officer, Right.KEYS):
        key_file = settings.data / KEY_FILE
        if not key_file.is_file():
            Store.expect(settings.data)
            typer.echo(text("keeping.encryption_plain", kind=""), err=True)
            raise typer.Exit(Exit.FAILED)
        old = ask_passphrase(key_file) if sealed.kind_of(key_file) == "passphrase" else None
        sealed.change_passphrase(key_file, old, _ask_new(settings.data))
    print_line(text("keeping.passphrase_changed"))


@encryption_commands.command("open")
def open_file(
    file: Annotated[Path, typer.Argument(help="A file of an encrypted store, such as a record to be printed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where it is written in plain.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Write a file of the store in plain, for a printer or another program; the log says who did it."""
    settings = settings_of(data)
    with known_errors(), open_store(settings) as store, acting(settings, store, officer, Right.EXPORT) as login:
        content = sealed.read_plain(file)
        store.add_event("exported", None, {"what": "file", "officer": login, "file": file.name})
        out.write_bytes(content)


def _pending(folder: Path) -> bool:
    return (folder / PENDING).is_file()


def _ask_new(folder: Path) -> str:
    if given := os.environ.get(NEW_PASSPHRASE):
        return given
    while True:
        once, again = (_ask(f"encryption_ask_{which}", folder / KEY_FILE) for which in ("new", "again"))
        if once == again:
            return once
        typer.echo(text("officers.ask.differs"), err=True)


def _ask(question: str, path: Path) -> str:
    if not sys.stdin.isatty():
        why = f"nobody can be asked here; give the passphrase in {PASSPHRASE} (a new one in {NEW_PASSPHRASE})"
        raise StoreLockedError(f"The store in {path.parent.name} stays locked: {why}.", name=path.parent.name, why=why)
    return str(typer.prompt(text(f"keeping.{question}", name=path.parent.name), hide_input=True, err=True))
