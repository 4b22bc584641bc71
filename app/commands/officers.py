"""Commands on officers' accounts; PINs are asked for or come through the environment, never as arguments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from app.accounts import Accounts
from app.commands.acting import Officer, act_as, read_new_pin
from app.commands.output import known_errors, print_json, print_line
from app.commands.records import Data, Json
from app.duty import Duty
from app.officers.rights import Right, Role
from app.settings import load_settings
from app.store.store import Store
from app.texts import text

Login = Annotated[str, typer.Argument(help="Login name: a-z, 0-9, dot, dash, underscore.")]
Name = Annotated[str, typer.Option(help="The officer's name, as the window shows it.")]
PAGE = 200

officer_commands = typer.Typer(help="Officers' accounts and roles.", no_args_is_help=True)


@officer_commands.command()
def first(login: Login, name: Name, data: Data = None) -> None:
    """Make the first account, an administrator's; all others are made by him."""
    with known_errors(), _accounts(data) as (accounts, _):
        accounts.make_first(login, name, read_new_pin())
    print_line(text("officers.done.first", login=login))


@officer_commands.command()
def add(
    login: Login,
    name: Name,
    role: Annotated[Role, typer.Option(help="What he is at this post.")] = Role.OFFICER,
    directory: Annotated[bool, typer.Option("--directory", help="The post's directory checks his secret.")] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Make an account; its PIN is temporary, the officer chooses his own when he signs in first."""
    with known_errors(), _accounts(data) as (accounts, duty):
        admin = act_as(duty, officer, Right.OFFICERS)
        pin = "" if directory else read_new_pin()
        accounts.add(login, name, role, pin, officer=admin, in_directory=directory)
    print_line(text("officers.done.added", login=login))


@officer_commands.command("list")
def list_(officer: Officer = None, json: Json = False, data: Data = None) -> None:
    """List the accounts."""
    with known_errors(), _accounts(data) as (accounts, duty):
        admin, after = act_as(duty, officer, Right.OFFICERS), ""
        while page := accounts.every(officer=admin, after=after, limit=PAGE):
            for each in page:
                if json:
                    print_json(
                        {"login": each.login, "name": each.name, "role": each.role, "is_active": each.is_active,
                         "in_directory": each.in_directory, "is_temporary": each.is_temporary,
                         "has_badge": each.has_badge, "changed_by": each.changed_by,
                         "changed_at": each.changed_at.isoformat(), "wait_s": round(each.wait_s)}
                    )  # fmt: skip
                else:
                    state = text(f"officers.state.{'active' if each.is_active else 'disabled'}")
                    print_line(f"{each.login:<16}  {text(each.role.text_key)}  {state}  {each.name}")
            after = page[-1].login


@officer_commands.command()
def role(login: Login, role: Annotated[Role, typer.Argument()], officer: Officer = None, data: Data = None) -> None:
    """Give an officer another role; it holds at once."""
    with known_errors(), _accounts(data) as (accounts, duty):
        accounts.set_role(login, role, officer=act_as(duty, officer, Right.OFFICERS))


@officer_commands.command()
def badge(
    login: Login,
    code: Annotated[str, typer.Argument(help='What the badge says, as a reader types it; "" takes it away.')],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Give an officer a badge, which says who he is in place of his login name; his PIN is needed all the same."""
    with known_errors(), _accounts(data) as (accounts, duty):
        accounts.set_badge(login, code, officer=act_as(duty, officer, Right.OFFICERS))


@officer_commands.command()
def reset(login: Login, officer: Officer = None, data: Data = None) -> None:
    """Give an officer a temporary PIN and end his waiting."""
    with known_errors(), _accounts(data) as (accounts, duty):
        admin = act_as(duty, officer, Right.OFFICERS)
        accounts.reset(login, read_new_pin(), officer=admin)


@officer_commands.command()
def disable(login: Login, officer: Officer = None, data: Data = None) -> None:
    """Close an account; what it did stays in the log."""
    with known_errors(), _accounts(data) as (accounts, duty):
        accounts.disable(login, officer=act_as(duty, officer, Right.OFFICERS))


@officer_commands.command()
def enable(login: Login, officer: Officer = None, data: Data = None) -> None:
    """Open an account again."""
    with known_errors(), _accounts(data) as (accounts, duty):
        accounts.enable(login, officer=act_as(duty, officer, Right.OFFICERS))


@officer_commands.command()
def unlock(login: Login, officer: Officer = None, data: Data = None) -> None:
    """End an officer's waiting after wrong PINs."""
    with known_errors(), _accounts(data) as (accounts, duty):
        accounts.unlock(login, officer=act_as(duty, officer, Right.OFFICERS))


@contextmanager
def _accounts(data: Data) -> Iterator[tuple[Accounts, Duty]]:
    """The accounts of a store, which is made where there is none: accounts come before the first start."""
    from app.build import build_rights

    settings = load_settings()
    settings = settings.model_copy(update={"data": data}) if data else settings
    if settings.officers.sign_in == "demo":
        detail = "the officers of a demo are fictitious; name the profile of your post"
        raise typer.BadParameter(detail, param_hint="GUANJIAN_PROFILE")
    store = Store.open(settings.data, station=settings.post.station)
    try:
        duty = build_rights(settings, store, place="command officers")
        assert isinstance(duty, Duty)
        try:
            yield Accounts(store.officers, duty, settings.officers), duty
        finally:
            duty.sign_out()
    finally:
        store.close()
