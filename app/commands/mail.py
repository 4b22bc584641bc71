"""Commands on mail items: what waits, the tax estimated, answers, files to and from the platform, its simulator."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as, acting
from app.commands.log import open_store, settings_of
from app.commands.output import Exit, explain, known_errors, or_nothing, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.counter_words import say_source
from app.customs.postal import Deed, MailCase, unseen
from app.customs.tax import estimate_to_json, fen_of, yuan
from app.customs.waiting import WaitingKind
from app.exchange.platform.schema import schema as json_schema
from app.mail_messages import import_answers, send_requests
from app.mail_office import Correction, MailRow, MailView
from app.officers.rights import Right
from app.station import Station
from app.texts import text

Number = Annotated[str, typer.Argument(help="Number of the item, or a code on it.")]
Reason = Annotated[str, typer.Option(help="Why; the consignee is told.")]
Seen = Annotated[
    int | None,
    typer.Option(min=0, help="How many declarations `mail show` told of; refused where another one came since."),
]
MOST = 200

mail_commands = typer.Typer(help="Mail items: declarations, tax, the platform's files.", no_args_is_help=True)


ANSWERS = (Deed.REFUSED, Deed.UPHELD, Deed.REFUND_REFUSED, Deed.RETURN_GRANTED, Deed.RETURN_REFUSED)


@mail_commands.command("list")
def list_waiting(
    wait: Annotated[list[WaitingKind] | None, typer.Option("--wait", help="Only these waiting reasons.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = MOST,
    json: Json = False,
    data: Data = None,
) -> None:
    """List what mail items wait for, the oldest first."""
    with known_errors(), open_station(data) as station:
        for row in or_nothing(station.counters.mail.queue(wait or (), limit=limit), json=json):
            _print_row(row, json=json)


@mail_commands.command()
def show(
    number: Number,
    commercial: Annotated[bool, typer.Option("--commercial", help="As commercial mail.")] = False,
    category: Annotated[list[str] | None, typer.Option(help="LINE=CATEGORY, to estimate with another one.")] = None,
    value: Annotated[list[str] | None, typer.Option(help="LINE=YUAN, to estimate with another value.")] = None,
    indivisible: Annotated[list[int] | None, typer.Option(help="A line that is one indivisible article.")] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Show a mail item's case, and its tax as estimated by the rules of its day of arrival, each with its source."""
    corrections = _corrections(category, value, indivisible)
    with known_errors(), open_station(data) as station:
        view = station.counters.mail.view(station.counters.mail.find(number), corrections, is_commercial=commercial)
    print_json(_view(view)) if json else _print_view(view)


