"""Commands on risk rules: check a file, try it on the last days, export what is in force, draw a day again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.commands.log import Data, Json, bars, open_store, settings_of
from app.commands.output import Exit, known_errors, print_json, print_line
from app.customs.risk.errors import RulesEmptyError, RulesError
from app.customs.risk.lanes import RuleSet
from app.customs.risk.rule import Rule
from app.customs.risk.table import parse_rules, write_rules
from app.customs.risk.whatif import Tally, WhatIf
from app.officers.rights import KnownOfficers
from app.risk_office import RiskOffice
from app.texts import language, text

risk_commands = typer.Typer(help="Risk rules: which parcels go to which lane.", no_args_is_help=True)
RulesFile = Annotated[Path, typer.Argument(metavar="RULES", help="A file of rules: TOML, or the old CSV table.")]


@risk_commands.command("check")
def check(rules: RulesFile) -> None:
    """Read a file of rules and print what each says, in the language of the system."""
    with known_errors():
        for rule in _read(rules):
            print_line(f"{rule.id}  {_title(rule)}  {text(f'ui.lane.{rule.lane}')}\n    {rule.text(language())}")


@risk_commands.command("test")
def try_rules(
    rules: RulesFile,
    days: Annotated[int, typer.Option(min=1, max=366, help="Today and the days before it.")] = 7,
    json: Json = False,
    data: Data = None,
) -> None:
    """What a file of rules would have selected, hit and missed on the last days' parcels, beside those in force."""
    with known_errors(), _office(data) as office, bars() as watch:
        wanted = RuleSet(_read(rules))
        if not len(wanted):
            raise RulesEmptyError(f"{rules} holds no rule; there is nothing to try.", name=str(rules))

        def progress(done: int) -> bool:
            watch("trial", done, done + 1)
            return True

        found = office.try_out(wanted, days, progress)
    if json:
        _print_json(found)
    else:
        _print(found, days)


@risk_commands.command("export")
def export(data: Data = None) -> None:
    """Print the rules in force as a file that `risk test` and the settings take."""
    with known_errors(), _office(data) as office:
        print_line(write_rules(office.in_force(), language()).rstrip())


@risk_commands.command("redraw")
def redraw(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day that is over.")],
    json: Json = False,
    data: Data = None,
) -> None:
    """Draw a day's random control again with the key that the log revealed, and hold it against what was selected."""
    with known_errors(), _office(data) as office:
        found = office.redraw(day.date())
        why = "secret" if office.has_drawn(day.date()) else "none"
    if found is None:
        typer.echo(text(f"risk.redraw.{why}", day=f"{day:%Y-%m-%d}"), err=True)
        raise typer.Exit(Exit.FAILED)
    if json:
        print_json(
            {"day": found.day.isoformat(), "is_sound": found.is_ok, "parcels": found.parcels, "drawn": found.drawn,
             "missing": found.missing, "extra": found.extra}
        )  # fmt: skip
    else:
        print_line(text("risk.redraw.done", day=found.day, parcels=found.parcels, drawn=found.drawn))
        for key, pairs in (("missing", found.missing), ("extra", found.extra)):
            for rule_id, number in pairs:
                print_line(f"  {text(f'risk.redraw.{key}', rule=rule_id, number=number)}")
    if not found.is_ok:
        raise typer.Exit(Exit.FOUND)


@contextmanager
def _office(data: Path | None) -> Iterator[RiskOffice]:
    settings = settings_of(data)
    with open_store(settings) as store:
        yield RiskOffice(store, settings.post, KnownOfficers({}), ())


def _read(path: Path) -> list[Rule]:
    try:
        return parse_rules(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        detail = f"The rules in {path} cannot be read: {why}."
        raise RulesError(detail, detail=detail) from error


def _title(rule: Rule) -> str:
    return rule.title.zh if language() == "zh_CN" else rule.title.en


def _print(found: WhatIf, days: int) -> None:
    print_line(text("risk.trial.of", parcels=found.parcels, days=days, hits=found.hits))
    heads = [text(f"risk.trial.{name}") for name in ("selected", "opened", "hits", "missed")]
    table = Table(Column(text("risk.trial.rule"), no_wrap=True), *(Column(head, justify="right") for head in heads))
    table.add_row(text("risk.trial.all"), *_pairs(found.before, found.after), style="bold")
    for line in found.lines.values():
        table.add_row(line.rule_id, *_pairs(line.before, line.after))
    Console(width=100).print(table)
    print_line(text("risk.trial.moved", count=found.moved_count))


def _pairs(before: Tally | None, after: Tally | None) -> list[str]:
    """What was and what would be, or one where nothing changes."""
    pairs = [
        tuple("–" if tally is None else f"{getattr(tally, name):,}" for tally in (before, after))
        for name in ("selected", "opened", "hits", "missed")
    ]
    return [one if one == two else f"{one} → {two}" for one, two in pairs]


def _print_json(found: WhatIf) -> None:
    def told(tally: Tally | None) -> dict[str, object] | None:
        if tally is None:
            return None
        return {
            "selected": tally.selected, "opened": tally.opened, "hits": tally.hits, "missed": tally.missed,
            "hit_rate": tally.hit_rate,
        }  # fmt: skip

    print_json({"parcels": found.parcels, "hits": found.hits, "before": told(found.before), "after": told(found.after)})
    for line in found.lines.values():
        print_json({"rule": line.rule_id, "before": told(line.before), "after": told(line.after)})
