"""Commands on control orders and sealed records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as, read_second_pin
from app.commands.output import Exit, explain, known_errors, or_nothing, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.control_orders import ControlOrders
from app.customs.orders import Hit, Result
from app.exchange.orders import schema as exchange_schema
from app.officers.rights import Right
from app.station import Station
from app.store.errors import ParcelUnknownError
from app.store.orders import Listed
from app.texts import text

PAGE = 200
HitId = Annotated[int, typer.Argument(help="Number of the hit, as `orders list` shows it.")]
Number = Annotated[str, typer.Argument(help="Number or code of the parcel.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The outbox folder.")]
order_commands = typer.Typer(help="Control orders (布控) and parcels handed over under seal.", no_args_is_help=True)


@order_commands.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with .json and .csv files; they move to done/ and refused/.")],
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Take in the orders and revocations of a folder."""
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder", param_hint="FOLDER")
    refused = False
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.ORDERS_RECEIVE)
        for each in station.orders.import_folder(folder, officer=who):
            refused |= each.error is not None
            if json:
                said = {"file": str(each.path), "order": each.order_id, "new": each.is_new, "hits": list(each.hits)}
                print_json(said | {"error": explain(each.error) if each.error else None})
            elif each.error:
                typer.echo(f"{each.path.name}  {each.order_id}  {explain(each.error)}", err=True)
            else:
                print_line(text("orders.taken", order=each.order_id, n=len(each.hits)))
    if refused:
        raise typer.Exit(Exit.FOUND)


@order_commands.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also hits that are ended.")] = False,
    json: Json = False,
    data: Data = None,
) -> None:
    """List the hits of control orders, the newest first."""
    with known_errors(), open_station(data) as station:
        for hit in or_nothing(_hits(station.orders, is_open=not every), json=json):
            _print_hit(hit, json)


@order_commands.command("received")
def received(json: Json = False, data: Data = None) -> None:
    """List the orders that were received, the last first, with how many parcels each hit."""
    with known_errors(), open_station(data) as station:
        for each in or_nothing(_orders(station.orders), json=json):
            order, at = each.order, each.received_at.isoformat()
            if json:
                print_json(
                    {
                        "order": order.id, "issuer": order.issuer, "level": order.level, "work": order.work,
                        "received_at": at, "revoked": each.is_revoked, "hits": each.hits, "open": each.open_hits,
                    }
                )  # fmt: skip
            else:
                level, work = text(f"orders.level.{order.level}"), text(f"orders.work.{order.work}")
                print_line(f"{order.id}  {order.issuer}  {level}  {work}  {at}  {each.open_hits}/{each.hits}")


@order_commands.command()
def acknowledge(hit: HitId, officer: Officer = None, data: Data = None) -> None:
    """Say that an order was seen."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.ORDERS_EXECUTE)
        _print_hit(station.orders.acknowledge(hit, officer=who))


@order_commands.command()
def execute(
    hit: HitId,
    result: Annotated[Result, typer.Option(help="What carrying out the order showed.")],
    note: Annotated[str, typer.Option(help="What was seen; needed where it is abnormal.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Say what carrying out an order showed."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.ORDERS_EXECUTE)
        _print_hit(station.orders.execute(hit, result, note=note, officer=who))


@order_commands.command()
def lift(
    hit: HitId,
    reason: Annotated[str, typer.Option(help="Why the order is lifted from the parcel.")],
    second: Annotated[str, typer.Option(help="Who approves it, by login name; his PIN is asked for.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Lift an order from a parcel, with a superior's approval."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.ORDERS_EXECUTE)
        pin = read_second_pin(station.rights)
        _print_hit(station.orders.lift(hit, reason=reason, officer=who, second_officer=second, second_pin=pin))


@order_commands.command()
def answers(out: Out, officer: Officer = None, json: Json = False, data: Data = None) -> None:
    """Write what the issuers are to be told into a folder, each answer once."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.ORDERS_EXECUTE)
        for path in station.orders.send_answers(out, officer=who):
            print_json({"file": str(path)}) if json else print_line(str(path))


@order_commands.command()
def schema() -> None:
    """Print the JSON schemas of orders, revocations and answers."""
    print_json(exchange_schema())


@order_commands.command()
def seal(
    number: Number,
    to: Annotated[str, typer.Option(help="The destination as office/station, such as 2233/lane-1.")],
    out: Out,
    seal_no: Annotated[str, typer.Option("--seal", help="Number of the seal on the parcel.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Write the sealed record of a conditionally released parcel for its destination."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.DISPOSE)
        print_line(str(station.handovers.seal(_find(station, number), to, out, officer=who, seal=seal_no)))


@order_commands.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="A sealed record from another station.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Take a parcel over from its sealed record."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.DISPOSE)
        parcel = station.handovers.open(file, officer=who)
        print_line(f"{parcel.number}  {text(f'state.{parcel.state}')}")


@order_commands.command()
def close(number: Number, out: Out, officer: Officer = None, data: Data = None) -> None:
    """Write for the port how a parcel that was taken over ended here."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.DISPOSE)
        print_line(str(station.handovers.close(_find(station, number), out, officer=who)))


@order_commands.command()
def closing(
    file: Annotated[Path, typer.Argument(help="A destination's closing record.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Close at the port what the destination has closed."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.DISPOSE)
        parcel = station.handovers.take_closing(file, officer=who)
        print_line(f"{parcel.number}  {text(f'state.{parcel.state}')}")


def _find(station: Station, number: str) -> int:
    found = station.find_code(number, is_scan=False)
    if found is None:
        raise ParcelUnknownError(f"No parcel is known by {number}.", id=number)
    return found.id


def _print_hit(hit: Hit, json: bool = False) -> None:
    now = datetime.now(UTC)
    done = hit.done[-1].step if hit.done else None
    if json:
        print_json(
            {
                "hit": hit.id, "order": hit.order.id, "parcel": hit.number, "part": hit.part, "work": hit.work,
                "hit_at": hit.hit_at.isoformat(), "due_at": hit.due_at and hit.due_at.isoformat(),
                "step": done, "late": hit.is_late(now), "instruction": hit.order.instruction,
            }
        )  # fmt: skip
        return
    step = text(f"orders.step.{done}") if done else text("orders.step.open")
    late = text("orders.late") if hit.is_late(now) else ""
    parts = (hit.order.id, hit.number, text(f"orders.part.{hit.part}"), text(f"orders.work.{hit.work}"), step, late)
    print_line(f"{hit.id}  " + "  ".join(part for part in parts if part))


def _hits(office: ControlOrders, *, is_open: bool) -> Iterator[Hit]:
    before: int | None = None
    while page := office.hits(limit=PAGE, before=before, is_open=is_open):
        yield from page
        before = page[-1].id


def _orders(office: ControlOrders) -> Iterator[Listed]:
    before: tuple[datetime, str] | None = None
    while page := office.orders(limit=PAGE, before=before):
        yield from page
        before = (page[-1].received_at, page[-1].order.id)
