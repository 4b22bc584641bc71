"""The command bench: measures this machine against what an issue or a post asks for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.bench.rows import Row
from app.commands.output import Exit, console, explain
from imaging.errors import KnownError

BENCHES = (
    "station",
    "viewer",
    "detection",
    "decode",
    "trace",
    "ingest",
    "faults",
    "likeness",
    "hub",
    "store",
    "soak",
    "risk",
    "statistics",
    "filings",
    "tip",
)
MINUTES = ("trace", "faults", "hub", "store", "soak", "tip", "filings")
"""Run only when named: they take minutes to hours."""
FILE_WIDTH = 160
"""Of a table that goes into a file, which has no width of its own."""
SIZED = {"store": 20_000, "soak": 200, "filings": 1_000, "likeness": 30}
"""The benches that make as many parcels as they are told, and the fewest."""


def bench(
    name: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(BENCHES)}; without it, the short ones.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as a JSON list.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of real files, for the benches that read them.")] = None,
    parcels: Annotated[
        int | None, typer.Option(help="How many `store`, `soak`, `filings` and `likeness` make.")
    ] = None,
) -> None:
    """Measure, and print each figure beside what is to be reached and a peer measured in the same run."""
    if name is not None and name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(BENCHES)}", param_hint="NAME")
    if parcels is not None and (name not in SIZED or parcels < SIZED[name]):
        least = ", ".join(f"{each} from {fewest:,} on" for each, fewest in SIZED.items())
        raise typer.BadParameter(f"it is for {least}", param_hint="--parcels")
    rows: list[Row] = []
    has_failed = False
    shown = Console(stderr=True, width=None if console.is_terminal else FILE_WIDTH)
    for each in (name,) if name else (each for each in BENCHES if each not in MINUTES):
        shown.print(f"[bold]{each}")
        run: Callable[..., list[Row]] = import_module(f"app.bench.{each}").run
        try:
            found = run(data, parcels) if parcels else run(data)
        except KnownError as error:  # one that lacks its files does not stop the others
            typer.echo(explain(error), err=True)
            has_failed = True
            continue
        shown.print(_table(found))
        rows += found
    if json_file:
        json_file.write_text(json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1), "utf-8")
    if has_failed:
        raise typer.Exit(Exit.FAILED)
    if any(row.ok is False for row in rows):
        raise typer.Exit(Exit.FOUND)


def _table(rows: list[Row]) -> Table:
    table = Table(Column("figure", no_wrap=True), "value", "unit", "reach", "", "peer", "peer value")
    for row in rows:
        mark = {True: "[green]ok", False: "[red]below", None: ""}[row.ok]
        values = (
            row.name,
            _number(None if math.isnan(row.value) else row.value),
            row.unit,
            _number(row.reach),
            mark,
            row.peer or "",
            _number(row.peer_value),
        )
        table.add_row(*values)
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
