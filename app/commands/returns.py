"""Commands on returns of e-commerce goods: take applications, scan the goods, accept or refuse."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import Exit, expand, explain, known_errors, or_nothing, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.counter_words import say_return_fault
from app.customs.documents import from_units
from app.customs.returns import Disposition
from app.exchange.returns import read_applications
from app.exchange.returns import schema as json_schema
from app.officers.rights import Right
from app.returns_office import ReturnView
from app.store.errors import AlreadyKeptError
from app.texts import text
from imaging.errors import KnownError

Number = Annotated[str, typer.Argument(help="Number on the parcel that came back, or of the inventory.")]
MOST = 200

return_commands = typer.Typer(help="Returns of e-commerce goods (退货).", no_args_is_help=True)


@return_commands.command()
def take(
    files: Annotated[list[Path], typer.Argument(help="Applications, .json or .csv, or folders of them.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Take applications; one that was taken before is passed over, a file that does not fit is named."""
    refused = 0
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.RETURNS)
        for path in expand(files):
            try:
                for application in read_applications(path):
                    try:
                        station.counters.returns.apply(application, officer=who)
                        print_line(f"{application.number}  {application.inventory_no}")
                    except AlreadyKeptError:
                        continue
            except KnownError as error:
                refused += 1
                typer.echo(explain(error), err=True)
    if refused:
        raise typer.Exit(Exit.FOUND)


@return_commands.command("list")
def list_open(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = MOST, json: Json = False, data: Data = None
) -> None:
    """List open applications, the oldest first."""
    with known_errors(), open_station(data) as station:
        for view in or_nothing(station.counters.returns.queue(limit=limit), json=json):
            _print(view, json=json, is_short=True)


@return_commands.command()
def show(number: Number, json: Json = False, data: Data = None) -> None:
    """Show an application against its inventory and release, with everything that is wrong."""
    with known_errors(), open_station(data) as station:
        _print(station.counters.returns.find(number), json=json)


@return_commands.command()
def scan(
    number: Number,
    codes: Annotated[list[str], typer.Argument(help="Bar codes of the pieces, each as often as it is there.")],
    defective: Annotated[list[int] | None, typer.Option(help="A line whose goods are defective.")] = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Scan the goods that came back, piece by piece."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.RETURNS)
        office = station.counters.returns
        view = office.find(number)
        for line in defective or ():
            office.mark(view.matter.id, line, is_defective=True, officer=who)
        for code in codes:
            view = office.scan(view.matter.id, code, officer=who)
        _print(view, json=False)


@return_commands.command()
def accept(
    number: Number,
    to: Annotated[
        list[str] | None, typer.Option(help="LINE=back, destroy or abroad; default: sound goods go back.")
    ] = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Accept a return without faults, and say what becomes of each line's goods."""
    try:
        said = {int(line): Disposition(way) for line, _, way in (each.partition("=") for each in to or ())}
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.RETURNS)
        view = station.counters.returns.find(number)
        sound = {each.line.number: Disposition.BACK for each in view.application.lines if not each.is_defective}
        _print(station.counters.returns.accept(view.matter.id, sound | said, officer=who), json=False)


@return_commands.command()
def refuse(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; the applicant is told.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Refuse a return; what is wrong with it is kept beside the reason."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.RETURNS)
        view = station.counters.returns.find(number)
        _print(station.counters.returns.refuse(view.matter.id, reason, officer=who), json=False)


@return_commands.command()
def schema() -> None:
    """Print the JSON schema of an application."""
    print_line(jsonlib.dumps(json_schema(), ensure_ascii=False, indent=1))


def _print(view: ReturnView, *, json: bool, is_short: bool = False) -> None:
    application = view.application
    if json:
        print_json(
            {
                "number": application.number,
                "inventory_no": application.inventory_no,
                "stand": view.matter.stand,
                "outcome": view.outcome,
                "scanned": list(view.scanned),
                "faults": [fault.kind for fault in view.faults],
                "out": view.out and view.out.id,
                "back": view.back and view.back.id,
            }
        )
        return
    stand = text(f"returns.stand.{view.outcome or view.matter.stand}")
    print_line(f"{application.number}  {application.inventory_no}  {stand}")
    if is_short:
        return
    for each in application.lines:
        line, state = each.line, "defective" if each.is_defective else "sound"
        quantity = from_units(line.quantity) if line.quantity is not None else "?"
        print_line(f"  {line.number}. {line.name}  {line.bar_code}  {quantity} {line.unit}  {text(f'returns.{state}')}")
    for fault in view.faults:
        print_line(f"  ! {say_return_fault(fault)}")
