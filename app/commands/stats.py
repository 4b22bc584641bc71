"""The command stats: the post's figures of a day, week, month or year, and whether they are what the log says."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.commands.acting import Officer, acting
from app.commands.log import Data, Json, bars, open_store, settings_of
from app.commands.output import Exit, known_errors, print_json, print_line
from app.customs.statistics import Form, Period, Report
from app.officers.rights import KnownOfficers, Right
from app.settings import Post
from app.statistics_files import column_words, said, title_of, write_report
from app.statistics_office import StatisticsOffice
from app.store.store import Store
from app.texts import language, text


def stats(
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day of the span; default: today.")
    ] = None,
    period: Annotated[Period, typer.Option(help="How long the span is.")] = Period.DAY,
    out: Annotated[Path | None, typer.Option(help="Write a .csv, .xlsx or .pdf file instead.")] = None,
    drill: Annotated[bool, typer.Option("--drill", help="The figures of exercises instead of the real ones.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Sum all parcels anew and compare; changes nothing.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Sum all parcels anew and keep that.")] = False,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """The post's daily report and what lies behind it: by shift, officer, lane, rule, enterprise and goods."""
    settings = settings_of(data)
    wanted = Right.LOG_VERIFY if rebuild else Right.EXPORT if out else None
    with (
        known_errors(),
        open_store(settings) as store,
        acting(settings, store, officer, wanted) if wanted else nullcontext(),
    ):
        if check or rebuild:
            _prove(store, is_rebuild=rebuild, json=json)
            return
        office = StatisticsOffice(store, settings.post, KnownOfficers({}), store.rules.states)
        span = office.span(period, day.date() if day else None)
        report = office.make_report(span, is_drill=drill)
        name = _post_name(settings.post)
        if out:
            write_report(report, out, post=name)
            print_line(text("stats.written", name=out.name))
        elif json:
            print_json(_to_json(report))
        else:
            _print(report, name)


def _prove(store: Store, *, is_rebuild: bool, json: bool) -> None:
    with bars() as watch:

        def tell(done: int) -> None:
            watch("figures", done, done + 1)

        if is_rebuild:
            store.rollups.rebuild(progress=tell)
            print_line(text("stats.rebuilt"))
        store.rollups.catch_up()
        found = store.rollups.check(tell)
    counts = {"parcels": found.parcels, "figures": found.figures}
    if json:
        print_json({"is_sound": found.is_ok, **counts, "differing": found.differing})
    else:
        print_line(text("stats.checked", parcels=found.parcels, figures=found.figures, differing=len(found.differing)))
        for line in found.differing[:100]:
            print_line(f"  {line}")
    if not found.is_ok:
        raise typer.Exit(Exit.FOUND)


def _post_name(post: Post) -> str:
    return post.name_zh if language() == "zh_CN" else post.name_en


def _to_json(report: Report) -> dict[str, object]:
    return {
        "from": report.span.first.isoformat(),
        "to": report.span.last.isoformat(),
        "is_drill": report.is_drill,
        "tables": {
            table.name: [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]
            for table in report.tables
        },
        "series": {series.name: {"labels": series.labels, **series.lines} for series in report.series},
    }


def _print(report: Report, post: str) -> None:
    console = Console(width=120)
    console.print(title_of(report, post), style="bold")
    for each in report.tables:
        columns = [
            Column(name, justify="left" if column.form in (Form.TEXT, Form.NAME, Form.MARK) else "right")
            for name, column in zip(column_words(each), each.columns, strict=True)
        ]
        table = Table(*columns, title=text(f"stats.table.{each.name}"), title_justify="left")
        for row in each.rows:
            table.add_row(*(said(value, column.form) for value, column in zip(row, each.columns, strict=True)))
        console.print(table)
    if report.drills:
        print_line(text("stats.page.drill_note", count=report.drills, key="--drill"))
