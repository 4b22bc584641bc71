"""Commands on trace codes: trace, verify, keys, recall, intercept."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as, acting_beside
from app.commands.output import Exit, explain, known_errors, or_nothing, print_json, print_line
from app.commands.records import Data, Json, open_station, take_code
from app.commands.traced import (
    affected_row,
    parcel_row,
    print_affected,
    print_key,
    print_notices,
    print_parcel,
    step_row,
    term,
    verdict_words,
)
from app.customs.notices import NoticeKind
from app.officers.rights import Right
from app.settings import Settings, load_settings
from app.texts import text
from app.trace.epcis import to_epcis
from app.trace.errors import KeysMissingError
from app.trace.keyring import Keyring
from app.trace.keys import read_key_list
from app.trace.page import build_page
from app.trace.recall import Ground, Selector
from app.trace.verdicts import VerdictKind
from app.trace.verdicts import verify as verify_code

Reason = Annotated[str, typer.Option(help="Why, as every alarm shows it.")]

key_commands = typer.Typer(help="The keys that sign and verify trace codes.", no_args_is_help=True)
recall_commands = typer.Typer(help="Recalls (召回) of released parcels.", no_args_is_help=True)
intercept_commands = typer.Typer(help="Intercepts (拦截) by number, bag tag or trace code.", no_args_is_help=True)


def trace(
    code: Annotated[str, typer.Argument(help="What a label's QR says, a trace id, a number, or a picture of a code.")],
    epcis: Annotated[Path | None, typer.Option(help="Write the life as EPCIS 2.0; - is standard output.")] = None,
    same: Annotated[Ground | None, typer.Option(help="List what else has this in common with it.")] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Show what a code leads to: whether it is genuine, the parcel, where it is, and all that happened to it."""
    with known_errors(), open_station(data) as station:
        code = take_code(code)
        traced = station.trace(code, is_scan=False)
        parcel = traced.parcel or (None if traced.verdict else station.find_code(code, is_scan=False))
        history = station.history(parcel.id) if parcel else []
        last = station.tracing.where(parcel.id) if parcel else None
        others = station.tracing.same_as(parcel.id, same) if parcel and same else []
        if epcis and parcel:
            inventory_no = station.tracing.inventory_no(parcel)
            document = to_epcis(parcel, station.tracing.life(parcel), now=datetime.now(UTC), inventory_no=inventory_no)
            _write(epcis, jsonlib.dumps(document, ensure_ascii=False, indent=1))
    if json:
        where = {"what": last.what, "place": last.place, "at": last.at.isoformat()} if last else None
        verdict = traced.verdict.kind if traced.verdict else None
        print_json(
            {"code": code, "verdict": verdict, "parcel": parcel and parcel_row(parcel), "where": where,
             "history": [*map(step_row, history)], "same": [*map(affected_row, others)]}
        )  # fmt: skip
    elif str(epcis) != "-":
        if traced.verdict:
            print_line(verdict_words(traced.verdict))
        if parcel:
            print_parcel(parcel, history, last)
        print_affected(others)
    if parcel is None:
        typer.echo(text("trace.told.unknown"), err=True)
        raise typer.Exit(Exit.FOUND)


