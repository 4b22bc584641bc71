"""Commands on the queue that the stations of a post share: init, enrol, status, drain."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from app.commands.acting import Officer, acting
from app.commands.log import Data, Json, open_store
from app.commands.output import console, known_errors, print_json, print_line
from app.hub.connection import connect_as_owner
from app.hub.hub import Hub
from app.hub.records import ConflictRow, LaneRow
from app.hub.setup import enrol as let_in
from app.hub.setup import set_up
from app.link import Link
from app.officers.rights import Right
from app.settings import Settings, load_settings
from app.store.store import Store
from app.texts import text

Owner = Annotated[
    str, typer.Option(help="The hub's owner: a libpq address without a secret, such as service=hub-owner.")
]
Profile = Annotated[str, typer.Option(help="The post's TOML file; its [hub] says where the hub is.")]

hub_commands = typer.Typer(help="The queue that the stations of a post share.", no_args_is_help=True)


@hub_commands.command("init")
def init(owner: Owner) -> None:
    """Set the hub up in an empty PostgreSQL database, or bring it to this version."""
    with known_errors(), closing(connect_as_owner(owner)) as connection:
        steps = set_up(connection)
    print_line(text("hub.set_up", steps=steps))


@hub_commands.command("enrol")
def enrol(
    station: Annotated[str, typer.Argument(help="Office and station, such as 5301/belt-1.")],
    owner: Owner,
    passfile: Annotated[Path, typer.Option(help="The new password goes here, a line for the station's ~/.pgpass.")],
    supervisor: Annotated[bool, typer.Option("--supervisor", help="Its supervisors may lead the queue.")] = False,
    new_store: Annotated[bool, typer.Option("--new-store", help="It lost its store and begins a new log.")] = False,
) -> None:
    """Let a station in, under a role of its own that may do nothing but what a station does."""
    with known_errors(), closing(connect_as_owner(owner)) as connection:
        enrolled = let_in(connection, station, may_supervise=supervisor, is_new_store=new_store)
        info = connection.info
        if enrolled.password:
            _keep_secret(passfile, f"{info.host}:{info.port}:{info.dbname}:{enrolled.role}:{enrolled.password}\n")
    print_line(text("hub.enrolled", station=station, role=enrolled.role))


@hub_commands.command("status")
def status(profile: Profile, json: Json = False) -> None:
    """Show every station: when it was last seen, what it still has to send, what waits and who looks at what."""
    with known_errors(), closing(Hub.open(load_settings(profile).hub.address, name="guanjian status")) as hub:
        lanes, conflicts = hub.lanes(), hub.conflicts()
    if json:
        for lane in lanes:
            print_json({name: _plain(getattr(lane, name)) for name in LaneRow.__slots__})
        return
    console.print(_table(lanes))
    for conflict in conflicts:
        print_line(_line(conflict))


@hub_commands.command("drain")
def drain(profile: Profile, data: Data = None, officer: Officer = None) -> None:
    """Send what waits, also while the station is closed, and end."""
    with known_errors():
        settings = load_settings(profile)
        settings = settings.model_copy(update={"data": data}) if data else settings
        with open_store(settings) as store, acting(settings, store, officer, Right.HUB_MANAGE):
            seq = _send(store, settings)
    print_line(text("hub.drained", events=seq))


def _send(store: Store, settings: Settings) -> int:
    return Link(store, settings.hub.address, offers=settings.hub.offers).drain()


def _keep_secret(path: Path, line: str) -> None:
    """Add a line to a file that nobody else may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(line)


def _table(lanes: list[LaneRow]) -> Table:
    names = ("station", "seen", "backlog", "events", "waiting", "claimed", "oldest", "verdicts")
    table = Table(*(Column(text(f"hub.status.{name}"), no_wrap=True) for name in names))
    for lane in lanes:
        table.add_row(
            lane.station, _since(lane.seen_at), str(lane.backlog), str(lane.events), str(lane.waiting),
            str(lane.claimed), _since(lane.oldest_at), str(lane.verdicts),
        )  # fmt: skip
    return table


def _since(moment: datetime | None) -> str:
    """How long ago, in seconds."""
    return "" if moment is None else text("hub.status.ago", seconds=round((datetime.now(UTC) - moment).total_seconds()))


def _line(conflict: ConflictRow) -> str:
    return text(
        "hub.conflict", number=conflict.number, station=conflict.station, state=text(f"state.{conflict.state}"),
        other=conflict.other_station, said=conflict.other_state,
    )  # fmt: skip


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
