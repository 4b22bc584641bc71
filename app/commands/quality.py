"""Commands on the quality of pictures: quality (the test piece and its trend), accuracy (the station's physics)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.output import Exit, known_errors, print_json, print_line
from app.settings import load_settings
from app.texts import text
from imaging import files
from imaging.drift import Drift, Result, find_drift, keep, read_kept
from imaging.quality import check


def quality(
    image: Annotated[Path, typer.Argument(help="A scan of the test piece.")],
    view: Annotated[int, typer.Option(min=0, max=1)] = 0,
    kept: Annotated[Path | None, typer.Option(help="File of earlier results; default: in the data folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Judge the machine by a scan of the test piece, and against earlier days. Exit code 1: below, or drifting."""
    path = kept or load_settings().data / "quality.jsonl"
    with known_errors():
        result = check(files.read(image), view)
        drifts = find_drift(read_kept(path), result)
        path.parent.mkdir(parents=True, exist_ok=True)
        keep(result, path)
    if json:
        print_line(result.to_json())
        for drift in drifts:
            print_json(asdict(drift))
    else:
        _print(result, drifts)
    if drifts or not result.is_ok:
        raise typer.Exit(Exit.FOUND)


def accuracy(
    out: Annotated[Path, typer.Option("--out", "-o", help="The Markdown file to write.")],
) -> None:
    """Write how exact material, steel thickness and thin wires are, measured on phantoms; takes some minutes."""
    from imaging.accuracy_report import write_report

    out.write_text(write_report(), encoding="utf-8")


def _print(result: Result, drifts: Sequence[Drift]) -> None:
    for figure in result.figures:
        mark = {True: "+", False: "-", None: " "}[figure.is_ok]
        value = "-" if figure.value is None else f"{figure.value:.4g} {figure.unit}"
        print_line(f"{mark} {_name(figure.name)}: {value}")
    below = ", ".join(_name(figure.name) for figure in result.figures if figure.is_ok is False)
    print_line(text("quality.result.below", figures=below) if below else text("quality.result.good"))
    for drift in drifts:
        words = {"figure": _name(drift.figure), "value": drift.value, "usual": drift.usual}
        print_line(text(f"quality.drift.{drift.rule}", lang=None, **words))


def _name(figure: str) -> str:
    return text(f"quality.figure.{figure}")
