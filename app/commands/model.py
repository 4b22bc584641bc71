"""Commands on models: check, card, eval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.commands.output import Exit, expand, known_errors, print_json, print_line, track
from app.settings import load_settings
from app.texts import text

model_commands = typer.Typer(help="Check and judge detection models.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@model_commands.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="An .onnx file, or the card of a model.")],
    classes: Annotated[str, typer.Option(help="Class names, separated by commas, where the file has none.")] = "",
    json: Json = False,
) -> None:
    """Say what is understood of a model, and run it on a blank picture in a process of its own."""
    from models.check import check as check_model

    with known_errors():
        understood = check_model(file, _split(classes))
    if json:
        print_json(understood.model_dump(mode="json"))
    else:
        for name, value in understood.model_dump(mode="json").items():
            if value not in ("", None, [], {}):
                print_line(f"{name:12s} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    if understood.problem:
        raise typer.Exit(Exit.FOUND)


@model_commands.command("card")
def card(
    file: Annotated[Path, typer.Argument(help="An .onnx file.")],
    classes: Annotated[str, typer.Option(help="Class names, separated by commas, where the file has none.")] = "",
    clean: Annotated[
        Path | None, typer.Option(help="Pictures of the post's machine without a find: a folder, to calibrate by.")
    ] = None,
) -> None:
    """Write the card that a model needs beside it; one that is there is kept, and gets thresholds from clean pictures.

    Without thresholds a class is never more than a hint.
    """
    from imaging.files import read
    from models.card import load_card, write_card
    from models.check import draft_card
    from models.detect import calibrate_card

    file = file.resolve()
    with known_errors():
        is_there = file.with_suffix(".json").is_file()
        made = load_card(file)[0] if is_there else draft_card(file, _split(classes))
        written = write_card(made, file.parent)
        if clean is not None:
            pictures = track(expand([clean]), made.title)
            made = calibrate_card(made, file.parent, map(read, pictures))
            write_card(made, file.parent)
    rates = ", ".join(f"{rate} %" for rate in made.classes[0].thresholds) or "-"
    print_line(text("models.card_written", file=str(written), classes=", ".join(made.labels), rates=rates))


@model_commands.command("eval")
def evaluate(
    coco: Annotated[Path | None, typer.Option(help="COCO file with the known boxes.")] = None,
    pairs: Annotated[Path | None, typer.Option(help="Folder of groups, for an embedding model.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures; default: beside the file.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of a model in the model folder.")] = None,
    same_as: Annotated[
        list[str] | None, typer.Option(help="knife=blade: what the file calls knife the model calls blade; repeat.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge a detector on known boxes, beside the densest blobs; or an embedding on pairs, beside plain pixels."""
    if (coco is None) == (pairs is None):
        raise typer.BadParameter("give either --coco or --pairs")
    if coco is None:
        assert pairs is not None
        _evaluate_pairs(pairs, model, is_json=json)
        return
    from app.build import load_detector
    from models.detect import evaluate_coco, unnamed_classes

    settings, names = load_settings().detection, _pairs(same_as or ())
    with known_errors():
        detector = load_detector(settings.model_copy(update={"model": model or settings.model}))
        if unnamed := unnamed_classes(detector, coco, names):
            told = text("models.unnamed", classes=", ".join(unnamed), known=", ".join(detector.card.labels))
            typer.echo(told, err=True)
        reports = evaluate_coco(detector, coco, images, names)
    for name, report in reports.items():
        if json:
            print_json({"model": name, "figures": report.figures})
            continue
        print_line(name)
        for figure, value in report.figures.items():
            print_line(f"    {figure:40s} {value:.3f}")


def _split(classes: str) -> tuple[str, ...]:
    return tuple(filter(None, classes.split(",")))


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if wrong := [each for each, (name, _, of_model) in zip(given, pairs, strict=True) if not (name and of_model)]:
        raise typer.BadParameter(f"{wrong[0]!r} is not NAME=CLASS", param_hint="--same-as")
    return {name: of_model for name, _, of_model in pairs}


def _evaluate_pairs(groups: Path, model: str | None, *, is_json: bool) -> None:
    from app.sameness import home_of
    from models.embedding import load
    from models.pairs import describe
    from models.training.embedding.judge import judge_groups

    settings = load_settings()
    name = model or settings.sameness.model
    with known_errors():
        embedder = load(name, home_of(name, settings.detection.folder))
        figures = judge_groups(embedder, groups)
    if is_json:
        print_json({"model": embedder.name, "figures": figures})
        return
    print_line(embedder.name)
    for line in describe(figures):
        print_line(line)
