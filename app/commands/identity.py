"""Commands on identities: register references, hold a picture against them, withdraw them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import expand, known_errors, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.customs.references import Reference, ReferenceKind
from app.identity_desk import IdentityDesk
from app.officers.rights import Right
from app.store.errors import MatterUnknownError
from app.texts import text

Name = Annotated[str, typer.Argument(help="Name of the reference, or its ear tag or number.")]
Pictures = Annotated[list[Path], typer.Argument(help="JPEG or PNG files, or folders of them.")]

identity_commands = typer.Typer(help="Identity checks by camera pictures (身份核对).", no_args_is_help=True)


@identity_commands.command("register")
def register(
    kind: ReferenceKind,
    name: Annotated[str, typer.Argument(help="What it is: an animal's name, an article.")],
    pictures: Pictures,
    code: Annotated[str, typer.Option(help="Ear tag, chip, number of the registration.")] = "",
    note: Annotated[str, typer.Option(help="What else is to be known.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Register a reference with its photographs."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.IDENTITY_EDIT)
        desk = station.identities
        _print_reference(desk.register(kind, name, expand(pictures), code=code, note=note, officer=who))


@identity_commands.command("add")
def add(name: Name, pictures: Pictures, officer: Officer = None, data: Data = None) -> None:
    """Add photographs to a reference."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.IDENTITY_EDIT)
        desk = station.identities
        _print_reference(desk.add_pictures(_find(desk, name).id, expand(pictures), officer=who))


@identity_commands.command("withdraw")
def withdraw(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Take a reference out of the register; it stays in the record."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.IDENTITY_EDIT)
        desk = station.identities
        _print_reference(desk.withdraw(_find(desk, name).id, reason, officer=who))


@identity_commands.command("list")
def list_references(json: Json = False, data: Data = None) -> None:
    """List the references that are registered."""
    with known_errors(), open_station(data) as station:
        for reference in _all(station.identities):
            if json:
                print_json(_told(reference))
            else:
                _print_reference(reference)


@identity_commands.command("check")
def check(
    picture: Annotated[Path, typer.Argument(help="A camera's picture, JPEG or PNG.")],
    kind: Annotated[ReferenceKind | None, typer.Option(help="Only against references of this kind.")] = None,
    json: Json = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Hold a picture against the register; the check is logged."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.IDENTITY)
        checked = station.identities.check(picture, officer=who, kind=kind)
    if json:
        nearest = [
            {**_told(each.reference), "score": round(each.score, 4), "likeness": each.likeness.value}
            for each in checked.nearest
        ]
        print_json({"file": str(picture), "model": checked.model, "nearest": nearest})
        return
    for each in checked.nearest:
        reference, words = each.reference, text(f"identity.likeness.{each.likeness}")
        print_line(f"{each.score:.2f}  {words}  {reference.name}  {reference.code}")


def _all(desk: IdentityDesk) -> Sequence[Reference]:
    found, page = [], desk.references()
    while page:
        found += page
        page = desk.references(after=desk.place_of(page[-1]))
    return found


def _find(desk: IdentityDesk, name: str) -> Reference:
    found = desk.find(name)
    if found is None:
        raise MatterUnknownError(f"No reference is known by {name}.", id=name)
    return found


def _told(reference: Reference) -> dict[str, Any]:
    return {
        "id": reference.id,
        "kind": reference.kind.value,
        "name": reference.name,
        "code": reference.code,
        "pictures": len(reference.pictures),
        "checks": len(reference.checks),
    }


def _print_reference(reference: Reference) -> None:
    kind = text(f"identity.kind.{reference.kind}")
    gone = text("identity.withdrawn") if reference.is_withdrawn else ""
    count = text("identity.pictures", count=len(reference.pictures))
    print_line("  ".join(filter(None, (kind, reference.name, reference.code, count, gone))))
