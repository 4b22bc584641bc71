"""Commands on the other counters: departure refunds, samples, vehicles, baggage."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import expand, known_errors, or_nothing, print_line
from app.commands.records import Data, open_station
from app.counter_words import say_form_fault, say_vehicle_fault
from app.counters import Counters
from app.customs.baggage import HallVerdict
from app.customs.samples import Sample
from app.customs.tax import yuan
from app.exchange.counters import read_forms, read_manifests, schemas
from app.officers.rights import Right
from app.refund_desk import RefundView
from app.store.errors import AlreadyKeptError
from app.texts import text
from app.vehicle_lane import VehicleView

Files = Annotated[list[Path], typer.Argument(help=".json or .csv files, or folders of them.")]
Code = Annotated[str, typer.Argument(help="The code on the form.")]
Vehicle = Annotated[str, typer.Argument(help="Plate or container number.")]
Reason = Annotated[str, typer.Option(help="Why.")]

refund_commands = typer.Typer(help="Departure tax refund (离境退税).", no_args_is_help=True)
sample_commands = typer.Typer(help="Samples and laboratories (取样送检).", no_args_is_help=True)
vehicle_commands = typer.Typer(help="The vehicle lane (H986).", no_args_is_help=True)
baggage_commands = typer.Typer(help="Baggage at the hall (先期机检).", no_args_is_help=True)


@refund_commands.command("import")
def import_forms(files: Files, officer: Officer = None, data: Data = None) -> None:
    """Take refund forms; one that was taken before is passed over."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        for form in [form for path in expand(files) for form in read_forms(path)]:
            try:
                counters.refunds.receive(form, officer=who)
            except AlreadyKeptError:
                continue
            print_line(form.number)


@refund_commands.command("show")
def show_form(code: Code, data: Data = None) -> None:
    """Show a form with its goods."""
    with known_errors(), open_station(data) as station:
        _print_form(station.counters.refunds.scan(code))


@refund_commands.command()
def verify(code: Code, officer: Officer = None, data: Data = None) -> None:
    """Verify a form of which all goods were seen."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        view = counters.refunds.scan(code)
        seen = {number: line.count for number, line in enumerate(view.form.lines, 1)}
        _print_form(counters.refunds.verify(view.matter.id, seen, officer=who))


@refund_commands.command("refuse")
def refuse_form(
    code: Code,
    reason: Reason,
    seen: Annotated[list[str] | None, typer.Option(help="LINE=PIECES that were seen.")] = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Refuse a form with a reason."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        view = counters.refunds.scan(code)
        _print_form(counters.refunds.refuse(view.matter.id, reason, _counts(seen), officer=who))


@sample_commands.command("list")
def list_samples(data: Data = None) -> None:
    """List the samples that laboratories have, with their deadlines."""
    with known_errors(), open_station(data) as station:
        for sample in or_nothing(station.counters.laboratory.queue()):
            _print_sample(sample)


@sample_commands.command("take")
def take_sample(
    parcel: Annotated[str, typer.Argument(help="Number of the parcel under examination.")],
    laboratory: Annotated[str, typer.Option(help="Who examines it.")],
    question: Annotated[str, typer.Option(help="What for: identify_substance, authenticity, quarantine.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="Until the result is due.")] = 7,
    quantity: Annotated[str, typer.Option(help="What was taken.")] = "",
    seal: Annotated[str, typer.Option(help="Number of its seal.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Take a sample; the parcel waits for the laboratory."""
    with _acting(data, officer, Right.EXAMINE) as (counters, who):
        _print_sample(
            counters.laboratory.take(
                counters.mail.find(parcel), laboratory=laboratory, question=question, quantity=quantity, seal_no=seal,
                due_at=datetime.now(UTC) + timedelta(days=days), officer=who,
            )
        )  # fmt: skip


