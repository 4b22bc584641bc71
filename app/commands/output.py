"""How commands print: for people, as one JSON object a line, and errors with an exit code that means something."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

from app.texts import has_text, text
from imaging import files
from imaging.errors import FolderEmptyError, KnownError
from imaging.files import picture
from scanners.barcode import Code
from scanners.decode import decode

T = TypeVar("T")
console = Console(stderr=True)
_TECHNICAL = frozenset(("model_broken", "model_refused", "coco"))
"""Errors whose sentence for officers leaves out what was seen, which a laboratory needs."""


class Exit(IntEnum):
    """Exit codes: 0 done, 1 something was found wrong, 2 wrong usage (typer's own), 3 could not be done."""

    DONE = 0
    FOUND = 1
    FAILED = 3


def print_json(value: Any) -> None:
    """One object a line on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")


def or_nothing(rows: Iterable[T], *, json: bool = False) -> Iterator[T]:
    """The rows; where there are none a line says so, so that nobody wonders whether the command did anything."""
    is_empty = True
    for row in rows:
        is_empty = False
        yield row
    if is_empty and not json:
        print_line(text("pages.nothing"))


def explain(error: KnownError) -> str:
    """The error in the officer's language where it is translated, else in plain English.

    What a laboratory has to correct is told after it in the words of the error itself.
    """
    key = f"error.{error.key}"
    try:
        told = text(key, lang=None, **error.details) if has_text(key) else str(error)
    except KeyError:
        return str(error)
    return f"{told}\n{error}" if error.key in _TECHNICAL and told != str(error) else told


@contextmanager
def known_errors() -> Iterator[None]:
    """Turn a known error into its sentence on standard error and exit code 3."""
    try:
        yield
    except KnownError as error:
        typer.echo(explain(error), err=True)
        raise typer.Exit(Exit.FAILED) from error
    except OSError as error:
        if error.errno == errno.EPIPE:  # who reads the output has gone: no error of ours
            raise
        typer.echo(text("error.os", file=error.filename or "", why=error.strerror or error), err=True)
        raise typer.Exit(Exit.FAILED) from error


class Commands(TyperGroup):
    """All commands: whatever known error one of them leaves is told, whichever file could not be written."""

    def invoke(self, ctx: Any) -> Any:
        with known_errors():
            return super().invoke(ctx)


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """Go through items with a progress bar on standard error."""
    with progress() as bar:
        task = bar.add_task(what, total=len(items))
        for item in items:
            yield item
            bar.advance(task)


def progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def for_each_file(paths: Iterable[Path], act: Callable[[Path], None]) -> None:
    """Do something with every file; a file that fails is named, the others go on, and the exit code says it."""
    failed = False
    for path in paths:
        try:
            act(path)
        except KnownError as error:
            typer.echo(explain(error), err=True)
            failed = True
    if failed:
        raise typer.Exit(Exit.FAILED)


def decode_file(path: Path) -> list[Code]:
    """Every code in a picture.

    Raises:
        FileError: it cannot be read as a picture.
    """
    files.read_head(path)
    colour = picture.read(path).views[0].colour
    assert colour is not None
    return decode(np.ascontiguousarray(colour[..., ::-1]))


def expand(paths: Sequence[Path]) -> list[Path]:
    """Files as given, folders as the files in them, in order; a native scan is one, not its picture and its sidecar.

    Raises:
        FolderEmptyError: there is no file in any of them.
    """
    found: list[Path] = []
    for path in paths:
        found += sorted(filter(_is_wanted, path.iterdir())) if path.is_dir() else [path]
    if not found:
        raise FolderEmptyError(paths[0], "there is no file in this folder. Give another one.")
    return found


def _is_wanted(path: Path) -> bool:
    is_sidecar = path.suffix.lower() == ".json" and path.with_suffix(".tif").is_file()
    return path.is_file() and not is_sidecar