@mail_commands.command()
def ask(
    number: Number,
    note: Annotated[str, typer.Option(help="What the consignee is told beside it.")] = "",
    documents: Annotated[bool, typer.Option("--documents", help="Documents, not a declaration.")] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Ask the consignee for a supplementary declaration, or for documents."""
    wait = WaitingKind.DOCUMENTS if documents else WaitingKind.SUPPLEMENT_DECLARATION
    with _acting(data, officer, Right.MAIL) as (station, who):
        _print_case(station.counters.mail.ask(station.counters.mail.find(number), wait, note, officer=who))


@mail_commands.command()
def accept(number: Number, seen: Seen = None, officer: Officer = None, data: Data = None) -> None:
    """Accept what the consignee declared."""
    with _acting(data, officer, Right.MAIL) as (station, who):
        _print_case(station.counters.mail.accept(_look(station, number, seen), officer=who))


@mail_commands.command()
def assess(
    number: Number,
    commercial: Annotated[bool, typer.Option("--commercial", help="As commercial mail.")] = False,
    category: Annotated[list[str] | None, typer.Option(help="LINE=CATEGORY.")] = None,
    value: Annotated[list[str] | None, typer.Option(help="LINE=YUAN.")] = None,
    indivisible: Annotated[list[int] | None, typer.Option(help="A line that is one indivisible article.")] = None,
    reason: Reason = "",
    seen: Seen = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Set the tax as it is estimated; a disputed one anew. What is due is asked for."""
    corrections = _corrections(category, value, indivisible)
    with _acting(data, officer, Right.TAX) as (station, who):
        view = _look(station, number, seen)
        _print_case(
            station.counters.mail.assess(view, corrections, officer=who, is_commercial=commercial, reason=reason)
        )


@mail_commands.command()
def refund(
    number: Number,
    amount: Annotated[str, typer.Argument(help="Yuan, such as 36.40.")],
    reason: Reason,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Have tax given back, no more than was paid."""
    try:
        fen = fen_of(amount)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="AMOUNT") from error
    with _acting(data, officer, Right.TAX) as (station, who):
        _print_case(station.counters.mail.refund(station.counters.mail.find(number), fen, reason, officer=who))


@mail_commands.command()
def answer(
    number: Number,
    deed: Annotated[Deed, typer.Argument(help=f"One of {', '.join(ANSWERS)}.", metavar="ANSWER")],
    reason: Reason = "",
    seen: Seen = None,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Answer what waits for customs: refuse a declaration, uphold a tax, refuse a refund, grant or refuse a return."""
    if deed not in ANSWERS:
        raise typer.BadParameter(f"{deed} is no answer", param_hint="ANSWER")
    right = Right.TAX if deed in (Deed.UPHELD, Deed.REFUND_REFUSED) else Right.MAIL
    with _acting(data, officer, right) as (station, who):
        _print_case(station.counters.mail.answer(_look(station, number, seen), deed, officer=who, reason=reason))


@mail_commands.command()
def send(
    out: Annotated[Path, typer.Option("--out", "-o", help="The outbox folder.")],
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Write what is to be told the platform since the last time, each file once."""
    settings = settings_of(data)
    place = f"{settings.post.office}/{settings.post.station}"
    with known_errors(), open_store(settings) as store, acting(settings, store, officer, Right.MAIL):
        for path in send_requests(store, out, place):
            print_json({"file": str(path)}) if json else print_line(str(path))


@mail_commands.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with .json and .csv files; they move to done/ and refused/.")],
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Take the platform's answers: declarations, payments, disputes, requests for return."""
    refused = 0
    with _acting(data, officer, Right.MAIL) as (station, _):
        for each in import_answers(station.counters.mail, folder, station.tracing.place):
            why = explain(each.error) if each.error else ""
            refused += bool(why)
            said = each.answer
            if json:
                print_json({"file": str(each.path), "id": said and said.id, "kind": said and said.kind, "refused": why})
            else:
                print_line(f"{each.path.name}  {f'{said.kind}  {said.item}' if said else ''}  {why}".rstrip())
    if refused:
        raise typer.Exit(Exit.FOUND)


@mail_commands.command()
def simulate(
    outbox: Annotated[Path, typer.Option(help="Folder that `mail send` writes.")],
    inbox: Annotated[Path, typer.Option(help="Folder that `mail import` reads.")],
    seed: Annotated[int, typer.Option(min=0)] = 0,
    manner: Annotated[str, typer.Option(help="All consignees: willing, disputes, returns or silent.")] = "",
) -> None:
    """Answer as the platform would: consignees declare, pay, dispute, ask for return, or stay silent. A simulation."""
    from app.exchange.platform.simulator import MIX, Manner, run

    if manner and manner not in set(Manner):
        raise typer.BadParameter(f"{manner!r} is not one of {', '.join(Manner)}", param_hint="--manner")
    inbox.mkdir(parents=True, exist_ok=True)
    mix = (Manner(manner),) if manner else MIX
    with known_errors():
        for said in run(outbox, inbox, at=datetime.now(UTC), seed=seed, mix=mix):
            print_line(f"{said.item}  {said.kind}")


@mail_commands.command()
def schema() -> None:
    """Print the JSON schema of the platform's files."""
    print_line(jsonlib.dumps(json_schema(), ensure_ascii=False, indent=1))


@contextmanager
def _acting(data: Path | None, officer: str | None, right: Right) -> Iterator[tuple[Station, str]]:
    with known_errors(), open_station(data) as station:
        yield station, act_as(station.rights, officer, right)


def _look(station: Station, number: str, seen: int | None) -> MailView:
    """The case as it stands; refused where `mail show` told of another declaration."""
    view = station.counters.mail.view(station.counters.mail.find(number))
    if seen not in (None, view.case.submissions):
        raise unseen()
    return view


def _corrections(
    categories: list[str] | None, values: list[str] | None, indivisible: list[int] | None
) -> dict[int, Correction]:
    lines: dict[int, dict[str, object]] = {}
    try:
        for said in categories or ():
            line, _, category = said.partition("=")
            lines.setdefault(int(line), {})["category"] = category
        for said in values or ():
            line, _, amount = said.partition("=")
            lines.setdefault(int(line), {})["value_fen"] = fen_of(amount)
    except ValueError as error:
        raise typer.BadParameter(f"{said!r}: {error}") from error
    for number in indivisible or ():
        lines.setdefault(number, {})["is_indivisible"] = True
    return {line: Correction(**changes) for line, changes in lines.items()}  # type: ignore[arg-type]


def _print_row(row: MailRow, *, json: bool) -> None:
    waiting = row.waiting
    age_h = (datetime.now(UTC) - waiting.since_at).total_seconds() / 3600
    if json:
        print_json(
            {
                "number": row.parcel.number, "wait": waiting.kind, "since": waiting.since_at.isoformat(),
                "due": waiting.due_at.isoformat() if waiting.due_at else None, "state": row.parcel.state,
                "goods": row.parcel.goods,
            }
        )  # fmt: skip
    else:
        wait = text(f"waiting.kind.{waiting.kind}")
        print_line(f"{row.parcel.number:<20} {wait}  {age_h:.1f} h  {row.parcel.goods}".rstrip())


def _print_case(case: MailCase) -> None:
    waits = ", ".join(text(f"waiting.kind.{wait}") for wait in sorted(case.waits)) or "-"
    print_line(waits)
    money = {"due": case.due_fen, "paid": case.paid_fen, "refunded": case.refunded_fen, "owed": case.owed_fen}
    print_line(text("mail.money", lang=None, **{name: yuan(fen) for name, fen in money.items()}))


def _view(view: MailView) -> dict[str, object]:
    case = view.case
    return {
        "number": view.parcel.number,
        "state": view.parcel.state,
        "waits": sorted(case.waits),
        "submissions": case.submissions,
        "due_fen": case.due_fen,
        "paid_fen": case.paid_fen,
        "refunded_fen": case.refunded_fen,
        "estimate": estimate_to_json(view.estimate) if view.estimate else None,
        "why_not": explain(view.why_not) if view.why_not else None,
        "steps": [{"kind": step.kind, "actor": step.actor, "at": step.at.isoformat()} for step in view.steps],
    }


def _print_view(view: MailView) -> None:
    print_line(f"{view.parcel.number}  {text(f'state.{view.parcel.state}')}")
    _print_case(view.case)
    print_line(text("mail.submissions", count=view.case.submissions))
    for step in view.steps:
        print_line(f"  {step.at:%Y-%m-%d %H:%M}Z  {step.actor}  {text(f'mail.deed.{step.kind}')}")
    if view.why_not:
        print_line(explain(view.why_not))
    made = view.estimate
    if made is None:
        return
    print_line(text(f"mail.standing.{made.standing}"))
    sums = {"value": made.value_fen, "limit": made.limit_fen, "tax": made.tax_fen, "due": made.due_fen}
    print_line(text("mail.sum", lang=None, **{name: yuan(fen) for name, fen in sums.items()}))
    for line in made.lines:
        print_line(
            f"  {line.name}  {text(f'mail.category.{line.category}')}  {yuan(line.value_fen)} × {line.rate_percent} % "
            f"= {yuan(line.tax_fen)}"
        )
    for rule in made.rules:
        print_line(f"  {rule.id}: {say_source(rule.source)}")