@sample_commands.command("report")
def report_sample(
    number: Annotated[str, typer.Argument(help="Number of the sample or of its parcel.")],
    report: Annotated[str, typer.Option(help="Number of the laboratory's report.")],
    abnormal: Annotated[str, typer.Option(help="Reason of an abnormal result, such as prohibited_goods.")] = "",
    finding: Annotated[str, typer.Option(help="What was found.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Record a result; with the last one the parcel moves on."""
    with _acting(data, officer, Right.EXAMINE) as (counters, who):
        _print_sample(
            counters.laboratory.report(
                number, report_no=report, is_normal=not abnormal, finding=finding, reason=abnormal, officer=who
            )
        )


@vehicle_commands.command("announce")
def announce(files: Files, officer: Officer = None, data: Data = None) -> None:
    """Take manifests; one that was taken before is passed over."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        for reference, manifest, goods in [found for path in expand(files) for found in read_manifests(path)]:
            try:
                counters.vehicles.announce(reference, manifest, goods, officer=who)
            except AlreadyKeptError:
                continue
            print_line(f"{manifest.plate}  {manifest.container}")


@vehicle_commands.command("list")
def list_vehicles(data: Data = None) -> None:
    """List the vehicles that are expected or at the lane."""
    with known_errors(), open_station(data) as station:
        for view in or_nothing(station.counters.vehicles.queue()):
            _print_vehicle(view, is_short=True)


@vehicle_commands.command("show")
def show_vehicle(vehicle: Vehicle, data: Data = None) -> None:
    """Show a vehicle against its manifest."""
    with known_errors(), open_station(data) as station:
        _print_vehicle(station.counters.vehicles.find(vehicle))


@vehicle_commands.command("see")
def see_vehicle(
    vehicle: Vehicle,
    plate: Annotated[str, typer.Option(help="The plate that stands at the lane.")] = "",
    weight_kg: Annotated[float | None, typer.Option(min=0.001, help="Of the whole vehicle.")] = None,
    seal: Annotated[str | None, typer.Option(help="The seal on the container.")] = None,
    broken: Annotated[bool, typer.Option("--broken", help="The seal is broken.")] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Record what is seen of a vehicle: plate, weight, seal."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        lane = counters.vehicles
        view = lane.find(vehicle)
        if plate:
            view = lane.arrive(view.matter.id, plate, officer=who)
        if weight_kg is not None:
            view = lane.weigh(view.matter.id, round(weight_kg * 1000), officer=who)
        if seal is not None or broken:
            view = lane.see_seal(view.matter.id, seal or "", is_whole=not broken, officer=who)
        _print_vehicle(view)


@vehicle_commands.command("pass")
def pass_vehicle(vehicle: Vehicle, officer: Officer = None, data: Data = None) -> None:
    """Let a vehicle go that fits its manifest, was weighed and imaged."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        _print_vehicle(counters.vehicles.pass_on(counters.vehicles.find(vehicle).matter.id, officer=who))


@vehicle_commands.command("refer")
def refer_vehicle(
    vehicle: Vehicle,
    reason: Annotated[str, typer.Option(help="As for a parcel.")] = "differs_from_declared",
    note: Annotated[str, typer.Option(help="More words.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Refer a vehicle to opening; what does not fit is kept with it."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        matter = counters.vehicles.find(vehicle).matter
        _print_vehicle(counters.vehicles.refer(matter.id, officer=who, reason=reason, note=note))


@baggage_commands.command("stop")
def stop_bag(
    tag: Annotated[str, typer.Argument(help="The bag's tag.")],
    reason: Annotated[str, typer.Option(help="As for a referral.")] = "suspected_prohibited",
    note: Annotated[str, typer.Option(help="More words, as the alarm shows them.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Have a bag stopped at the hall for what its picture shows."""
    with _acting(data, officer, Right.INTERCEPT) as (counters, who):
        print_line(counters.baggage.stop(counters.mail.find(tag), officer=who, reason=reason, note=note).id)


@baggage_commands.command("meet")
def meet_bag(
    tag: Annotated[str, typer.Argument(help="The tag that was read.")], officer: Officer = None, data: Data = None
) -> None:
    """Say what the hall does with a tag; exit code 0 only where the bag may pass."""
    with _acting(data, officer, Right.COUNTERS) as (counters, who):
        hall = counters.baggage.meet(tag, officer=who)
        print_line(f"{tag}  {text(f'counters.hall.{hall.verdict}')}  {'  '.join(each.reason for each in hall.notices)}")
    if hall.verdict is not HallVerdict.PASS:
        raise typer.Exit(1)


@refund_commands.command("schema")
@vehicle_commands.command("schema")
def schema() -> None:
    """Print the JSON schemas of refund forms and manifests."""
    print_line(jsonlib.dumps(schemas(), ensure_ascii=False, indent=1))


@contextmanager
def _acting(data: Path | None, officer: str | None, right: Right) -> Iterator[tuple[Counters, str]]:
    with known_errors(), open_station(data) as station:
        yield station.counters, act_as(station.rights, officer, right)


def _counts(said: list[str] | None) -> Mapping[int, int]:
    try:
        return {int(line): int(count) for line, _, count in (each.partition("=") for each in said or ())}
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--seen") from error


def _print_form(view: RefundView) -> None:
    form = view.form
    stand = text(f"counters.form.{view.outcome or view.matter.stand}")
    print_line(f"{form.number}  {form.shop}  {form.bought_on}  {yuan(form.amount_fen)}  {stand}")
    for number, line in enumerate(form.lines, 1):
        print_line(f"  {number}. {line.name} × {line.count}  {yuan(line.amount_fen)}  {line.serial}")
    for fault in () if view.outcome else view.faults:
        print_line(f"  ! {say_form_fault(fault)}")


def _print_sample(sample: Sample) -> None:
    result = "-"
    if sample.result:
        result = text(f"counters.result.{'normal' if sample.result.is_normal else 'abnormal'}")
        result = f"{result} {sample.result.report_no} {sample.result.finding}".strip()
    elif sample.is_overdue(datetime.now(UTC)):
        result = text("counters.overdue")
    print_line(f"{sample.number}  {sample.parcel_number}  {sample.laboratory}  {sample.due_at:%Y-%m-%d}  {result}")


def _print_vehicle(view: VehicleView, *, is_short: bool = False) -> None:
    stand = text(f"counters.vehicle.{view.outcome or view.matter.stand}")
    print_line(f"{view.manifest.plate}  {view.manifest.container}  {stand}")
    if is_short:
        return
    for line in view.declaration.goods if view.declaration else ():
        print_line(f"  {line.name}  {line.hs_code}  {line.quantity} {line.unit}")
    if view.weight:
        print_line(f"  {view.weight.measured_g / 1000:g} kg / {view.weight.declared_g / 1000:g} kg")
    for fault in view.faults:
        print_line(f"  ! {say_vehicle_fault(fault)}")
