"""Who acts through the command line: an officer by his name and his PIN, which is never an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from app.duty import Duty
from app.officers.errors import PinMissingError, PinTemporaryError, SetUpError
from app.officers.rights import KnownOfficers, Right
from app.settings import Settings
from app.store.store import FILE, Store
from app.texts import text

Officer = Annotated[str | None, typer.Option("--officer", help="Who does it, by login name; his PIN is asked for.")]
PIN, PIN_FD, NEW_PIN = "GUANJIAN_PIN", "GUANJIAN_PIN_FD", "GUANJIAN_NEW_PIN"
SECOND_PIN = "GUANJIAN_SECOND_PIN"
LONGEST = 1024


def act_as(rights: KnownOfficers | Duty, officer: str | None, right: Right) -> str:
    """Have an officer prove who he is, where the post has accounts, and that he may do this; returns his login name.

    Raises:
        OfficerError: he is refused, and why.
    """
    if isinstance(rights, KnownOfficers):
        officer = officer or rights.first_with(right)
        rights.require(officer, right)
        return officer
    if not rights.is_set_up():
        raise SetUpError("Nobody has an account here yet; make the first admin with `guanjian officers first`.")
    who = officer or _ask(text("officers.ask.login"))
    try:
        seat = rights.sign_in(who, read_pin())
    except PinTemporaryError:
        seat = rights.sign_in(who, read_pin(), new_pin=read_new_pin())
    rights.require(seat.login, right)
    return seat.login


@contextmanager
def acting(settings: Settings, store: Store, officer: str | None, right: Right) -> Iterator[str]:
    """An officer acts on an open store for a while."""
    from app.build import build_rights

    rights = build_rights(settings, store, place=f"command {right}")
    login = act_as(rights, officer, right)
    try:
        yield login
    finally:
        if isinstance(rights, Duty):
            rights.sign_out()


@contextmanager
def acting_beside(settings: Settings, officer: str | None, right: Right) -> Iterator[None]:
    """As `acting`, for what is not in the store: keys. Before the first start there are no accounts to ask.

    Raises:
        SetUpError: the post wants officers to sign in, and nobody has an account.
    """
    if (settings.data / FILE).is_file():
        store = Store.open(settings.data, station=settings.post.station)
        try:
            with acting(settings, store, officer, right):
                yield
        finally:
            store.close()
    elif settings.officers.sign_in == "demo":
        yield
    else:
        raise SetUpError("Nobody has an account here yet; make the first admin with `guanjian officers first`.")


def read_pin() -> str:
    """The PIN from the file descriptor or the environment that was given, else asked for at the terminal."""
    number = os.environ.get(PIN_FD, "")
    if number.isdecimal():
        with os.fdopen(os.dup(int(number)), encoding="utf-8") as file:
            return file.readline(LONGEST).rstrip("\n")
    return os.environ.get(PIN) or _ask(text("officers.ask.pin"), is_hidden=True)


def read_second_pin(rights: KnownOfficers | Duty) -> str:
    """The PIN of an officer who approves, where the post has accounts."""
    if isinstance(rights, KnownOfficers):
        return ""
    return os.environ.get(SECOND_PIN) or _ask(text("officers.ask.second_pin"), is_hidden=True)


def read_new_pin() -> str:
    """A new PIN, asked for twice at the terminal."""
    if given := os.environ.get(NEW_PIN):
        return given
    while True:
        once, again = (_ask(text(f"officers.ask.{key}"), is_hidden=True) for key in ("new_pin", "new_pin_again"))
        if once == again:
            return once
        typer.echo(text("officers.ask.differs"), err=True)


def _ask(question: str, *, is_hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise PinMissingError(
            f"Nobody can be asked here: give --officer, and the PIN in {PIN} or through the descriptor {PIN_FD}."
        )
    return str(typer.prompt(question, hide_input=is_hidden, err=True))