def verify(
    code: Annotated[str, typer.Argument(metavar="TEXT|IMAGE", help="What a QR says, or a picture of it.")],
    keys: Annotated[Path | None, typer.Option(help="Key list to trust; default: the station's keys.")] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Verify a trace code offline, from the code and the key list alone; exit code 0 only where it is genuine."""
    with known_errors():
        code = take_code(code)
        trusted = read_key_list(keys) if keys else _keyring(data).public_keys()
        verdict = verify_code(code.strip(), trusted, now=datetime.now(UTC))
    claims = verdict.claims if verdict.is_genuine else None
    if json:
        print_json(
            {
                "verdict": verdict.kind,
                "words": verdict_words(verdict),
                "kid": verdict.kid.hex() or None,
                "trace_id": str(claims.trace_id) if claims else None,
                "item_id": claims.item_id if claims else None,
                "issuer": claims.issuer if claims else None,
                "issued_at": claims.issued_at.isoformat() if claims else None,
                "status": claims.status if claims else None,
                "inventory_no": claims.inventory_no or None if claims else None,
            }
        )
    else:
        print_line(verdict_words(verdict))
        if claims:
            print_line(
                f"{claims.trace_id.display}  {claims.item_id}  {term('state', claims.status)}  "
                f"{claims.issued_at:%Y-%m-%d %H:%M}Z"
            )
    if verdict.kind is not VerdictKind.VALID:
        raise typer.Exit(Exit.FOUND)


@key_commands.command("list")
def list_keys(json: Json = False, data: Data = None) -> None:
    """List every key that this station trusts."""
    with known_errors():
        for key in or_nothing(_keyring(data).public_keys(), json=json):
            print_key(key, json=json)


@key_commands.command()
def rotate(officer: Officer = None, data: Data = None) -> None:
    """Make a new signing key; the older ones go on verifying."""
    with known_errors(), acting_beside(_settings(data), officer, Right.KEYS):
        print_key(_keyring(data).store.rotate(datetime.now(UTC)), json=False)


@key_commands.command()
def revoke(
    kid: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the key list.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Withdraw a signing key and everything it signed; then rotate and hand the new key list out."""
    try:
        wanted = bytes.fromhex(kid)
    except ValueError as error:
        raise typer.BadParameter(f"{kid!r} is no key id", param_hint="KID") from error
    with known_errors(), acting_beside(_settings(data), officer, Right.KEYS):
        print_key(_keyring(data).store.revoke(wanted, reason, datetime.now(UTC)), json=False)


@key_commands.command()
def export(file: Annotated[Path, typer.Argument(help="The key list to write.")], data: Data = None) -> None:
    """Write the public keys of this office, for other offices and verifiers."""
    with known_errors():
        _keyring(data).store.public_keys().write(file, now=datetime.now(UTC))


@key_commands.command("import")
def import_keys(
    file: Annotated[Path, typer.Argument(help="A key list that came from its office by a way you trust.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Trust the keys of another office; a list of the same name is replaced, but no revocation is forgotten."""
    with known_errors(), acting_beside(_settings(data), officer, Right.KEYS):
        keyring, fresh = _keyring(data), read_key_list(file)
        target = keyring.folder / f"{file.stem}.json"
        if target.exists():
            fresh = type(fresh)([*read_key_list(target), *fresh])
        type(fresh)([*keyring.public_keys(), *fresh])
        fresh.write(target, now=datetime.now(UTC))
    for key in fresh:
        print_key(key, json=False)


@key_commands.command()
def page(file: Annotated[Path, typer.Argument(help="The HTML file to write.")], data: Data = None) -> None:
    """Write the page that verifies codes on a phone without a network, with all trusted keys inside."""
    with known_errors():
        now = datetime.now(UTC)
        _write(file, build_page(_keyring(data).public_keys(), now=now))


@recall_commands.command("add")
def add_recall(
    reason: Reason,
    goods: Annotated[str, typer.Option(help="Part of a goods name.")] = "",
    hs_code: Annotated[str, typer.Option(help="Beginning of a commodity code.")] = "",
    batch: Annotated[str, typer.Option(help="Lot, as the goods' names give it (批号).")] = "",
    enterprise: Annotated[str, typer.Option(help="Part of the sender's name.")] = "",
    declaration: Annotated[str, typer.Option(help="Number of the declaration.")] = "",
    detection: Annotated[str, typer.Option(help="Class that the detector found.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Released from this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Released before this time (UTC).")] = None,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Recall every released parcel that has all of what is given; prints where each was last and its consignee."""
    times = {
        "released_from": since and since.replace(tzinfo=UTC),
        "released_until": until and until.replace(tzinfo=UTC),
    }
    with known_errors(), open_station(data) as station:
        selector = Selector(goods, hs_code, batch, enterprise, detection, declaration, **times)
        recalled = station.recall(selector, reason, act_as(station.rights, officer, Right.RECALL))
    print_notices([recalled.notice], json=json)
    print_affected(recalled.affected, json=json)


@recall_commands.command("list")
def list_recalls(json: Json = False, data: Data = None) -> None:
    """List all recalls, closed ones too."""
    _list_notices(NoticeKind.RECALL, json=json, data=data)


@recall_commands.command()
def show(
    notice: Annotated[str, typer.Argument(help="Id of the recall.")],
    every: Annotated[bool, typer.Option("--all", help="Also parcels that were taken back since.")] = False,
    json: Json = False,
    data: Data = None,
) -> None:
    """Show a recall and what is known now of every parcel that it names and that is still out."""
    with known_errors(), open_station(data) as station:
        found = station.tracing.notice(notice)
        affected = station.tracing.affected_by(found, is_out=not every)
    print_notices([found], json=json)
    print_affected(affected, json=json)


@recall_commands.command()
def close(
    notice: Annotated[str, typer.Argument(help="Id of the recall.")], officer: Officer = None, data: Data = None
) -> None:
    """End a recall; it stays in the record."""
    _close(notice, officer, Right.RECALL, data)


@intercept_commands.command("add")
def add_intercept(
    codes: Annotated[list[str], typer.Argument(help="Numbers, bag tags, trace ids or whole codes.")],
    reason: Reason,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Have what carries one of these codes stopped wherever it is scanned."""
    with known_errors(), open_station(data) as station:
        notice = station.intercept(codes, reason, act_as(station.rights, officer, Right.INTERCEPT))
    print_notices([notice], json=json)


@intercept_commands.command("list")
def list_intercepts(json: Json = False, data: Data = None) -> None:
    """List all intercepts, closed ones too."""
    _list_notices(NoticeKind.INTERCEPT, json=json, data=data)


@intercept_commands.command("close")
def close_intercept(
    notice: Annotated[str, typer.Argument(help="Id of the intercept.")], officer: Officer = None, data: Data = None
) -> None:
    """End an intercept; it stays in the record."""
    _close(notice, officer, Right.INTERCEPT, data)


def _settings(data: Path | None) -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"data": data}) if data else settings


def _keyring(data: Path | None) -> Keyring:
    """The keys of a post that has some: looking at keys must not make any.

    Raises:
        KeysMissingError: there are none.
    """
    from app.build import find_notary

    settings = _settings(data)
    notary = find_notary(settings)
    if notary is None:
        folder, office = settings.data / "keys", settings.post.office
        message = f"There are no keys of office {office} in {folder}: check --data, or start the station once."
        raise KeysMissingError(message, folder=str(folder), office=office)
    notary.keys.on_damage = lambda error: typer.echo(explain(error), err=True)
    return notary.keys


def _list_notices(kind: NoticeKind, *, json: bool, data: Path | None) -> None:
    with known_errors(), open_station(data) as station:
        print_notices([notice for notice in station.tracing.notices() if notice.kind is kind], json=json)


def _close(notice: str, officer: str | None, right: Right, data: Path | None) -> None:
    with known_errors(), open_station(data) as station:
        station.tracing.lift(notice, act_as(station.rights, officer, right))


def _write(file: Path, content: str) -> None:
    if str(file) == "-":
        print_line(content)
    else:
        file.write_text(content, "utf-8")
