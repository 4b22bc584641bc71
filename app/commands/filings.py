"""Commands on filings: import, show."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import Exit, known_errors, or_nothing, print_json, print_line, progress
from app.commands.records import Data, Json, open_station
from app.customs.filings import Book, Filing
from app.exchange.filings import Wrong, guess_book
from app.filing_office import Imported
from app.officers.rights import Right
from app.texts import text

filing_commands = typer.Typer(help="Filings (备案): enterprises, goods, lists, listed prices.", no_args_is_help=True)


@filing_commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A table: CSV or Excel; its first row names the columns.")],
    book: Annotated[Book | None, typer.Option(help="The book; default: what the file's name begins with.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it would do.")] = False,
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Take a table's rows into a book, and name every row that is wrong."""
    into = book or guess_book(file)
    if into is None:
        raise typer.BadParameter(f"the name of {file.name} says no book: {', '.join(Book)}", param_hint="--book")
    done = Imported()
    with known_errors(), open_station(data) as station, progress() as bar:
        who = act_as(station.rights, officer, Right.FILINGS_IMPORT)
        task = bar.add_task(text(f"filings.book.{into}"), total=None)
        for done in station.filings.import_file(file, into, officer=who, is_preview=preview):
            bar.update(task, completed=done.rows)
    for wrong in done.wrong:
        _print_wrong(wrong, json)
    counted = done.counted
    if json:
        said = {"new": counted.new, "changed": counted.changed, "same": counted.same, "wrong": done.wrong_rows}
        print_json({"file": str(file), "book": into, "preview": preview, **said})
    else:
        key = "filings.would_do" if preview else "filings.done"
        print_line(
            text(key, new=counted.new, changed=counted.changed, same=counted.same, wrong=done.wrong_rows)
        )  # fmt: skip
    if done.wrong_rows:
        raise typer.Exit(Exit.FOUND)


@filing_commands.command()
def show(
    book: Annotated[Book | None, typer.Argument(help="The book; default: how many each holds.")] = None,
    wanted: Annotated[str, typer.Argument(help="How the number or name begins.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    versions: Annotated[bool, typer.Option("--versions", help="Every version of exactly this number.")] = False,
    json: Json = False,
    data: Data = None,
) -> None:
    """Show filings by the beginning of their number or name."""
    with known_errors(), open_station(data) as station:
        if book is None:
            for each, n in station.filings.counts().items():
                print_json({"book": each, "filings": n}) if json else print_line(f"{text(f'filings.book.{each}')}  {n}")
        elif versions:
            for version in or_nothing(station.filings.versions(book, wanted), json=json):
                origin = {"officer": version.officer, "source": version.source, "at": version.imported_at.isoformat()}
                _print_filing(version.filing, json, origin)
        else:
            for filing in or_nothing(station.filings.page(book, wanted=wanted, limit=limit), json=json):
                _print_filing(filing, json, {})


def _print_wrong(wrong: Wrong, json: bool) -> None:
    why = text(f"filings.wrong.{wrong.why}")
    if json:
        print_json({"row": wrong.row, "column": wrong.column, "value": wrong.value, "why": wrong.why, "text": why})
    else:
        print_line(text("filings.wrong_row", row=wrong.row, column=wrong.column, value=wrong.value, why=why))


def _print_filing(filing: Filing, json: bool, origin: dict[str, str]) -> None:
    span = [
        "" if filing.valid_from == date.min else filing.valid_from.isoformat(),
        filing.valid_to.isoformat() if filing.valid_to else "",
    ]
    if json:
        said = {"book": filing.book, "key": filing.key, "name": filing.name, "standing": filing.standing}
        print_json({**said, "valid_from": span[0], "valid_to": span[1], **filing.said, **origin})
        return
    standing = text(f"filings.standing.{filing.standing}")
    more = [f"{name}={value}" for name, value in (*filing.said.items(), *origin.items())]
    print_line(
        "  ".join(part for part in (filing.key, filing.name, standing, "–".join(span), *more) if part.strip("–"))
    )
