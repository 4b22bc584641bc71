"""Commands that make the shipped embedding: groups of phantoms, training, export, judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.output import known_errors, print_line
from app.commands.train import Compiled, need_compiler, need_torch

embedding_commands = typer.Typer(help="Make an embedding: groups, training, export, judgement.", no_args_is_help=True)


@embedding_commands.command("data")
def data(
    out: Annotated[Path, typer.Argument(help="Folder of the groups; goes on where it left off.")],
    count: Annotated[int, typer.Option(min=1, help="How many groups there are to be.")] = 2400,
    seed: Annotated[int, typer.Option(min=0, help="Sets to judge by need another than the training's.")] = 1,
    unseen: Annotated[bool, typer.Option(help="With designs that no training has seen.")] = False,
) -> None:
    """Write groups of phantoms: the same twice, altered twice, another of its lot."""
    from models.training.embedding.scenes import write_groups

    with known_errors():
        write_groups(out, count, seed, is_unseen=unseen)


@embedding_commands.command("run")
def run(
    groups: Annotated[Path, typer.Argument(help="Folder of groups; it may still be growing.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder of the run; goes on where it left off.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Time of all sessions together.")] = 20,
    batch: Annotated[int, typer.Option(min=2, help="Groups in a step.")] = 40,
    rate: Annotated[float, typer.Option(min=0, help="The highest learning rate.")] = 2e-3,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    is_compiled: Compiled = False,
) -> None:
    """Train; writes checkpoint.pt, log.csv and curve.png."""
    need_torch()
    if is_compiled:
        need_compiler()
    from models.training.embedding.train import train
    from models.training.run import Plan

    with known_errors():
        train(groups, out, Plan(minutes, batch, rate, threads, seed, is_compiled))


@embedding_commands.command("export")
def export(
    checkpoint: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Write a trained network as a model."""
    need_torch()
    from models.training.embedding.export import export_embedding

    with known_errors():
        export_embedding(checkpoint, out)


@embedding_commands.command("judge")
def judge(
    model: Annotated[Path, typer.Argument(help="An export.", exists=True)],
    groups: Annotated[Path, typer.Option(help="Folder of groups of another seed than the training's.", exists=True)],
    version: Annotated[str, typer.Option()],
) -> None:
    """Draw the steps of an export from parcels that it has not seen, judge it, and write its card beside it."""
    from models.card import write_card
    from models.training.embedding.judge import judge_embedding

    with known_errors():
        card = judge_embedding(model, version, groups)
        write_card(card, model.parent)
    print_line(card.model_dump_json(indent=1))
