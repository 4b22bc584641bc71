"""The command export: what officers know, as a set to learn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import known_errors, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.customs.outcome import Outcome
from app.labelled_set import Choice
from app.officers.rights import Right
from app.texts import text

export_commands = typer.Typer(help="Take out what the post knows.", no_args_is_help=True)


@export_commands.callback()
def export() -> None:
    """Take out what the post knows."""


@export_commands.command("labelled")
def labelled(
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder that is empty or not there yet.")],
    days: Annotated[int, typer.Option(min=1, help="Pictures of so many days up to now.")] = 365,
    with_unopened: Annotated[bool, typer.Option("--unopened", help="Also parcels that nobody opened.")] = False,
    with_dicos: Annotated[bool, typer.Option("--dicos", help="Also DICOS pictures with threat reports.")] = False,
    drill: Annotated[bool, typer.Option("--drill", help="Exercises instead of real parcels.")] = False,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Write pictures with what opening showed and what officers drew, as COCO; threats projected for training never."""
    now = datetime.now(UTC)
    choice = Choice(now - timedelta(days=days), now, with_unopened, drill, with_dicos)
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.EXPORT)
        done = station.labelled_sets.export(out, choice, officer=who)
    counts = {outcome.value: done.parcels[outcome] for outcome in Outcome}
    told = {"parcels": done.parcels.total(), "pictures": done.pictures, "boxes": done.boxes, "left_out": done.left_out}
    if json:
        print_json({**told, **counts})
    else:
        print_line(text("models.exported", lang=None, **told, **counts))
