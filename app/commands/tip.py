"""Commands on projected threats (TIP): make the library, see it and the scores, set how often."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.commands.acting import Officer, act_as
from app.commands.log import settings_of
from app.commands.output import known_errors, print_json, print_line, progress
from app.commands.records import Data, Json, open_station
from app.customs.tip import Score
from app.officers.rights import Right
from app.texts import text
from app.tip_scores import cells, column_names, to_json, write_csv
from imaging.tip.threats import build_library

tip_commands = typer.Typer(help="Projected threats (TIP): library, rates, scores.", no_args_is_help=True)
_WORDS = 2
"""Columns of a score that hold words."""


@tip_commands.command()
def build(
    each: Annotated[int, typer.Option(min=1, max=1000, help="Images of every kind.")] = 25,
    seed: Annotated[int, typer.Option(help="Another seed makes other images; the counters begin anew.")] = 1,
    data: Data = None,
) -> None:
    """Make the library of threats from phantoms; an older one is replaced."""
    settings = settings_of(data)
    folder = settings.tip.library or settings.data / "tip"
    with known_errors(), progress() as bar:
        task = bar.add_task("tip", total=None)
        made = build_library(
            folder, seed=seed, per_category=each,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    kinds = {threat.category for threat in made.threats.values()}
    print_line(text("tip.command.built", images=len(made.threats), categories=len(kinds), folder=str(folder)))


@tip_commands.command()
def library(json: Json = False, data: Data = None) -> None:
    """How often each image was shown, hit and missed."""
    with known_errors(), open_station(data) as station:
        uses = station.tip.uses()
    if json:
        for use in uses:
            print_json(
                {"threat": use.threat, "category": use.category, "shown": use.shown, "hits": use.hits,
                 "misses": use.misses}
            )  # fmt: skip
        return
    counted: Counter[str] = Counter()
    for use in uses:
        counted[use.category] += use.shown
    for category, shown in counted.items():
        images = sum(use.category == category for use in uses)
        print_line(f"{text(f'tip.category.{category}')}  {images}  {text('tip.column.shown')} {shown}")


@tip_commands.command()
def rate(
    share: Annotated[float, typer.Argument(help="Share of the pictures that get a threat, 0 to 1.")],
    lane: Annotated[str, typer.Option(help="On this lane; default: on all.")] = "",
    of: Annotated[str, typer.Option(help="For this officer; default: for all.")] = "",
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Set how many pictures get a projected threat."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.TIP_SET)
        station.tip.set_rate(share, officer=who, lane=lane, of=of)
    everywhere = text("tip.command.all")
    print_line(text("tip.command.set", share=f"{share:g}", lane=lane or everywhere, officer=of or everywhere))


@tip_commands.command()
def scores(
    days: Annotated[int, typer.Option(min=1, max=3660, help="The last days.")] = 30,
    own: Annotated[bool, typer.Option("--own", help="One's own scores; they need no further right.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write a CSV file instead.")] = None,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Hits, misses, false alarms, sensitivity and times of officers, with and without the detector, by kind."""
    with known_errors(), open_station(data) as station:
        who = act_as(station.rights, officer, Right.SCREEN if own else Right.TIP_SCORES)
        office = station.tip
        found = office.own_scores(officer=who, days=days) if own else office.scores(officer=who, days=days)
        if out:
            station.rights.require(who, Right.EXPORT)
            write_csv(found, out)
    if out:
        print_line(text("tip.page.written", name=out.name))
    elif json:
        for score in found:
            print_json(to_json(score))
    else:
        _print(found, days)


def _print(found: list[Score], days: int) -> None:
    if not found:
        print_line(text("tip.page.nothing", days=days))
        return
    columns = [
        Column(name, justify="left" if at < _WORDS else "right", no_wrap=True) for at, name in enumerate(column_names())
    ]
    table = Table(*columns)
    for score in found:
        table.add_row(*cells(score))
    Console(width=150).print(table)
