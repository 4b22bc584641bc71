"""Commands that make the shipped detector: scenes, training, export, judgement."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Annotated

import typer

from app.commands.output import Exit, known_errors, print_line
from app.texts import text
from models.training.labels import Kind
from models.training.recipes import Name

COMPILERS = ("c++", "g++", "clang++", "cl")
Compiled = Annotated[
    bool, typer.Option("--compile", help="Compile the network first: faster steps; needs a C++ compiler.")
]
train_commands = typer.Typer(help="Make a detector: scenes, training, export, judgement.", no_args_is_help=True)


def need_torch() -> None:
    """End the command where the extra `train` is not installed."""
    missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
    if missing:
        typer.echo(text("train.missing", packages=", ".join(missing)), err=True)
        raise typer.Exit(Exit.FAILED)


def need_compiler() -> None:
    """End the command where torch would find nothing to compile with."""
    if not any(map(which, COMPILERS)):
        typer.echo(text("train.no_compiler", names=", ".join(COMPILERS)), err=True)
        raise typer.Exit(Exit.FAILED)


@train_commands.command("data")
def data(
    out: Annotated[Path, typer.Argument(help="Folder of the scenes; goes on where it left off.")],
    count: Annotated[int, typer.Option(min=1, help="How many scenes there are to be.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Sets to judge by need another than the training's.")] = 1,
    kind: Kind = Kind.TRAINING,
    libraries: Annotated[int, typer.Option(min=1, help="Libraries of a parcel's objects in use at once.")] = 4,
    recipe: Name = Name.PARCEL,
) -> None:
    """Write phantom scenes to train on, or to judge by."""
    from models.training.containers import write_containers
    from models.training.data import write_scenes

    with known_errors():
        if recipe is Name.CARGO:
            write_containers(out, count, seed, kind)
        else:
            write_scenes(out, count, seed, kind, libraries)


@train_commands.command("run")
def run(
    scenes: Annotated[Path, typer.Argument(help="Folder of scenes; it may still be growing.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder of the run; goes on where it left off.")],
    minutes: Annotated[float, typer.Option(min=0.1, help="Time of all sessions together.")] = 90,
    batch: Annotated[int, typer.Option(min=1)] = 32,
    rate: Annotated[float, typer.Option(min=0, help="The highest learning rate.")] = 2e-3,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    start_from: Annotated[Path | None, typer.Option(help="Checkpoint of another run to begin with.")] = None,
    recipe: Name = Name.PARCEL,
    is_compiled: Compiled = False,
) -> None:
    """Train; writes checkpoint.pt, log.csv and curve.png. On a graphics processor where there is one."""
    need_torch()
    if is_compiled:
        need_compiler()
    from models.training.recipes import RECIPES
    from models.training.run import Plan
    from models.training.train import train

    with known_errors():
        train(scenes, out, Plan(minutes, batch, rate, threads, seed, is_compiled), start_from, RECIPES[recipe])


@train_commands.command("export")
def export(
    checkpoint: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    scenes: Annotated[Path | None, typer.Option(help="Also write an 8-bit form, calibrated on these scenes.")] = None,
    beside: Annotated[list[Path] | None, typer.Option(help="Another run's checkpoint; the mean of all speaks.")] = None,
) -> None:
    """Write a trained network as a model of 32 bit, and as one of 8."""
    need_torch()
    from models.training.export import export_forms

    with known_errors():
        export_forms([checkpoint, *(beside or ())], out, scenes)


@train_commands.command("judge")
def judge(
    model: Annotated[Path, typer.Argument(help="An export.", exists=True)],
    sets: Annotated[Path, typer.Option(help="Folder of the sets known, unseen, fan, clean, bags.", exists=True)],
    version: Annotated[str, typer.Option()],
    real: Annotated[Path | None, typer.Option(help="COCO file of real pictures.", exists=True)] = None,
    others: Annotated[str | None, typer.Option(help="Model beside it that looks at pictures not measured.")] = None,
    note: Annotated[list[str] | None, typer.Option(help="What else the card is to say.")] = None,
    recipe: Name = Name.PARCEL,
) -> None:
    """Calibrate an export on the clean set, judge it on the others, and write its card beside it."""
    from models.card import write_card
    from models.training.judge import judge_model
    from models.training.recipes import RECIPES

    with known_errors():
        card = judge_model(model, version, sets, real, RECIPES[recipe], others=others)
        card = card.model_copy(update={"notes": tuple(note or ())})
        write_card(card, model.parent)
    print_line(card.model_dump_json(indent=1))
