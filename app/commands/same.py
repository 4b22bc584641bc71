"""Commands on likeness: do two scans show the same, and which earlier ones are nearest to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import known_errors, print_json, print_line
from app.commands.records import Data, Json, open_station
from app.customs.parcel import Kind
from app.officers.rights import Right
from app.same_words import say_remark
from app.sameness import Search, compare_scans, home_of
from app.settings import load_settings
from app.store.vectors import Among
from app.texts import text
from imaging import files
from models.embedding import Embedder, load

Model = Annotated[str | None, typer.Option(help="Name of an embedding model in the model folder.")]
Scan = Annotated[Path, typer.Argument(help="A scan.")]


def same(one: Scan, other: Scan, model: Model = None, json: Json = False) -> None:
    """Say whether two X-ray scans show the same content."""
    with known_errors():
        embedder = _load(model)
        scans = [files.read(path) for path in (one, other)]
        first, second = ((embedder.embed(scan), scan) for scan in scans)
        compared = compare_scans(first, second, embedder.card)
    if json:
        remarks = [{"what": each.key, **each.details} for each in compared.remarks]
        said = {"model": compared.model, "score": round(compared.score, 4), "likeness": compared.likeness.value}
        print_json({"files": [str(one), str(other)], **said, "remarks": remarks})
        return
    print_line(f"{text(f'same.likeness.{compared.likeness}')}  {compared.score:.2f}  ({compared.model})")
    for remark in compared.remarks:
        print_line(f"    {say_remark(remark)}")


def nearest(
    image: Scan,
    number: Annotated[str, typer.Option(help="Only parcels or containers with this number.")] = "",
    sender: Annotated[str, typer.Option(help="Only of this sender.")] = "",
    goods: Annotated[str, typer.Option(help="Only with these words in their goods.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="Only of the last days; default: the settings'.")] = None,
    most: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    kind: Kind = Kind.PARCEL,
    json: Json = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """List the scans of a store that are most like one, the nearest first."""
    with known_errors():
        embedder = _load(None)
        vector = embedder.embed(files.read(image))
        with open_station(data) as station:
            who = act_as(station.rights, officer, Right.ARCHIVE)
            search = Search(Among(number, sender, goods), days, most)
            until = datetime.now(UTC) + timedelta(days=1)
            found = station.sameness.nearest_to(vector, kind, until, search, officer=who)
    for near in found:
        row = near.row
        if json:
            said = {"id": row.id, "number": row.number, "arrived_at": row.arrived_at.isoformat(), "goods": row.goods}
            print_json({**said, "score": round(near.score, 4), "likeness": near.likeness.value})
        else:
            words = text(f"same.likeness.{near.likeness}")
            print_line(f"{near.score:.2f}  {words}  {row.number}  {row.arrived_at.astimezone():%Y-%m-%d}  {row.goods}")


def _load(model: str | None) -> Embedder:
    settings = load_settings()
    name = model or settings.sameness.model
    return load(name, home_of(name, settings.detection.folder), provider=settings.detection.provider)
