"""Commands on models: check, eval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.output import Exit, known_errors, print_json, print_line
from app.settings import load_settings

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
        understood = check_model(file, tuple(filter(None, classes.split(","))))
    if json:
        print_json(understood.model_dump(mode="json"))
    else:
        for name, value in understood.model_dump(mode="json").items():
            if value not in ("", None, []):
                print_line(f"{name:12s} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    if understood.problem:
        raise typer.Exit(Exit.FOUND)


@model_commands.command("eval")
def evaluate(
    coco: Annotated[Path, typer.Option(help="COCO file with the known boxes.")],
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures; default: beside the file.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of a model in the model folder.")] = None,
    json: Json = False,
) -> None:
    """Judge a model on pictures with known boxes, beside the densest blobs."""
    from app.build import load_detector
    from models.detect import evaluate_coco

    settings = load_settings().detection
    with known_errors():
        detector = load_detector(settings.model_copy(update={"model": model or settings.model}))
        reports = evaluate_coco(detector, coco, images)
    for name, report in reports.items():
        if json:
            print_json({"model": name, "figures": report.figures})
            continue
        print_line(name)
        for figure, value in report.figures.items():
            print_line(f"    {figure:40s} {value:.3f}")
