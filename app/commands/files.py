"""Commands on files: simulate, detect, decode, render."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import cv2
import typer

from app.commands.output import decode_file, expand, for_each_file, known_errors, print_json, print_line, track
from app.customs.parcel import Kind
from app.settings import Detection, ModelChoice, load_settings
from imaging import files
from imaging.files import dicos, native
from imaging.look import LOOKS
from imaging.material import MEV_FROM_KV, beam_of
from imaging.render import picture_of
from imaging.scan import Scan
from models.detect import as_line
from models.detector import Level

Files = Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


class Simulated(StrEnum):
    PARCEL = "parcel"
    CONTAINER = "container"


def simulate(
    kind: Annotated[Simulated, typer.Argument()],
    out: Annotated[Path, typer.Option(help="Folder for the native scans.")],
    count: Annotated[int, typer.Option(min=1)] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first seed; the same seed gives the same scan.")] = 0,
    views: Annotated[int, typer.Option(min=1, max=2, help="Views of a parcel.")] = 1,
    fan: Annotated[
        bool, typer.Option("--fan", help="A parcel in a tunnel's fan beams; rays are parallel without.")
    ] = False,
) -> None:
    """Make scans of phantoms, with ground truth, as native files."""
    from imaging.phantom import CORNER_TUNNEL, simulate_container, simulate_parcel

    tunnel = CORNER_TUNNEL if fan else None
    with known_errors():
        out.mkdir(parents=True, exist_ok=True)
        for number in track(range(seed, seed + count), f"{count} x {kind}"):
            if kind == Simulated.PARCEL:
                scan = simulate_parcel(number, views=views, tunnel=tunnel)
            else:
                scan = simulate_container(number)
            native.write(scan, out / f"{kind}-{number:06d}.tif")


def detect(
    images: Files,
    model: Annotated[
        str | None, typer.Option(help="Name of a model in the model folder; else the one for what a scan shows.")
    ] = None,
    json: Json = False,
) -> None:
    """Find objects in scans; boxes are in the picture's own pixels."""
    from app.build import load_detector

    settings = load_settings().detection
    first = settings.model_copy(update={"model": model or settings.model})
    with known_errors():
        detectors = {first.model: load_detector(first)}

    def show(path: Path) -> None:
        scan = files.read(path)
        choice = first if model else _choose(scan, settings)
        if choice.model not in detectors:
            detectors[choice.model] = load_detector(choice)
        found = detectors[choice.model].find(scan)
        if json:
            print_json(as_line(path, scan, found))
            return
        print_line(f"{path}  ({found.model}, {found.ms:.0f} ms)")
        for each in found.detections:
            if each.level != Level.BELOW:
                print_line(f"    {each.label:12s} {each.score:.2f} {each.level:7s} {each.box}")

    for_each_file(expand(images), show)


def _choose(scan: Scan, settings: Detection) -> ModelChoice:
    """The first model of the settings that was made for what a scan shows: at MeV a container, else a parcel."""
    is_mev = beam_of(scan.views[0], scan.generator).kv >= MEV_FROM_KV
    kind = Kind.CONTAINER if is_mev else Kind.PARCEL
    return next((each for each in (settings, *settings.further) if kind in each.looks_at), settings)


def decode(images: Files, json: Json = False) -> None:
    """Read every code in pictures."""

    def show(path: Path) -> None:
        codes = decode_file(path)
        if json:
            rows = [
                {
                    "symbology": code.symbology,
                    "text": code.text,
                    "points": [list(point) for point in code.points],
                    **({"doubtful": True} if code.is_doubtful else {}),
                }
                for code in codes
            ]
            print_json({"file": str(path), "codes": rows})
            return
        for code in codes:
            print_line(f"{path}  {code.symbology}  {code.text!r}{'  (doubtful)' if code.is_doubtful else ''}")

    for_each_file(expand(images), show)


def convert(
    image: Annotated[Path, typer.Argument(help="A scan in any format that is read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="native: .tif; DICOS DX: .dcs.")],
) -> None:
    """Write a scan as a native file, or as DICOS DX for other makers' workstations."""
    writers: dict[str, Callable[[Scan, Path], object]] = {
        ".tif": native.write,
        ".tiff": native.write,
        ".dcs": dicos.write,
    }
    if out.suffix.lower() not in writers:
        raise typer.BadParameter(f"{out.suffix!r} is not one of {', '.join(writers)}", param_hint="--out")
    with known_errors():
        writers[out.suffix.lower()](files.read(image), out)


def render(
    image: Annotated[Path, typer.Argument(help="A scan in any format that is read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The PNG to write.")],
    look: Annotated[str, typer.Option(help=f"One of: {', '.join(LOOKS)}.")] = "standard",
    view: Annotated[int, typer.Option(min=0, max=1)] = 0,
) -> None:
    """Write the picture that an officer sees, in one look, as PNG."""
    if out.suffix.lower() != ".png":
        raise typer.BadParameter(f"{out.suffix!r} is not .png", param_hint="--out")
    if look not in LOOKS:
        raise typer.BadParameter(f"{look!r} is not one of {', '.join(LOOKS)}", param_hint="--look")
    with known_errors():
        scan = files.read(image)
        if view >= len(scan.views):
            raise typer.BadParameter(f"the scan has {len(scan.views)} view(s)", param_hint="--view")
        seen = picture_of(scan.views[view], LOOKS[look])
        _, buffer = cv2.imencode(".png", cv2.cvtColor(seen, cv2.COLOR_RGB2BGR))
        out.write_bytes(buffer.tobytes())
