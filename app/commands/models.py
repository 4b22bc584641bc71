"""Commands on the models of a post: which are on, how one on trial compares, and switching."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.log import Data, Json, open_store, settings_of
from app.commands.model import model_commands as model_commands  # noqa: PLC0414 - with the commands below
from app.commands.output import explain, known_errors, print_json, print_line
from app.customs.model_trial import Mode
from app.duty import Duty
from app.model_office import ModelOffice, compare_model
from app.model_words import figures_of
from app.officers.rights import KnownOfficers, Right
from app.texts import text

Name = Annotated[str, typer.Argument(help="Name and version of the model, as `model list` shows it.")]


@model_commands.command("list")
def list_(json: Json = False, data: Data = None) -> None:
    """List the models of the settings, and which of them officers work with."""
    from app.build import name_models

    settings = settings_of(data)
    with known_errors(), open_store(settings) as store:
        posted = name_models(settings.detection)
        for each in ModelOffice(store, lambda: posted, KnownOfficers({})).models():
            trouble = explain(each.error) if each.error else ""
            if json:
                kinds, lanes = list(each.choice.looks_at), list(each.choice.lanes)
                said = {"name": each.name, "mode": each.mode, "looks_at": kinds, "lanes": lanes, "tried": each.tried}
                print_json({**said, "error": trouble or None})
            else:
                lanes_said = ", ".join(each.choice.lanes) or text("models.all_lanes")
                mode = text(f"models.mode.{each.mode}")
                print_line(f"{each.name:24s} {mode:14s} {lanes_said:20s} {each.tried:>8,}  {trouble}".rstrip())


@model_commands.command("compare")
def compare(
    name: Name,
    days: Annotated[int, typer.Option(min=1, help="Pictures of so many days up to now.")] = 30,
    drill: Annotated[bool, typer.Option("--drill", help="Exercises instead of real parcels.")] = False,
    json: Json = False,
    data: Data = None,
) -> None:
    """Hold what a model found in the shadow against what officers were shown, and against what opening found."""
    with known_errors(), open_store(settings_of(data)) as store:
        trial = compare_model(store, name, days, is_drill=drill)
    figures = figures_of(trial)
    if json:
        print_json({"model": name, **{figure.name: figure.value for figure in figures}})
        return
    for figure in figures:
        print_line(f"{text(f'models.figure.{figure.name}')}:  {figure.value}  {figure.range}".rstrip())


@model_commands.command("switch")
def switch(
    name: Name,
    to: Annotated[Mode, typer.Option(help="What it becomes.")] = Mode.ON,
    beside: Annotated[bool, typer.Option("--beside", help="Leave those on that are now.")] = False,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Put a model on, into the shadow or off; a station that is running heeds it with its next scan."""
    from app.build import build_rights, name_models

    settings = settings_of(data)
    with known_errors(), open_store(settings) as store:
        rights = build_rights(settings, store, place="command model switch")
        posted = name_models(settings.detection)
        try:
            who = act_as(rights, officer, Right.MODELS_SWITCH)
            office = ModelOffice(store, lambda: posted, rights)
            office.switch(name, to, officer=who, instead=to is Mode.ON and not beside)
        finally:
            if isinstance(rights, Duty):
                rights.sign_out()
    print_line(text("models.switched", name=name, mode=text(f"models.mode.{to}")))
