"""The command label, and the station that commands on records open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, act_as
from app.commands.output import decode_file, known_errors
from app.officers.rights import Right
from app.settings import Printer, load_settings
from app.station import Station
from app.store.sealed import read_file
from app.store.store import Store
from app.trace.codes import PREFIX
from app.trace.errors import LabelNoneError
from app.trace.formats import Format
from imaging.errors import CodeAbsentError

Data = Annotated[Path | None, typer.Option(help="Folder of the store; default: the user's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
LONGEST_NAME = 200
"""A longer argument is a code and not the name of a picture."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
"""What ends so is a picture's name even where there is no such file."""


def label(
    parcel: Annotated[str, typer.Argument(help="Id of the parcel, its number, or its trace code.")],
    out: Annotated[Path, typer.Option("--out", "-o", help=f"The file: {', '.join(f'.{each}' for each in Format)}.")],
    dpi: Annotated[int, typer.Option(min=150, max=1200)] = 203,
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Write the label of a released parcel."""
    kinds = {each.value: each for each in Format}
    kind = kinds.get(out.suffix.removeprefix(".").lower())
    if kind is None:
        raise typer.BadParameter(f"{out.suffix!r} is not one of {', '.join(kinds)}", param_hint="--out")
    with known_errors(), open_station(data) as station:
        act_as(station.rights, officer, Right.PRINT)
        found = station.find_code(parcel, is_scan=False)
        if found is None and parcel.isdecimal():
            found = station.parcel(int(parcel))
        if found is None:
            raise LabelNoneError(f"No parcel is known by {parcel}.", number=parcel)
        out.write_bytes(read_file(station.label(found.id, kind=kind, dpi=dpi)))


@contextmanager
def open_station(data: Path | None) -> Iterator[Station]:
    """The station without devices, detector and printer, which the running one has."""
    from app.build import build_station

    settings = load_settings()
    Store.expect(data or settings.data)
    changes: dict[str, object] = {
        "devices": (),
        "printer": Printer(),
        "detection": settings.detection.model_copy(update={"is_on": False}),
    }
    settings = settings.model_copy(update=changes | ({"data": data} if data else {}))
    station = build_station(settings, place="command")
    try:
        yield station
    finally:
        station.stop()


def take_code(argument: str) -> str:
    """The code that an argument is, or that is in the picture that it names.

    Raises:
        FileError: the picture is absent or none. CodeAbsentError: there is no code in it.
    """
    path = Path(argument)
    is_picture = len(argument) < LONGEST_NAME and not argument.startswith(PREFIX)
    if is_picture and (path.is_file() or path.suffix.lower() in PICTURES):
        return read_code(path)
    return argument


def read_code(picture: Path) -> str:
    """The code in a picture.

    Raises:
        FileError: it is no picture. CodeAbsentError: there is no code in it.
    """
    codes = [code for code in decode_file(picture) if not code.is_doubtful]
    if not codes:
        raise CodeAbsentError(picture, "no code can be read in it.")
    return codes[0].text
